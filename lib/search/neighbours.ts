/**
 * The cells one step away from a cell.
 *
 * A step changes the operation of one inner node, and where the adjacency is free also
 * turns one edge on or off, or puts a new node on the way from one node to another. What
 * results is pruned; of equal cells one is listed. A space can have steps of its own.
 *
 * Source: White et al. 2021, arXiv:2005.02960, §3 (operations and edges); the new node is
 * ours, because cells are stored pruned and could not grow without it.
 *
 * @module
 */

import { type Cell, cellAt, cellOf } from "../spaces/cell.ts";
import { edgePairs, type Graph, graphOf, prune } from "../spaces/graph.ts";
import { isEnumerated, type SearchSpace } from "../spaces/space.ts";

/** Raised with every change of what comes out for the same inputs. */
export const VERSION = 1;

/**
 * Lists the neighbours of a cell, without the cell itself.
 *
 * @returns In the order of their indices, or of their keys where the space is not listed.
 */
export function neighbours(space: SearchSpace, cell: Cell): Cell[] {
  const near = space.neighbours?.(cell.graph) ?? _steps(space, cell.graph);
  if (isEnumerated(space)) {
    const found = new Set<number>();
    for (const graph of near) {
      const index = space.indexOf(graph);
      if (index !== null && index !== cell.index) found.add(index);
    }
    return Array.from(
      Uint32Array.from(found).sort(),
      (index) => cellAt(space, index),
    );
  }
  const found = new Map<string, Cell>();
  for (const graph of near) {
    const pruned = space.variableSize ? prune(graph, space.inputs) : graph;
    const other = pruned === null ? null : cellOf(space, pruned);
    if (other !== null && other.key !== cell.key) found.set(other.key, other);
  }
  return [...found.values()].sort((a, b) => a.key < b.key ? -1 : 1);
}

/** The graphs one step away; not all are cells of the space. */
function* _steps(space: SearchSpace, graph: Graph): Generator<Graph> {
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
