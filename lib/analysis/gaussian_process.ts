/**
 * Gaussian process regression on sparse vectors: a mean and a deviation for each cell.
 *
 * Kernel: `exp(−|a − b|² / (2ℓ²))`, with noise; ℓ and the noise are those of a small grid
 * with the highest marginal likelihood. Targets are replaced by normal scores of their
 * ranks, because accuracies have a long tail of bad cells that would swallow all
 * differences between good ones.
 *
 * A process can be fitted again to more points, as a search does after each round: what was
 * computed of the points before is used again.
 *
 * Source: Rasmussen & Williams 2006, §2.2, algorithm 2.1 and eq. 5.8.
 *
 * @module
 */

import { Cholesky } from "./cholesky.ts";
import type { SparseVector } from "./features.ts";

/** Raised with every change of what comes out for the same inputs. */
export const VERSION = 2;

/** The grid that a process is chosen from. */
export interface ProcessOptions {
  /** Candidates for ℓ, as multiples of the median distance of training points. */
  readonly lengthScales: readonly number[];
  /** Candidates for the variance of the noise; that of the scores is 1. */
  readonly noises: readonly number[];
}

const GRID: ProcessOptions = {
  lengthScales: [0.5, 1, 2, 4],
  noises: [1e-3, 1e-2, 1e-1],
};

/** What is expected of several cells together, in units of normal scores. */
export interface JointPrediction {
  /** `[m]`. */
  readonly means: Float64Array;
  /** `[m, m]`. */
  readonly covariance: Float64Array;
  /** Variance of the noise of a query. */
  readonly noise: number;
}

/** What is expected of a cell, in units of normal scores. */
export interface Prediction {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * By how much the median distance of the training points may depart from the one that length
 * scales are multiples of: within it they stay, and what was computed with them.
 */
const DRIFT = 1.5;

/** Numbers that a candidate's arrays have room for beyond those of now: there are many of them. */
const ROOM = 64;

/** A length scale with a noise, and the kernel of the training points under them. */
interface GridPoint {
  /** 2ℓ². */
  readonly scale: number;
  readonly noise: number;
  readonly factor: Cholesky;
}

/** What is known of a vector and the first training points. */
interface Relation {
  /** Squared. */
  distances: Float64Array;
  /** How many of the distances are known, and the least of them. */
  count: number;
  least: number;
  kernel: Float64Array;
  /** The scale that the kernel is under, and how much of it is known. */
  scale: number;
  kernelCount: number;
  /** `L x = kernel` solved for the factor `solvedBy`, how much of it, and its squared length. */
  solved: Float64Array;
  solvedBy: Cholesky | null;
  solvedCount: number;
  explained: number;
}

/** A process that is fitted to points. */
export class GaussianProcess {
  readonly #options: ProcessOptions;
  #points: readonly SparseVector[] = [];
  readonly #norms = new WeakMap<SparseVector, number>();
  /** Of each training point to those before it. */
  readonly #between: Float64Array[] = [];
  #relations = new WeakMap<SparseVector, Relation>();
  /** Squared, that length scales are multiples of. */
  #unit = 0;
  #grid: GridPoint[] = [];
  #fitted: GridPoint | null = null;
  #weights: Float64Array = new Float64Array(0);
  #best = 0;
  #dense = new Float64Array(0);

  constructor(options: ProcessOptions = GRID) {
    this.#options = options;
  }

  /**
   * Fits the process.
   *
   * Where the points begin with those of the fit before, length scales are multiples of the
   * same distance as there, unless the median is another by more than a half.
   *
   * @param points `n` vectors, at least 1; they must not be changed afterwards.
   * @param targets `[n]`, higher is better.
   * @throws {RangeError} If there are no points, or not as many targets.
   */
  fit(points: readonly SparseVector[], targets: readonly number[]): void {
    const n = points.length;
    if (n === 0 || targets.length !== n) {
      throw new RangeError(
        `Cannot fit a Gaussian process: there must be as many targets as points and at least one, got ${targets.length} and ${n}`,
      );
    }
    this.fitScores(points, normalScores(targets));
  }

