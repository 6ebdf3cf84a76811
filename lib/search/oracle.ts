/**
 * What a search may ask: the validation accuracies of cells, within a budget of queries.
 *
 * A query is the evaluation of a cell that was not asked for before; a cell is known by its
 * key, so a repeat, in whatever form it was drawn, costs nothing. Test accuracies are not in
 * reach of a search: they are looked up afterwards, in `results.ts`.
 *
 * A search asks and waits (`ask`), or begins queries and takes answers one at a time as they
 * come (`begin`, `next`), which leaves no slot of a cluster empty while others are busy.
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
  /** Once an answer has come. */
  answer: Query | null;
  /** Whether the search knows the answer. */
  isKnown: boolean;
}

/** What an oracle can be told. */
export interface OracleOptions {
  /** When it aborts, what is being asked ends with its reason as an error. */
  readonly signal?: AbortSignal;
  /**
   * Queries that a search should have going on at a time, so that answers that take long are
   * taken as they come; missing where answers are there at once.
   */
  readonly slots?: number;
  /**
   * Keys of cells in the order that `next` takes answers in, as far as it goes: that of a
   * journal, which may grow, so that a search that is resumed goes the same way.
   */
  readonly order?: readonly string[];
  /** Is told each answer when the search takes it. */
  readonly onQuery?: (query: Query) => void;
}

/** Answers queries until the budget is spent. */
export class Oracle {
  readonly space: SearchSpace;
  readonly budget: number;
  /** As in {@link OracleOptions}; null where searches ask and wait. */
  readonly slots: number | null;
  readonly #evaluator: Evaluator;
  readonly #signal: AbortSignal | undefined;
  readonly #order: readonly string[];
  readonly #onQuery: (query: Query) => void;
  /** How far answers were taken in that order. */
  #taken = 0;
  /** By key, in the order asked. */
  readonly #asked = new Map<string, Asked>();
  /** Those begun whose answers were not taken, in the order asked. */
  readonly #begun = new Map<string, Asked>();
  /** Why answers cannot come any more. */
  #failure: { readonly error: unknown } | null = null;
  /** Resolved when an answer has come, or the failure. */
  #change = Promise.withResolvers<void>();
  /** By key, whether it can be asked for. */
  readonly #proposed = new Map<string, boolean>();

  /**
   * @param budget How many queries there are.
   * @throws {RangeError} If the budget is no whole number from 1 to the cells there are to
   *   ask for.
   */
  constructor(
    space: SearchSpace,
    evaluator: Evaluator,
    budget: number,
    { signal, slots, order = [], onQuery = () => {} }: OracleOptions = {},
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
    this.slots = slots ?? null;
    this.#evaluator = evaluator;
    this.#signal = signal;
    this.#order = order;
    this.#onQuery = onQuery;
  }

  /** The cells that can be asked for; null where those are all cells of the space. */
  get covered(): CoveredCells | null {
    return this.#evaluator.covered ?? null;
  }

  /** Queries left; those that are being answered are spent. */
  get remaining(): number {
    return this.budget - this.#asked.size;
  }

  /** Queries begun whose answers were not taken. */
  get pending(): number {
    return this.#begun.size;
  }

  /** The queries whose answers were taken, in the order asked, whatever that of answers is. */
  get history(): readonly Query[] {
    const queries: Query[] = [];
    for (const { answer, isKnown } of this.#asked.values()) {
      if (isKnown) queries.push(answer!);
    }
    return queries;
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

  /** What is known of a cell that was asked for; null where its answer was not taken. */
  answerOf(cell: Cell): Query | null {
    const asked = this.#asked.get(cell.key);
    return asked?.isKnown ? asked.answer : null;
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
    const open = this.#spend(cells);
    if (open.length > 0) {
      const batch = this.#evaluate(open, (asked) => this.#take(asked));
      for (const asked of open) asked.batch = batch;
    }
    const wanted = new Set(
      cells.map(({ key }) => this.#asked.get(key))
        .filter((asked) => asked !== undefined),
    );
    await Promise.all(Array.from(wanted, ({ batch }) => batch));
    return Array.from(wanted, ({ answer }) => answer!);
  }

  /**
   * Begins queries, in order, while the budget lasts; their answers are taken by {@link next}.
   * Repeats and cells that are not covered are passed over.
   */
  begin(cells: readonly Cell[]): void {
    const open = this.#spend(cells);
    if (open.length === 0) return;
    for (const asked of open) this.#begun.set(asked.cell.key, asked);
    const changed = () => {
      this.#change.resolve();
      this.#change = Promise.withResolvers();
    };
    const batch = this.#evaluate(open, changed);
    batch.catch((error) => {
      this.#failure ??= { error };
      changed();
    });
    for (const asked of open) asked.batch = batch;
  }

  /**
   * Takes the next answer of those begun, waiting for it; null where none is pending.
   *
   * @throws {Error} If the evaluator gives up, or the search is aborted.
   */
  async next(): Promise<Query | null> {
    while (this.#begun.size > 0) {
      const asked = this.#following();
      if (asked?.answer) {
        this.#begun.delete(asked.cell.key);
        return this.#take(asked);
      }
      if (this.#failure !== null) throw this.#failure.error;
      await this.#change.promise;
    }
    return null;
  }

  /** Lets the search know an answer that has come. */
  #take(asked: Asked): Query {
    asked.isKnown = true;
    this.#onQuery(asked.answer!);
    return asked.answer!;
  }

  /** Takes all answers that are pending. */
  async settle(): Promise<void> {
    while (await this.next() !== null);
  }

  /** Of those begun the one whose answer comes next, as far as that is known. */
  #following(): Asked | undefined {
    for (; this.#taken < this.#order.length; this.#taken++) {
      const asked = this.#begun.get(this.#order[this.#taken]);
      if (asked !== undefined) return asked;
    }
    return this.#begun.values().find(({ answer }) => answer !== null);
  }

  /** Enters those of cells that are new and covered, while the budget lasts. */
  #spend(cells: readonly Cell[]): Asked[] {
    const open: Asked[] = [];
    for (const cell of cells) {
      if (this.seen(cell) || this.remaining === 0 || !this.covers(cell)) {
        continue;
      }
      const asked = { cell, batch: null, answer: null, isKnown: false };
      this.#asked.set(cell.key, asked);
      open.push(asked);
    }
    return open;
  }

  /** Settles what was asked for, with the first evaluation of each cell. */
  async #evaluate(
    open: readonly Asked[],
    onAnswer: (asked: Asked) => void,
  ): Promise<void> {
    const byKey = new Map(open.map((asked) => [asked.cell.key, asked]));
    const settle = (evaluation: Evaluation) => {
      const asked = byKey.get(evaluation.cell.key);
      if (asked === undefined || asked.answer !== null) return;
      const { cell } = asked;
      asked.answer = "error" in evaluation
        ? { cell, validation: 0, error: evaluation.error }
        : { cell, validation: evaluation.validation };
      onAnswer(asked);
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
