/**
 * `deno task check`: format, lint and types of everything, notebooks included.
 *
 * @module
 */

import { join } from "node:path";
import { PROJECT_ROOT } from "../core/project.ts";
import { checkNotebooks } from "./check_notebooks.ts";
import { parseOptions, runCommand } from "./command.ts";

/** Runs Deno on the whole project with its output shown. */
async function denoPasses(...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: PROJECT_ROOT,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  return success;
}

async function notebooksPass(): Promise<boolean> {
  const problems = await checkNotebooks(join(PROJECT_ROOT, "notebooks"));
  for (const problem of problems) console.error(problem);
  return problems.length === 0;
}

/** What is not formatted as it stands: notebooks are checked by their cells, the rest is not ours. */
const NOT_FORMATTED = ["notebooks/", ".venv/", "data/", "outputs/"];

/** The checks in order: what is said of each, and the check. */
const CHECKS: readonly (readonly [string, () => Promise<boolean>])[] = [
  [
    "format",
    () => denoPasses("fmt", "--check", `--ignore=${NOT_FORMATTED}`),
  ],
  ["lint", () => denoPasses("lint")],
  ["types", () => denoPasses("check", "--quiet", "lib", "test")],
  ["notebooks", notebooksPass],
];

const HELP = `deno task check

Checks format, lint and types of all code, that of the notebooks included; changes nothing.
`;

async function main(args: readonly string[]): Promise<number> {
  parseOptions(args, {}, "check");
  const failed: string[] = [];
  for (const [name, passes] of CHECKS) {
    if (!await passes()) failed.push(name);
  }
  const names = CHECKS.map(([name]) => name).join(", ");
  if (failed.length === 0) console.log(`Checked ${names}: all is well`);
  else console.error(`Checked ${names}: problems in ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

if (import.meta.main) await runCommand(HELP, main);
