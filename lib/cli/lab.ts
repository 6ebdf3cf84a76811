/**
 * `deno task lab`: JupyterLab on the notebooks, with the project's own environment.
 *
 * What is run there goes to `outputs/runs/lab-<space>/`: the first cell of a notebook holds
 * its settings, and nothing of `deno task reproduce` is written over.
 *
 * @module
 */

import { join } from "node:path";
import { PROJECT_ROOT } from "../core/project.ts";
import { runCommand } from "./command.ts";
import { environmentPython, jupyterVariables } from "./environment.ts";
import { setup } from "./setup.ts";

const HELP = `deno task lab [options of JupyterLab]

  --no-browser     do not open one; the address stands in the terminal
  --port=N         where it is served (8888 or the next that is free)

Opens the notebooks in JupyterLab; what they write goes to outputs/runs/lab-SPACE/.
Any other option goes to JupyterLab as it is; --help-all shows its own.
`;

/**
 * Checks what goes on to JupyterLab: options, and values that follow one.
 *
 * @throws {RangeError} If there is another word: which notebooks are opened is known.
 */
export function checkLabArguments(args: readonly string[]): void {
  const word = args.find((arg, i) =>
    !arg.startsWith("-") && !/^-[^=]*$/.test(args[i - 1] ?? "")
  );
  if (word === undefined) return;
  throw new RangeError(
    `Cannot open JupyterLab: arguments must be its options, as --no-browser or --port=8890, got ${
      JSON.stringify(word.slice(0, 100))
    }`,
  );
}

async function main(args: readonly string[]): Promise<number> {
  checkLabArguments(args);
  await setup();
  // Ctrl-C is JupyterLab's: it asks whether to end.
  Deno.addSignalListener("SIGINT", () => {});
  const lab = new Deno.Command(environmentPython(), {
    args: [
      ...["-m", "jupyterlab", join(PROJECT_ROOT, "notebooks")],
      "--MultiKernelManager.default_kernel_name=deno",
      // It refuses to start as root otherwise; it answers to this machine alone.
      ...Deno.uid() === 0 ? ["--allow-root"] : [],
      ...args,
    ],
    env: jupyterVariables(),
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  // Whoever ends this command ends JupyterLab, and that its kernels.
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    if (Deno.build.os !== "windows") {
      Deno.addSignalListener(signal, () => lab.kill("SIGTERM"));
    }
  }
  return (await lab.status).code;
}

if (import.meta.main) await runCommand(HELP, main);
