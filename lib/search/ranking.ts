/**
 * Candidates ranked by a Gaussian process that is fitted to the cells queried so far: the
 * highest expected improvement first.
 *
 * @module
 */

import { type CellVectors, VERSION as FEATURES } from "../analysis/features.ts";
import {
  expectedImprovement,
  GaussianProcess,
  VERSION as PROCESS,
} from "../analysis/gaussian_process.ts";
import type { RoundSearch } from "./rounds.ts";

/** Versions of the parts that a ranking depends on, for the keys of methods. */
export const RANKING_VERSIONS = { features: FEATURES, process: PROCESS };

/** Ranks candidates by vectors of cells. */
export function byExpectedImprovement(
  vectors: CellVectors,
): RoundSearch["rank"] {
  return async (candidates, queries) => {
    const known = await vectors(queries.map(({ cell }) => cell));
    const process = new GaussianProcess(
      known,
      queries.map(({ validation }) => validation),
    );
    const points = await vectors(candidates);
    return candidates.map((cell, i) => ({
      cell,
      gain: expectedImprovement(process.predict(points[i]), process.best),
    })).sort((a, b) => b.gain - a.gain).map(({ cell }) => cell);
  };
}
