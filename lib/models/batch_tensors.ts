/**
 * Cells as the inputs of a graph autoencoder.
 *
 * @module
 */

import { floats, type HostTensors } from "../core/tensors.ts";
import type { CellTable, SearchSpace } from "../spaces/space.ts";
import { encodeCells } from "../spaces/tensors.ts";

/** The inputs of an encoder or a training step for cells of a table. */
export function batchTensors(
  space: SearchSpace,
  table: CellTable,
  indices: ArrayLike<number>,
): HostTensors {
  const { ops, adjacency } = encodeCells(space, table, indices);
  const nodes = table.nodeCount;
  return {
    operations: floats([indices.length, nodes, space.ops.length], ops),
    adjacency: floats([indices.length, nodes, nodes], adjacency),
  };
}
