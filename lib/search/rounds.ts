/**
 * Searches by rounds: query random cells; then look for candidates, rank them by what the cells
 * queried so far tell, query the first ones, again. Where an oracle has slots there are no
 * rounds: whenever one is free, candidates are ranked anew and the first is begun.
 *
 * Every Gaussian process keeps the candidates of earlier rounds, so that they differ in what
 * they propose alone.
 *
 * @module
 */

import type { Cell } from "../spaces/cell.ts";
import { byAccuracy, type Oracle, type Query } from "./oracle.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 2;

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
  /** Whether the candidates of earlier rounds stay candidates. */
  readonly keep: boolean;
}

/** AG-Net's protocol: 16 cells, then 16 a round; 192 = 16 + 11 · 16. The rest is ours. */
export const ROUNDS: RoundOptions = {
  initial: 16,
  round: 16,
  candidates: 1000,
  best: 10,
  keep: true,
};

/** The parts in which searches by rounds differ; cells may repeat or have been queried. */
export interface RoundSearch {
  /** Random cells that were not queried: to begin with, and where there are no candidates. */
  random(): Iterable<Cell>;
  /**
   * Those random cells that are candidates in each round; by default none.
   *
   * @param share Part of a round that is asked for: 1 but where slots are refilled.
   */
  drawn?(share: number): Iterable<Cell>;
  /**
   * Further candidates; those beside the covered cells are passed over.
   *
   * @param best The best cells so far, the best first.
   * @param promising The first of the candidates there are, ranked.
   * @param share As of `drawn`.
   */
  candidates(
    best: readonly Cell[],
    promising: (count: number) => Promise<readonly Cell[]>,
    share: number,
  ): Iterable<Cell> | Promise<Iterable<Cell>>;
  /** The first `count` candidates, or more, the most promising first. */
  rank(
    candidates: readonly Cell[],
    queries: readonly Query[],
    count: number,
  ): readonly Cell[] | Promise<readonly Cell[]>;
}

/** Searches until the budget is spent, or nothing new is found anywhere. */
export async function searchInRounds(
  oracle: Oracle,
  { initial, round, best, keep }: Omit<RoundOptions, "candidates">,
  search: RoundSearch,
): Promise<void> {
  await _query(oracle, _newCells(oracle, search.random(), initial));
  const pool = new Map<string, Cell>();
  while (oracle.remaining > 0) {
    const count = await _room(oracle, round);
    const before = oracle.remaining;
    const leaders = byAccuracy(oracle.history).slice(0, best)
      .map(({ cell }) => cell);
    if (!keep) pool.clear();
    for (const { cell } of oracle.history) pool.delete(cell.key);
    const promising = async (count: number) =>
      pool.size === 0 ? [] : (await search.rank(
        [...pool.values()],
        oracle.history,
        count,
      )).slice(0, count);
    const share = Math.min(1, count / round);
    for (const cell of search.drawn?.(share) ?? []) pool.set(cell.key, cell);
    const found = await search.candidates(leaders, promising, share);
    for (const cell of oracle.propose(found)) {
      if (!oracle.seen(cell)) pool.set(cell.key, cell);
    }
    const ranked = await promising(count);
    await _query(oracle, _newCells(oracle, ranked, count));
    if (oracle.remaining === before) {
      await _query(oracle, _newCells(oracle, search.random(), count));
    }
    if (oracle.remaining === before && await oracle.next() === null) return;
  }
}

/** How many cells are to be asked for together: a round, or as many as there are free slots. */
async function _room(oracle: Oracle, round: number): Promise<number> {
  const { slots } = oracle;
  if (slots === null) return round;
  while (oracle.pending >= slots) await oracle.next();
  return slots - oracle.pending;
}

/** Asks for cells and waits; or begins each as soon as there is a free slot. */
async function _query(oracle: Oracle, cells: readonly Cell[]): Promise<void> {
  if (oracle.slots === null) await oracle.ask(cells);
  else {
    for (const cell of cells) {
      await _room(oracle, 1);
      oracle.begin([cell]);
    }
  }
}

/** The first `count` cells that are covered and were not queried before. */
function _newCells(
  oracle: Oracle,
  cells: Iterable<Cell>,
  count: number,
): Cell[] {
  const most = Math.min(count, oracle.remaining);
  if (most <= 0) return [];
  const found = new Map<string, Cell>();
  for (const cell of cells) {
    if (!oracle.covers(cell) || oracle.seen(cell)) continue;
    found.set(cell.key, cell);
    if (found.size === most) break;
  }
  return [...found.values()];
}
