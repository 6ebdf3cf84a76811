/**
 * Choosing the next token from logits: temperature, top-k, top-p.
 *
 * Every option works alone and together, in the order temperature, top-k, top-p, as in
 * Hugging Face `transformers`. Nothing is on by default: sampling is from the full
 * distribution unless asked otherwise.
 *
 * Source: Holtzman et al. 2020, arXiv:1904.09751 (top-p).
 *
 * @module
 */

import type { Random } from "../core/random.ts";

/** How to choose a token. */
export interface SamplingOptions {
  /** Divides the logits; 0 takes the most probable token. */
  readonly temperature: number;
  /** Keep the k most probable tokens; null keeps all. */
  readonly topK?: number | null;
  /** Keep the fewest tokens whose probability reaches p; null keeps all. */
  readonly topP?: number | null;
}

/**
 * Checks sampling options.
 *
 * @throws {RangeError} If one is out of range.
 */
export function checkSampling(
  { temperature, topK = null, topP = null }: SamplingOptions,
): void {
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new RangeError(
      `Cannot sample: temperature must be a number from 0 up, got ${temperature}`,
    );
  }
  if (topK !== null && !(Number.isInteger(topK) && topK > 0)) {
    throw new RangeError(
      `Cannot sample: topK must be a whole number from 1 up or null, got ${topK}`,
    );
  }
  if (topP !== null && !(topP > 0 && topP <= 1)) {
    throw new RangeError(
      `Cannot sample: topP must be in (0, 1] or null, got ${topP}`,
    );
  }
}

/**
 * Draws one token.
 *
 * @param logits `[V]`, finite or −∞.
 * @param options Checked by {@link checkSampling}.
 * @returns A token in `[0, V)`; with temperature 0 the lowest of the most probable.
 * @throws {RangeError} If there is no distribution: a logit is NaN or +∞, or all are −∞.
 */
export function sampleToken(
  logits: Float32Array,
  options: SamplingOptions,
  random: Random,
): number {
  const best = mostProbableToken(logits);
  if (options.temperature === 0) return best;
  const weights = Float64Array.from(
    logits,
    (logit) => Math.exp((logit - logits[best]) / options.temperature),
  );
  return tokenSampler(weights, options)(random.uniform());
}

/**
 * The lowest of the most probable tokens.
 *
 * @throws {RangeError} If there is no distribution, as {@link sampleToken}.
 */
export function mostProbableToken(logits: Float32Array): number {
  let best = 0;
  let lacksNumber = false;
  for (let i = 0; i < logits.length; i++) {
    if (logits[i] > logits[best]) best = i;
    if (Number.isNaN(logits[i])) lacksNumber = true;
  }
  if (lacksNumber || !Number.isFinite(logits[best])) {
    throw new RangeError(
      `Cannot sample: logits must be numbers below infinity, at least one of them finite, got ${
        lacksNumber ? NaN : `${logits[best]} as the highest`
      }`,
    );
  }
  return best;
}

/** Tokens whose weights are added up at once. */
const BLOCK = 32;
/** Above all draws of 32 bits, and below 1. */
const HIGHEST_DRAW = 1 - 2 ** -33;

/**
 * Makes ready to draw tokens from one distribution, as often as asked.
 *
 * @param weights Of each token, `[V]`, in proportion to its probability before top-k and
 *   top-p.
 * @returns Takes a uniform draw from `[0, 1)` to a token.
 * @throws {RangeError} If there is no distribution: their sum is not finite or not above 0.
 */
export function tokenSampler(
  weights: Float32Array | Float64Array,
  { topK = null, topP = null }: Pick<SamplingOptions, "topK" | "topP">,
): (uniform: number) => number {
  const kept = topK === null && (topP === null || topP === 1)
    ? weights
    : _truncated(weights, topK, topP);
  // Sums up to the end of each block: a draw looks for its block, then for its token.
  const sums = new Float64Array(Math.ceil(kept.length / BLOCK));
  let total = 0;
  for (let block = 0; block < sums.length; block++) {
    const end = Math.min((block + 1) * BLOCK, kept.length);
    let sum = 0;
    for (let i = block * BLOCK; i < end; i++) sum += kept[i];
    sums[block] = total += sum;
  }
  if (!(total > 0 && total < Infinity)) {
    throw new RangeError(
      `Cannot sample: the sum of weights must be finite and above 0, got ${total}`,
    );
  }
  return (uniform) => {
    const drawn = Math.min(uniform, HIGHEST_DRAW) * total;
    let block = 0;
    while (sums[block] <= drawn) block++;
    let rest = block === 0 ? drawn : drawn - sums[block - 1];
    const end = Math.min((block + 1) * BLOCK, kept.length);
    let last = 0;
    for (let i = block * BLOCK; i < end; i++) {
      if (kept[i] === 0) continue;
      last = i;
      rest -= kept[i];
      if (rest < 0) break;
    }
    return last; // also where, by rounding, the weights fall short of their sum
  };
}

/** The weights with those that top-k and top-p leave out set to zero. */
function _truncated(
  weights: Float32Array | Float64Array,
  topK: number | null,
  topP: number | null,
): Float64Array {
  const order = Array.from(weights.keys())
    .sort((a, b) => weights[b] - weights[a] || a - b);
  const kept = order.slice(0, topK ?? weights.length);
  const mass = kept.reduce((sum, i) => sum + weights[i], 0);
  const truncated = new Float64Array(weights.length);
  let sum = 0;
  for (const i of kept) {
    sum += truncated[i] = weights[i];
    if (topP !== null && sum >= topP * mass) break;
  }
  return truncated;
}
