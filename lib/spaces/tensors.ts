/**
 * Cells as the arrays a model takes and gives: one-hot operations, adjacency matrices.
 *
 * Plain typed arrays, so that the caller chooses what holds them; the only place
 * where spaces touch the shape of tensors.
 *
 * Shapes: `B` cells, `N` rows of a cell, `K` operations.
 *
 * @module
 */

import { edgeBit, PADDING_OP } from "./graph.ts";
import type { CellTable, SearchSpace } from "./space.ts";

/** A batch of cells, row-major. */
export interface EncodedCells {
  /** One-hot operations, `[B, N, K]`; the row of a padding node is all zero. */
  readonly ops: Float32Array;
  /** Directed adjacency, `[B, N, N]`: 1 at `[i, j]` for the edge `i → j`, so above the diagonal. */
  readonly adjacency: Float32Array;
}

/**
 * Encodes the chosen cells of a table, in the order given.
 *
 * @param indices Which cells, `[B]`; one may come more than once.
 * @throws {RangeError} If an index is outside the table.
 */
export function encodeCells(
  space: SearchSpace,
  table: CellTable,
  indices: ArrayLike<number>,
): EncodedCells {
  const batch = indices.length;
  const nodes = table.nodeCount;
  const columns = space.ops.length;
  const ops = new Float32Array(batch * nodes * columns);
  const adjacency = new Float32Array(batch * nodes * nodes);
  for (let b = 0; b < batch; b++) {
    const cell = indices[b];
    if (!Number.isInteger(cell) || cell < 0 || cell >= table.count) {
      throw new RangeError(
        `Cannot encode cells: each index must be an integer in [0, ${table.count}), got ${cell}`,
      );
    }
    const edges = table.edges[cell];
    for (let j = 0; j < nodes; j++) {
      const op = table.ops[cell * nodes + j];
      if (op !== PADDING_OP) ops[(b * nodes + j) * columns + op] = 1;
      for (let i = 0; i < j; i++) {
        adjacency[(b * nodes + i) * nodes + j] = edges >>> edgeBit(i, j) & 1;
      }
    }
  }
  return { ops, adjacency };
}

/** Cells as a decoder gives them. */
export interface DecodedCells {
  /** Most probable operation of each row, `[B, N]`. */
  readonly ops: Int32Array;
  /** Edge bits of each cell, `[B]`, as in `Graph`: where the logit is above 0. */
  readonly edges: Uint32Array;
}

/** Edge bits of the `b`-th cell of adjacency logits, `[B, N, N]`. */
export function edgesOfLogits(
  logits: ArrayLike<number>,
  b: number,
  nodes: number,
): number {
  let bits = 0;
  for (let j = 1; j < nodes; j++) {
    for (let i = 0; i < j; i++) {
      if (logits[(b * nodes + i) * nodes + j] > 0) bits |= 1 << edgeBit(i, j);
    }
  }
  return bits >>> 0;
}
