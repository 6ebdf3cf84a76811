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
import { splitInOrder } from "../split.ts";
import { cellCost } from "./cost.ts";
import { cellNetwork, NETWORK_TRAINING } from "./network.ts";
import { NOTATIONS } from "./notations.ts";
import { SETTINGS } from "./settings.ts";

/** Names of the benchmark, of arch2vec for the ends. */
const PUBLISHED_OPS: readonly string[] = NASBENCH201_OPS.map((name, op) =>
  ARCH_OPS[GRAPH_OP.indexOf(op)] ?? name
);
/** Labels in the raw hash: any distinct numbers do; input and output as in NAS-Bench-101. */
const HASH_LABELS: readonly number[] = [-1, 1, 2, 3, 4, 5, -2];

/** Raised with every change of the cells, their order, their split or what tells them apart. */
export const VERSION = 2;

/** What NATS-Bench compares structures by: skips and zeros merged. */
const structureKey = (graph: Graph) =>
  structureText(graph, { considerZero: true });

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
  const merged = graphs.map((graph) =>
    structureText(graph, { considerZero: false })
  );
  const structures = graphs.map(structureKey);
  const { train, validation } = splitInOrder(table.count);
  const known = (keys: readonly string[], merges: string): SpaceFact => {
    const trained = new Set(Array.from(train, (cell) => keys[cell]));
    const counted = validation.filter((cell) => trained.has(keys[cell])).length;
    const percent = (100 * counted / validation.length).toFixed(1);
    return {
      fact:
        `validation cells with the structure of a training cell, ${merges} (${percent} %)`,
      counted,
      published: null,
    };
  };
  return [
    { fact: "cells (arch strings)", counted: table.count, published: 15_625 },
    {
      fact: "distinct structures, skips merged",
      counted: new Set(merged).size,
      published: null,
    },
    {
      fact: "distinct structures, skips and zeros merged (NATS-Bench)",
      counted: new Set(structures).size,
      published: 6_466,
    },
    known(merged, "skips merged"),
    known(structures, "skips and zeros merged"),
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
 * Cells are in the order of the benchmark's API, a random one: index `i` here is index `i`
 * there. Training cells are the first 14,062, validation cells the other 1,563, as in
 * arch2vec's code.
 */
export const NASBENCH201: EnumeratedSpace = {
  name: "nasbench201",
  title: "NAS-Bench-201",
  version: VERSION,
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
  split: () => splitInOrder(CELL_COUNT),
  invalidReasons: GRAPH_REASONS,
  invalidReason,
  rawKey: (graph) => hashModule(graph, HASH_LABELS),
  key: formatArch,
  structureKey,
  indexOf,
  accuracies: ACCURACIES,
  cost: cellCost,
  network: cellNetwork,
  networkTraining: NETWORK_TRAINING,
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
