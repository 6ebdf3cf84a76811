/**
 * NAS-Bench-101's repeats from whichever file there is: cache, official records, table.
 *
 * @module
 */

import { basename } from "node:path";
import type { OnProgress } from "../../../core/progress.ts";
import { sourceFile } from "../../../core/source_file.ts";
import { CELLS_MESSAGE } from "../../accuracies.ts";
import { prepare } from "../table.ts";
import { CACHE_NAME, readCache, writeCache } from "./cache.ts";
import { readAccuracyCsv } from "./csv.ts";
import type { Nasbench101Repeats } from "./repeats.ts";

/** The endings of files that `readRepeats` takes, beside the cache's. */
export const ENDINGS: readonly string[] = [
  ".tfrecord",
  ".csv.gz",
  ".csv",
];

/**
 * Reads repeats by the kind of file that the name says; the space is prepared once the
 * whole file is read and right, where cells have to be joined by hash.
 *
 * @param options `onProgress` gets bytes read, then cells while they are enumerated;
 *   `message` is the name of the file or `CELLS_MESSAGE`.
 * @throws {RangeError} If the name has none of the known endings.
 * @throws {Error} If the file cannot be read or is not as it must be.
 */
export async function readRepeats(
  path: string,
  options: { readonly onProgress?: OnProgress } = {},
): Promise<Nasbench101Repeats> {
  const name = basename(path);
  if (name === CACHE_NAME) return await readCache(path);
  if (!ENDINGS.some((ending) => name.endsWith(ending))) {
    throw new RangeError(
      `Cannot read accuracies: the name of a file of NAS-Bench-101 must end in ${
        ENDINGS.join(", ")
      }, got ${name}`,
    );
  }
  const { onProgress } = options;
  const source = await sourceFile(path);
  // Loaded only where there are records to read: a browser has no use for it.
  const read = name.endsWith(".tfrecord")
    ? (await import("./records.ts")).readRecordFile
    : readAccuracyCsv;
  const collected = await read(path, name, {
    onBytes: (done) =>
      onProgress?.({ done, total: source.bytes, message: name }),
  });
  await prepare((progress) =>
    onProgress?.({ ...progress, message: CELLS_MESSAGE })
  );
  return collected.join(source);
}

/**
 * Reads a file into a cache, which is written only once all is read and right.
 *
 * @throws {Error} As `readRepeats`; the cache is as it was.
 */
export async function importRepeats(
  path: string,
  cache: string,
  options: { readonly onProgress?: OnProgress } = {},
): Promise<Nasbench101Repeats> {
  const repeats = await readRepeats(path, options);
  await writeCache(cache, repeats);
  return repeats;
}

/**
 * The repeats of a cache, where it was made from the very file given.
 *
 * @returns Null where it was made from another, there is none, or it is damaged.
 */
export async function cachedRepeats(
  cache: string,
  path: string,
): Promise<Nasbench101Repeats | null> {
  const repeats = await readCache(cache).catch(() => null);
  if (repeats === null) return null;
  const { name, bytes, modifiedMs } = await sourceFile(path);
  const made = repeats.source;
  const same = made.name === name && made.bytes === bytes &&
    made.modifiedMs === modifiedMs;
  return same ? repeats : null;
}
