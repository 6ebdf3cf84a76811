/**
 * A small project in a git repository of its own, for tests.
 *
 * @module
 */

import { join } from "node:path";
import { writeFileAtomic } from "../../lib/core/files.ts";
import { outputOf } from "../../lib/core/processes.ts";
import { withFolder } from "../_helpers.ts";

/** A repository that is gone when the test ends. */
export interface Checkout {
  readonly folder: string;
  write(path: string, text: string): Promise<void>;
  /** Commits all there is; returns the commit. */
  commit(): Promise<string>;
}

/** Text of a notebook with one code cell, and what it printed. */
export function oneCell(code: string, output = "", prose = "# A"): string {
  return JSON.stringify({
    cells: [{ cell_type: "markdown", metadata: {}, source: prose }, {
      cell_type: "code",
      execution_count: 1,
      metadata: {},
      outputs: [{ name: "stdout", output_type: "stream", text: output }],
      source: code,
    }],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  });
}

/** Runs an action with a repository that holds `lib/a.ts`, `notebooks/1_a.ipynb` and a README. */
export function withCheckout(
  action: (checkout: Checkout) => Promise<void>,
): Promise<void> {
  return withFolder(async (folder) => {
    const git = async (...args: string[]) => {
      const named = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
      const answer = await outputOf(["git", ...named, ...args], {
        cwd: folder,
      });
      if (answer === null) throw new Error(`git ${args.join(" ")} failed`);
      return answer;
    };
    const checkout: Checkout = {
      folder,
      write: (path, text) => writeFileAtomic(join(folder, path), text),
      commit: async () => {
        await git("add", "-A");
        await git("commit", "-q", "-m", "a");
        return await git("rev-parse", "HEAD");
      },
    };
    await git("init", "-q");
    await checkout.write(".gitignore", "/outputs/runs/\n");
    await checkout.write("lib/a.ts", "export const a = 1;");
    await checkout.write("deno.json", "{}");
    await checkout.write("README.md", "Read me");
    await checkout.write("notebooks/1_a.ipynb", oneCell("1;"));
    await checkout.commit();
    await action(checkout);
  });
}
