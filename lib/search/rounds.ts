/**
 * Searches by rounds: look for candidates, rank them by what the cells queried so far tell,
 * query the first ones, again.
 *
 * @module
 */

import type { Cell } from "../spaces/cell.ts";
import { byAccuracy, type Oracle, type Query } from "./oracle.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

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
  initial(): Iterable<Cell> | Promise<Iterable<Cell>>;
  /** @param best The best cells so far, the best first. */
  candidates(best: readonly Cell[]): Iterable<Cell> | Promise<Iterable<Cell>>;
  /** Sorts candidates, the most promising first. */
  rank(
    candidates: readonly Cell[],
    queries: readonly Query[],
  ): readonly Cell[] | Promise<readonly Cell[]>;
  /** Where the others have too few new cells. */
  otherwise(): Iterable<Cell>;
}

/** Searches until the budget is spent, or nothing new is found anywhere. */
export async function searchInRounds(
  oracle: Oracle,
  { initial, round, best }: Omit<RoundOptions, "candidates">,
  search: RoundSearch,
): Promise<void> {
  await _askNew(oracle, await search.initial(), initial);
  await _askNew(oracle, search.otherwise(), initial - oracle.history.length);
  while (oracle.remaining > 0) {
    const before = oracle.remaining;
    const leaders = byAccuracy(oracle.history).slice(0, best)
      .map(({ cell }) => cell);
    const candidates = new Map<string, Cell>();
    for (const cell of await search.candidates(leaders)) {
      if (candidates.has(cell.key) || oracle.seen(cell)) continue;
      if (oracle.covers(cell)) candidates.set(cell.key, cell);
    }
    const ranked = await search.rank([...candidates.values()], oracle.history);
    await _askNew(oracle, ranked, round);
    if (oracle.remaining === before) {
      await _askNew(oracle, search.otherwise(), round);
    }
    if (oracle.remaining === before) return;
  }
}

/** Asks for the first `count` cells that are covered and were not queried before. */
async function _askNew(
  oracle: Oracle,
  cells: Iterable<Cell>,
  count: number,
): Promise<void> {
  const most = Math.min(count, oracle.remaining);
  if (most <= 0) return;
  const found = new Map<string, Cell>();
  for (const cell of cells) {
    if (!oracle.covers(cell) || oracle.seen(cell)) continue;
    found.set(cell.key, cell);
    if (found.size === most) break;
  }
  await oracle.ask([...found.values()]);
}
