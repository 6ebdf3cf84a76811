/**
 * Real accuracies of the cells of a space: what a search is measured by.
 *
 * Files are looked for in the folder that the environment variable `ARCHLLM_DATA`
 * names, then in the project's `data/`; nothing is downloaded here. Accuracies are
 * means of the repeats or seeds, never one of them picked at random.
 *
 * @module
 */

import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DATA_FOLDER } from "../core/project.ts";
import { exists, sha256 } from "../core/files.ts";
import { CELL_COUNT } from "../spaces/nasbench101/cells.ts";
import type { OnProgress } from "../core/progress.ts";
import { getSpace } from "../spaces/registry.ts";
import { type Nasbench101Repeats, REPEATS } from "../spaces/nasbench101/accuracies/repeats.ts";
import {
  CACHE_NAME,
  cachedRepeats,
  findRepeats,
  NASBENCH101_NAMES,
  readRepeats,
} from "../spaces/nasbench101/accuracies/sources.ts";
import { readNasbench201Json } from "../spaces/nasbench201/accuracies/json.ts";
import { type Dataset, DATASETS, NASBENCH201_FILES } from "./published.ts";
import { type SourceFile, sourceFile } from "../core/source_file.ts";

export { type Dataset, DATASETS };

/** Accuracies of the cells of a space on one data set. */
export interface AccuracyTable {
  readonly space: string;
  readonly dataset: Dataset;
  /** Mean of repeats or seeds of each cell, `[count]`, a fraction; NaN where it is not covered. */
  readonly validation: Float64Array;
  /** The same on the test images: for the report of a search, not for the search. */
  readonly test: Float64Array;
  /** Indices of the covered cells, ascending. */
  readonly covered: Uint32Array;
  /**
   * How many cells of the space each covered cell stands for, `[count]`, NaN where
   * it is not covered; missing where each counts the same.
   */
  readonly weights?: Float64Array;
  /** True where the accuracies are predicted, none of them real; see `surrogate.ts`. */
  readonly surrogate?: boolean;
  /** One line for readers: which file, how many cells. */
  readonly source: string;
}

/** Folders of the files of a space, the first looked at first: in that of `ARCHLLM_DATA`, then in `own`. */
export function accuracyFolders(
  space: string,
  own: string = DATA_FOLDER,
): string[] {
  const folders = [Deno.env.get("ARCHLLM_DATA") || own, own];
  return [...new Set(folders.map((folder) => resolve(folder, space)))];
}

/**
 * Loads the accuracies of a space, a table for each of its data sets.
 *
 * A table of NAS-Bench-101 may cover part of the space. Its repeats are read from
 * the compact cache where the project has made one of the file found.
 *
 * @param options `folder`: looked at instead of the usual two, with a folder for each
 *   space in it; `onProgress`: as in `readRepeats`.
 * @throws {MissingAccuraciesError} If there is no file, with the command that gets it.
 * @throws {Error} If one is not as it must be.
 *
 * @example
 * ```ts ignore
 * const [table] = await loadAccuracies("nasbench201");
 * console.log(table.source, Math.max(...table.validation));
 * ```
 */
export async function loadAccuracies(
  space: string,
  options: {
    readonly folder?: string;
    readonly onProgress?: OnProgress;
  } = {},
): Promise<readonly AccuracyTable[]> {
  const { folder, onProgress } = options;
  const folders = folder === undefined
    ? accuracyFolders(space)
    : [join(folder, space)];
  return await loadAccuraciesFrom(folders, space, { onProgress });
}

/**
 * Loads the accuracies of a space from given folders, the first looked at first.
 *
 * @param folders Those that hold the files themselves; the last one has the compact cache.
 * @throws {Error} As `loadAccuracies`.
 */
