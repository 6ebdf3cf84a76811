/**
 * The check of a device in a process of its own, as a native library may take it down.
 *
 * As a program, `device_process.ts DEVICE LENGTH`, it prints a JSON object a line: what was
 * measured of each model, or the error that ended it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { readLines } from "../core/processes.ts";
import { openDevice } from "../engine/device.ts";
import type { Device } from "../engine/devices.ts";
import { DEFAULT_SPACE } from "../spaces/registry.ts";
import {
  checkDevice,
  CHECKED_MODELS,
  type CheckedModel,
  type CheckLength,
  type DeviceCheck,
} from "./device_check.ts";

/**
 * Holds a device against the CPU, a model after the other.
 *
 * @returns What was measured, and why no more was; null where all models were.
 */
export async function checkInProcess(
  device: Device,
  length: CheckLength,
  onCheck: (check: DeviceCheck) => void = () => {},
): Promise<{ checks: DeviceCheck[]; failure: string | null }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--ignore-env", "--allow-read"],
      ...["--allow-sys=cpus", "--allow-ffi=node_modules,.venv"],
      fileURLToPath(import.meta.url),
      ...[device, JSON.stringify(length)],
    ],
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const checks: DeviceCheck[] = [];
  let failure: string | null = null;
  for await (const line of readLines(child.stdout)) {
    // Native libraries print to it as well.
    if (!line.startsWith("{")) continue;
    const told: DeviceCheck | { readonly error: string } = JSON.parse(line);
    if ("error" in told) failure = told.error;
    else {
      checks.push(told);
      onCheck(told);
    }
  }
  const { success, signal, code } = await child.status;
  if (!success) failure ??= `its process ended: ${signal ?? `code ${code}`}`;
  return { checks, failure };
}

async function main(): Promise<void> {
  const [device, length] = Deno.args;
  try {
    const executor = await openDevice(device as Device);
    await DEFAULT_SPACE.prepare();
    for (const model of Object.keys(CHECKED_MODELS) as CheckedModel[]) {
      const check = await checkDevice(
        executor,
        model,
        DEFAULT_SPACE,
        JSON.parse(length),
      );
      console.log(JSON.stringify(check));
    }
  } catch (error) {
    console.log(JSON.stringify({ error: (error as Error).message }));
  }
  // A library that is loaded may keep the process.
  Deno.exit(0);
}

if (import.meta.main) await main();
