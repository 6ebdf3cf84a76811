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
import { edgePairs, type Graph } from "../graph.ts";
import { hashModule } from "../module_hash.ts";
import { indexNotation } from "../notations.ts";
import {
  cellGraph,
  type EnumeratedSpace,
  GRAPH_REASONS,
  type SpaceFact,
} from "../space.ts";
import { ACCURACIES } from "./accuracies/accuracies.ts";
import { formatArch, isConnected, structureText } from "./arch.ts";
import {
  allCells,
  ARCH_EDGES,
  ARCH_OPS,
  CELL_COUNT,
  GRAPH_OP,
  indexOf,
  invalidReason,
  NASBENCH201_OPS,
  NODES,
} from "./cells.ts";
import { cellCost } from "./cost.ts";
import { NOTATIONS } from "./notations.ts";
import { SETTINGS } from "./settings.ts";

/** Names of the benchmark, of arch2vec for the ends. */
const PUBLISHED_OPS: readonly string[] = NASBENCH201_OPS.map((name, op) =>
  ARCH_OPS[GRAPH_OP.indexOf(op)] ?? name
);
/** Labels in the raw hash: any distinct numbers do; input and output as in NAS-Bench-101. */
const HASH_LABELS: readonly number[] = [-1, 1, 2, 3, 4, 5, -2];

/** 90 % of the 15,625 cells, rounded down. */
const TRAIN_CELLS = 14_062;
const SPLIT_SEED = 201;

/**
 * Differs from the source: the benchmark's own index order, a random order that
 * comes with its 2 GB file, is replaced by a permutation of ours under a fixed
 * seed, because that file is not needed for anything else. The sizes are the
 * paper's.
 */
function split(): { train: Uint32Array; validation: Uint32Array } {
  const order = Random.fromSeed(SPLIT_SEED).permutation(CELL_COUNT);
  return {
    train: order.slice(0, TRAIN_CELLS),
    validation: order.slice(TRAIN_CELLS),
  };
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
  publishedOps: PUBLISHED_OPS,
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
  accuracies: ACCURACIES,
  cost: cellCost,
  notations: [
    ...NOTATIONS,
    indexNotation(
      { title: "NAS-Bench-201", cells: allCells, indexOf },
      "index of the benchmark's API",
    ),
  ],
  describe,
  facts,
};
