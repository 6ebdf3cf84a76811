/**
 * How many codes of a codebook are used, and how evenly.
 *
 * Counts are meant of the model in use: cells encoded with its trained weights, as they are
 * wherever codes are read and written. Counted while it trains, codes of a batch's own
 * statistics and of weights that change are among them.
 *
 * @module
 */

/**
 * How many codes are used at all.
 *
 * @param counts Uses of each code, `[K]`.
 */
export function usedCodes(counts: ArrayLike<number>): number {
  return Array.from(counts).filter((count) => count > 0).length;
}

/**
 * Perplexity of a usage: the exponential of its entropy in nats.
 *
 * `K` for uniform use of `K` codes, 1 where one code is used for everything.
 *
 * @param counts Uses of each code, `[K]`.
 * @throws {RangeError} If nothing was counted.
 */
export function usagePerplexity(counts: ArrayLike<number>): number {
  const uses = Array.from(counts);
  const total = uses.reduce((sum, count) => sum + count, 0);
  if (!(total > 0)) {
    throw new RangeError(
      `Cannot take the perplexity of a usage: counts must add up to more than 0, got ${total}`,
    );
  }
  const entropy = uses.reduce(
    (sum, count) =>
      count === 0 ? sum : sum - (count / total) * Math.log(count / total),
    0,
  );
  return Math.exp(entropy);
}
