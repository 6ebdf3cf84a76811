/**
 * The lock of a run: one process at a time writes to its folder.
 *
 * The lock is the system's, on the file `.lock`, which holds the process id of the owner. It is
 * gone with its owner, however that one ends, and after a restart of the machine: no process id
 * is ever compared, so none that was given away anew is taken for the owner's.
 *
 * @module
 */

import { join } from "node:path";
import { systemReason } from "../core/files.ts";
import { shownPath } from "./folders.ts";

/**
 * Takes a run for this process, until what is returned is disposed or the process ends.
 *
 * @param outputs The folder of the run, which must be there.
 * @throws {Error} If another process has it, with its process id, or the folder cannot be locked.
 */
export async function lockRun(outputs: string): Promise<Disposable> {
  const path = join(outputs, ".lock");
  const action = `Cannot run in ${shownPath(outputs)}`;
  let file: Deno.FsFile | null = null;
  try {
    file = await Deno.open(path, { create: true, write: true });
    if (await file.tryLock(true)) {
      await file.truncate();
      await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
      return file;
    }
  } catch (error) {
    file?.close();
    throw new Error(
      `${action}: its file .lock must be one that can be locked and written: ${
        systemReason(error)
      }`,
      { cause: error },
    );
  }
  file.close();
  throw new Error(
    `${action}: no other process must be running in it, got ${await _owner(
      path,
    )}; wait for it, or name another run with --name`,
  );
}

/** The owner as the lock tells it, which on some systems cannot be read while it is held. */
async function _owner(path: string): Promise<string> {
  const id = await Deno.readTextFile(path).catch(() => "");
  return /^\d+\n$/.test(id) ? `process ${id.trim()}` : "one";
}
