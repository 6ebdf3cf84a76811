/**
 * The lock of a run: one process at a time writes to its folder.
 *
 * @module
 */

import { join } from "node:path";
import { shownPath } from "./folders.ts";

/**
 * Takes a run for this process, until what is returned is disposed or the process ends.
 *
 * @param outputs The folder of the run, which must be there.
 * @throws {Error} If another process has it.
 */
export async function lockRun(outputs: string): Promise<Disposable> {
  const file = await Deno.open(join(outputs, ".lock"), {
    create: true,
    write: true,
  });
  if (!await file.tryLock(true)) {
    file.close();
    throw new Error(
      `Cannot run in ${
        shownPath(outputs)
      }: no other process must be running in it, got one; wait for it, or name another run with --name`,
    );
  }
  return file;
}
