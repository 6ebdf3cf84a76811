/**
 * The Cholesky factor of a matrix that grows: rows are added, what is there stays.
 *
 * Of a matrix `A = L Lᵀ` the first `m` rows of `L` depend on the first `m` rows of `A` alone, so
 * that `n − m` further ones cost `O(n² (n − m))`. Four rows are worked on at a time: each number
 * of an earlier row is read once for all four.
 *
 * Source: Golub & Van Loan 2013, §4.2.9, by rows.
 *
 * @module
 */

/** Rows that are worked on at a time. */
const BLOCK = 4;

/** A lower factor `L`, `[n, n]`. */
export class Cholesky {
  /** Row `i` has the numbers up to the diagonal, `i + 1`. */
  readonly #rows: Float64Array[] = [];

  /** `n`. */
  get size(): number {
    return this.#rows.length;
  }

  /**
   * Adds rows of the matrix.
   *
   * @param rows Each up to its diagonal: of lengths `n + 1`, `n + 2`, …; they are not changed.
   * @returns Whether the matrix is positive definite as far as it goes; if not, the factor is of
   *   no use any more.
   */
  extend(rows: readonly Float64Array[]): boolean {
    const all = this.#rows;
    let next = 0;
    for (; next + BLOCK <= rows.length; next += BLOCK) {
      const block = rows.slice(next, next + BLOCK).map((row) => row.slice());
      const start = all.length;
      _eliminate(all, block, start);
      for (const row of block) if (!_complete(all, row, start)) return false;
    }
    for (; next < rows.length; next++) {
      if (!_complete(all, rows[next].slice(), 0)) return false;
    }
    return true;
  }

  /**
   * Solves `L x = b` in place, `[n]`.
   *
   * @param from The first so many numbers are those of `x` already: they do not depend on what
   *   comes after them, and so stay as they are where a factor has grown.
   */
  forward(b: Float64Array, from = 0): void {
    const rows = this.#rows;
    const n = rows.length;
    for (let start = from; start < n; start += BLOCK) {
      const end = Math.min(n, start + BLOCK);
      if (end - start === BLOCK) {
        const [r0, r1, r2, r3] = rows.slice(start, end);
        let [s0, s1, s2, s3] = b.subarray(start, end);
        for (let k = 0; k < start; k++) {
          const x = b[k];
          s0 -= r0[k] * x;
          s1 -= r1[k] * x;
          s2 -= r2[k] * x;
          s3 -= r3[k] * x;
        }
        b[start] = s0;
        b[start + 1] = s1;
        b[start + 2] = s2;
        b[start + 3] = s3;
      }
      for (let i = start; i < end; i++) {
        const row = rows[i];
        let sum = b[i];
        for (let k = end - start === BLOCK ? start : 0; k < i; k++) {
          sum -= row[k] * b[k];
        }
        b[i] = sum / row[i];
      }
    }
  }

  /** Solves `A x = b`; `b`, `[n]`, is not changed. */
  solve(b: Float64Array): Float64Array {
    const x = b.slice();
    this.forward(x);
    for (let i = this.size - 1; i >= 0; i--) {
      const row = this.#rows[i];
      const value = x[i] /= row[i];
      for (let k = 0; k < i; k++) x[k] -= row[k] * value;
    }
    return x;
  }

  /** The natural logarithm of the determinant of `A`. */
  logDeterminant(): number {
    return 2 * this.#rows.reduce((sum, row, i) => sum + Math.log(row[i]), 0);
  }
}

/** Replaces the first `columns` numbers of four rows of `A` by those of `L`. */
function _eliminate(
  rows: readonly Float64Array[],
  [a0, a1, a2, a3]: readonly Float64Array[],
  columns: number,
): void {
  for (let j = 0; j < columns; j++) {
    const row = rows[j];
    let s0 = a0[j], s1 = a1[j], s2 = a2[j], s3 = a3[j];
    for (let k = 0; k < j; k++) {
      const value = row[k];
      s0 -= a0[k] * value;
      s1 -= a1[k] * value;
      s2 -= a2[k] * value;
      s3 -= a3[k] * value;
    }
    const pivot = row[j];
    a0[j] = s0 / pivot;
    a1[j] = s1 / pivot;
    a2[j] = s2 / pivot;
    a3[j] = s3 / pivot;
  }
}

/**
 * Replaces what comes after the first `done` numbers of a row of `A` by those of `L`, and adds
 * the row; returns false where the pivot is not positive.
 */
function _complete(
  rows: Float64Array[],
  own: Float64Array,
  done: number,
): boolean {
  const i = rows.length;
  for (let j = done; j <= i; j++) {
    const row = j === i ? own : rows[j];
    let sum = own[j];
    for (let k = 0; k < j; k++) sum -= own[k] * row[k];
    if (j < i) own[j] = sum / row[j];
    else if (!(sum > 0)) return false;
    else own[i] = Math.sqrt(sum);
  }
  rows.push(own);
  return true;
}
