/**
 * DARTS for counting again.
 *
 * A cell has two inputs and four nodes, each the sum of two operations on different earlier ones;
 * as a graph it has a node for each operation, after two inputs and before an output.
 *
 * Source: DARTS (Liu et al. 2019, arXiv:1806.09055); `is_valid_darts` and
 * `gen_isomorphism_graphs.py` of arch2vec (Yan et al. 2020, arXiv:2006.06936).
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

/** The nodes that are operations, and the operations that there are: the numbers are the same. */
const OPERATIONS = [2, 3, 4, 5, 6, 7, 8, 9];
const NONE = 2;

/** The nodes that each one is fed by. */
function sources({ edges }: PlainGraph, node: number): number[] {
  return [...edges.keys()].filter((from) => edges[from][node]);
}

/** The first node of the block that an operation is in. */
function blockStart(node: number): number {
  return node - node % 2;
}

function isValid(
  graph: PlainGraph,
  reading: Reading,
  unchecked: readonly number[] = [],
): boolean {
  const { ops } = graph;
  if (ops.length !== 11 || ops[0] !== 0 || ops[1] !== 1 || ops[10] !== 10) {
    return false;
  }
  const isPaper = reading === "paper";
  for (const node of OPERATIONS) {
    const isChecked = !isPaper || !unchecked.includes(node);
    if (isChecked && !OPERATIONS.includes(ops[node])) return false;
    if (!sources(graph, node).some((from) => from < blockStart(node))) {
      return false;
    }
  }
  if (isPaper) return true;
  return sources(graph, 0).length === 0 && sources(graph, 1).length === 0 &&
    sources(graph, 10).join() === OPERATIONS.join() &&
    OPERATIONS.every((node) => {
      const own = sources(graph, node);
      const isInput = own.length === 1 && own[0] < 2;
      const isBlock = own.length === 2 && own[0] % 2 === 0 &&
        own[0] >= 2 && own[1] === own[0] + 1 && own[1] < blockStart(node);
      const twin = blockStart(node) + 1 - node % 2;
      return (isInput || isBlock) &&
        own.join() !== sources(graph, twin).join();
    });
}

/** Of valid cells as of raw graphs: two are the same if their hashes are. */
function identity(graph: PlainGraph): string {
  return moduleHash(graph, [...graph.ops.keys()]);
}

function known({ table, train }: TrainedCells) {
  const hashes = new Set(
    Array.from(train, (cell) => identity(plainCell(table, cell))),
  );
  return { has: (_: PlainGraph, identity: string) => hashes.has(identity) };
}

/** See {@link PlainSpace}. */
export const PLAIN_DARTS: PlainSpace = {
  name: "darts",
  isValid,
  identity,
  known,
};

/** The same without the operation `none`. */
export const PLAIN_DARTS7: PlainSpace = {
  ...PLAIN_DARTS,
  name: "darts7",
  isValid: (graph, reading, unchecked = []) =>
    isValid(graph, reading, unchecked) &&
    OPERATIONS.every((node) =>
      graph.ops[node] !== NONE ||
      reading === "paper" && unchecked.includes(node)
    ),
};
