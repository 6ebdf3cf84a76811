/**
 * NAS-Bench-201: cells of four feature maps, with an operation on each of six edges.
 *
 * A cell is written as an arch string, `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`, and
 * handled as the graph that arch2vec and the paper make of it: 8 nodes, where
 * nodes 1 to 6 are the edges (0→1), (0→2), (1→2), (0→3), (1→3), (2→3) of the
 * string, under one adjacency that is the same for all cells.
 *
 * Source: NAS-Bench-201 (Dong & Yang 2020, arXiv:2001.00326) and its `Structure`
 * class; arch2vec (Yan et al. 2020, arXiv:2006.06936) for the graph.
 *
 * @module
 */

import { Random } from "../../core/random.ts";
import { edgePairs, type Graph, graphOf } from "../graph.ts";
import { hashModule } from "../module_hash.ts";
import {
  cellGraph,
  type CellTable,
  type EnumeratedSpace,
  GRAPH_REASONS,
  type MetricMode,
  type SpaceFact,
} from "../space.ts";
import { SETTINGS } from "./settings.ts";

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

const NODES = 8;
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
const INPUT = 0, SKIP = 4, NONE = 5, OUTPUT = 6;
/** `GRAPH_OP[i]` is the node operation that stands for `ARCH_OPS[i]`. */
const GRAPH_OP: readonly number[] = [NONE, SKIP, 1, 2, 3];
/** `ARCH_OP_OF[op]` is the name in arch strings of a node operation. */
const ARCH_OP_OF: readonly string[] = NASBENCH201_OPS.map((_, op) =>
  ARCH_OPS[GRAPH_OP.indexOf(op)] ?? ""
);
/** Labels in the raw hash: any distinct numbers do; input and output as in NAS-Bench-101. */
const HASH_LABELS: readonly number[] = [-1, 1, 2, 3, 4, 5, -2];
const CELLS = ARCH_OPS.length ** ARCH_EDGES.length;
/** 90 % of the 15,625 cells, rounded down. */
const TRAIN_CELLS = 14_062;
const SPLIT_SEED = 201;

/**
 * Reads an arch string.
 *
 * @throws {TypeError} If `text` is not a string.
 * @throws {SyntaxError} If it is malformed: the message has the position, counted
 *   in characters from 0, and what was expected there.
 */
export function parseArch(text: string): Graph {
  if (typeof text !== "string") {
    throw new TypeError(
      `Cannot read an arch string: it must be a string, got ${typeof text}`,
    );
  }
  let position = 0;
  const fail = (expected: string): never => {
    const rest = text.slice(position, position + 24);
    throw new SyntaxError(
      `Cannot read an arch string: position ${position} must be ${expected}, got ${
        rest === "" ? "the end" : JSON.stringify(rest)
      }`,
    );
  };
  const expect = (token: string) => {
    if (!text.startsWith(token, position)) fail(JSON.stringify(token));
    position += token.length;
  };
  const ops = new Uint8Array(NODES);
  ops[0] = INPUT;
  ops[NODES - 1] = OUTPUT;
  for (const [edge, [from, to]] of ARCH_EDGES.entries()) {
    if (from === 0) expect(to === 1 ? "|" : "+|");
    const name = text.slice(position).match(/^[^~|+]*/)![0];
    const op = ARCH_OPS.findIndex((known) => known === name);
    if (op < 0) fail(`one of ${ARCH_OPS.join(", ")}`);
    position += name.length;
    expect(`~${from}`);
    expect("|");
    ops[edge + 1] = GRAPH_OP[op];
  }
  if (position < text.length) fail("the end");
  return { ops, incoming: TEMPLATE_INCOMING };
}

/**
 * Writes a cell as its arch string.
 *
 * @throws {RangeError} If the graph is not strictly a cell of this space.
 */
export function formatArch(graph: Graph): string {
  const reason = invalidReason(graph, "strict");
  if (reason !== null) {
    throw new RangeError(
      `Cannot write an arch string: the graph must be a NAS-Bench-201 cell, got ${reason}`,
    );
  }
  const op = (node: number) => ARCH_OP_OF[graph.ops[node]];
  return `|${op(1)}~0|+|${op(2)}~0|${op(3)}~1|` +
    `+|${op(4)}~0|${op(5)}~1|${op(6)}~2|`;
}

/**
 * The text that NATS-Bench compares structures by, `Structure.to_unique_str`.
 *
 * Each feature map becomes the sorted sum of what flows into it, skips merged
 * into what they pass on. Over all cells: 12,751 texts, and 6,466 with
 * `considerZero`. As in the source, a feature map is taken for zero only when
 * its one input is: two or three zeros give `#+#`, which goes on as if it were a
 * value, and cells that compute the same can differ by it.
 *
 * @param options `considerZero`: whether `none`, and what comes out of a zero
 *   feature map, is written as zero, `#`.
 * @throws {RangeError} If the graph is not strictly a cell of this space.
 */
