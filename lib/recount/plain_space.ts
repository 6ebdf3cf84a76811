/**
 * What counting again has to know of a search space: a second, plain answer to which graphs
 * are valid, which are the same, and which are known from training.
 *
 * Of the space itself the table of its cells and their split are taken, as data.
 *
 * @module
 */

import type { CellTable } from "../spaces/space.ts";
import { type PlainGraph, plainGraph } from "./graph.ts";

/** The two ways in which the figures of a table can be meant. */
export type Reading = "paper" | "strict";

/** Cells of a space and those of them that models learned from, in data-set order. */
export interface TrainedCells {
  readonly table: CellTable;
  /** Indices of the training cells. */
  readonly train: Uint32Array;
}

/** The same with the cells that were to be reconstructed. */
export interface SplitCells extends TrainedCells {
  /** Indices of the validation cells. */
  readonly validation: Uint32Array;
}

/** What tells whether a valid graph is known from training. */
export interface KnownGraphs {
  /**
   * Whether it is the same as a training cell.
   *
   * @param identity That the space gives it in the reading.
   */
  has(graph: PlainGraph, identity: string, reading: Reading): boolean;
  /** Whether it computes the same as a training cell, where cells have a structure. */
  hasStructure?(graph: PlainGraph): boolean;
}

/** A space, told a second time. */
export interface PlainSpace {
  /** As the registry of spaces has it. */
  readonly name: string;
  /**
   * Whether a graph is valid.
   *
   * @param unchecked Nodes whose operation is not looked at, in the paper's reading.
   */
  isValid(
    graph: PlainGraph,
    reading: Reading,
    unchecked?: readonly number[],
  ): boolean;
  /** Equal for valid graphs that count as the same. */
  identity(graph: PlainGraph, reading: Reading): string;
  /** Equal for cells that compute the same, where the space has different ones that do. */
  structure?(graph: PlainGraph): string;
  /** Learns the training cells. */
  known(cells: TrainedCells): KnownGraphs;
}

/** The graph of a cell of a table. */
export function plainCell(
  { nodeCount, ops, incoming }: CellTable,
  cell: number,
): PlainGraph {
  const rows = Array.from({ length: nodeCount }, (_, row) => row)
    .map((row) => cell * nodeCount + row)
    .filter((row) => ops[row] !== 255); // marks a row without a node
  const text = [ops, incoming].map((of) => rows.map((row) => of[row]).join());
  return plainGraph(text.join(";"))!;
}