export async function loadAccuraciesFrom(
  folders: readonly string[],
  space: string,
  options: { readonly onProgress?: OnProgress } = {},
): Promise<readonly AccuracyTable[]> {
  if (space === "nasbench201") {
    const tables: AccuracyTable[] = [];
    // One after the other: of several missing files the first is named.
    for (const dataset of DATASETS[space]) {
      tables.push(await loadNasbench201(folders, dataset));
    }
    return tables;
  }
  const path = await findRepeats(folders);
  if (path === null) throw _missing(space, NASBENCH101_NAMES, folders);
  const cache = join(folders.at(-1)!, CACHE_NAME);
  const cached = path === cache ? null : await cachedRepeats(cache, path);
  const repeats = cached ?? await readRepeats(path, options);
  return [repeatsTable(repeats)];
}

/**
 * Tells the files apart that `loadAccuracies` would read: changes when one is added,
 * replaced or removed.
 *
 * @param folders By default those of `loadAccuracies`.
 * @returns One entry a file found.
 */
export async function accuracyFiles(
  space: string,
  folders: readonly string[] = accuracyFolders(space),
): Promise<SourceFile[]> {
  const paths = space === "nasbench101"
    ? [await findRepeats(folders)]
    : await Promise.all(
      DATASETS[space].map((dataset) =>
        findFile(NASBENCH201_FILES[dataset].name, folders)
      ),
    );
  return await Promise.all(
    paths.filter((path) => path !== null).map(sourceFile),
  );
}

/** The file of what predicts the accuracies of a space where real ones are missing. */
export function surrogatePath({ name }: { readonly name: string }): string {
  return fileURLToPath(
    new URL(`../spaces/${name}/surrogate.safetensors`, import.meta.url),
  );
}

/** The means of repeats as a table. */
export function repeatsTable(repeats: Nasbench101Repeats): AccuracyTable {
  const { cells, weights, source } = repeats;
  const scatter = (value: (i: number) => number) => {
    const values = new Float64Array(CELL_COUNT).fill(NaN);
    cells.forEach((cell, i) => values[cell] = value(i));
    return values;
  };
  const means = (values: Float32Array) =>
    scatter((i) => {
      let sum = 0;
      for (let k = 0; k < REPEATS; k++) sum += values[i * REPEATS + k];
      return sum / REPEATS;
    });
  return {
    space: "nasbench101",
    dataset: "cifar10",
    validation: means(repeats.validation),
    test: means(repeats.test),
    covered: cells,
    ...(weights === null ? {} : { weights: scatter((i) => weights[i]) }),
    source: _sourceLine(source.name, cells.length, CELL_COUNT),
  };
}

/**
 * Loads the accuracies of NAS-Bench-201 on one data set; `folders` as in `loadAccuraciesFrom`.
 *
 * @throws {Error} As `loadAccuracies`.
 */
export async function loadNasbench201(
  folders: readonly string[],
  dataset: Dataset,
): Promise<AccuracyTable> {
  const file = NASBENCH201_FILES[dataset];
  const path = await findFile(file.name, folders);
  if (path === null) throw _missing("nasbench201", [file.name], folders);
  const means = await readNasbench201Json(path);
  const count = means.validation.length;
  const published = sha256(await Deno.readFile(path)) === file.sha256;
  return {
    space: "nasbench201",
    dataset,
    ...means,
    covered: Uint32Array.from({ length: count }, (_, cell) => cell),
    source: _sourceLine(basename(path), count, count) +
      (published ? "" : "; differs from the published file"),
  };
}

/** The path of a file in the first folder that has it, or null. */
export async function findFile(
  name: string,
  folders: readonly string[],
): Promise<string | null> {
  for (const folder of folders) {
    const path = join(folder, name);
    if (await exists(path)) return path;
  }
  return null;
}

function _sourceLine(name: string, covered: number, count: number): string {
  const [part, whole] = [covered, count].map((n) => n.toLocaleString("en-US"));
  return `${name}: ${part} of ${whole} cells`;
}

/** There is no file of accuracies in any of the folders. */
export class MissingAccuraciesError extends Error {
  override readonly name = "MissingAccuraciesError";
}

function _missing(
  space: string,
  names: readonly string[],
  folders: readonly string[],
): Error {
  return new MissingAccuraciesError(
    `Cannot load the accuracies of ${getSpace(space).title}: ${
      names.join(" or ")
    } must be in ${
      folders.join(" or ")
    }, got no such file; run deno task data --space ${space}`,
  );
}
