/**
 * `deno task devices`: what models can run on here, each device held against the CPU.
 *
 * @module
 */

import { cpus, release } from "node:os";
import { nvidiaDriver } from "../engine/device_libraries.ts";
import { DEVICE_NEEDS } from "../engine/devices.ts";
import { tableText } from "../report/table_text.ts";
import { type ReportTable, table } from "../report/tables.ts";
import type { DeviceCheck } from "../speed/device_check.ts";
import { checkInProcess } from "../speed/device_process.ts";
import { parseOptions, runCommand, wholeNumber } from "./command.ts";

const ACTION = "check devices";

/** A device with a name; `auto` is one of them. */
type NamedDevice = keyof typeof DEVICE_NEEDS;

const NAMES = Object.keys(DEVICE_NEEDS) as NamedDevice[];

/** Differences up to it are rounding: of gradients, as shares of the largest entry. */
const ROUNDING = 1e-3;

const HELP = `deno task devices [options]

  --only NAME      one of ${NAMES.join(", ")} (all)
  --steps N        training steps of each model, at most (20)
  --seconds N      for each model on a device, after two steps (20)

Prints what this machine has and what each device needs, and takes training steps of VQ-VAE,
T5 and arch2vec on each device that is there, beside the same on the CPU. The exit code is 1
where a device computes something else.
`;

/** What `devices` is asked for. */
export interface DevicesRequest {
  readonly devices: readonly NamedDevice[];
  readonly steps: number;
  readonly seconds: number;
}

/**
 * Reads the command line of `devices`.
 *
 * @throws {RangeError} If an option is unknown or its value is wrong.
 */
export function parseDevicesArguments(
  args: readonly string[],
): DevicesRequest {
  const { only, steps, seconds } = parseOptions(args, {
    only: { type: "string" },
    steps: { type: "string" },
    seconds: { type: "string" },
  }, ACTION);
  const devices = NAMES.filter((name) => only === undefined || name === only);
  if (devices.length === 0) {
    throw new RangeError(
      `Cannot ${ACTION}: --only must be one of ${
        NAMES.join(", ")
      }, got ${only}`,
    );
  }
  return {
    devices,
    steps: wholeNumber(steps, "--steps", ACTION, [1, 100_000]) ?? 20,
    seconds: wholeNumber(seconds, "--seconds", ACTION, [1, 100_000]) ?? 20,
  };
}

/** What was found of a device. */
export interface CheckedDevice {
  readonly device: NamedDevice;
  readonly checks: readonly DeviceCheck[];
  /** Why it did not run, or not to the end. */
  readonly failure: string | null;
}

/** Whether a device computes what the CPU does, up to rounding. */
export function agrees({ gradientDifference }: DeviceCheck): boolean {
  return gradientDifference <= ROUNDING;
}

/** What runs on each device, what it needs, and whether it is here. */
export function deviceTable(checked: readonly CheckedDevice[]): ReportTable {
  return table(
    checked.map(({ device, checks, failure }) => ({
      device,
      needs: DEVICE_NEEDS[device],
      here: failure === null ? "yes" : checks.length === 0 ? "no" : "in part",
    })),
    {
      caption: "Devices",
      columns: [
        { key: "device" },
        { key: "needs", title: "what runs there: what it needs" },
        { key: "here" },
      ],
      notes: checked.flatMap(({ device, failure }) =>
        failure === null ? [] : [`${device}: ${failure}`]
      ),
    },
  );
}

/** Steps on the devices that are here, beside those on the CPU. */
export function stepTable(checked: readonly CheckedDevice[]): ReportTable {
  const rows = checked.flatMap(({ device, checks }) =>
    checks.map((check) => ({
      device,
      ...check,
      ratio: check.stepMilliseconds === null || check.cpuMilliseconds === null
        ? null
        : check.cpuMilliseconds / check.stepMilliseconds,
      agrees: agrees(check) ? "yes" : "NO",
    }))
  );
  const share = (value: unknown) =>
    value === 0 ? "0" : (value as number).toExponential(0);
  return table(rows, {
    caption: "Training steps",
    columns: [
      { key: "device" },
      { key: "model" },
      { key: "steps" },
      { key: "firstSeconds", title: "first (s)" },
      { key: "stepMilliseconds", title: "others (ms)", digits: 1 },
      { key: "ratio", title: "speed, cpu = 1" },
      { key: "gradientDifference", title: "gradients apart", format: share },
      { key: "lossDifference", title: "losses apart", format: share },
      { key: "agrees", title: "as the CPU" },
    ],
    notes: [
      `The largest difference of a gradient in the first step and of a loss in any, as shares; up to 10⁻³ in gradients is rounding, which grows from step to step.`,
    ],
  });
}

async function main(args: readonly string[]): Promise<number> {
  const { devices, steps, seconds } = parseDevicesArguments(args);
  const processors = cpus();
  console.log(
    `${Deno.build.os} ${release()} ${Deno.build.arch}; ${processors.length} × ${
      processors[0]?.model.trim() ?? "unknown processor"
    }; NVIDIA's driver: ${await nvidiaDriver() ?? "none"}\n`,
  );
  const checked: CheckedDevice[] = [];
  for (const device of devices) {
    console.error(`${device} …`);
    const found = await checkInProcess(
      device,
      { steps, seconds },
      ({ model, steps }) => console.error(`  ${model}: ${steps} steps`),
    );
    checked.push({ device, ...found });
  }
  console.log(`\n${tableText(deviceTable(checked))}\n`);
  const taken = stepTable(checked);
  if (taken.rows.length > 0) console.log(`${tableText(taken)}\n`);
  return checked.some(({ checks }) => !checks.every(agrees)) ? 1 : 0;
}

if (import.meta.main) await runCommand(HELP, main);
