/**
 * Vectors on a plane: UMAP.
 *
 * Source: McInnes et al. 2018, arXiv:1802.03426; the library is umap-js.
 *
 * @module
 */

import { UMAP } from "umap-js";
import type { Random } from "../core/random.ts";

/**
 * Projects vectors to two dimensions.
 *
 * @param matrix `[M, D]`, `M` at least 3.
 * @returns `[M, 2]`, one pair a row.
 * @throws {RangeError} If there are fewer than 3 rows.
 */
export function project(
  matrix: Float32Array,
  width: number,
  random: Random,
): [number, number][] {
  const rows = Array.from(
    { length: matrix.length / width },
    (_, row) => Array.from(matrix.subarray(row * width, (row + 1) * width)),
  );
  if (rows.length < 3) {
    throw new RangeError(
      `Cannot project vectors: there must be 3 or more, got ${rows.length}`,
    );
  }
  const umap = new UMAP({
    nNeighbors: Math.min(15, rows.length - 1),
    minDist: 0.1,
    random: () => random.uniform(),
  });
  return umap.fit(rows).map(([x, y]) => [x, y]);
}
