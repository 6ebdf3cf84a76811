/**
 * Graphs as SVGe and DGMG take them: from the input on, and from the output back.
 *
 * @module
 */

import {
  floats,
  type HostTensor,
  type HostTensors,
} from "../../core/tensors.ts";
import type { CellTable, SearchSpace } from "../../spaces/space.ts";
import { type Graph, hasEdge } from "../../spaces/graph.ts";
import { encodeCells } from "../../spaces/tensors.ts";

/** Graphs in memory: one-hot types, `[B, N, T]`, and adjacency matrices, `[B, N, N]`. */
export interface HostGraphs {
  readonly types: HostTensor;
  readonly adjacency: HostTensor;
}

/** Number of nodes of a graph. */
export function nodesOf({ types }: HostGraphs, graph: number): number {
  const [, nodes, count] = types.shape;
  const start = graph * nodes * count;
  let sum = 0;
  for (const value of types.data.subarray(start, start + nodes * count)) {
    sum += value;
  }
  return sum;
}

/** The same graphs from their last node to their first, with every edge turned. */
export function reversedGraphs(graphs: HostGraphs): HostGraphs {
  const { types, adjacency } = graphs;
  const [batch, nodes, count] = types.shape;
  const turnedTypes = new Float32Array(types.data.length);
  const turnedEdges = new Float32Array(adjacency.data.length);
  for (let b = 0; b < batch; b++) {
    const last = nodesOf(graphs, b) - 1;
    for (let v = 0; v <= last; v++) {
      const from = (b * nodes + v) * count;
      turnedTypes.set(
        types.data.subarray(from, from + count),
        (b * nodes + last - v) * count,
      );
      for (let u = 0; u <= last; u++) {
        turnedEdges[(b * nodes + last - v) * nodes + last - u] =
          adjacency.data[(b * nodes + u) * nodes + v];
      }
    }
  }
  return {
    types: floats(types.shape, turnedTypes),
    adjacency: floats(adjacency.shape, turnedEdges),
  };
}

/** Cells of a table as the inputs of a training step or an encoder, in both views. */
export function graphTensors(
  space: SearchSpace,
  table: CellTable,
  indices: ArrayLike<number>,
): HostTensors {
  const { ops, adjacency } = encodeCells(space, table, indices);
  const [batch, nodes] = [indices.length, table.nodeCount];
  const forward = {
    types: floats([batch, nodes, space.ops.length], ops),
    adjacency: floats([batch, nodes, nodes], adjacency),
  };
  const backward = reversedGraphs(forward);
  return {
    "forward.types": forward.types,
    "forward.adjacency": forward.adjacency,
    "backward.types": backward.types,
    "backward.adjacency": backward.adjacency,
  };
}

/**
 * A graph written from the input on, mended by one that was written from the output back, with
 * its nodes in that order: as the code of SVGe does it, which nearly never adds an edge. One is
 * added only if its source is the source of no edge that is there, and its target the target of
 * none.
 */
export function mergedViews(forward: Graph, backward: Graph): Graph {
  const last = forward.ops.length - 1;
  const incoming = forward.incoming.slice();
  const sources = forward.incoming.reduce((all, of) => all | of, 0);
  for (let target = 0; target < backward.ops.length; target++) {
    for (let source = 0; source < target; source++) {
      if (!hasEdge(backward, source, target)) continue;
      const [from, to] = [last - target, last - source];
      if (from < 0 || sources >>> from & 1 || forward.incoming[to] !== 0) {
        continue;
      }
      incoming[to] |= 1 << from;
    }
  }
  return { ops: forward.ops, incoming };
}
