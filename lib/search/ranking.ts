/**
 * Candidates ranked by a Gaussian process that is fitted to the cells queried so far: the
 * highest expected improvement first.
 *
 * A ranking is of one search: it goes on from round to round with what it computed before.
 *
 * @module
 */

import { type CellVectors, VERSION as FEATURES } from "../analysis/features.ts";
import {
  expectedImprovement,
  GaussianProcess,
  type Prediction,
  VERSION as PROCESS,
} from "../analysis/gaussian_process.ts";
import type { RoundSearch } from "./rounds.ts";

/** Versions of the parts that a ranking depends on, for the keys of methods. */
export const RANKING_VERSIONS = { features: FEATURES, process: PROCESS };

/**
 * Ranks candidates by vectors of cells.
 *
 * What the whole prediction costs is spent on those alone that may be among the first: the
 * others cannot, by their mean and the largest deviation they can have.
 */
export function byExpectedImprovement(
  vectors: CellVectors,
): RoundSearch["rank"] {
  const process = new GaussianProcess();
  return async (candidates, queries, count) => {
    process.fit(
      await vectors(queries.map(({ cell }) => cell)),
      queries.map(({ validation }) => validation),
    );
    const points = await vectors(candidates);
    const gain = (prediction: Prediction) =>
      expectedImprovement(prediction, process.best);
    const most = points.map((point) => gain(process.outline(point)));
    const first: { at: number; gain: number }[] = [];
    for (
      const at of [...points.keys()].sort((a, b) => most[b] - most[a] || a - b)
    ) {
      if (first.length === count && most[at] < first[count - 1].gain) break;
      first.push({ at, gain: gain(process.predict(points[at])) });
      first.sort((a, b) => b.gain - a.gain || a.at - b.at);
      first.length = Math.min(first.length, count);
    }
    return first.map(({ at }) => candidates[at]);
  };
}
