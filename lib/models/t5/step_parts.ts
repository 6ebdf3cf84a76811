/**
 * Steps in parts of a few sizes: a graph is compiled for each number of rows, so what is
 * fewer is filled up.
 *
 * @module
 */

/** The most rows of a step. */
export const LARGEST_PART = 256;
/** Rows of a step. */
const SIZES = [64, 128, LARGEST_PART];

/** Some rows of a step: those from `first`, filled up to `size`. */
export interface Part {
  readonly first: number;
  readonly count: number;
  readonly size: number;
}

/** Cuts rows into parts of the largest size, and the smallest that holds what is left. */
export function stepParts(rows: number): Part[] {
  const parts: Part[] = [];
  for (let first = 0; first < rows;) {
    const left = rows - first;
    const size = SIZES.find((size) => size >= left) ?? LARGEST_PART;
    parts.push({ first, count: Math.min(left, size), size });
    first += size;
  }
  return parts;
}
