/**
 * What the tests ask Python for: ONNX's checker, and Hugging Face's own libraries.
 *
 * They come with the development requirements; a test that needs them is ignored without.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { environmentPython } from "../lib/cli/environment.ts";
import { outputOf } from "../lib/core/processes.ts";
import { withFolder } from "./_helpers.ts";

/** Whether the project's Python has these packages. */
export async function hasPackages(...names: string[]): Promise<boolean> {
  const program = "import importlib.util as u, sys; " +
    "sys.exit(not all(map(u.find_spec, sys.argv[1:])))";
  const command = [environmentPython(), "-c", program, ...names];
  return await outputOf(command) !== null;
}

/**
 * Runs a program without a network and reads the last line that it prints as JSON.
 *
 * @throws {Error} If it fails, with what it says.
 */
export async function askPython<T>(
  program: string,
  ...args: string[]
): Promise<T> {
  const { success, stdout, stderr } = await new Deno.Command(
    environmentPython(),
    { args: ["-c", program, ...args], env: { HF_HUB_OFFLINE: "1" } },
  ).output();
  const text = new TextDecoder();
  assert.ok(success, text.decode(stderr));
  return JSON.parse(text.decode(stdout).trim().split("\n").at(-1)!);
}

/** Fails unless ONNX's own checker passes every file. */
export function assertPasses(files: Record<string, Uint8Array>): Promise<void> {
  return withFolder(async (folder) => {
    const paths: string[] = [];
    for (const [name, bytes] of Object.entries(files)) {
      paths.push(join(folder, `${name}.onnx`));
      await Deno.writeFile(paths.at(-1)!, bytes);
    }
    const program = fileURLToPath(
      new URL("./engine/check_onnx.py", import.meta.url),
    );
    const { success, stderr } = await new Deno.Command(environmentPython(), {
      args: [program, ...paths],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  });
}
