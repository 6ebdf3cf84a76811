/**
 * A third search space, made for tests: 4 nodes, two inputs, 20 cells, an operation of its own.
 *
 * The one inner node takes both inputs and has one of five operations; the output takes it
 * and any of the inputs: 5 · 4 = 20 cells.
 *
 * @module
 */

import { edgePairs, type Graph, graphText } from "../lib/spaces/graph.ts";
import {
  cellTable,
  type EnumeratedSpace,
  GRAPH_REASONS,
  type MetricMode,
} from "../lib/spaces/space.ts";
import { splitInOrder } from "../lib/spaces/split.ts";

const OPS = [
  "input",
  "other input",
  "conv1x1",
  "conv3x3",
  "maxpool3x3",
  "skip",
  "fourier", // no other space has it
  "output",
];
const INNER = [2, 3, 4, 5, 6];
const OUTPUT = OPS.indexOf("output");

const GRAPHS: readonly Graph[] = INNER.flatMap((op) =>
  [0b100, 0b101, 0b110, 0b111].map((sources) => ({
    ops: Uint8Array.of(0, 1, op, OUTPUT),
    incoming: Uint32Array.of(0, 0, 0b11, sources),
  }))
);
const TABLE = cellTable(GRAPHS, 4);
const INDEX = new Map(GRAPHS.map((graph, i) => [graphText(graph), i]));

function invalidReason(graph: Graph, mode: MetricMode): string | null {
  const { ops, incoming } = graph;
  if (ops[0] !== 0 || ops[1] !== 1) return "first op not input";
  if (ops.at(-1) !== OUTPUT) return "last op not output";
  if (ops.length !== 4 || !INNER.includes(ops[2])) {
    return "inner input or output";
  }
  if (mode === "paper") return null;
  return incoming[1] === 0 && incoming[2] === 0b11 && (incoming[3] & 0b100) > 0
    ? null
    : "adjacency off template";
}

/** The space; it is in no registry. */
export const TOY: EnumeratedSpace = {
  name: "toy",
  title: "Toy",
  version: 1,
  ops: OPS,
  innerOps: INNER,
  inputs: 2,
  nodeCount: 4,
  variableSize: false,
  settings: {
    origins: [{ settings: "all", chosenBy: "made up" }],
    vqvae: {
      "arch-llm": { layers: 1, quantizationCost: 1 },
      "arch-llm-plus": { layers: 1, quantizationCost: 1 },
      epochs: 120,
      quickEpochs: 120,
      batchSize: 20,
    },
    t5: {
      dropoutRate: 0,
      tieWordEmbeddings: true,
      epochs: 120,
      batchSize: 9,
      fillShare: 0.5,
      embeddingStepFactor: 1,
    },
    arch2vec: { epochs: 20 },
    search: {
      writerTemperature: 1,
      changes: 1,
      pathLengths: [0, 1],
      dngo: { step: 1, incumbent: 1 },
      agNetTicks: 15,
    },
    analysis: { novelCells: 2 },
  },
  ready: true,
  prepare: () => Promise.resolve(),
  cells: () => TABLE,
  split: () => splitInOrder(20),
  invalidReasons: GRAPH_REASONS,
  invalidReason,
  rawKey: graphText,
  key: graphText,
  indexOf: (graph) => INDEX.get(graphText(graph)) ?? null,
  describe: (graph) =>
    `${Array.from(graph.ops, (op) => OPS[op]).join(", ")}; ${
      edgePairs(graph).map(([from, to]) => `${from}→${to}`).join(" ")
    }`,
  facts: () => [{ fact: "cells", counted: 20, published: 20 }],
};
