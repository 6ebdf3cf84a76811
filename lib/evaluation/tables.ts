/**
 * Tables of accuracies for a search: the real ones where they are, else predicted ones.
 *
 * @module
 */

import {
  accuraciesOf,
  accuracyFiles,
  loadAccuracies,
  MissingAccuraciesError,
} from "../accuracies/accuracies.ts";
import { loadOwnTable, ownTableFile } from "../accuracies/own_tables.ts";
import { join } from "node:path";
import { sha256 } from "../core/files.ts";
import type { SourceFile } from "../core/source_file.ts";
import type { Executor } from "../engine/executor.ts";
import {
  loadSurrogate,
  predictAccuracies,
  surrogatePath,
  type SurrogateQuality,
} from "../models/surrogate/surrogate.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import type { SearchSpace } from "../spaces/space.ts";

/**
 * Loads the real accuracies of a space where they are, else predicts them.
 *
 * @param options `folder`: as in `loadAccuracies`; `dataset`: name of a data set of one's own
 *   that is loaded beside the published ones, null for none.
 * @returns A table for each data set, one's own at the end; `surrogate` says which of the two
 *   they are.
 * @throws {MissingAccuraciesError} If the space has neither, nor is there a data set of one's
 *   own.
 * @throws {RangeError} If there is no such data set.
 * @throws {Error} If a file that is there is not as it must be.
 */
export async function loadOrPredictAccuracies(
  space: SearchSpace,
  executor: Executor,
  options: { readonly folder?: string; readonly dataset?: string | null } = {},
): Promise<readonly AccuracyTable[]> {
  const { dataset, folder } = options;
  const own = isOwnDataset(space, dataset)
    ? [
      await loadOwnTable(
        space,
        dataset,
        folder === undefined ? undefined : [join(folder, space.name)],
      ),
    ]
    : [];
  if (own.length > 0 && accuraciesOf(space) === null) return own;
  return [...await _published(space, executor, options), ...own];
}

/** Whether cells of a space are known to have been trained: whether it can have tables at all. */
export function hasAccuracies(space: SearchSpace): boolean {
  return accuraciesOf(space) !== null;
}

/** The table of a data set; the first one where none is named. */
export function tableOn(
  tables: readonly AccuracyTable[],
  dataset: string | null,
): AccuracyTable {
  return tables.find((table) => table.dataset === dataset) ?? tables[0];
}

/** Whether a name is to be that of a data set of one's own: no published one has it. */
export function isOwnDataset(
  space: SearchSpace,
  dataset: string | null | undefined,
): dataset is string {
  return typeof dataset === "string" &&
    !accuraciesOf(space)?.datasets.some(({ name }) => name === dataset);
}

async function _published(
  space: SearchSpace,
  executor: Executor,
  options: { readonly folder?: string },
): Promise<readonly AccuracyTable[]> {
  const path = surrogatePath(space);
  try {
    return await loadAccuracies(space, options);
  } catch (error) {
    if (!(error instanceof MissingAccuraciesError) || path === null) {
      throw error;
    }
  }
  return await predictAccuracies(space, await loadSurrogate(path), executor);
}

/**
 * How well the accuracies of held-out cells are predicted where there are no real ones.
 *
 * @throws {RangeError} If a space has nothing that predicts them.
 */
export async function surrogateQuality(
  space: SearchSpace,
): Promise<readonly SurrogateQuality[]> {
  const path = surrogatePath(space);
  if (path === null) {
    throw new RangeError(
      `Cannot tell how well accuracies are predicted: ${space.title} must have a surrogate, got none`,
    );
  }
  return (await loadSurrogate(path)).quality;
}

/**
 * What `loadOrPredictAccuracies` would read, as a part of a key: the files of real
 * accuracies; where there are none, a digest of what predicts them, or null. The file of a
 * data set of one's own comes after that.
 */
export async function accuracyInputs(
  space: SearchSpace,
  dataset: string | null = null,
): Promise<
  PublishedInputs | readonly [PublishedInputs, own: SourceFile | null]
> {
  const published = await _publishedInputs(space);
  return isOwnDataset(space, dataset)
    ? [published, await ownTableFile(space, dataset)]
    : published;
}

/** The files of published tables, a digest of what predicts accuracies, or neither. */
type PublishedInputs = readonly SourceFile[] | string | null;

async function _publishedInputs(space: SearchSpace): Promise<PublishedInputs> {
  const files = await accuracyFiles(space);
  if (files.length > 0) return files;
  const path = surrogatePath(space);
  return path === null ? null : sha256(await Deno.readFile(path));
}
