/**
 * NAS-Bench-101 for counting again.
 *
 * Source: `ModelSpec` and `is_valid` of google-research/nasbench; arch2vec's columns.
 *
 * @module
 */

import { countEdges, moduleHash, type PlainGraph, pruned } from "./graph.ts";
import {
  plainCell,
  type PlainSpace,
  type Reading,
  type TrainedCells,
} from "./plain_space.ts";

/** Columns: input, conv1x1, conv3x3, maxpool3x3, output; and their labels in the hash. */
const LABELS = [-1, 1, 0, 2, -2];
const INPUT = 0, OUTPUT = 4;

/** Hashes are dear, and both readings ask for them. */
const hashes = new WeakMap<PlainGraph, string>();

/** The hash of a graph as it stands. */
function hashOf(graph: PlainGraph): string {
  const hash = hashes.get(graph) ?? moduleHash(graph, LABELS);
  hashes.set(graph, hash);
  return hash;
}

/** Whether a graph is all on paths from its first to its last node. */
function isWhole(graph: PlainGraph): boolean {
  return pruned(graph)?.ops.length === graph.ops.length;
}

/** A cell is valid if its pruned form is one; strictly, if it is that form itself. */
function isValid(
  graph: PlainGraph,
  reading: Reading,
  unchecked: readonly number[] = [],
): boolean {
  if (unchecked.length > 0) {
    throw new RangeError(
      `Cannot count again: each node of a NAS-Bench-101 cell must be checked, got ${unchecked} unchecked`,
    );
  }
  const cell = pruned(graph);
  if (cell === null) return false;
  if (reading === "strict" && !isWhole(graph)) return false;
  const [first, ...rest] = cell.ops;
  const last = rest.pop();
  return cell.ops.length <= 7 && countEdges(cell) <= 9 && first === INPUT &&
    last === OUTPUT && rest.every((op) => op > INPUT && op < OUTPUT);
}

/**
 * The data set is in the order of its hashes, and training cells are its first part: a cell is
 * one of them unless its hash comes after that of the last one.
 *
 * As raw graphs are meant, one with nodes to prune is none of them, for they have none.
 */
function known({ table, train }: TrainedCells) {
  const last = hashOf(plainCell(table, train.length - 1));
  const next = hashOf(plainCell(table, train.length));
  if (train.some((cell, place) => cell !== place) || last >= next) {
    throw new RangeError(
      "Cannot count again: the training cells of NAS-Bench-101 must be the first in the order of their hashes, got others",
    );
  }
  return {
    has: (graph: PlainGraph, hash: string) => isWhole(graph) && hash <= last,
  };
}

/** See {@link PlainSpace}. */
export const PLAIN_NASBENCH101: PlainSpace = {
  name: "nasbench101",
  isValid,
  // A strictly valid graph has nothing to prune.
  identity: hashOf,
  known,
};
