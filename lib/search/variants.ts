/**
 * Variants of cells for one search, written ahead.
 *
 * A search asks for variants of the same cells over and over, a few at a time. What a writer
 * makes of a cell is drawn anew each time, whatever was drawn before; so many can be drawn at
 * once and handed out one after another, which is the same to the search. To a language model
 * it is much less work: of prompts that are equal and come together it computes one.
 *
 * @module
 */

import type { Random } from "../core/random.ts";
import type { Cell } from "../spaces/cell.ts";
import type { CellWriter } from "./cell_writer.ts";

/** Raised with every change of what comes out for the same inputs. */
export const VERSION = 1;

/** How many times as many variants as are asked for are written at first; later, as many as so far. */
const AHEAD = 2;

/** A stock of variants. */
export class Variants {
  readonly #writer: CellWriter;
  readonly #random: Random;
  readonly #most: number;
  /** Of each cell by its key, what was written and not yet handed out. */
  readonly #left = new Map<string, (Cell | null)[]>();
  /** Of each cell by its key, how many were written. */
  readonly #written = new Map<string, number>();

  /** @param most As for `CellWriter.fill`. */
  constructor(writer: CellWriter, random: Random, most: number) {
    this.#writer = writer;
    this.#random = random;
    this.#most = most;
  }

  /**
   * The next variants of some cells.
   *
   * @param cells Each once.
   * @param count How many of each.
   * @returns Those that are cells of the space; a cell can come twice.
   */
  async next(cells: readonly Cell[], count: number): Promise<Cell[]> {
    const short = cells.filter(({ key }) =>
      (this.#left.get(key)?.length ?? 0) < count
    );
    const orders = short.flatMap((cell) =>
      new Array<Cell>(
        Math.max(AHEAD * count, this.#written.get(cell.key) ?? 0),
      ).fill(cell)
    );
    const variants = await this.#writer.fill(orders, this.#random, this.#most);
    orders.forEach(({ key }, i) => {
      const left = this.#left.get(key) ?? [];
      left.push(variants[i]);
      this.#left.set(key, left);
      this.#written.set(key, (this.#written.get(key) ?? 0) + 1);
    });
    return cells.flatMap(({ key }) => this.#left.get(key)!.splice(0, count))
      .filter((cell) => cell !== null);
  }
}
