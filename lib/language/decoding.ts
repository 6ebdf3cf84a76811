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
  { temperature, topK = null, topP = null }: SamplingOptions,
  random: Random,
): number {
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
  if (temperature === 0) return best;
  const weights = new Float64Array(logits.length);
  let total = 0;
  for (let i = 0; i < logits.length; i++) {
    total += weights[i] = Math.exp((logits[i] - logits[best]) / temperature);
  }
  if (topK !== null || (topP !== null && topP < 1)) {
    total = _truncate(weights, total, topK, topP);
  }
  let rest = random.uniform() * total;
  let last = best;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    rest -= weights[i];
    if (rest < 0) return i;
  }
  return last; // rounding: the sum fell short of the total
}

/** Sets the weights that top-k and top-p leave out to zero; returns what remains. */
function _truncate(
  weights: Float64Array,
  total: number,
  topK: number | null,
  topP: number | null,
): number {
  const order = Array.from(weights.keys())
    .sort((a, b) => weights[b] - weights[a] || a - b);
  const kept = order.slice(0, topK ?? weights.length);
  const mass = kept.reduce((sum, i) => sum + weights[i], 0);
  let remaining = 0;
  let keep = 0;
  while (keep < kept.length) {
    remaining += weights[kept[keep++]];
    if (topP !== null && remaining >= topP * mass) break;
  }
  for (const i of order.slice(keep)) weights[i] = 0;
  return topK === null && topP === null ? total : remaining;
}
