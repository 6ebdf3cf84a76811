/**
 * Means of independent measurements, and what they may be off by.
 *
 * @module
 */

/** A mean and its uncertainty. */
export interface Estimate {
  readonly mean: number;
  /** Standard error of the mean; 0 for one value. */
  readonly error: number;
}

/** Mean and standard error of independent values, at least one. */
export function estimate(values: readonly number[]): Estimate {
  const { mean, deviation } = spread(values);
  return { mean, error: deviation / Math.sqrt(values.length) };
}

/** A mean and how far single values are from it. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation, of `n − 1`; 0 for one value. */
  readonly deviation: number;
}

/** Mean and standard deviation of values, at least one. */
export function spread(values: readonly number[]): Spread {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: n < 2 ? 0 : Math.sqrt(squares / (n - 1)) };
}
