/**
 * NAS-Bench-101: cells of at most 7 nodes and 9 edges, with an operation on each node.
 *
 * A cell is a DAG from `input`, node 0, to `output`, its last node; the inner nodes
 * are convolutions and poolings. All 423,624 are enumerated, none is downloaded. Their
 * order is that of their hashes, which is as good as random.
 *
 * Source: NAS-Bench-101 (Ying et al. 2019, arXiv:1902.09635), `ModelSpec` and
 * `is_valid` of google-research/nasbench; arch2vec (Yan et al. 2020,
 * arXiv:2006.06936) for the columns and the split.
 *
 * @module
 */

import {
  edgeCount,
  edgePairs,
  type Graph,
  PADDING_OP,
  prune,
} from "../graph.ts";
import { hashModule } from "../module_hash.ts";
import { indexNotation } from "../notations.ts";
import {
  type EnumeratedSpace,
  GRAPH_REASONS,
  type MetricMode,
  type SpaceFact,
} from "../space.ts";
import { ACCURACIES } from "./accuracies/accuracies.ts";
import { cellCost } from "./cost.ts";
import { cellNetwork, NETWORK_TRAINING } from "./network.ts";
import {
  HASH_LABELS,
  MAX_EDGES,
  MAX_NODES,
  NASBENCH101_OPS,
} from "./enumeration.ts";
import { splitInOrder } from "../split.ts";
import { hashNotation } from "./notations.ts";
import { SETTINGS } from "./settings.ts";
import {
  cellKeys,
  cellOfHash,
  isReady,
  prepare,
  preparedCells,
} from "./table.ts";

/** Names of operations in the benchmark's `base_ops.py`. */
const PUBLISHED_OPS: readonly string[] = NASBENCH101_OPS.map((name) =>
  name.startsWith("conv") ? `${name}-bn-relu` : name
);
const INPUT = NASBENCH101_OPS.indexOf("input");
const OUTPUT = NASBENCH101_OPS.indexOf("output");
/** Raised with every change of the cells, their order, their split or what tells them apart. */
export const VERSION = 1;

/**
 * Published reading: what is left after pruning has at most 9 edges, the right ends and
 * the right inner operations. Strict reading: the graph as it stands has, and there
 * is nothing to prune.
 *
 * @throws {RangeError} If the graph has more than 7 nodes: it is no decode of this space.
 */
function invalidReason(graph: Graph, mode: MetricMode): string | null {
  if (graph.ops.length > MAX_NODES) {
    throw new RangeError(
      `Cannot judge a graph: one of NAS-Bench-101 must have at most ${MAX_NODES} nodes, got ${graph.ops.length}`,
    );
  }
  const pruned = prune(graph);
  if (pruned === null) return "disconnected";
  const judged = mode === "paper" ? pruned : graph;
  const { ops } = judged;
  if (edgeCount(judged) > MAX_EDGES) return "too many edges";
  if (ops[0] !== INPUT) return "first op not input";
  if (ops[ops.length - 1] !== OUTPUT) return "last op not output";
  for (let node = 1; node < ops.length - 1; node++) {
    if (ops[node] <= INPUT || ops[node] >= OUTPUT) {
      return "inner input or output";
    }
  }
  return mode === "strict" && pruned !== graph ? "needs pruning" : null;
}

/** @throws {RangeError} If input and output are not connected. */
function key(graph: Graph): string {
  const pruned = prune(graph);
  if (pruned === null) {
    throw new RangeError(
      "Cannot tell which cell a graph is: its input and output must be connected, got no path",
    );
  }
  return hashModule(pruned, HASH_LABELS);
}

function indexOf(graph: Graph): number | null {
  return invalidReason(graph, "paper") === null ? cellOfHash(key(graph)) : null;
}

const REASONS = {
  ...GRAPH_REASONS,
  "too many edges": `it has more than ${MAX_EDGES} edges`,
};

/** Such as `input, conv3x3, output; 0→1,2 1→2`. */
function describe(graph: Graph): string {
  const names = Array.from(graph.ops, (op) => NASBENCH101_OPS[op] ?? "?");
  const pairs = edgePairs(graph);
  const edges = names.map((_, node) => {
    const targets = pairs.filter(([from]) => from === node).map(([, to]) => to);
    return targets.length === 0 ? "" : `${node}→${targets.join(",")}`;
  }).filter((text) => text !== "");
  return `${names.join(", ")}; ${edges.join(" ") || "no edges"}`;
}

function facts(): SpaceFact[] {
  const { count, nodeCount, ops, incoming } = preparedCells();
  const ofSize = new Uint32Array(nodeCount + 1);
  let full = 0;
  for (let cell = 0; cell < count; cell++) {
    const row = cell * nodeCount;
    const padding = ops.subarray(row, row + nodeCount).indexOf(PADDING_OP);
    ofSize[padding < 0 ? nodeCount : padding]++;
    const own = incoming.subarray(row, row + nodeCount);
    if (edgeCount({ incoming: own }) === MAX_EDGES) full++;
  }
  return [
    {
      fact: "cells (distinct module hashes)",
      counted: count,
      published: 423_624,
    },
    ...Array.from({ length: nodeCount - 1 }, (_, i): SpaceFact => ({
      fact: `cells of ${i + 2} nodes`,
      counted: ofSize[i + 2],
      published: null,
    })),
    {
      fact: `cells with all ${MAX_EDGES} edges`,
      counted: full,
      published: null,
    },
  ];
}

/**
 * The search space NAS-Bench-101.
 *
 * Cells are in the order of their hashes, as the benchmark lists them; training cells are
 * the first 381,261, validation cells the other 42,363, as in arch2vec's code. It has
 * to be prepared: that reads the cells or, the first time, enumerates them.
 */
export const NASBENCH101: EnumeratedSpace = {
  name: "nasbench101",
  title: "NAS-Bench-101",
  version: VERSION,
  ops: NASBENCH101_OPS,
  publishedOps: PUBLISHED_OPS,
  innerOps: [1, 2, 3],
  inputs: 1,
  nodeCount: MAX_NODES,
  variableSize: true,
  settings: SETTINGS,
  get ready() {
    return isReady();
  },
  prepare,
  cells: preparedCells,
  split: () => splitInOrder(preparedCells().count),
  invalidReasons: REASONS,
  invalidReason,
  rawKey: (graph) => hashModule(graph, HASH_LABELS),
  key,
  indexOf,
  accuracies: ACCURACIES,
  cellKeys,
  cost: cellCost,
  network: cellNetwork,
  networkTraining: NETWORK_TRAINING,
  notations: [
    hashNotation(key),
    indexNotation(
      { title: "NAS-Bench-101", cells: preparedCells, indexOf },
      "index in the order of hashes",
    ),
  ],
  describe,
  facts,
};
