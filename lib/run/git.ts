/**
 * What git knows of the code that made a result.
 *
 * Code that matters is `lib/`, the code cells of `notebooks/`, and the files that pin
 * packages. Prose, outputs of notebooks and everything else may change without it.
 *
 * @module
 */

import { join } from "node:path";
import { outputOf } from "../core/processes.ts";
import { PROJECT_ROOT } from "../core/project.ts";
import { codeCells, type Notebook } from "./notebook.ts";

/** The state of a checkout. */
export interface GitState {
  /** The commit that is checked out. */
  readonly commit: string;
  /** Whether code that matters differs from it. */
  readonly modified: boolean;
}

const CODE_PATHS = ["lib", "deno.json", "deno.lock", "notebooks"];

/**
 * The files whose code differs from a commit, in the working tree as it is.
 *
 * @param folder The project's folder in its checkout.
 * @returns Paths from that folder, in order; null outside a checkout, where git is missing, or
 *   where it does not know the commit.
 */
export async function changedCode(
  commit: string,
  folder: string = PROJECT_ROOT,
): Promise<string[] | null> {
  const git = (...args: string[]) =>
    outputOf(["git", ...args], { cwd: folder });
  const answers = await Promise.all([
    git("diff", "--name-only", "--relative", commit, "--", ...CODE_PATHS),
    git("ls-files", "--others", "--exclude-standard", "--", ...CODE_PATHS),
  ]);
  const changed: string[] = [];
  for (const answer of answers) {
    if (answer === null) return null;
    for (const path of answer.split("\n").filter((line) => line !== "")) {
      const same = path.endsWith(".ipynb") &&
        _code(await git("show", `${commit}:./${path}`)) ===
          _code(await _text(join(folder, path)));
      if (!same) changed.push(path);
    }
  }
  return changed.sort();
}

/** The code of a notebook's text; null where there is no notebook. */
function _code(text: string | null): string | null {
  try {
    return codeCells(JSON.parse(text ?? "") as Notebook).join("\n");
  } catch {
    return null;
  }
}

function _text(path: string): Promise<string | null> {
  return Deno.readTextFile(path).catch(() => null);
}

/** The commit checked out, and whether its code was changed; null where git does not say. */
export async function gitState(
  folder: string = PROJECT_ROOT,
): Promise<GitState | null> {
  const commit = await outputOf(["git", "rev-parse", "HEAD"], { cwd: folder });
  if (commit === null) return null;
  const changed = await changedCode(commit, folder);
  return changed === null ? null : { commit, modified: changed.length > 0 };
}
