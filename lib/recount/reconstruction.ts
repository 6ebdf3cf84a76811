/**
 * Counting reconstructions again: files of what came back of the validation cells, and the
 * accuracies that they come to in both readings.
 *
 * Source: §4.2 of the paper; arch2vec's code, which the paper builds on, for the reading in
 * which rows and entries are counted one by one.
 *
 * Shapes: `N` rows of a cell, `V` nodes of it, `V ≤ N`.
 *
 * @module
 */

import type { CellTable } from "../spaces/space.ts";
import { type PlainGraph, plainGraph } from "./graph.ts";
import { plainCell, type Reading } from "./plain_space.ts";
import { openCounted, unlikeSaved } from "./samples.ts";

/** What came back of cells. */
export interface CountedReconstruction {
  /** How many were to come back. */
  readonly cells: number;
  /** Those that came back otherwise, by their place, with all `N` rows. */
  readonly decoded: ReadonlyMap<number, PlainGraph>;
}

/** Accuracies, percent. */
export type Accuracies = Readonly<Record<Reading, number>>;

/**
 * Reads a file of reconstructed cells.
 *
 * @throws {Error} If it cannot be read.
 * @throws {SyntaxError} If it is none.
 */
export async function readReconstruction(
  path: string,
): Promise<CountedReconstruction> {
  const { cells, decoded } = await openCounted(path);
  if (typeof cells !== "number" || !Number.isSafeInteger(cells) || cells < 1) {
    throw unlikeSaved(path, "the number of cells", cells);
  }
  if (typeof decoded !== "object" || decoded === null) {
    throw unlikeSaved(path, "what came back", decoded);
  }
  const graphs = Object.entries(decoded).map(([place, text]) => {
    const graph = typeof text === "string" ? plainGraph(text) : null;
    if (!/^\d+$/.test(place) || Number(place) >= cells || graph === null) {
      throw unlikeSaved(path, "each cell", `${place}: ${text}`);
    }
    return [Number(place), graph] as const;
  });
  return { cells, decoded: new Map(graphs) };
}

/**
 * Counts reconstructed cells.
 *
 * As published: the mean of two shares, of the operations of all rows that are right, where a
 * row without a node is the first operation, and of the pairs of rows that are rightly joined
 * or not. Strictly: the share of cells whose nodes and edges are all right, whatever stands
 * in the rows after them.
 *
 * @param validation Indices of the cells that were to come back, in the order of their places.
 * @returns Null where they are not as many, or a cell has not as many rows as the table.
 */
export function countReconstruction(
  { cells, decoded }: CountedReconstruction,
  table: CellTable,
  validation: Uint32Array,
): Accuracies | null {
  const rows = table.nodeCount;
  const fits = cells === validation.length &&
    [...decoded.values()].every(({ ops }) => ops.length === rows);
  if (!fits) return null;
  const pairs = rows * (rows - 1) / 2;
  let wrongOps = 0, wrongPairs = 0, wrongCells = 0;
  for (const [place, graph] of decoded) {
    const cell = plainCell(table, validation[place]);
    let isRight = true;
    for (let to = 0; to < rows; to++) {
      const isNode = to < cell.ops.length;
      const opWrong = graph.ops[to] !== (isNode ? cell.ops[to] : 0);
      let pairsWrong = 0;
      for (let from = 0; from < to; from++) {
        const joined = isNode && cell.edges[from][to];
        if (graph.edges[from][to] !== joined) pairsWrong++;
      }
      if (opWrong) wrongOps++;
      wrongPairs += pairsWrong;
      if (isNode && (opWrong || pairsWrong > 0)) isRight = false;
    }
    if (!isRight) wrongCells++;
  }
  const right = (wrong: number, all: number) => 100 * (all - wrong) / all;
  return {
    paper: (right(wrongOps, rows * cells) + right(wrongPairs, pairs * cells)) /
      2,
    strict: right(wrongCells, cells),
  };
}
