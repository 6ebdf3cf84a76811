/**
 * Real accuracies of the cells of a space: what a search is measured by.
 *
 * Files are looked for in the folder that the environment variable `ARCHLLM_DATA`
 * names, then in the project's `data/`; nothing is downloaded here. Accuracies are
 * means of the repeats or seeds, never one of them picked at random.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { exists } from "../core/files.ts";
import type { OnProgress } from "../core/progress.ts";
import { DATA_FOLDER } from "../core/project.ts";
import { type SourceFile, sourceFile } from "../core/source_file.ts";
import type {
  AccuracySource,
  AccuracyTable,
  SpaceAccuracies,
} from "../spaces/accuracies.ts";
import { isEnumerated, type SearchSpace } from "../spaces/space.ts";

/** The accuracies that a space has, or null if none are known of it. */
export function accuraciesOf(space: SearchSpace): SpaceAccuracies | null {
  return isEnumerated(space) ? space.accuracies ?? null : null;
}

/** Folders of the files of a space, the first looked at first: in that of `ARCHLLM_DATA`, then in `own`. */
export function accuracyFolders(
  { name }: Pick<SearchSpace, "name">,
  own: string = DATA_FOLDER,
): string[] {
  const folders = [Deno.env.get("ARCHLLM_DATA") || own, own];
  return [...new Set(folders.map((folder) => resolve(folder, name)))];
}

/**
 * Loads the accuracies of a space, a table for each of its data sets.
 *
 * A table may cover part of the space.
 *
 * @param options `folder`: looked at instead of the usual two, with a folder for each
 *   space in it; `onProgress`: as in `ReadingOptions`.
 * @throws {MissingAccuraciesError} If there is no file, with the command that gets it, or
 *   none are known of the space.
 * @throws {Error} If one is not as it must be.
 *
 * @example
 * ```ts ignore
 * const [{ source, covered, validation }] = await loadAccuracies(DEFAULT_SPACE);
 * console.log(source, Math.max(...Array.from(covered, (i) => validation[i])));
 * ```
 */
export async function loadAccuracies(
  space: SearchSpace,
  options: {
    readonly folder?: string;
    readonly onProgress?: OnProgress;
  } = {},
): Promise<readonly AccuracyTable[]> {
  const { folder, onProgress } = options;
  const folders = folder === undefined
    ? accuracyFolders(space)
    : [join(folder, space.name)];
  return await loadAccuraciesFrom(folders, space, { onProgress });
}

/**
 * Loads the accuracies of a space from given folders, the first looked at first.
 *
 * @param folders Those that hold the files themselves; the last one may have a cache.
 * @throws {Error} As `loadAccuracies`.
 */
export async function loadAccuraciesFrom(
  folders: readonly string[],
  space: SearchSpace,
  options: { readonly onProgress?: OnProgress } = {},
): Promise<readonly AccuracyTable[]> {
  const accuracies = accuraciesOf(space);
  if (accuracies === null) {
    throw new MissingAccuraciesError(
      `Cannot load the accuracies of ${space.title}: its cells must have been trained, got none that are known; a program of your own can train them, or predict them: deno task search --space ${space.name} --evaluator COMMAND (lib/evaluation/PROTOCOL.md)`,
    );
  }
  const tables: AccuracyTable[] = [];
  // One after the other: of several missing files the first is named.
  for (const source of accuracies.sources) {
    const path = await findSource(source, folders);
    if (path === null) throw _missing(space, source, folders);
    const own = folders.at(-1)!;
    tables.push(...await source.load(path, { own, ...options }));
  }
  return tables;
}

/**
 * Tells the files apart that `loadAccuracies` would read: changes when one is added,
 * replaced or removed.
 *
 * @param folders By default those of `loadAccuracies`.
 * @returns One entry a file found.
 */
export async function accuracyFiles(
  space: SearchSpace,
  folders: readonly string[] = accuracyFolders(space),
): Promise<SourceFile[]> {
  const paths = await Promise.all(
    (accuraciesOf(space)?.sources ?? []).map((source) =>
      findSource(source, folders)
    ),
  );
  return await Promise.all(
    paths.filter((path) => path !== null).map(sourceFile),
  );
}

/**
 * Looks for a file in some folders, the first folder first.
 *
 * @returns Its path, or null where there is none.
 */
export async function findSource(
  { names }: AccuracySource,
  folders: readonly string[],
): Promise<string | null> {
  for (const folder of folders) {
    for (const name of names) {
      const path = join(folder, name);
      if (await exists(path)) return path;
    }
  }
  return null;
}

/** There is no file of accuracies in any of the folders, or none are known of the space. */
export class MissingAccuraciesError extends Error {
  override readonly name = "MissingAccuraciesError";
}

function _missing(
  { name, title }: SearchSpace,
  { names }: AccuracySource,
  folders: readonly string[],
): Error {
  return new MissingAccuraciesError(
    `Cannot load the accuracies of ${title}: ${names.join(" or ")} must be in ${
      folders.join(" or ")
    }, got no such file; run deno task data --space ${name}`,
  );
}
