/**
 * `deno task lab`: JupyterLab on the notebooks, with the project's own environment.
 *
 * What is run there goes to `outputs/runs/lab-<space>/`: the first cell of a notebook holds
 * its settings, and nothing of `deno task reproduce` is written over.
 *
 * Further arguments go to JupyterLab, such as `--no-browser` or `--port=8890`.
 *
 * @module
 */

import { join } from "node:path";

import { PROJECT_ROOT } from "../core/project.ts";
import { runCommand } from "./command.ts";
import { environmentPython, jupyterVariables } from "./environment.ts";
import { setup } from "./setup.ts";

if (import.meta.main) {
  await runCommand(async () => {
    await setup();
    // Ctrl-C is JupyterLab's: it asks whether to end.
    Deno.addSignalListener("SIGINT", () => {});
    const { code } = await new Deno.Command(environmentPython(), {
      args: [
        ...["-m", "jupyterlab", join(PROJECT_ROOT, "notebooks")],
        "--MultiKernelManager.default_kernel_name=deno",
        ...Deno.args,
      ],
      env: jupyterVariables(),
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn().status;
    return code;
  });
}
