/**
 * Cells as labelled directed acyclic graphs: edges as bits, pruning, isomorphism.
 *
 * Every search space speaks in these graphs; nothing here knows which operations
 * a space has.
 *
 * Shapes: `V` nodes of one graph, `N` rows of a decode (`V ≤ N ≤ 8`).
 * Source: NAS-Bench-101 (Ying et al. 2019, arXiv:1902.09635), `ModelSpec` of
 * google-research/nasbench, for the pruning.
 *
 * @module
 */

/**
 * A labelled DAG of at most 8 nodes.
 *
 * Node 0 is where data enters, node `V − 1` where it leaves; an edge always goes
 * from a lower to a higher node.
 */
export interface Graph {
  /** Operation of each node, `[V]`: indices into the space's `ops`. */
  readonly ops: Uint8Array;
  /** The edge `i → j` (`i < j`) is bit `i + j(j − 1)/2`, see {@link edgeBit}. */
  readonly edges: number;
}

/** Marks a row of a table that holds no node. */
export const PADDING_OP = 255;

/**
 * The number of the bit that stands for the edge `from → to`, `from < to`.
 *
 * Bits are ordered by target, so the edges among the first `V` nodes are the
 * lowest `V(V − 1)/2` bits, whatever nodes come after.
 */
export function edgeBit(from: number, to: number): number {
  return from + to * (to - 1) / 2;
}

/** The bits of all edges that `nodes` nodes can have: the whole upper triangle. */
export function allEdges(nodes: number): number {
  return (1 << (nodes * (nodes - 1) / 2)) - 1;
}

/** The edge bits of a list of `[from, to]` pairs. */
export function edgesOf(
  pairs: Iterable<readonly [from: number, to: number]>,
): number {
  let edges = 0;
  for (const [from, to] of pairs) edges |= 1 << edgeBit(from, to);
  return edges;
}

/** Whether the graph has the edge `from → to`; false unless `from < to`. */
export function hasEdge(graph: Graph, from: number, to: number): boolean {
  return from < to && (graph.edges >>> edgeBit(from, to) & 1) === 1;
}

/** The edges of a graph as `[from, to]` pairs, by target, then by source. */
export function edgePairs(graph: Graph): [from: number, to: number][] {
  const pairs: [number, number][] = [];
  for (let to = 1; to < graph.ops.length; to++) {
    for (let from = 0; from < to; from++) {
      if (hasEdge(graph, from, to)) pairs.push([from, to]);
    }
  }
  return pairs;
}

/** How many edges are set. */
export function edgeCount(edges: number): number {
  let count = 0;
  for (let rest = edges; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/**
 * Drops every node that is not on a path from node 0 to the last node.
 *
 * The order of the others is kept.
 *
 * @returns The pruned graph; the same object if there is nothing to drop; null
 *   if fewer than two nodes would be left, i.e. node 0 and the last node are not
 *   connected.
 */
export function prune(graph: Graph): Graph | null {
  const nodes = graph.ops.length;
  // Edges go upwards only, so one sweep in each direction finds all paths.
  const fromInput = new Array<boolean>(nodes).fill(false);
  const toOutput = new Array<boolean>(nodes).fill(false);
  for (let j = 0; j < nodes; j++) {
    fromInput[j] = j === 0;
    for (let i = 0; i < j; i++) {
      if (fromInput[i] && hasEdge(graph, i, j)) fromInput[j] = true;
    }
  }
  for (let i = nodes - 1; i >= 0; i--) {
    toOutput[i] = i === nodes - 1;
    for (let j = i + 1; j < nodes; j++) {
      if (toOutput[j] && hasEdge(graph, i, j)) toOutput[i] = true;
    }
  }
  const kept: number[] = [];
  for (let v = 0; v < nodes; v++) {
    if (fromInput[v] && toOutput[v]) kept.push(v);
  }
  if (kept.length < 2) return null;
  if (kept.length === nodes) return graph;
  let edges = 0;
  for (let j = 1; j < kept.length; j++) {
    for (let i = 0; i < j; i++) {
      if (hasEdge(graph, kept[i], kept[j])) edges |= 1 << edgeBit(i, j);
    }
  }
  return { ops: Uint8Array.from(kept, (v) => graph.ops[v]), edges };
}

/**
 * Whether two graphs are the same but for the order of their nodes.
 *
 * Exact, unlike a comparison of hashes: looks for a one-to-one map of the nodes
 * that keeps every operation and every edge with its direction.
 */
export function isIsomorphic(a: Graph, b: Graph): boolean {
  const nodes = a.ops.length;
  if (b.ops.length !== nodes) return false;
  if (edgeCount(a.edges) !== edgeCount(b.edges)) return false;
  /** Node of `b` that each node of `a` so far stands for. */
  const image: number[] = [];
  function extend(): boolean {
    const v = image.length;
    if (v === nodes) return true;
    for (let w = 0; w < nodes; w++) {
      if (a.ops[v] !== b.ops[w] || image.includes(w)) continue;
      // There are equally many edges: with those of `a` all those of `b` are met.
      const fits = image.every((imageOfU, u) =>
        hasEdge(a, u, v) === hasEdge(b, imageOfU, w)
      );
      if (!fits) continue;
      image.push(w);
      if (extend()) return true;
      image.pop();
    }
    return false;
  }
  return extend();
}

/**
 * Ends a decoded graph at the first row whose operation is the output.
 *
 * Rows after it are padding: they and their edges are dropped. Without such a
 * row all `N` rows stay.
 *
 * @param ops Decoded operation of each row, `[N]`.
 * @param edges Decoded edges among the `N` rows.
 * @param outputOp Index of the operation `output`.
 */
export function cutAtOutput(
  ops: Uint8Array,
  edges: number,
  outputOp: number,
): Graph {
  const output = ops.indexOf(outputOp);
  const nodes = output < 0 ? ops.length : output + 1;
  return { ops: ops.slice(0, nodes), edges: edges & allEdges(nodes) };
}
