/**
 * Do representations help a predictor? The same simple regressor on each of them, with few
 * labelled cells.
 *
 * @module
 */

import { setTimeout } from "node:timers/promises";
import type { OnProgress } from "../core/progress.ts";
import type { Random } from "../core/random.ts";
import { kendallTau } from "../metrics/agreement.ts";
import { type Estimate, estimate } from "../metrics/statistics.ts";
import type { SparseVector } from "./features.ts";
import { GaussianProcess } from "./gaussian_process.ts";

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
 * @param representations By name the vectors of the same cells, in the same order.
 * @param accuracies Of those cells.
 * @param options `sizes`: numbers of labelled cells, ascending.
 */
export async function comparePredictors(
  representations: Readonly<Record<string, readonly SparseVector[]>>,
  accuracies: readonly number[],
  { sizes, seeds, random, onProgress = () => {} }: {
    sizes: readonly number[];
    seeds: number;
    random: Random;
    onProgress?: OnProgress;
  },
): Promise<PredictorCurve[]> {
  const names = Object.keys(representations);
  const taus = names.map(() => sizes.map((): number[] => []));
  for (let seed = 0; seed < seeds; seed++) {
    const order = [
      ...random.split(`seed ${seed}`).permutation(accuracies.length),
    ];
    const tested = order.slice(-TESTED);
    const truth = tested.map((cell) => accuracies[cell]);
    for (const [r, name] of names.entries()) {
      const vectors = representations[name];
      sizes.forEach((size, s) => {
        const labelled = order.slice(0, size);
        const process = new GaussianProcess(REGRESSOR);
        process.fit(
          labelled.map((cell) => vectors[cell]),
          labelled.map((cell) => accuracies[cell]),
        );
        const predicted = tested.map((cell) => process.mean(vectors[cell]));
        taus[r][s].push(kendallTau(predicted, truth));
      });
      onProgress({
        done: seed * names.length + r + 1,
        total: seeds * names.length,
        message: name,
      });
      // The regressors never wait: without a pause no progress would be seen.
      await setTimeout(0);
    }
  }
  return names.map((name, r) => ({ name, points: taus[r].map(estimate) }));
}
