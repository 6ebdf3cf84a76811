/**
 * Do representations help a predictor? The same simple regressor on each of them, with few
 * labelled cells.
 *
 * @module
 */

import { kendallTau } from "../metrics/agreement.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Random } from "../core/random.ts";
import type { SparseVector } from "./features.ts";
import { GaussianProcess } from "./gaussian_process.ts";
import { type Estimate, estimate } from "../search/results.ts";

/** Cells that predictions are compared on. */
const TESTED = 1000;
/**
 * Kernel ridge regression of normal scores of the accuracies' ranks: one length scale, the
 * median distance, and one noise.
 */
const REGRESSOR = { lengthScales: [1], noises: [0.1] };

/** How well a representation serves a regressor. */
export interface PredictorCurve {
  readonly name: string;
  /** Kendall's τ by number of labelled cells. */
  readonly points: readonly Estimate[];
}

/**
 * Fits a regressor to labelled cells and measures how it orders others.
 *
 * For each seed one order of the cells is drawn: the first are labelled, the last are
 * compared on, so that seeds are paired across representations and sizes.
 *
 * @param representations Vectors of cells by name.
 * @param cells Those to draw from.
 * @param accuracies By cell.
 * @param sizes Numbers of labelled cells, ascending.
 */
export function comparePredictors(
  representations: Readonly<Record<string, (cell: number) => SparseVector>>,
  cells: Uint32Array,
  accuracies: ArrayLike<number>,
  { sizes, seeds, random, onProgress = () => {} }: {
    sizes: readonly number[];
    seeds: number;
    random: Random;
    onProgress?: OnProgress;
  },
): PredictorCurve[] {
  const names = Object.keys(representations);
  const taus = names.map(() => sizes.map((): number[] => []));
  for (let seed = 0; seed < seeds; seed++) {
    const order = random.split(`seed ${seed}`).permutation(cells.length);
    const drawn = Array.from(order, (at) => cells[at]);
    const tested = drawn.slice(-TESTED);
    const truth = tested.map((cell) => accuracies[cell]);
    names.forEach((name, r) => {
      const vector = representations[name];
      sizes.forEach((size, s) => {
        const labelled = drawn.slice(0, size);
        const process = new GaussianProcess(
          labelled.map(vector),
          labelled.map((cell) => accuracies[cell]),
          REGRESSOR,
        );
        const predicted = tested.map((cell) => process.mean(vector(cell)));
        taus[r][s].push(kendallTau(predicted, truth));
      });
      onProgress({
        done: seed * names.length + r + 1,
        total: seeds * names.length,
        message: name,
      });
    });
  }
  return names.map((name, r) => ({ name, points: taus[r].map(estimate) }));
}

/** Rows of a matrix as vectors by cell. */
export function rowsByCell(
  cells: ArrayLike<number>,
  matrix: Float32Array,
): (cell: number) => SparseVector {
  const width = matrix.length / cells.length;
  const ids = Uint32Array.from({ length: width }, (_, i) => i);
  const rows = new Map(
    Array.from(cells, (cell, row) => [cell, row] as const),
  );
  return (cell) => {
    const row = rows.get(cell)!;
    return { ids, values: matrix.subarray(row * width, (row + 1) * width) };
  };
}
