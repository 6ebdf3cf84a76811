/**
 * Means of independent measurements, and what they may be off by; differences of paired ones.
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

/**
 * The standard error of a share of independent draws, that of a binomial distribution.
 *
 * @param share A fraction in `[0, 1]`.
 * @param count How many were drawn.
 * @returns A fraction; null where none were drawn.
 */
export function shareError(share: number, count: number): number | null {
  return count > 0 ? Math.sqrt(share * (1 - share) / count) : null;
}

/** How paired values differ from others: the mean of the differences, and a sign test of them. */
export interface PairedDifference extends Estimate {
  /** Pairs in which the value is above the other one. */
  readonly better: number;
  /** Pairs in which it is below; equal pairs count for neither. */
  readonly worse: number;
  /** Of the exact two-sided sign test. */
  readonly p: number;
}

/**
 * Compares values with others, pair by pair.
 *
 * @param others As many, at least one; the same place is the same pair.
 */
export function pairedDifference(
  values: readonly number[],
  others: readonly number[],
): PairedDifference {
  const differences = values.map((value, i) => value - others[i]);
  const better = differences.filter((difference) => difference > 0).length;
  const worse = differences.filter((difference) => difference < 0).length;
  return {
    ...estimate(differences),
    better,
    worse,
    p: signTest(better, worse),
  };
}

/**
 * The exact two-sided sign test: how likely pairs are to be split so unevenly or more, where
 * either side is as likely to be above the other. Equal pairs are left out.
 *
 * @returns A probability; 1 where there are no pairs.
 */
export function signTest(better: number, worse: number): number {
  const pairs = better + worse;
  let ways = 1, tail = 0;
  for (let k = 0; k <= Math.min(better, worse); k++) {
    tail += ways / 2 ** pairs;
    ways *= (pairs - k) / (k + 1);
  }
  return Math.min(1, 2 * tail);
}
