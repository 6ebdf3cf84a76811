/**
 * A space of the shape of DARTS, made for tests: 11 nodes, two inputs, 46,080 ways to write a
 * cell, none of them listed.
 *
 * A cell has four steps of two operations each. The two of a step take different ones of what
 * came before: either input, or the sum of both operations of an earlier step. The output
 * takes all operations. With two kinds of operations there are 1 · 3 · 6 · 10 choices of what
 * is taken, and 2⁸ of operations.
 *
 * Source: Liu et al. 2019 (DARTS), arXiv:1806.09055, §2.1, in arch2vec's form of a graph.
 *
 * @module
 */

import { Random } from "../lib/core/random.ts";
import { edgePairs, type Graph, graphText } from "../lib/spaces/graph.ts";
import { hashModule } from "../lib/spaces/module_hash.ts";
import {
  cellTable,
  GRAPH_REASONS,
  type SearchSpace,
} from "../lib/spaces/space.ts";
import { splitInOrder } from "../lib/spaces/split.ts";
import { TOY } from "./_toy_space.ts";

const OPS = ["input", "other input", "sepconv3x3", "dilconv3x3", "output"];
const INNER = [2, 3];
const OUTPUT = OPS.indexOf("output");
const NODES = 11;
const STEPS = 4;
const ALL_OPERATIONS = 0b11_1111_1100;

/** What an operation of a step can take: edges into it. */
function sources(step: number): number[] {
  return [
    0b1,
    0b10,
    ...Array.from({ length: step }, (_, earlier) => 0b1100 << 2 * earlier),
  ];
}

/** The step of an operation's node. */
const stepOf = (node: number) => (node - 2) >> 1;

function randomCell(random: Random): Graph {
  const ops = new Uint8Array(NODES);
  const incoming = new Uint32Array(NODES);
  ops[1] = 1;
  ops[NODES - 1] = OUTPUT;
  incoming[NODES - 1] = ALL_OPERATIONS;
  for (let step = 0; step < STEPS; step++) {
    const taken = random.shuffle(sources(step));
    for (const k of [0, 1]) {
      const node = 2 + 2 * step + k;
      ops[node] = INNER[random.integer(INNER.length)];
      incoming[node] = taken[k];
    }
  }
  return { ops, incoming };
}

function invalidReason({ ops, incoming }: Graph): string | null {
  if (ops[0] !== 0 || ops[1] !== 1) return "first op not input";
  if (ops.at(-1) !== OUTPUT) return "last op not output";
  const operations = ops.subarray(2, -1);
  if (ops.length !== NODES || operations.some((op) => !INNER.includes(op))) {
    return "inner input or output";
  }
  const fits = incoming.every((edges, node) => {
    if (node < 2) return edges === 0;
    if (node === NODES - 1) return edges === ALL_OPERATIONS;
    const step = stepOf(node);
    return sources(step).includes(edges) &&
      incoming[2 + 2 * step] !== incoming[3 + 2 * step];
  });
  return fits ? null : "adjacency off template";
}

/** Cells with one operation, or what one operation takes, changed. */
function* neighbours({ ops, incoming }: Graph): Generator<Graph> {
  for (let node = 2; node < NODES - 1; node++) {
    for (const op of INNER) {
      if (op !== ops[node]) yield { ops: ops.with(node, op), incoming };
    }
    for (const edges of sources(stepOf(node))) {
      if (edges !== incoming[node]) {
        yield { ops, incoming: incoming.with(node, edges) };
      }
    }
  }
}

const RANDOM = Random.fromSeed(0);
const SAMPLE = cellTable(
  Array.from({ length: 200 }, () => randomCell(RANDOM)),
  NODES,
);

/** The space; it is in no registry. */
export const LARGE: SearchSpace = {
  name: "large",
  title: "Large",
  version: 1,
  ops: OPS,
  innerOps: INNER,
  inputs: 2,
  nodeCount: NODES,
  variableSize: false,
  settings: TOY.settings,
  ready: true,
  prepare: () => Promise.resolve(),
  cells: () => SAMPLE,
  split: () => splitInOrder(SAMPLE.count),
  invalidReasons: GRAPH_REASONS,
  invalidReason,
  rawKey: graphText,
  key: (graph) => hashModule(graph, [-1, -3, 1, 2, -2]),
  neighbours,
  randomCell,
  describe: (graph) =>
    `${Array.from(graph.ops, (op) => OPS[op]).join(", ")}; ${
      edgePairs(graph).map(([from, to]) => `${from}→${to}`).join(" ")
    }`,
  facts: () => [],
};
