/**
 * Candidates ranked by a Gaussian process that is fitted to the cells queried so far: the
 * highest expected improvement first.
 *
 * A ranking is of one search: it goes on from round to round with what it computed before.
 *
 * @module
 */

import {
  type CellVectors,
  type SparseVector,
  VERSION as FEATURES,
} from "../analysis/features.ts";
import {
  expectedImprovement,
  GaussianProcess,
  type JointPrediction,
  normalScores,
  type Prediction,
  VERSION as PROCESS,
} from "../analysis/gaussian_process.ts";
import type { Cell } from "../spaces/cell.ts";
import type { RoundSearch } from "./rounds.ts";

/** Raised with every change of what comes out for the same inputs. */
export const VERSION = 1;

/** Versions of what a ranking depends on, for the keys of methods. */
export const RANKING_VERSIONS = {
  ranking: VERSION,
  features: FEATURES,
  process: PROCESS,
};

/** Of how many candidates, as a multiple of those asked for, the order is looked at. */
const SHORTLIST = 8;

/**
 * Ranks candidates by vectors of cells.
 *
 * Those that are wanted will be queried together, so each comes as if the accuracies of those
 * before it were known to be what is expected of them: what is like one of them has less to
 * tell. That order is made of a short list, of those with the highest expected improvements
 * alone; what a whole prediction costs is spent on those only that may be on it.
 *
 * Source: the "kriging believer" of Ginsbourger et al. 2010, *Kriging is well-suited to
 * parallelize optimization*.
 *
 * @param known A number that is known of each cell before it is trained: the process then
 *   explains what a straight line of the scores over it leaves, in units of its deviation.
 */
export function byExpectedImprovement(
  vectors: CellVectors,
  known?: (cell: Cell) => number,
): RoundSearch["rank"] {
  const process = new GaussianProcess();
  return async (candidates, queries, count) => {
    const scores = normalScores(queries.map(({ validation }) => validation));
    const trend = known === undefined
      ? NO_TREND
      : _trend(queries.map(({ cell }) => cell), scores, known);
    process.fitScores(
      await vectors(queries.map(({ cell }) => cell)),
      scores.map((score, i) =>
        (score - trend.at(queries[i].cell)) / trend.left
      ),
    );
    const points = await vectors(candidates);
    // What the process has to add to a candidate's trend, for it to be as good as the best.
    const best = Math.max(...scores);
    const goals = candidates.map((cell) =>
      (best - trend.at(cell)) / trend.left
    );
    const short = _mostPromising(process, points, goals, SHORTLIST * count);
    return _oneAfterAnother(
      process.predictJointly(short.map((at) => points[at])),
      short.map((at) => goals[at]),
      count,
    ).map((at) => candidates[short[at]]);
  };
}

/** What is expected of a cell before a process is asked, and the deviation that this leaves. */
interface Trend {
  readonly at: (cell: Cell) => number;
  readonly left: number;
}

const NO_TREND: Trend = { at: () => 0, left: 1 };

/**
 * The straight line of scores over a number that is known of each cell, by least squares, and
 * the deviation that it leaves.
 */
function _trend(
  cells: readonly Cell[],
  scores: Float64Array,
  known: (cell: Cell) => number,
): Trend {
  const mean = (of: (at: number) => number) =>
    scores.reduce((sum, _, at) => sum + of(at), 0) / scores.length;
  const values = cells.map(known);
  const middle = mean((at) => values[at]);
  const level = mean((at) => scores[at]);
  const spread = mean((at) => (values[at] - middle) ** 2);
  const joint = mean((at) => (values[at] - middle) * (scores[at] - level));
  if (spread === 0) return NO_TREND;
  const slope = joint / spread;
  const at = (cell: Cell) => level + slope * (known(cell) - middle);
  const left = Math.sqrt(mean((i) => (scores[i] - at(cells[i])) ** 2));
  return { at, left: left > 0 ? left : 1 };
}

/** Indices of the points with the highest expected improvements, the highest first. */
function _mostPromising(
  process: GaussianProcess,
  points: readonly SparseVector[],
  goals: readonly number[],
  count: number,
): number[] {
  const gain = (prediction: Prediction, at: number) =>
    expectedImprovement(prediction, goals[at]);
  const most = points.map((point, at) => gain(process.outline(point), at));
  const first: { at: number; gain: number }[] = [];
  for (
    const at of [...points.keys()].sort((a, b) => most[b] - most[a] || a - b)
  ) {
    if (first.length === count && most[at] < first[count - 1].gain) break;
    const own = { at, gain: gain(process.predict(points[at]), at) };
    const before = first.findLastIndex((one) =>
      one.gain > own.gain || one.gain === own.gain && one.at < at
    );
    first.splice(before + 1, 0, own);
    first.length = Math.min(first.length, count);
  }
  return first.map(({ at }) => at);
}

/**
 * Indices of cells in the order of their expected improvements, each given that those before
 * it turn out as expected: that leaves means as they are and makes deviations smaller.
 */
function _oneAfterAnother(
  { means, covariance, noise }: JointPrediction,
  goals: readonly number[],
  count: number,
): number[] {
  const m = means.length;
  const left = new Set(means.keys());
  const chosen: number[] = [];
  while (left.size > 0 && chosen.length < count) {
    let [next, highest] = [-1, -Infinity];
    for (const at of left) {
      const variance = Math.max(1e-12, covariance[at * m + at]);
      const gain = expectedImprovement(
        { mean: means[at], deviation: Math.sqrt(variance) },
        goals[at],
      );
      if (gain > highest) [next, highest] = [at, gain];
    }
    left.delete(next);
    chosen.push(next);
    const own = covariance.slice(next * m, (next + 1) * m);
    const scale = Math.max(1e-12, own[next]) + noise;
    for (const a of left) {
      for (const b of left) covariance[a * m + b] -= own[a] * own[b] / scale;
    }
  }
  return chosen;
}
