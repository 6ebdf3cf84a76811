/**
 * Tables of accuracies for a search: the real ones where they are, else predicted ones.
 *
 * @module
 */

import {
  accuracyFiles,
  loadAccuracies,
  MissingAccuraciesError,
} from "../accuracies/accuracies.ts";
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
 * @param options `folder`: as in `loadAccuracies`.
 * @returns A table for each data set; `surrogate` says which of the two they are.
 * @throws {MissingAccuraciesError} If the space has neither.
 * @throws {Error} If a file that is there is not as it must be.
 */
export async function loadOrPredictAccuracies(
  space: SearchSpace,
  executor: Executor,
  options: { readonly folder?: string } = {},
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
 * accuracies; where there are none, a digest of what predicts them, or null.
 */
export async function accuracyInputs(
  space: SearchSpace,
): Promise<readonly SourceFile[] | string | null> {
  const files = await accuracyFiles(space);
  if (files.length > 0) return files;
  const path = surrogatePath(space);
  return path === null ? null : sha256(await Deno.readFile(path));
}
