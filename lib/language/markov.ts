/**
 * Markov chains over code sequences: what a language model has to beat.
 *
 * A chain of order k predicts a code from the k codes before it; the places before
 * the first code hold a start mark, so the chain knows where a sequence begins, and
 * otherwise not which place it predicts. Lengths are fixed: nothing marks the end.
 *
 * Probabilities are interpolated after Witten and Bell: with n followers of a context
 * h seen, t of them distinct, and h′ the context without its oldest code,
 *
 *     P(c | h) = (count(h c) + t · P(c | h′)) / (n + t),
 *
 * down to the uniform distribution over the codebook. No parameter to tune, no
 * probability is zero, and a context never seen leaves the shorter one's as it is.
 *
 * Shapes: `S` sequences of `L` codes, row-major; `K` codebook size.
 * Source: Witten & Bell 1991, method C, in the interpolated form of Chen & Goodman
 * 1998, §2.4.
 *
 * @module
 */

/** What a chain is fitted with. */
export interface MarkovOptions {
  /** How many codes back the chain looks, 0 to 3. */
  readonly order: number;
  /** Codes in a sequence, `L`. */
  readonly length: number;
  /** `K`, at most 9,740, so that four codes fit in the mantissa of a double. */
  readonly codebookSize: number;
}

/**
 * The n-grams of one order: numbers in base K + 1, oldest code first, ascending.
 * Those that share a context stand side by side. `before[i]` is how many n-grams
 * (with repeats) come before entry i.
 */
interface Counts {
  readonly keys: Float64Array;
  readonly before: Float64Array;
}

/** A fitted chain; it does not change. */
export class MarkovChain {
  readonly #options: MarkovOptions;
  /** For contexts of 0 … order codes. */
  readonly #counts: readonly Counts[];

  private constructor(options: MarkovOptions, counts: readonly Counts[]) {
    this.#options = options;
    this.#counts = counts;
  }

  /**
   * Counts the n-grams of training sequences.
   *
   * @param sequences `[S, L]`, codes in `[0, K)`.
   * @throws {RangeError} If an option is out of range, or the sequences are none, not
   * whole rows, or hold a number outside the codebook.
   */
  static fit(
    sequences: ArrayLike<number>,
    options: MarkovOptions,
  ): MarkovChain {
    const { order, length, codebookSize } = options;
    check("order", order, 0, 3);
    check("length", length, 1, Infinity);
    check("codebookSize", codebookSize, 1, 9740);
    checkSequences("fit a Markov chain", sequences, options);
    if (sequences.length === 0) {
      throw new RangeError(
        "Cannot fit a Markov chain: sequences must be at least 1, got 0",
      );
    }

    const base = codebookSize + 1;
    const counts: Counts[] = [];
    for (let size = 0; size <= order; size++) {
      const keys = new Float64Array(sequences.length);
      for (let i = 0; i < keys.length; i++) {
        keys[i] = contextKey(sequences, i, size, options) * base + sequences[i];
      }
      counts.push(countSorted(keys.sort()));
    }
    return new MarkovChain({ order, length, codebookSize }, counts);
  }

  /**
   * The negative log-likelihood of every code of some sequences.
   *
   * @param sequences `[S, L]`, codes in `[0, K)`.
   * @returns `[S, L]`, nats; the sum of a row is that of the whole sequence.
   * @throws {RangeError} If the sequences are not whole rows of codes.
   */
  negativeLogLikelihood(sequences: ArrayLike<number>): Float64Array {
    checkSequences("score sequences", sequences, this.#options);
    const nats = new Float64Array(sequences.length); // [S, L]
    for (let i = 0; i < nats.length; i++) {
      nats[i] = -Math.log(this.#probability(sequences, i));
    }
    return nats;
  }

  /** P(codes[i] | codes before it in its row). */
  #probability(codes: ArrayLike<number>, i: number): number {
    const options = this.#options;
    const base = options.codebookSize + 1;
    let probability = 1 / options.codebookSize;
    for (let size = 0; size <= options.order; size++) {
      const { keys, before } = this.#counts[size];
      const context = contextKey(codes, i, size, options) * base;
      const start = lowerBound(keys, context, 0, keys.length);
      const end = lowerBound(keys, context + base, start, keys.length);
      const distinct = end - start;
      // A longer context cannot have been seen where this one was not.
      if (distinct === 0) break;
      const at = lowerBound(keys, context + codes[i], start, end);
      const seen = at < end && keys[at] === context + codes[i]
        ? before[at + 1] - before[at]
        : 0;
      probability = (seen + distinct * probability) /
        (before[end] - before[start] + distinct);
    }
    return probability;
  }
}

/** The `size` codes before place i as one number; K stands before the start. */
function contextKey(
  codes: ArrayLike<number>,
  i: number,
  size: number,
  { length, codebookSize }: MarkovOptions,
): number {
  const place = i % length;
  let key = 0;
  for (let back = size; back > 0; back--) {
    key = key * (codebookSize + 1) +
      (back > place ? codebookSize : codes[i - back]);
  }
  return key;
}

/** Distinct values of a sorted array, with how many values come before each. */
function countSorted(sorted: Float64Array): Counts {
  const keys: number[] = [], before: number[] = [];
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) {
      keys.push(sorted[i]);
      before.push(i);
    }
  }
  before.push(sorted.length);
  return { keys: Float64Array.from(keys), before: Float64Array.from(before) };
}

/** The first index in `[start, end)` whose value is at least `value`, else `end`. */
function lowerBound(
  sorted: Float64Array,
  value: number,
  start: number,
  end: number,
): number {
  while (start < end) {
    const middle = (start + end) >>> 1;
    if (sorted[middle] < value) start = middle + 1;
    else end = middle;
  }
  return start;
}

function check(what: string, value: number, least: number, most: number) {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(
      `Cannot use a Markov chain: ${what} must be an integer in [${least}, ${most}], got ${value}`,
    );
  }
}

function checkSequences(
  action: string,
  sequences: ArrayLike<number>,
  { length, codebookSize }: MarkovOptions,
) {
  if (sequences.length % length !== 0) {
    throw new RangeError(
      `Cannot ${action}: the number of codes must be a multiple of the length ${length}, got ${sequences.length}`,
    );
  }
  for (let i = 0; i < sequences.length; i++) {
    const code = sequences[i];
    if (!Number.isInteger(code) || code < 0 || code >= codebookSize) {
      throw new RangeError(
        `Cannot ${action}: codes must be integers in [0, ${codebookSize}), got ${code}`,
      );
    }
  }
}
