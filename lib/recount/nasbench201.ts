/**
 * NAS-Bench-201 for counting again.
 *
 * A cell is six operations on the edges of four feature maps; as a graph it has a node for
 * each of them, between an input and an output.
 *
 * Source: NAS-Bench-201 (Dong & Yang 2020, arXiv:2001.00326); `Structure.to_unique_str` of
 * NATS-Bench; arch2vec (Yan et al. 2020, arXiv:2006.06936) for the graph.
 *
 * @module
 */

import { moduleHash, type PlainGraph } from "./graph.ts";
import {
  plainCell,
  type PlainSpace,
  type Reading,
  type TrainedCells,
} from "./plain_space.ts";

/** Names by column; the first is the input, the last the output. */
const NAMES = [
  "input",
  "nor_conv_1x1",
  "nor_conv_3x3",
  "avg_pool_3x3",
  "skip_connect",
  "none",
  "output",
];
/** The edges of every cell's graph. */
const TEMPLATE = "0→1 0→2 0→4 1→3 1→5 2→6 3→6 4→7 5→7 6→7";
/** Feature maps that inner nodes lead from and to, in the order of nodes. */
const MAPS = [[0, 1], [0, 2], [1, 2], [0, 3], [1, 3], [2, 3]];

function isValid(
  { ops, edges }: PlainGraph,
  reading: Reading,
  unchecked: readonly number[] = [],
): boolean {
  if (ops.length !== 8 || ops[0] !== 0 || ops[7] !== 6) return false;
  const inner = [1, 2, 3, 4, 5, 6].filter((node) =>
    reading === "strict" || !unchecked.includes(node)
  );
  if (!inner.every((node) => ops[node] >= 1 && ops[node] <= 5)) return false;
  const drawn = edges.flatMap((targets, from) =>
    targets.flatMap((edge, to) => edge ? [`${from}→${to}`] : [])
  );
  return reading === "paper" || drawn.join(" ") === TEMPLATE;
}

/** Raw graphs are the same if their hashes are, cells if their arch strings are. */
function identity(graph: PlainGraph, reading: Reading): string {
  if (reading === "paper") return moduleHash(graph, [...NAMES.keys()]);
  const parts = ["", "", ""];
  MAPS.forEach(([from, to], edge) =>
    parts[to - 1] += `${NAMES[graph.ops[edge + 1]]}~${from}|`
  );
  return parts.map((part) => `|${part}`).join("+");
}

/**
 * What a cell computes: each feature map is the sorted sum of what comes in, a skip is what it
 * passes on, and what comes of none is zero.
 */
function structure({ ops }: PlainGraph): string {
  const map = (number: number): string =>
    number === 0
      ? "0"
      : MAPS.flatMap(([from, to], edge) =>
        to === number ? [term(from, NAMES[ops[edge + 1]])] : []
      ).sort().join("+");
  const term = (from: number, name: string): string => {
    const source = map(from);
    if (name === "none" || source === "#") return "#";
    return name === "skip_connect" ? source : `(${source})@${name}`;
  };
  return map(3);
}

function known({ table, train }: TrainedCells) {
  const cells = Array.from(train, (cell) => plainCell(table, cell));
  const sets = {
    paper: new Set(cells.map((cell) => identity(cell, "paper"))),
    strict: new Set(cells.map((cell) => identity(cell, "strict"))),
  };
  const structures = new Set(cells.map(structure));
  return {
    has: (_: PlainGraph, identity: string, reading: Reading) =>
      sets[reading].has(identity),
    hasStructure: (graph: PlainGraph) => structures.has(structure(graph)),
  };
}

/** See {@link PlainSpace}. */
export const PLAIN_NASBENCH201: PlainSpace = {
  name: "nasbench201",
  isValid,
  identity,
  structure,
  known,
};
