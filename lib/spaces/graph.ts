/**
 * Cells as labelled directed acyclic graphs: incoming edges by node, pruning, cutting.
 *
 * Every search space speaks in these graphs; nothing here knows which operations
 * a space has.
 *
 * Shapes: `V` nodes of one graph, `N` rows of a decode, `V ≤ N ≤ 32`.
 * Source: NAS-Bench-101 (Ying et al. 2019, arXiv:1902.09635), `ModelSpec` of
 * google-research/nasbench, for the pruning.
 *
 * @module
 */

/** The most nodes of a graph: as many as a set of nodes has bits. */
export const MAX_NODES = 32;

/**
 * A labelled DAG of at most 32 nodes.
 *
 * Data enters at the first node, or at the first few, and leaves at node `V − 1`; an
 * edge always goes from a lower to a higher node.
 */
export interface Graph {
  /** Operation of each node, `[V]`: indices into the space's `ops`. */
  readonly ops: Uint8Array;
  /** Edges into each node, `[V]`: bit `i` of entry `j` is the edge `i → j`, `i < j`. */
  readonly incoming: Uint32Array;
}

/** Marks a row of a table that holds no node. */
export const PADDING_OP = 255;

/** A graph from a list of `[from, to]` pairs, `from < to`. */
export function graphOf(
  ops: ArrayLike<number>,
  pairs: Iterable<readonly [from: number, to: number]>,
): Graph {
  const incoming = new Uint32Array(ops.length);
  for (const [from, to] of pairs) incoming[to] |= 1 << from;
  return { ops: Uint8Array.from(ops), incoming };
}

/** Whether the graph has the edge `from → to`; false unless `from < to`. */
export function hasEdge(
  { incoming }: Pick<Graph, "incoming">,
  from: number,
  to: number,
): boolean {
  return from < to && (incoming[to] >>> from & 1) === 1;
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

/** How many bits of a set are set. */
export function bitCount(set: number): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** How many edges a graph has. */
export function edgeCount({ incoming }: Pick<Graph, "incoming">): number {
  let count = 0;
  for (const sources of incoming) count += bitCount(sources);
  return count;
}

/** One text for each graph as it stands: equal for the same operations and edges in the same order. */
export function graphText({ ops, incoming }: Graph): string {
  return `${ops.join()};${incoming.join()}`;
}

/** The graph that {@link graphText} writes as a text, or null where it writes none so. */
export function parseGraphText(text: string): Graph | null {
  const [ops = "", incoming = ""] = text.split(";");
  const graph: Graph = {
    ops: Uint8Array.from(ops.split(","), Number),
    incoming: Uint32Array.from(incoming.split(","), Number),
  };
  const isGraph = graph.ops.length <= MAX_NODES &&
    graph.ops.length === graph.incoming.length &&
    graph.incoming.every((edges, node) => edges < 2 ** node);
  // What is no number, or does not fit, would be written as another text.
  return isGraph && graphText(graph) === text ? graph : null;
}

/**
 * Drops every node that is not on a path from an input to the last node.
 *
 * The order of the others is kept. Where there are several inputs all of them stay,
 * fed on or not, so that each keeps its place.
 *
 * @param inputs Nodes that data enters by: the first so many.
 * @returns The pruned graph; the same object if there is nothing to drop; null
 *   if no path leads from an input to the last node.
 */
export function prune(graph: Graph, inputs = 1): Graph | null {
  const nodes = graph.ops.length;
  // Edges go upwards only, so one sweep in each direction finds all paths.
  const fromInput = new Array<boolean>(nodes).fill(false);
  const toOutput = new Array<boolean>(nodes).fill(false);
  for (let j = 0; j < nodes; j++) {
    fromInput[j] = j < inputs;
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
  if (nodes <= inputs || !fromInput[nodes - 1]) return null;
  const kept: number[] = [];
  for (let v = 0; v < nodes; v++) {
    const stays = fromInput[v] && toOutput[v];
    if (stays || (inputs > 1 && v < inputs)) kept.push(v);
  }
  if (kept.length === nodes) return graph;
  return {
    ops: Uint8Array.from(kept, (v) => graph.ops[v]),
    incoming: Uint32Array.from(kept, (to) => {
      let sources = 0;
      kept.forEach((from, i) => {
        if (hasEdge(graph, from, to)) sources |= 1 << i;
      });
      return sources;
    }),
  };
}

/**
 * Ends a decoded graph at the first row whose operation is the output.
 *
 * Rows after it are padding: they and their edges are dropped. Without such a
 * row all `N` rows stay.
 *
 * @param graph Decoded rows, `N` of them.
 * @param outputOp Index of the operation `output`.
 */
export function cutAtOutput(graph: Graph, outputOp: number): Graph {
  const output = graph.ops.indexOf(outputOp);
  if (output < 0) return graph;
  return {
    ops: graph.ops.slice(0, output + 1),
    incoming: graph.incoming.slice(0, output + 1),
  };
}