export function structureText(
  graph: Graph,
  options: { readonly considerZero: boolean },
): string {
  const reason = invalidReason(graph, "strict");
  if (reason !== null) {
    throw new RangeError(
      `Cannot write a structure: the graph must be a NAS-Bench-201 cell, got ${reason}`,
    );
  }
  const inputs: string[][] = [["0"], [], [], []];
  for (const [edge, [from, to]] of ARCH_EDGES.entries()) {
    // All edges into `from` come before those out of it.
    const source = inputs[from].sort().join("+");
    const op = graph.ops[edge + 1];
    if (options.considerZero && (op === NONE || source === "#")) {
      inputs[to].push("#");
    } else if (op === SKIP) inputs[to].push(source);
    else inputs[to].push(`(${source})@${ARCH_OP_OF[op]}`);
  }
  return inputs[3].sort().join("+");
}

/**
 * Whether a path without `none` leads from the cell's input to its output.
 *
 * True for 15,284 of the 15,625 cells. The others are cells of the space all the
 * same: they were trained and have accuracies.
 */
export function isConnected(graph: Graph): boolean {
  const reached = [true, false, false, false];
  for (const [edge, [from, to]] of ARCH_EDGES.entries()) {
    if (reached[from] && graph.ops[edge + 1] !== NONE) reached[to] = true;
  }
  return reached[3];
}

/**
 * Paper mode: the ends and the inner operations are right; the adjacency is not
 * looked at. Strict mode: the adjacency must equal the template besides. A graph
 * of another number of nodes is off the template in either mode.
 */
function invalidReason(graph: Graph, mode: MetricMode): string | null {
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

let cells: CellTable | undefined;

/** Cell `i` has the base-5 digits of `i` as its `ARCH_OPS`, edge (0→1) the highest digit. */
function allCells(): CellTable {
  if (cells !== undefined) return cells;
  const ops = new Uint8Array(CELLS * NODES);
  for (let cell = 0; cell < CELLS; cell++) {
    const row = cell * NODES;
    ops[row] = INPUT;
    ops[row + NODES - 1] = OUTPUT;
    let digits = cell;
    for (let node = NODES - 2; node >= 1; node--) {
      ops[row + node] = GRAPH_OP[digits % ARCH_OPS.length];
      digits = Math.floor(digits / ARCH_OPS.length);
    }
  }
  const incoming = new Uint32Array(CELLS * NODES);
  for (let cell = 0; cell < CELLS; cell++) {
    incoming.set(TEMPLATE_INCOMING, cell * NODES);
  }
  cells = { count: CELLS, nodeCount: NODES, ops, incoming };
  return cells;
}

/**
 * Differs from the source: the benchmark's own index order, a random order that
 * comes with its 2 GB file, is replaced by a permutation of ours under a fixed
 * seed, because that file is not needed for anything else. The sizes are the
 * paper's.
 */
function split(): { train: Uint32Array; validation: Uint32Array } {
  const order = Random.fromSeed(SPLIT_SEED).permutation(CELLS);
  return {
    train: order.slice(0, TRAIN_CELLS),
    validation: order.slice(TRAIN_CELLS),
  };
}

function indexOf(graph: Graph): number | null {
  if (invalidReason(graph, "strict") !== null) return null;
  return graph.ops.subarray(1, NODES - 1).reduce(
    (index, op) => index * ARCH_OPS.length + GRAPH_OP.indexOf(op),
    0,
  );
}

function describe(graph: Graph): string {
  if (invalidReason(graph, "strict") === null) return formatArch(graph);
  const names = Array.from(graph.ops, (op) => NASBENCH201_OPS[op] ?? "?");
  const edges = edgePairs(graph).map(([from, to]) => `${from}→${to}`);
  return `${names.join(", ")}; ${edges.join(" ") || "no edges"}`;
}

function facts(): SpaceFact[] {
  const table = allCells();
  const graphs = Array.from(
    { length: table.count },
    (_, i) => cellGraph(table, i),
  );
  const distinct = (considerZero: boolean) =>
    new Set(graphs.map((graph) => structureText(graph, { considerZero }))).size;
  return [
    { fact: "cells (arch strings)", counted: table.count, published: 15_625 },
    {
      fact: "distinct structures, skips merged",
      counted: distinct(false),
      published: null,
    },
    {
      fact: "distinct structures, skips and zeros merged (NATS-Bench)",
      counted: distinct(true),
      published: 6_466,
    },
    {
      fact: "cells with a path from input to output",
      counted: graphs.filter(isConnected).length,
      published: null,
    },
  ];
}

/**
 * The search space NAS-Bench-201.
 *
 * Cells are in lexicographic order of their operations, `ARCH_OPS` in the order
 * given, the edge (0→1) slowest. Training cells are the first 14,062 of a fixed
 * random permutation and are listed in its order; the other 1,563 are for validation.
 */
export const NASBENCH201: EnumeratedSpace = {
  name: "nasbench201",
  title: "NAS-Bench-201",
  ops: NASBENCH201_OPS,
  innerOps: [1, 2, 3, 4, 5],
  inputs: 1,
  nodeCount: NODES,
  variableSize: false,
  featureMapEdges: ARCH_EDGES,
  settings: SETTINGS,
  ready: true,
  prepare: () => Promise.resolve(),
  cells: allCells,
  split,
  invalidReasons: GRAPH_REASONS,
  invalidReason,
  rawKey: (graph) => hashModule(graph, HASH_LABELS),
  key: formatArch,
  indexOf,
  describe,
  facts,
};
