/**
 * Gaussian process regression on sparse vectors: a mean and a deviation for each cell.
 *
 * Kernel: `exp(−|a − b|² / (2ℓ²))`, with noise; ℓ and the noise are those of a small grid
 * with the highest marginal likelihood. Targets are replaced by normal scores of their
 * ranks, because accuracies have a long tail of bad cells that would swallow all
 * differences between good ones.
 *
 * Source: Rasmussen & Williams 2006, §2.2, algorithm 2.1 and eq. 5.8.
 *
 * @module
 */

import type { SparseVector } from "./features.ts";

/** Raised with every change of what comes out for the same inputs. */
export const VERSION = 1;

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

/** What is expected of a cell, in units of normal scores. */
export interface Prediction {
  readonly mean: number;
  readonly deviation: number;
}

/** A fitted process. */
export class GaussianProcess {
  readonly #points: readonly SparseVector[];
  readonly #norms: Float64Array;
  readonly #scale: number;
  readonly #factor: Float64Array;
  readonly #weights: Float64Array;
  readonly #best: number;
  #scratch = new Float64Array(0);

  /**
   * Fits a process.
   *
   * @param points `n` vectors, at least 1.
   * @param targets `[n]`, higher is better.
   * @throws {RangeError} If there are no points, or not as many targets.
   */
  constructor(
    points: readonly SparseVector[],
    targets: readonly number[],
    { lengthScales, noises }: ProcessOptions = GRID,
  ) {
    const n = points.length;
    if (n === 0 || targets.length !== n) {
      throw new RangeError(
        `Cannot fit a Gaussian process: there must be as many targets as points and at least one, got ${targets.length} and ${n}`,
      );
    }
    this.#points = points;
    this.#norms = Float64Array.from(points, _squaredNorm);
    const scores = normalScores(targets);
    this.#best = Math.max(...scores);
    const distances = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      this.#distancesTo(points[i], distances.subarray(i * n, (i + 1) * n));
    }
    const typical = _median(distances.filter((distance) => distance > 0));
    let fit = -Infinity;
    let scale = 1;
    let factor: Float64Array = new Float64Array(0);
    let weights: Float64Array = scores;
    for (const length of lengthScales) {
      const candidate = 2 * length ** 2 * typical;
      for (const noise of noises) {
        const kernel = distances.map((distance) =>
          Math.exp(-distance / candidate)
        );
        for (let i = 0; i < n; i++) kernel[i * n + i] += noise;
        const cholesky = _cholesky(kernel, n);
        if (cholesky === null) continue;
        const alpha = _solve(cholesky, n, scores);
        const likelihood = _logLikelihood(cholesky, n, scores, alpha);
        if (likelihood > fit) {
          [fit, scale, factor, weights] = [
            likelihood,
            candidate,
            cholesky,
            alpha,
          ];
        }
      }
    }
    [this.#scale, this.#factor, this.#weights] = [scale, factor, weights];
  }

  /** The highest training score. */
  get best(): number {
    return this.#best;
  }

  /** The mean alone, for which a sum over the training points is enough. */
  mean(point: SparseVector): number {
    return this.#kernel(point)
      .reduce((sum, value, i) => sum + value * this.#weights[i], 0);
  }

  /** Predicts one cell. */
  predict(point: SparseVector): Prediction {
    const n = this.#points.length;
    const kernel = this.#kernel(point);
    let mean = 0;
    for (let i = 0; i < n; i++) mean += kernel[i] * this.#weights[i];
    _forward(this.#factor, n, kernel);
    const explained = kernel.reduce((sum, value) => sum + value * value, 0);
    return { mean, deviation: Math.sqrt(Math.max(1e-12, 1 - explained)) };
  }

  /** Kernel of a vector with all training points. */
  #kernel(point: SparseVector): Float64Array {
    const kernel = new Float64Array(this.#points.length);
    this.#distancesTo(point, kernel);
    return kernel.map((distance) => Math.exp(-distance / this.#scale));
  }

  /** Squared distances of a vector to all training points. */
  #distancesTo(point: SparseVector, distances: Float64Array): void {
    const width = Math.max(
      this.#scratch.length,
      1 + point.ids.reduce((most, id) => Math.max(most, id), 0),
    );
    if (width > this.#scratch.length) {
      this.#scratch = new Float64Array(2 * width);
    }
    const dense = this.#scratch;
    point.ids.forEach((id, i) => dense[id] = point.values[i]);
    const norm = _squaredNorm(point);
    for (let i = 0; i < distances.length; i++) {
      const { ids, values } = this.#points[i];
      let product = 0;
      for (let k = 0; k < ids.length; k++) {
        product += values[k] * (dense[ids[k]] ?? 0);
      }
      distances[i] = Math.max(0, norm + this.#norms[i] - 2 * product);
    }
    point.ids.forEach((id) => dense[id] = 0);
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

function _squaredNorm({ values }: SparseVector): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

function _median(values: Float64Array): number {
  return values.length === 0 ? 1 : values.toSorted()[values.length >> 1];
}

/** The lower Cholesky factor, `[n, n]`, or null if the matrix is not positive definite. */
function _cholesky(matrix: Float64Array, n: number): Float64Array | null {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= factor[i * n + k] * factor[j * n + k];
      if (i === j) {
        if (!(sum > 0)) return null;
        factor[i * n + i] = Math.sqrt(sum);
      } else factor[i * n + j] = sum / factor[j * n + j];
    }
  }
  return factor;
}

/** Solves `L x = b` in place. */
function _forward(factor: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i];
    for (let k = 0; k < i; k++) sum -= factor[i * n + k] * b[k];
    b[i] = sum / factor[i * n + i];
  }
}

/** Solves `L Lᵀ x = b`. */
function _solve(
  factor: Float64Array,
  n: number,
  b: Float64Array,
): Float64Array {
  const x = b.slice();
  _forward(factor, n, x);
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i];
    for (let k = i + 1; k < n; k++) sum -= factor[k * n + i] * x[k];
    x[i] = sum / factor[i * n + i];
  }
  return x;
}

/** Up to a constant. */
function _logLikelihood(
  factor: Float64Array,
  n: number,
  targets: Float64Array,
  weights: Float64Array,
): number {
  let value = 0;
  for (let i = 0; i < n; i++) {
    value -= 0.5 * targets[i] * weights[i] + Math.log(factor[i * n + i]);
  }
  return value;
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
