/**
 * Random cells of DARTS, drawn as arch2vec draws them.
 *
 * For each block two operations, which may be the same, and two different sources; a cell whose
 * network has 600 million multiply-adds or more is drawn again, and of equal cells the first is
 * kept. Differs from the source: multiply-adds are those of convolutions and classifier, in
 * closed form, because nothing is built here; draws have a seed.
 *
 * Source: arch2vec (Yan et al. 2020, arXiv:2006.06936), `preprocessing/gen_isomorphism_graphs.py`.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import type { Graph } from "../graph.ts";
import { BLOCKS, cellOfOperations, INPUTS, type Operation } from "./cells.ts";
import { cellCost } from "./cost.ts";
import { cellKey } from "./key.ts";

/** Multiply-adds that a cell must stay below. */
export const MOST_MULTIPLY_ADDS = 600e6;

/** A cell at random, of any cost. */
export function anyCell(random: Random, operations: readonly number[]): Graph {
  const drawn: Operation[] = [];
  for (let block = 0; block < BLOCKS; block++) {
    const op = () => operations[random.integer(operations.length)];
    const sources = INPUTS + block;
    const first = random.integer(sources);
    const second = random.integer(sources - 1);
    drawn.push(
      { source: first, op: op() },
      { source: second < first ? second : second + 1, op: op() },
    );
  }
  return cellOfOperations(drawn);
}

/** A cell at random whose network stays below the most multiply-adds. */
export function randomCell(
  random: Random,
  operations: readonly number[],
): Graph {
  let cell: Graph;
  do cell = anyCell(random, operations); while (
    cellCost(cell).multiplyAdds >= MOST_MULTIPLY_ADDS
  );
  return cell;
}

/** Random cells without end, all different. */
export function* differentCells(
  random: Random,
  operations: readonly number[],
): Generator<Graph, never> {
  const keys = new Set<string>();
  for (;;) {
    const cell = randomCell(random, operations);
    const before = keys.size;
    if (keys.add(cellKey(cell)).size > before) yield cell;
  }
}
