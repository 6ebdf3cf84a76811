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

import type { Random } from "../random.ts";

/**
 * Draws the places to mask in a sequence.
 *
 * @param length Codes in the sequence, at least 1.
 * @returns Between 1 and `length` distinct indices, ascending.
 * @throws {RangeError} If `length` is not a positive integer.
 */
export function randomPlaces(length: number, rng: Random): number[] {
  if (!Number.isInteger(length) || length < 1) {
    throw new RangeError(
      `Cannot mask codes: length must be a positive integer, got ${length}`,
    );
  }
  const count = 1 + rng.integer(length);
  return Array.from(rng.permutation(length).subarray(0, count))
    .sort((a, b) => a - b);
}
