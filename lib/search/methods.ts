/**
 * Searches without a model: random search, regularised evolution, local search.
 *
 * Each asks an oracle until its budget is spent.
 *
 * @module
 */

import type { Random } from "../core/random.ts";
import { neighbours } from "./neighbours.ts";
import type { Oracle, Query } from "./oracle.ts";

/** A search: asks the oracle until nothing is left of the budget. */
export type SearchMethod = (
  oracle: Oracle,
  random: Random,
) => void | Promise<void>;

/** Queries random cells, each once. */
export function randomSearch(oracle: Oracle, random: Random): void {
  oracle.queryAll(unseenCells(oracle, random));
}

/**
 * The covered cells that were not queried yet, in random order.
 *
 * Where the covered cells are a sample that does not stand for all cells alike, each comes
 * as early as cells of its kind would in a random order of the whole space.
 *
 * Source: Efraimidis & Spirakis 2006, for the weighted order.
 */
export function* unseenCells(
  oracle: Oracle,
  random: Random,
): Generator<number> {
  const { covered, weights } = oracle;
  if (weights === null) {
    for (const at of random.permutation(covered.length)) {
      if (!oracle.seen(covered[at])) yield covered[at];
    }
    return;
  }
  const waits = Float64Array.from(
    covered,
    (cell) => -Math.log(1 - random.uniform()) / weights[cell],
  );
  const order = Uint32Array.from(covered.keys())
    .sort((a, b) => waits[a] - waits[b]);
  for (const at of order) {
    if (!oracle.seen(covered[at])) yield covered[at];
  }
}

/** Settings of regularised evolution. */
export interface EvolutionOptions {
  /** P: cells alive. */
  readonly population: number;
  /** S: cells among which the best becomes a parent. */
  readonly sample: number;
}

/** Those of NAS-Bench-201 (arXiv:2001.00326, §5), where budgets are like ours. */
export const EVOLUTION: EvolutionOptions = { population: 10, sample: 3 };

/**
 * Regularised evolution: the best of a sample is mutated, the oldest dies.
 *
 * A mutation is a random neighbour. After 100 children in a row that were all seen before,
 * a random cell takes the place of the next one, so that a small space cannot hold the
 * search up.
 *
 * Source: Real et al. 2019, arXiv:1802.01548, algorithm 1.
 */
export function regularisedEvolution(
  oracle: Oracle,
  random: Random,
  { population, sample }: EvolutionOptions = EVOLUTION,
): void {
  const fresh = unseenCells(oracle, random);
  const alive: Query[] = [];
  const add = (cell: number) =>
    alive.push({ cell, validation: oracle.query(cell) });
  while (alive.length < population && oracle.remaining > 0) {
    add(fresh.next().value!);
  }
  let repeats = 0;
  while (oracle.remaining > 0) {
    const parent = Array.from(
      { length: sample },
      () => alive[random.integer(alive.length)],
    ).reduce((best, one) => one.validation > best.validation ? one : best);
    const near = neighbours(oracle.space, parent.cell)
      .filter((cell) => oracle.covers(cell));
    if (near.length === 0 || repeats === 100) {
      add(fresh.next().value!);
      repeats = 0;
    } else {
      const child = near[random.integer(near.length)];
      repeats = oracle.seen(child) ? repeats + 1 : 0;
      add(child);
    }
    alive.shift();
  }
}

/**
 * Local search: looks at all neighbours, moves to the best, starts anew where none is better.
 *
 * Source: White et al. 2021, arXiv:2005.02960, algorithm 1.
 */
export function localSearch(oracle: Oracle, random: Random): void {
  const fresh = unseenCells(oracle, random);
  while (oracle.remaining > 0) {
    let cell = fresh.next().value!;
    let best = oracle.query(cell);
    for (let moved = true; moved && oracle.remaining > 0;) {
      moved = false;
      const near = neighbours(oracle.space, cell)
        .filter((one) => oracle.covers(one));
      random.shuffle(near);
      for (const one of oracle.queryAll(near)) {
        if (one.validation > best) {
          [cell, best, moved] = [one.cell, one.validation, true];
        }
      }
    }
  }
}
