/**
 * Where the project's own Jupyter lies and how a program of it is started.
 *
 * All of it is under `.venv`; nothing of the home directory is read or written.
 *
 * @module
 */

import { join } from "node:path";
import { outputOf } from "../core/processes.ts";
import { PROJECT_ROOT } from "../core/project.ts";

/** The Python environment with Jupyter. */
export const ENVIRONMENT_FOLDER: string = join(PROJECT_ROOT, ".venv");

/** File in it that a running set-up locks. */
export const ENVIRONMENT_LOCK: string = join(ENVIRONMENT_FOLDER, ".lock");

/** The environment's Python program. */
export function environmentPython(): string {
  return Deno.build.os === "windows"
    ? join(ENVIRONMENT_FOLDER, "Scripts", "python.exe")
    : join(ENVIRONMENT_FOLDER, "bin", "python");
}

/** The folder of the Deno kernel's specification in the environment. */
export function kernelFolder(): string {
  return join(ENVIRONMENT_FOLDER, "share", "jupyter", "kernels", "deno");
}

/**
 * Environment variables for a Jupyter program: its settings, its runtime files
 * and the kernels it knows are those of the project.
 *
 * `NO_COLOR` keeps escape codes out of stored outputs.
 */
export function jupyterVariables(): Record<string, string> {
  const shared = join(ENVIRONMENT_FOLDER, "share", "jupyter");
  return {
    JUPYTER_PATH: shared,
    JUPYTER_DATA_DIR: shared,
    JUPYTER_CONFIG_DIR: join(ENVIRONMENT_FOLDER, "etc", "jupyter"),
    JUPYTER_RUNTIME_DIR: join(ENVIRONMENT_FOLDER, "var", "jupyter"),
    IPYTHONDIR: join(ENVIRONMENT_FOLDER, "etc", "ipython"),
    PYTHONNOUSERSITE: "1",
    PYTHONUTF8: "1",
    NO_COLOR: "1",
  };
}

/** Prints the versions of Python and of the packages that run notebooks, as JSON. */
const VERSIONS_PROGRAM = `
import json, platform
from importlib.metadata import version
names = ["jupyterlab", "nbclient", "nbconvert", "jupyter_client", "nbformat"]
print(json.dumps({"python": platform.python_version(), **{n: version(n) for n in names}}))
`;

/** Version by name of Python and of the packages that run notebooks; empty before the set-up. */
export async function jupyterVersions(): Promise<Record<string, string>> {
  const answer = await outputOf([environmentPython(), "-c", VERSIONS_PROGRAM]);
  return JSON.parse(answer ?? "{}");
}
