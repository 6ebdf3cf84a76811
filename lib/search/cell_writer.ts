/**
 * What a search asks of a language model, or of what takes its place: cells.
 *
 * @module
 */

import type { Random } from "../core/random.ts";
import type { Cell } from "../spaces/cell.ts";

/** Writes cells: new ones, and variants of given ones. */
export interface CellWriter {
  /**
   * Writes cells from nothing: a model with the "generate:" prompt.
   *
   * @returns Those that are cells of the space, at most `count`, in the order they were
   *   written; a cell can come twice.
   */
  generate(count: number, random: Random): Promise<Cell[]>;
  /**
   * Writes one variant of each cell: a model with the "fill:" prompt and random masks.
   *
   * @param most The most codes that are hidden, or nodes that are rewritten; by default all.
   * @returns One for each cell, in their order; null where what was written is no cell of the
   *   space.
   */
  fill(
    cells: readonly Cell[],
    random: Random,
    most?: number,
  ): Promise<(Cell | null)[]>;
}

/** A writer whose key tells its model, settings and device from others. */
export interface KeyedWriter {
  readonly writer: CellWriter;
  readonly key: string;
}
