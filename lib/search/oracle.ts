/**
 * What a search may ask: the validation accuracies of cells, within a budget of queries.
 *
 * A query is the evaluation of a cell that was not asked for before; a cell is known by its
 * key, so a repeat, in whatever form it was drawn, costs nothing. Test accuracies are not in
 * reach of a search: they are looked up afterwards, in `results.ts`.
 *
 * Source: NAS-Bench-101 (arXiv:1902.09635), §4.1; the query counts of the paper's Tables 3, 4.
 *
 * @module
 */

import {
  checkedEvaluation,
  type CoveredCells,
  type Evaluation,
  type Evaluator,
} from "../evaluation/evaluator.ts";
import type { Cell } from "../spaces/cell.ts";
import { isEnumerated, type SearchSpace } from "../spaces/space.ts";

/** One query. */
export interface Query {
  readonly cell: Cell;
  /** A fraction; 0 where the evaluation failed. */
  readonly validation: number;
  /** Why the evaluation failed; missing where it did not. */
  readonly error?: string;
}

/**
 * Cells that a search came upon as neighbours or as a model's, each counted once. Random
 * cells are none: they are drawn among those that can be asked for.
 */
export interface Proposals {
  /** Those that could be asked for. */
  readonly covered: number;
  /** Those that could not: they were passed over, and cost nothing. */
  readonly outside: number;
}

/** A cell that was asked for. */
interface Asked {
  readonly cell: Cell;
  /** Until it is settled. */
  batch: Promise<void> | null;
  query: Query | null;
}

/** Answers queries until the budget is spent. */
export class Oracle {
  readonly space: SearchSpace;
  readonly budget: number;
  readonly #evaluator: Evaluator;
  readonly #signal: AbortSignal | undefined;
  /** By key, in the order asked. */
  readonly #asked = new Map<string, Asked>();
  /** By key, whether it can be asked for. */
  readonly #proposed = new Map<string, boolean>();

  /**
   * @param budget How many queries there are.
   * @param options `signal`: when it aborts, what is being asked ends with its reason as an
   *   error.
   * @throws {RangeError} If the budget is no whole number from 1 to the cells there are to
   *   ask for.
   */
  constructor(
    space: SearchSpace,
    evaluator: Evaluator,
    budget: number,
    { signal }: { readonly signal?: AbortSignal } = {},
  ) {
    const most = evaluator.covered?.indices.length ??
      (isEnumerated(space) ? space.cells().count : Infinity);
    if (!Number.isInteger(budget) || budget < 1 || budget > most) {
      throw new RangeError(
        `Cannot search: the budget must be a whole number of queries from 1 to ${most}, got ${budget}`,
      );
    }
    this.space = space;
    this.budget = budget;
    this.#evaluator = evaluator;
    this.#signal = signal;
  }

  /** The cells that can be asked for; null where those are all cells of the space. */
  get covered(): CoveredCells | null {
    return this.#evaluator.covered ?? null;
  }

  /** Queries left; those that are being answered are spent. */
  get remaining(): number {
    return this.budget - this.#asked.size;
  }

  /** The queries that are answered, in the order asked, whatever the order answers came in. */
  get history(): readonly Query[] {
    return Array.from(this.#asked.values(), ({ query }) => query)
      .filter((query) => query !== null);
  }

  /** The cells proposed so far. */
  get proposals(): Proposals {
    const covered =
      [...this.#proposed.values()].filter((covered) => covered).length;
    return { covered, outside: this.#proposed.size - covered };
  }

  /** Those of proposed cells that can be asked for, in order; a cell can come twice. */
  propose(cells: Iterable<Cell>): Cell[] {
    const open: Cell[] = [];
    for (const cell of cells) {
      const covered = this.covers(cell);
      this.#proposed.set(cell.key, covered);
      if (covered) open.push(cell);
    }
    return open;
  }

  /** Whether a cell can be asked for. */
  covers(cell: Cell): boolean {
    return this.#evaluator.covers(cell);
  }

  /** Whether a cell was asked for before: to ask again is free. */
  seen(cell: Cell): boolean {
    return this.#asked.has(cell.key);
  }

  /**
   * Asks for cells, in order, while the budget lasts.
   *
   * What is spent is spent before anything is awaited, so that searches may ask again while
   * they wait. A cell whose evaluation fails is a query as well.
   *
   * @returns The queries of those that could be asked, in order; repeats, cells that are not
   *   covered, and new ones for which nothing is left are passed over.
   * @throws {Error} If the evaluator gives up, or the search is aborted.
   */
  async ask(cells: readonly Cell[]): Promise<Query[]> {
    const wanted = new Set<Asked>();
    const open: Asked[] = [];
    for (const cell of cells) {
      let asked = this.#asked.get(cell.key);
      if (asked === undefined) {
        if (this.remaining === 0 || !this.covers(cell)) continue;
        asked = { cell, batch: null, query: null };
        this.#asked.set(cell.key, asked);
        open.push(asked);
      }
      wanted.add(asked);
    }
    if (open.length > 0) {
      const batch = this.#evaluate(open);
      for (const asked of open) asked.batch = batch;
    }
    await Promise.all(Array.from(wanted, ({ batch }) => batch));
    return Array.from(wanted, ({ query }) => query!);
  }

  /** Settles what was asked for, with the first evaluation of each cell. */
  async #evaluate(open: readonly Asked[]): Promise<void> {
    const byKey = new Map(open.map((asked) => [asked.cell.key, asked]));
    const settle = (evaluation: Evaluation) => {
      const asked = byKey.get(evaluation.cell.key);
      if (asked === undefined || asked.query !== null) return;
      const { cell } = asked;
      asked.query = "error" in evaluation
        ? { cell, validation: 0, error: evaluation.error }
        : { cell, validation: evaluation.validation };
    };
    const evaluations = this.#evaluator.evaluate(
      open.map(({ cell }) => cell),
      { signal: this.#signal },
    );
    for await (const evaluation of evaluations) {
      settle(checkedEvaluation(evaluation));
    }
    this.#signal?.throwIfAborted();
    for (const { cell } of open) settle({ cell, error: "no answer came" });
    for (const asked of open) asked.batch = null;
  }
}

/** Sorts queries by validation accuracy, the best first and failures last; equals keep their order. */
export function byAccuracy(queries: readonly Query[]): Query[] {
  return queries.toSorted((a, b) => rankOf(b) - rankOf(a));
}

/** A number to compare queries by: the accuracy, less than any for a failure. */
export function rankOf({ validation, error }: Query): number {
  return error === undefined ? validation : -1;
}
