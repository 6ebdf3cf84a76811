/**
 * How much notebook 6 looks at, in the reported run and in a quick one that only shows every
 * part at work.
 *
 * @module
 */

import type { SearchSpace } from "../spaces/space.ts";

/** Sizes of the study of the latent space. */
export interface LatentStudy {
  /** Sequences that are permuted; the paper's number. */
  readonly sequences: number;
  /** Novel cells whose codes are compared with those of training cells. */
  readonly novelCells: number;
  /** Cells on a map. */
  readonly mappedCells: number;
  /** Cells that predictors draw their labelled and tested ones from. */
  readonly labelledPool: number;
  /** Numbers of labelled cells, ascending. */
  readonly labels: readonly number[];
  /** Seeds of each predictor. */
  readonly seeds: number;
}

/** The sizes for a space. */
export function latentStudy(space: SearchSpace, quick: boolean): LatentStudy {
  return quick
    ? {
      sequences: 50,
      novelCells: 50,
      mappedCells: 100,
      labelledPool: 1_200,
      labels: [50, 100],
      seeds: 2,
    }
    : {
      sequences: 1_000,
      novelCells: space.settings.analysis.novelCells,
      mappedCells: 1_500,
      labelledPool: 12_000,
      labels: [50, 100, 200, 500, 1_000],
      seeds: 10,
    };
}
