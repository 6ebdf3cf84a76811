/**
 * Accuracies of the trained cells of a space: what a space that has them provides.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";

/** A data set that cells are trained on. */
export interface Dataset {
  /** By which tables and folders know it, such as `cifar100`. */
  readonly name: string;
  /** The name as people write it. */
  readonly title: string;
}

/** A file as it was published. */
export interface PublishedFile {
  /** Its name in the folder of its space. */
  readonly name: string;
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Accuracies of the cells of an enumerated space on one data set. */
export interface AccuracyTable {
  /** Name of the space. */
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
  /** True where the accuracies are predicted, none of them real. */
  readonly surrogate?: boolean;
  /** One line for readers: which file, how many cells. */
  readonly source: string;
}

/** Where the accuracies of a space come from. */
export interface SpaceAccuracies {
  /** In the order of reports. */
  readonly datasets: readonly Dataset[];
  /** The files to download, with where they come from. */
  readonly published: readonly PublishedFile[];
  /** Names that a file of accuracies may have, in a sentence: `a.json or b.json`. */
  readonly fileNames: readonly string[];
  /** The files that `load` would read, those that are there. */
  find(folders: readonly string[]): Promise<string[]>;
  /**
   * Loads a table for each data set.
   *
   * @param folders Looked at in order; the last one may hold a cache.
   * @returns Null where there is no file.
   * @throws {Error} If one is not as it must be.
   */
  load(
    folders: readonly string[],
    options?: { readonly onProgress?: OnProgress },
  ): Promise<readonly AccuracyTable[] | null>;
}
