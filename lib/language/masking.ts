/**
 * Which codes a "fill" prompt hides.
 *
 * "When masking the sequences, we randomly pick the number of items to mask, and
 * the positions of masks" (Arch-LLM, §3.2). The paper names no distribution: here
 * the number is uniform on 1 … length, and every set of that many places is equally
 * likely. So a code is hidden with probability (length + 1) / (2 · length).
 *
 * @module
 */

import type { Random } from "../core/random.ts";

/**
 * Draws the places to mask in a sequence.
 *
 * @param length Codes in the sequence, at least 1.
 * @param most The most places to mask, from 1 to `length`.
 * @returns Between 1 and `most` distinct indices, ascending.
 * @throws {RangeError} If `length` or `most` is not such a number.
 */
export function randomPlaces(
  length: number,
  rng: Random,
  most: number = length,
): number[] {
  if (!Number.isInteger(length) || length < 1) {
    throw new RangeError(
      `Cannot mask codes: length must be a positive integer, got ${length}`,
    );
  }
  if (!Number.isInteger(most) || most < 1 || most > length) {
    throw new RangeError(
      `Cannot mask codes: the most places must be from 1 to ${length}, got ${most}`,
    );
  }
  const count = 1 + rng.integer(most);
  return Array.from(rng.permutation(length).subarray(0, count))
    .sort((a, b) => a - b);
}
