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

import { type Graph, PADDING_OP } from "./graph.ts";
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
    for (let j = 0; j < nodes; j++) {
      const op = table.ops[cell * nodes + j];
      if (op !== PADDING_OP) ops[(b * nodes + j) * columns + op] = 1;
      const sources = table.incoming[cell * nodes + j];
      for (let i = 0; i < j; i++) {
        adjacency[(b * nodes + i) * nodes + j] = sources >>> i & 1;
      }
    }
  }
  return { ops, adjacency };
}

/** Cells as a decoder gives them. */
export interface DecodedCells {
  /** Most probable operation of each row, `[B, N]`. */
  readonly ops: Int32Array;
  /** Edges into each row, `[B, N]`, as in `Graph`: where the logit is above 0. */
  readonly incoming: Uint32Array;
}

/**
 * Edges into each row of decoded cells, `[B, N]`, from adjacency logits, `[B, N, N]`: where
 * the one at `[i, j]`, `i < j`, is above 0.
 */
export function incomingOfLogits(
  logits: ArrayLike<number>,
  nodes: number,
): Uint32Array {
  const cells = logits.length / nodes ** 2;
  const incoming = new Uint32Array(cells * nodes);
  for (let b = 0; b < cells; b++) {
    for (let j = 1; j < nodes; j++) {
      for (let i = 0; i < j; i++) {
        if (logits[(b * nodes + i) * nodes + j] > 0) {
          incoming[b * nodes + j] |= 1 << i;
        }
      }
    }
  }
  return incoming;
}

/** The `b`-th of decoded cells, all its rows. */
export function decodedGraph(
  { ops, incoming }: DecodedCells,
  b: number,
  nodes: number,
): Graph {
  return {
    ops: Uint8Array.from(ops.subarray(b * nodes, (b + 1) * nodes)),
    incoming: incoming.slice(b * nodes, (b + 1) * nodes),
  };
}
