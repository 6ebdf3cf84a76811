/**
 * Accuracies of the trained cells of a space: what a space that has them provides.
 *
 * A space says which files it reads and how; looking for them, downloading them and the
 * command that does it are the same for all spaces (`lib/accuracies`).
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
  /** Name of the data set. */
  readonly dataset: string;
  /** The data set's name as people write it. */
  readonly title: string;
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

/** Message of a progress that counts cells; any other is the name of a file, whose bytes count. */
export const CELLS_MESSAGE = "cells";

/** How files of accuracies are read. */
export interface ReadingOptions {
  /** The project's own folder for the space, which may hold a cache. */
  readonly own: string;
  /** Gets cells while they are prepared, with {@link CELLS_MESSAGE}, else bytes of a file. */
  readonly onProgress?: OnProgress;
}

/** One of the files that the accuracies of a space are read from. */
export interface AccuracySource {
  /** Names that it may have in a folder, the one looked for first first. */
  readonly names: readonly string[];
  /** Endings of the names of files that `keep` takes; missing where it takes `names` alone. */
  readonly endings?: readonly string[];
  /** What is downloaded where there is no such file. */
  readonly published: PublishedFile;
  /**
   * Name of the file that `keep` makes of whatever it is given, to be read in its place;
   * missing where it keeps files as they are.
   */
  readonly cache?: string;
  /**
   * Loads the tables that a file holds.
   *
   * @throws {Error} If it is not as it must be.
   */
  load(
    path: string,
    options: ReadingOptions,
  ): Promise<readonly AccuracyTable[]>;
  /**
   * Takes a file into the project's own folder, once it is read and right.
   *
   * @throws {Error} If it is not as it must be; the folder is as it was.
   */
  keep(path: string, options: ReadingOptions): Promise<void>;
}

/** Where the accuracies of a space come from. */
export interface SpaceAccuracies {
  /** In the order of reports. */
  readonly datasets: readonly Dataset[];
  /** The files that they are read from: each has to be there; in the order of `datasets`. */
  readonly sources: readonly AccuracySource[];
  /** The trained weights that predict accuracies where there are no real ones. */
  readonly surrogate?: URL;
}

/** What `AccuracyTable.source` says: a file, and how many of the cells of the space it has. */
export function sourceLine(
  name: string,
  covered: number,
  count: number,
): string {
  const [part, whole] = [covered, count].map((n) => n.toLocaleString("en-US"));
  return `${name}: ${part} of ${whole} cells`;
}
