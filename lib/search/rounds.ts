/**
 * Searches by rounds: look for candidates, rank them by what the cells queried so far tell,
 * query the first ones, again.
 *
 * @module
 */

import { byAccuracy, type Oracle, type Query } from "./oracle.ts";

/** Settings of a search by rounds. */
export interface RoundOptions {
  /** Cells queried before anything is ranked. */
  readonly initial: number;
  /** Cells queried in each round. */
  readonly round: number;
  /** Candidates drawn from the whole space in each round. */
  readonly candidates: number;
  /** The best cells, around which further candidates are looked for. */
  readonly best: number;
}

/** AG-Net's protocol: 16 cells, then 16 a round; 192 = 16 + 11 · 16. */
export const ROUNDS: RoundOptions = {
  initial: 16,
  round: 16,
  candidates: 1000,
  best: 10,
};

/** The parts in which searches by rounds differ; cells may repeat or have been queried. */
export interface RoundSearch {
  /** Cells to begin with, in order. */
  initial(): Iterable<number> | Promise<Iterable<number>>;
  /** @param best The best cells so far, the best first. */
  candidates(
    best: readonly number[],
  ): Iterable<number> | Promise<Iterable<number>>;
  /** Sorts candidates, the most promising first. */
  rank(
    candidates: readonly number[],
    queries: readonly Query[],
  ): readonly number[] | Promise<readonly number[]>;
  /** Where the others have too few new cells. */
  otherwise(): Iterable<number>;
}

/** Searches until the budget is spent. */
export async function searchInRounds(
  oracle: Oracle,
  { initial, round, best }: Omit<RoundOptions, "candidates">,
  search: RoundSearch,
): Promise<void> {
  _queryNew(oracle, await search.initial(), initial);
  _queryNew(oracle, search.otherwise(), initial - oracle.history.length);
  while (oracle.remaining > 0) {
    const before = oracle.remaining;
    const leaders = byAccuracy(oracle.history).slice(0, best)
      .map(({ cell }) => cell);
    const candidates = new Set<number>();
    for (const cell of await search.candidates(leaders)) {
      if (oracle.covers(cell) && !oracle.seen(cell)) candidates.add(cell);
    }
    _queryNew(
      oracle,
      await search.rank([...candidates], oracle.history),
      round,
    );
    if (oracle.remaining === before) {
      _queryNew(oracle, search.otherwise(), round);
    }
  }
}

/** Queries the first `count` cells that are covered and were not queried before. */
function _queryNew(
  oracle: Oracle,
  cells: Iterable<number>,
  count: number,
): void {
  let open = Math.min(count, oracle.remaining);
  if (open <= 0) return;
  for (const cell of cells) {
    if (!oracle.covers(cell) || oracle.seen(cell)) continue;
    oracle.query(cell);
    if (--open === 0) return;
  }
}
