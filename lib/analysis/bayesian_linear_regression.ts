/**
 * Bayesian linear regression on a design matrix, with its marginal likelihood.
 *
 * Weights have the prior `N(0, I/α)`, targets the noise `N(0, 1/β)`. The marginal likelihood is
 * asked for again and again under other precisions: `ΦΦᵀ` is made tridiagonal once, after which
 * each costs a few passes over `N` numbers.
 *
 * Shapes: `N` rows, `D` columns.
 * Source: Bishop 2006, §3.3 and eq. 3.86; Golub & Van Loan 2013, §8.3.1; automl/pybnn for what its code does beside it.
 *
 * @module
 */

import { Cholesky } from "./cholesky.ts";

/** α and β. */
export interface Precisions {
  readonly alpha: number;
  readonly beta: number;
}

/** What is known of the weights. */
export interface LinearPosterior {
  /** `[D]`. */
  readonly mean: Float64Array;
  /** `L⁻¹`, `[D, D]`, of the precision `K = L Lᵀ`: the variance of `φ·w` is `|L⁻¹ φ|²`. */
  readonly inverseFactor: Float64Array;
}

/** Rows and their targets. */
export class LinearRegression {
  readonly #design: ArrayLike<number>;
  readonly #targets: readonly number[];
  readonly #columns: number;
  readonly #rotated: Tridiagonal;

  /**
   * @param design `[N, D]`.
   * @param targets `[N]`.
   */
  constructor(design: ArrayLike<number>, targets: readonly number[]) {
    const n = targets.length, columns = design.length / n;
    this.#design = design;
    this.#targets = targets;
    this.#columns = columns;
    const products = Array.from({ length: n }, () => new Float64Array(n));
    for (let a = 0; a < n; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = 0;
        for (let i = 0; i < columns; i++) {
          sum += design[a * columns + i] * design[b * columns + i];
        }
        products[a][b] = products[b][a] = sum;
      }
    }
    this.#rotated = _tridiagonal(products, Float64Array.from(targets));
  }

  /**
   * The logarithm of the marginal likelihood.
   *
   * @param asPublished As in pybnn's `marginal_log_likelihood`: the length of the residual in
   *   the place of its square, and 1e-10 added to the determinant.
   * @returns −∞ where the precision matrix is not positive definite in double precision.
   */
  logMarginalLikelihood(
    { alpha, beta }: Precisions,
    asPublished = false,
  ): number {
    const { diagonal, beside, vector } = this.#rotated;
    const n = vector.length;
    // (βΦΦᵀ + αI) c = t, as L D Lᵀ of a tridiagonal matrix.
    const pivots = new Float64Array(n), c = vector.slice();
    let logDeterminant = (this.#columns - n) * Math.log(alpha);
    for (let i = 0; i < n; i++) {
      pivots[i] = beta * diagonal[i] + alpha;
      if (i > 0) {
        const lower = beta * beside[i - 1] / pivots[i - 1];
        pivots[i] -= lower * beta * beside[i - 1];
        c[i] -= lower * c[i - 1];
      }
      if (!(pivots[i] > 0)) return -Infinity;
      logDeterminant += Math.log(pivots[i]);
    }
    let length = 0, product = 0;
    for (let i = n - 1; i >= 0; i--) {
      c[i] /= pivots[i];
      if (i < n - 1) c[i] -= beta * beside[i] / pivots[i] * c[i + 1];
      length += c[i] ** 2;
      product += c[i] * vector[i];
    }
    // The residual is αc, and the weights' mean is βΦᵀc.
    const residual = alpha ** 2 * length;
    const squares = beta * (product - alpha * length);
    return this.#columns / 2 * Math.log(alpha) + n / 2 * Math.log(beta) -
      n / 2 * Math.log(2 * Math.PI) -
      beta / 2 * (asPublished ? Math.sqrt(residual) : residual) -
      alpha / 2 * squares -
      0.5 *
        (asPublished
          ? Math.log(Math.exp(logDeterminant) + 1e-10)
          : logDeterminant);
  }

  /** @throws {RangeError} If the precision matrix is not positive definite in double precision. */
  posterior({ alpha, beta }: Precisions): LinearPosterior {
    const d = this.#columns;
    const product = new Float64Array(d);
    const precision = Array.from(
      { length: d },
      (_, i) => new Float64Array(i + 1),
    );
    this.#targets.forEach((target, row) => {
      for (let i = 0; i < d; i++) {
        const own = beta * this.#design[row * d + i];
        product[i] += own * target;
        for (let j = 0; j <= i; j++) {
          precision[i][j] += own * this.#design[row * d + j];
        }
      }
    });
    precision.forEach((row, i) => row[i] += alpha);
    const factor = new Cholesky();
    if (!factor.extend(precision)) {
      throw new RangeError(
        `Cannot regress: the precision matrix must be positive definite, but is not for α = ${alpha} and β = ${beta}`,
      );
    }
    const inverseFactor = new Float64Array(d * d);
    for (let column = 0; column < d; column++) {
      const unit = new Float64Array(d);
      unit[column] = 1;
      factor.forward(unit);
      for (let row = column; row < d; row++) {
        inverseFactor[row * d + column] = unit[row];
      }
    }
    return { mean: factor.solve(product), inverseFactor };
  }
}

/** A symmetric matrix and a vector, both turned so that the matrix is tridiagonal. */
interface Tridiagonal {
  /** `[N]`. */
  readonly diagonal: Float64Array;
  /** `[N − 1]`. */
  readonly beside: Float64Array;
  /** `[N]`. */
  readonly vector: Float64Array;
}

/** Householder's reflections; both arguments are overwritten. */
function _tridiagonal(
  matrix: readonly Float64Array[],
  vector: Float64Array,
): Tridiagonal {
  const n = vector.length;
  const beside = new Float64Array(Math.max(0, n - 1));
  for (let k = 0; k < n - 2; k++) {
    const v = new Float64Array(n);
    let squares = 0;
    for (let i = k + 1; i < n; i++) squares += (v[i] = matrix[i][k]) ** 2;
    const length = Math.sqrt(squares);
    const head = v[k + 1];
    beside[k] = head > 0 ? -length : length;
    v[k + 1] -= beside[k];
    const scale = squares - beside[k] * head; // half of |v|²
    if (!(scale > 0)) continue;
    const p = new Float64Array(n);
    let inner = 0, along = 0;
    for (let i = k + 1; i < n; i++) {
      const row = matrix[i];
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += row[j] * v[j];
      p[i] = sum / scale;
      inner += p[i] * v[i];
      along += v[i] * vector[i];
    }
    for (let i = k + 1; i < n; i++) p[i] -= inner / (2 * scale) * v[i];
    for (let i = k + 1; i < n; i++) {
      const row = matrix[i];
      for (let j = k + 1; j < n; j++) row[j] -= v[i] * p[j] + p[i] * v[j];
      vector[i] -= along / scale * v[i];
    }
  }
  if (n > 1) beside[n - 2] = matrix[n - 1][n - 2];
  return {
    diagonal: Float64Array.from(matrix, (row, i) => row[i]),
    beside,
    vector,
  };
}
