/**
 * The cells one step away from a cell.
 *
 * A step changes the operation of one inner node, and where the adjacency is free also
 * turns one edge on or off, or puts a new node on the way from one node to another. What
 * results is pruned; of equal cells one is listed.
 *
 * Source: White et al. 2021, arXiv:2005.02960, §3 (operations and edges); the new node is
 * ours, because cells are stored pruned and could not grow without it.
 *
 * @module
 */

import { edgePairs, type Graph, graphOf } from "../spaces/graph.ts";
import { cellGraph, type EnumeratedSpace } from "../spaces/space.ts";

/**
 * Lists the neighbours of a cell.
 *
 * @param cell Index into the cells of the space.
 * @returns Indices, ascending, without the cell itself.
 */
export function neighbours(space: EnumeratedSpace, cell: number): Uint32Array {
  const graph = cellGraph(space.cells(), cell);
  const found = new Set<number>();
  for (const near of _steps(space, graph)) {
    const index = space.indexOf(near);
    if (index !== null && index !== cell) found.add(index);
  }
  return Uint32Array.from(found).sort();
}

/** The graphs one step away; not all are cells of the space. */
function* _steps(space: EnumeratedSpace, graph: Graph): Generator<Graph> {
  const { ops, incoming } = graph;
  for (let node = space.inputs; node < ops.length - 1; node++) {
    for (const op of space.innerOps) {
      if (op !== ops[node]) yield { ops: ops.with(node, op), incoming };
    }
  }
  if (!space.variableSize) return;
  for (let to = space.inputs; to < ops.length; to++) {
    for (let from = 0; from < to; from++) {
      yield { ops, incoming: incoming.with(to, incoming[to] ^ (1 << from)) };
      if (ops.length === space.nodeCount) continue;
      for (const op of space.innerOps) yield _withNode(graph, from, to, op);
    }
  }
}

/** The graph with a new node `from → node → to`, placed just before `to`. */
function _withNode(
  graph: Graph,
  from: number,
  to: number,
  op: number,
): Graph {
  const moved = (node: number) => node < to ? node : node + 1;
  const pairs = edgePairs(graph).map(([i, j]) => [moved(i), moved(j)] as const);
  return graphOf(
    Array.from(graph.ops).toSpliced(to, 0, op),
    [...pairs, [from, to], [to, to + 1]],
  );
}
