/**
 * Cells as the inputs of a graph autoencoder, and as what its decoder gives, batch by batch.
 *
 * @module
 */

import { floats, type HostTensors } from "../core/tensors.ts";
import type { CellTable, SearchSpace } from "../spaces/space.ts";
import {
  type DecodedCells,
  encodeCells,
  incomingOfLogits,
} from "../spaces/tensors.ts";

/** Cells that a trained model encodes or decodes at a time. */
export const BATCH = 512;

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

/**
 * Decodes cells batch by batch.
 *
 * @param decode Gives `operations`, `[B, N]`, and logits of `adjacency`, `[B, N, N]`, of the
 *   cells from `start` to before `end`.
 */
export async function decodeInBatches(
  { count, nodes }: { readonly count: number; readonly nodes: number },
  decode: (start: number, end: number) => Promise<HostTensors>,
): Promise<DecodedCells> {
  const ops = new Int32Array(count * nodes);
  const incoming = new Uint32Array(count * nodes);
  for (let start = 0; start < count; start += BATCH) {
    const end = Math.min(start + BATCH, count);
    const { operations, adjacency } = await decode(start, end);
    ops.set(operations.data as Int32Array, start * nodes);
    incoming.set(incomingOfLogits(adjacency.data, nodes), start * nodes);
  }
  return { ops, incoming };
}
