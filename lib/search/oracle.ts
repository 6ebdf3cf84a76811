/**
 * What a search may ask: the validation accuracy of a cell, within a budget of queries.
 *
 * A query is a look-up of a cell not seen before; a cell of the table is a canonical cell,
 * so a repeat, in whatever form it was drawn, costs nothing. Test accuracies are not in
 * reach of a search: they are looked up afterwards, in `results.ts`.
 *
 * Source: NAS-Bench-101 (arXiv:1902.09635), §4.1; the query counts of the paper's Tables 3, 4.
 *
 * @module
 */

import type { EnumeratedSpace } from "../spaces/space.ts";

/** Validation accuracies of the cells of a space. */
export interface ValidationTable {
  /** By cell, fractions from 0 to 1; NaN where a cell is not covered. */
  readonly validation: ArrayLike<number>;
  /** The covered cells, ascending. */
  readonly covered: Uint32Array;
  /**
   * How many cells of the space each covered cell stands for, by cell; missing where each
   * counts the same. A random cell of the space is drawn with these.
   */
  readonly weights?: ArrayLike<number>;
}

/** One query. */
export interface Query {
  readonly cell: number;
  readonly validation: number;
}

/** Answers queries until the budget is spent. */
export class Oracle {
  readonly space: EnumeratedSpace;
  readonly budget: number;
  readonly #table: ValidationTable;
  readonly #seen = new Map<number, number>();
  readonly #history: Query[] = [];

  /**
   * @param budget How many queries there are.
   * @throws {RangeError} If the budget is no whole number from 1 to the covered cells.
   */
  constructor(space: EnumeratedSpace, table: ValidationTable, budget: number) {
    const most = table.covered.length;
    if (!Number.isInteger(budget) || budget < 1 || budget > most) {
      throw new RangeError(
        `Cannot search: the budget must be a whole number of queries from 1 to ${most}, got ${budget}`,
      );
    }
    this.space = space;
    this.budget = budget;
    this.#table = table;
  }

  /** Cells that can be asked for, ascending. */
  get covered(): Uint32Array {
    return this.#table.covered;
  }

  /** How many cells of the space a covered cell stands for; null where each counts the same. */
  get weights(): ArrayLike<number> | null {
    return this.#table.weights ?? null;
  }

  /** Queries left. */
  get remaining(): number {
    return this.budget - this.#history.length;
  }

  /** The queries so far, in order. */
  get history(): readonly Query[] {
    return this.#history;
  }

  /** Whether a cell can be asked for. */
  covers(cell: number): boolean {
    return !Number.isNaN(this.#table.validation[cell] ?? NaN);
  }

  /** Whether a cell was asked for before: to ask again is free. */
  seen(cell: number): boolean {
    return this.#seen.has(cell);
  }

  /**
   * The validation accuracy of a cell, a fraction.
   *
   * @throws {RangeError} If the cell is not covered, or is new and the budget is spent.
   */
  query(cell: number): number {
    const known = this.#seen.get(cell);
    if (known !== undefined) return known;
    if (!this.covers(cell)) {
      throw new RangeError(
        `Cannot query a cell: it must be one of the ${this.covered.length} covered ones, got ${cell}`,
      );
    }
    if (this.remaining === 0) {
      throw new RangeError(
        `Cannot query a cell: there must be queries left, got none of ${this.budget}`,
      );
    }
    const validation = this.#table.validation[cell];
    this.#seen.set(cell, validation);
    this.#history.push({ cell, validation });
    return validation;
  }

  /**
   * Queries cells in order while the budget lasts.
   *
   * @returns Those that were asked, repeats left out.
   */
  queryAll(cells: Iterable<number>): Query[] {
    const asked: Query[] = [];
    const before = new Set<number>();
    for (const cell of cells) {
      if (before.has(cell)) continue;
      if (!this.seen(cell) && this.remaining === 0) continue;
      before.add(cell);
      asked.push({ cell, validation: this.query(cell) });
    }
    return asked;
  }
}

/** Sorts queries by validation accuracy, the best first; equals keep their order. */
export function byAccuracy(queries: readonly Query[]): Query[] {
  return queries.toSorted((a, b) => b.validation - a.validation);
}