  /**
   * Fits the process to targets as they are: scores, or what a trend leaves of them.
   *
   * @param points As of `fit`.
   * @param scores `[n]`.
   */
  fitScores(points: readonly SparseVector[], scores: Float64Array): void {
    this.#take(points);
    this.#best = Math.max(...scores);
    const typical = this.#median();
    if (
      !(typical <= DRIFT * this.#unit && typical >= this.#unit / DRIFT)
    ) {
      this.#unit = typical;
      this.#grid = this.#options.lengthScales.flatMap((length) =>
        this.#options.noises.map((noise) => ({
          scale: 2 * length ** 2 * typical,
          noise,
          factor: new Cholesky(),
        }))
      );
    }
    this.#extendGrid();
    this.#fitted = null;
    let fit = -Infinity;
    for (const point of this.#grid) {
      const weights = point.factor.solve(scores);
      const likelihood = _logLikelihood(point.factor, scores, weights);
      if (likelihood > fit) {
        fit = likelihood;
        this.#fitted = point;
        this.#weights = weights;
      }
    }
  }

  /** The highest training score. */
  get best(): number {
    return this.#best;
  }

  /** The mean alone, for which a sum over the training points is enough. */
  mean(point: SparseVector): number {
    return this.#meanOf(this.#relationOf(point));
  }

  /** Predicts one cell. */
  predict(point: SparseVector): Prediction {
    const relation = this.#relationOf(point);
    this.#solve(relation);
    return {
      mean: this.#meanOf(relation),
      deviation: _deviation(relation.explained),
    };
  }

  /**
   * The prediction as far as it costs little: the deviation is that of a process which knows
   * the nearest training point alone, and so never below the one that `predict` gives.
   */
  outline(point: SparseVector): Prediction {
    const relation = this.#relationOf(point);
    const { scale, noise } = this.#fitted!;
    const nearest = Math.exp(-relation.least / scale);
    return {
      mean: this.#meanOf(relation),
      deviation: _deviation(nearest ** 2 / (1 + noise)),
    };
  }

  /** Predicts `m` cells together: what one tells of the others is in their covariance. */
  predictJointly(points: readonly SparseVector[]): JointPrediction {
    const m = points.length;
    const { scale, noise } = this.#fitted!;
    const relations = points.map((point) => this.#relationOf(point));
    const solved = relations.map((relation) => this.#solve(relation));
    const covariance = new Float64Array(m * m);
    const distances = new Float64Array(m);
    for (let i = 0; i < m; i++) {
      this.#measure(points[i], points, distances.subarray(0, i + 1), 0);
      for (let j = 0; j <= i; j++) {
        let value = Math.exp(-distances[j] / scale);
        const [a, b] = [solved[i], solved[j]];
        for (let k = 0; k < a.length; k++) value -= a[k] * b[k];
        covariance[i * m + j] = covariance[j * m + i] = value;
      }
    }
    const means = Float64Array.from(
      relations,
      (relation) => this.#meanOf(relation),
    );
    return { means, covariance, noise };
  }

  /** Takes points to train on; what is known of others is forgotten unless these begin with them. */
  #take(points: readonly SparseVector[]): void {
    const before = this.#points.length;
    if (
      before > points.length || this.#points.some((one, i) => one !== points[i])
    ) {
      this.#between.length = 0;
      this.#relations = new WeakMap();
      this.#unit = 0;
    }
    this.#points = [...points];
    for (let i = this.#between.length; i < points.length; i++) {
      const own = new Float64Array(i);
      this.#measure(points[i], points, own, 0);
      this.#between.push(own);
    }
  }

  /** The median of the distances of training points that are not equal, squared. */
  #median(): number {
    const n = this.#points.length;
    const all = new Float64Array(n * (n - 1) / 2);
    this.#between.forEach((own, i) => all.set(own, i * (i - 1) / 2));
    const positive = all.filter((distance) => distance > 0).sort();
    return positive.length === 0 ? 1 : positive[positive.length >> 1];
  }

  /** Adds the points that are new to all factors; one that is not positive definite goes. */
  #extendGrid(): void {
    const kernels = new Map<number, Float64Array[]>();
    this.#grid = this.#grid.filter(({ scale, noise, factor }) => {
      let kernel = kernels.get(scale);
      if (kernel === undefined) {
        kernel = this.#between.slice(factor.size).map((own) => {
          const row = new Float64Array(own.length + 1);
          for (let j = 0; j < own.length; j++) {
            row[j] = Math.exp(-own[j] / scale);
          }
          return row;
        });
        kernels.set(scale, kernel);
      }
      for (const row of kernel) row[row.length - 1] = 1 + noise;
      return factor.extend(kernel);
    });
  }

  /** `x` of `L x = kernel` under the process' factor, `[n]`: what is new since the fit before. */
  #solve(relation: Relation): Float64Array {
    const n = this.#points.length;
    const { factor } = this.#fitted!;
    if (relation.solvedBy !== factor) {
      relation.solvedBy = factor;
      relation.solvedCount = 0;
      relation.explained = 0;
    }
    if (relation.solved.length < n) {
      relation.solved = _grown(relation.solved, relation.kernel.length);
    }
    const solved = relation.solved.subarray(0, n);
    const from = relation.solvedCount;
    if (from < n) {
      solved.set(relation.kernel.subarray(from, n), from);
      factor.forward(solved, from);
      for (let i = from; i < n; i++) relation.explained += solved[i] ** 2;
      relation.solvedCount = n;
    }
    return solved;
  }

  #meanOf({ kernel }: Relation): number {
    const weights = this.#weights;
    let mean = 0;
    for (let i = 0; i < weights.length; i++) mean += kernel[i] * weights[i];
    return mean;
  }

  /** Distances and kernel of a vector with all training points. */
  #relationOf(point: SparseVector): Relation {
    const n = this.#points.length;
    const { scale } = this.#fitted!;
    let known = this.#relations.get(point);
    if (known === undefined) {
      known = {
        distances: new Float64Array(n),
        count: 0,
        least: Infinity,
        kernel: new Float64Array(n),
        scale,
        kernelCount: 0,
        solved: new Float64Array(0),
        solvedBy: null,
        solvedCount: 0,
        explained: 0,
      };
      this.#relations.set(point, known);
    }
    if (known.distances.length < n) {
      known.distances = _grown(known.distances, n + ROOM);
      known.kernel = _grown(known.kernel, n + ROOM);
    }
    const { distances, kernel } = known;
    if (known.count < n) {
      this.#measure(
        point,
        this.#points,
        distances.subarray(0, n),
        known.count,
      );
      for (; known.count < n; known.count++) {
        known.least = Math.min(known.least, distances[known.count]);
      }
    }
    if (known.scale !== scale) {
      known.scale = scale;
      known.kernelCount = 0;
    }
    for (; known.kernelCount < n; known.kernelCount++) {
      kernel[known.kernelCount] = Math.exp(
        -distances[known.kernelCount] / scale,
      );
    }
    return known;
  }

  /** Writes squared distances of a vector to others, from the one at `from` on. */
  #measure(
    point: SparseVector,
    others: readonly SparseVector[],
    distances: Float64Array,
    from: number,
  ): void {
    const width = 1 + point.ids.reduce((most, id) => Math.max(most, id), 0);
    if (width > this.#dense.length) this.#dense = new Float64Array(2 * width);
    const dense = this.#dense;
    point.ids.forEach((id, i) => dense[id] = point.values[i]);
    const norm = this.#normOf(point);
    for (let i = from; i < distances.length; i++) {
      const { ids, values } = others[i];
      let product = 0;
      for (let k = 0; k < ids.length; k++) {
        product += values[k] * (dense[ids[k]] ?? 0);
      }
      distances[i] = Math.max(0, norm + this.#normOf(others[i]) - 2 * product);
    }
    point.ids.forEach((id) => dense[id] = 0);
  }

  /** Its squared length. */
  #normOf(point: SparseVector): number {
    let norm = this.#norms.get(point);
    if (norm === undefined) {
      norm = point.values.reduce((sum, value) => sum + value * value, 0);
      this.#norms.set(point, norm);
    }
    return norm;
  }
}

