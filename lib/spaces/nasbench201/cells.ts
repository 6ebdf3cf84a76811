/**
 * The cells of NAS-Bench-201 as graphs: their operations, their one adjacency, their order.
 *
 * Source: NAS-Bench-201 (Dong & Yang 2020, arXiv:2001.00326); arch2vec (Yan et al. 2020,
 * arXiv:2006.06936) for the graph.
 *
 * @module
 */

import { type Graph, graphOf } from "../graph.ts";
import type { CellTable, MetricMode } from "../space.ts";
import { indexOrder } from "./index_order.ts";

/** Operations of an edge as arch strings write them, in the benchmark's order. */
export const ARCH_OPS = [
  "none",
  "skip_connect",
  "nor_conv_1x1",
  "nor_conv_3x3",
  "avg_pool_3x3",
] as const;

/** Operations of a node of the graph form: the one-hot columns, in arch2vec's order. */
export const NASBENCH201_OPS = [
  "input",
  "conv1x1",
  "conv3x3",
  "avgpool3x3",
  "skip",
  "none",
  "output",
] as const;

/** The edge of the cell that each inner node stands for: node `k` is edge `k − 1`. */
export const ARCH_EDGES: readonly (readonly [from: number, to: number])[] = [
  [0, 1],
  [0, 2],
  [1, 2],
  [0, 3],
  [1, 3],
  [2, 3],
];

/** Nodes of a cell. */
export const NODES = 8;
/** The adjacency of every cell: edges into each node, as in `Graph`. */
export const TEMPLATE_INCOMING: Uint32Array = graphOf(new Uint8Array(NODES), [
  [0, 1],
  [0, 2],
  [0, 4],
  [1, 3],
  [1, 5],
  [2, 6],
  [3, 6],
  [4, 7],
  [5, 7],
  [6, 7],
]).incoming;
export const INPUT = 0, SKIP = 4, NONE = 5, OUTPUT = 6;
/** `GRAPH_OP[i]` is the node operation that stands for `ARCH_OPS[i]`. */
export const GRAPH_OP: readonly number[] = [NONE, SKIP, 1, 2, 3];
/** How many cells there are. */
export const CELL_COUNT = ARCH_OPS.length ** ARCH_EDGES.length;
/**
 * Paper mode: the ends and the inner operations are right; the adjacency is not
 * looked at. Strict mode: the adjacency must equal the template besides. A graph
 * of another number of nodes is off the template in either mode.
 */
export function invalidReason(graph: Graph, mode: MetricMode): string | null {
  const { ops, incoming } = graph;
  if (ops.length !== NODES) return "adjacency off template";
  if (ops[0] !== INPUT) return "first op not input";
  if (ops[NODES - 1] !== OUTPUT) return "last op not output";
  for (let node = 1; node < NODES - 1; node++) {
    if (ops[node] <= INPUT || ops[node] >= OUTPUT) {
      return "inner input or output";
    }
  }
  const isTemplate = incoming.every((sources, node) =>
    sources === TEMPLATE_INCOMING[node]
  );
  if (mode === "strict" && !isTemplate) return "adjacency off template";
  return null;
}

/** Place in lexicographic order by index, and index by place. */
const PLACES = indexOrder(CELL_COUNT);
const INDICES = new Uint32Array(CELL_COUNT);
PLACES.forEach((place, index) => INDICES[place] = index);

let cells: CellTable | undefined;

/**
 * Cell `i` is the one of index `i` of the benchmark's API.
 *
 * Its place in lexicographic order, in base 5, has its `ARCH_OPS` as digits, the edge (0→1)
 * as the highest.
 */
export function allCells(): CellTable {
  if (cells !== undefined) return cells;
  const ops = new Uint8Array(CELL_COUNT * NODES);
  const incoming = new Uint32Array(CELL_COUNT * NODES);
  for (let cell = 0; cell < CELL_COUNT; cell++) {
    const row = cell * NODES;
    ops[row] = INPUT;
    ops[row + NODES - 1] = OUTPUT;
    let digits = PLACES[cell];
    for (let node = NODES - 2; node >= 1; node--) {
      ops[row + node] = GRAPH_OP[digits % ARCH_OPS.length];
      digits = Math.floor(digits / ARCH_OPS.length);
    }
    incoming.set(TEMPLATE_INCOMING, row);
  }
  cells = { count: CELL_COUNT, nodeCount: NODES, ops, incoming };
  return cells;
}

/** Which cell a graph is, or null if it is none. */
export function indexOf(graph: Graph): number | null {
  if (invalidReason(graph, "strict") !== null) return null;
  const place = graph.ops.subarray(1, NODES - 1).reduce(
    (place, op) => place * ARCH_OPS.length + GRAPH_OP.indexOf(op),
    0,
  );
  return INDICES[place];
}
