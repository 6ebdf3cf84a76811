/**
 * The files that stages leave in the folder of their run: which they are, whether they are as
 * they were left, which of them a stage that begins anew may keep.
 *
 * @module
 */

import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { exists, sha256, TEMPORARY } from "../core/files.ts";
import { RESULT_FOLDERS, WORK_FOLDERS } from "./folders.ts";

/** How a file looks from outside. */
export interface FileState {
  /** Bytes. */
  readonly size: number;
  /** Time of the last change, milliseconds since 1970. */
  readonly changed: number;
}

/** A file as a stage left it. */
export interface LeftFile extends FileState {
  /** In hexadecimal. */
  readonly sha256: string;
}

/** Result files at one moment, by path relative to the folder of the run. */
export type ResultSnapshot = ReadonlyMap<string, FileState>;

/** SHA-256 of a file in hexadecimal. */
export async function fileHash(path: string): Promise<string> {
  return sha256(await Deno.readFile(path));
}

async function _fileState(path: string): Promise<FileState> {
  const { size, mtime } = await Deno.stat(path);
  return { size, changed: mtime?.getTime() ?? 0 };
}

/**
 * A file as it is now.
 *
 * @throws {Error} If it cannot be read.
 */
export async function leftFile(path: string): Promise<LeftFile> {
  return { sha256: await fileHash(path), ...await _fileState(path) };
}

/**
 * Whether a file is as it was left: of the same size, and not touched since or with the same
 * hash. One that cannot be read is not.
 */
export async function isAsLeft(
  path: string,
  left: LeftFile,
): Promise<boolean> {
  try {
    const { size, changed } = await _fileState(path);
    return size === left.size &&
      (changed === left.changed || await fileHash(path) === left.sha256);
  } catch {
    return false;
  }
}

/** Paths of all files below some folders of a run, relative to it, with `/`. */
async function _filesBelow(
  outputs: string,
  folders: readonly string[],
): Promise<string[]> {
  const files: string[] = [];
  async function walk(folder: string): Promise<void> {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory) await walk(path);
      else files.push(relative(outputs, path).replaceAll("\\", "/"));
    }
  }
  for (const folder of folders) {
    if (await exists(join(outputs, folder))) await walk(join(outputs, folder));
  }
  return files;
}

/** Lists the result files of a run: path relative to it, with `/`, in order. */
export async function resultFiles(outputs: string): Promise<string[]> {
  return (await _filesBelow(outputs, RESULT_FOLDERS))
    .filter((path) => !path.endsWith(TEMPORARY)).sort();
}

/** Removes what processes that were killed while they wrote have left of unfinished files. */
export async function removeTemporaries(outputs: string): Promise<void> {
  const folders = [...WORK_FOLDERS, ...RESULT_FOLDERS];
  for (const path of await _filesBelow(outputs, folders)) {
    if (path.endsWith(TEMPORARY)) await Deno.remove(join(outputs, path));
  }
}

/**
 * Removes every stage record and result from the folder of a run.
 *
 * Only the folders that a run makes are touched.
 */
export async function removeResults(outputs: string): Promise<void> {
  for (const folder of [...WORK_FOLDERS, ...RESULT_FOLDERS]) {
    await Deno.remove(join(outputs, folder), { recursive: true }).catch(
      (error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      },
    );
  }
}

/** Notes size and time of change of each result file, the oldest first. */
export async function snapshotResults(
  outputs: string,
): Promise<ResultSnapshot> {
  const states = await Promise.all(
    (await resultFiles(outputs)).map(async (path) =>
      [path, await _fileState(join(outputs, path))] as const
    ),
  );
  return new Map(states.sort(([, a], [, b]) => a.changed - b.changed));
}

/** The paths of a snapshot that are new or other than in an earlier one. */
export function changedSince(
  before: ResultSnapshot,
  now: ResultSnapshot,
): string[] {
  return [...now].filter(([path, state]) =>
    !isDeepStrictEqual(before.get(path), state)
  ).map(([path]) => path);
}

/** Folders whose files a stage writes anew each time, never keeps. */
const REWRITTEN = /^(?:tables|figures)\/(?!plotly\.min\.js$)/;

/**
 * Removes tables and figures of a stage that it has not written since `before`: they no longer
 * belong to it.
 *
 * @param own Paths of files that are the stage's from earlier times.
 */
export async function removeStale(
  outputs: string,
  before: ResultSnapshot,
  own: ReadonlySet<string>,
): Promise<void> {
  const now = await snapshotResults(outputs);
  for (const path of own) {
    if (!REWRITTEN.test(path) || !now.has(path)) continue;
    if (!isDeepStrictEqual(before.get(path), now.get(path))) continue;
    await Deno.remove(join(outputs, path));
  }
}

/**
 * The files that a stage left: those written since `before`, and those of its own that it
 * found up to date.
 *
 * @param own Paths of files that are the stage's from earlier times.
 * @returns By path relative to the folder of the run, in the order they were written.
 */
export async function filesLeft(
  outputs: string,
  before: ResultSnapshot,
  own: ReadonlySet<string>,
): Promise<Record<string, LeftFile>> {
  const now = await snapshotResults(outputs);
  const written = new Set(changedSince(before, now));
  const left: Record<string, LeftFile> = {};
  for (const path of now.keys()) {
    if (!own.has(path) && !written.has(path)) continue;
    left[path] = await leftFile(join(outputs, path));
  }
  return left;
}