/**
 * How much better than `best` a prediction is expected to be.
 *
 * Source: Jones et al. 1998, eq. 15.
 */
export function expectedImprovement(
  { mean, deviation }: Prediction,
  best: number,
): number {
  const z = (mean - best) / deviation;
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  return deviation * (z * _normalCdf(z) + density);
}

/**
 * Replaces numbers by the normal quantiles of their ranks; equal ones get the same.
 *
 * Source: Blom 1958, `(rank − 3/8) / (n + 1/4)`.
 */
export function normalScores(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const scores = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) {
      end++;
    }
    const rank = (start + 1 + end) / 2;
    const score = _normalQuantile((rank - 0.375) / (values.length + 0.25));
    for (; start < end; start++) scores[order[start]] = score;
  }
  return scores;
}

function _grown(values: Float64Array, length: number): Float64Array {
  const grown = new Float64Array(length);
  grown.set(values);
  return grown;
}

/** Of what is left of a variance of 1. */
function _deviation(explained: number): number {
  return Math.sqrt(Math.max(1e-12, 1 - explained));
}

/** Up to a constant. */
function _logLikelihood(
  factor: Cholesky,
  targets: Float64Array,
  weights: Float64Array,
): number {
  const product = targets.reduce((sum, one, i) => sum + one * weights[i], 0);
  return -0.5 * (product + factor.logDeterminant());
}

/** Φ, to 1e-7 (Abramowitz & Stegun 1964, 7.1.26). */
function _normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const tail = t * Math.exp(-x * x) * (0.254829592 +
    t * (-0.284496736 +
        t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return z > 0 ? 1 - tail / 2 : tail / 2;
}

/** Φ⁻¹, by bisection: exact to the precision of Φ. */
function _normalQuantile(p: number): number {
  let low = -8, high = 8;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (_normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
