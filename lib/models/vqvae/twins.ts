/**
 * Twins: nodes that an encoder gives the same embedding although no edge joins them.
 *
 * An inner-product decoder sees `z · z > 0` for them and puts an edge there (eq. 4), so no
 * training can bring such a cell back.
 *
 * Source: the paper's eq. 1 and 4; `z` before quantization.
 *
 * @module
 */

import { hasEdge } from "../../spaces/graph.ts";
import { cellGraph, type CellTable } from "../../spaces/space.ts";

/** Relative difference up to which two embeddings are the same: float32 sums in another order. */
const SAME = 1e-5;

/** A cell with two nodes that its encoder cannot tell apart. */
export interface TwinCell {
  /** Index of the cell in its table. */
  readonly cell: number;
  /** The first such pair, `i < j`. */
  readonly nodes: readonly [number, number];
}

/**
 * Finds the cells with twins.
 *
 * @param table The table that the cells are from.
 * @param indices Which cells were encoded, `[B]`.
 * @param z Encoder outputs, `[B · N, D]`.
 * @throws {RangeError} If `z` does not have rows for all cells.
 */
export function findTwins(
  table: CellTable,
  indices: ArrayLike<number>,
  z: Float32Array,
): TwinCell[] {
  const nodes = table.nodeCount;
  const dim = z.length / (indices.length * nodes);
  if (indices.length > 0 && !Number.isInteger(dim)) {
    throw new RangeError(
      `Cannot look for twins: z must hold a row for each of ${indices.length} × ${nodes} nodes, got ${z.length} numbers`,
    );
  }
  const found: TwinCell[] = [];
  for (let b = 0; b < indices.length; b++) {
    const graph = cellGraph(table, indices[b]);
    const pair = _firstPair(
      graph.ops.length,
      (i, j) =>
        !hasEdge(graph, i, j) &&
        _same(z, (b * nodes + i) * dim, (b * nodes + j) * dim, dim),
    );
    if (pair !== null) found.push({ cell: indices[b], nodes: pair });
  }
  return found;
}

function _firstPair(
  count: number,
  holds: (i: number, j: number) => boolean,
): [number, number] | null {
  for (let j = 1; j < count; j++) {
    for (let i = 0; i < j; i++) if (holds(i, j)) return [i, j];
  }
  return null;
}

function _same(z: Float32Array, a: number, b: number, dim: number): boolean {
  let squares = 0, difference = 0;
  for (let d = 0; d < dim; d++) {
    squares += z[a + d] ** 2;
    difference += (z[a + d] - z[b + d]) ** 2;
  }
  return difference <= SAME ** 2 * squares;
}
