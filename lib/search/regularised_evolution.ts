/**
 * Regularised evolution: the best of a sample is mutated, the oldest dies.
 *
 * A mutation is a random neighbour. After 100 children in a row that were all seen before,
 * a random cell takes the place of the next one, so that a small space cannot hold the
 * search up. Where an oracle has slots, a child is begun whenever one is free, and joins the
 * population when it is answered.
 *
 * Source: Real et al. 2019, arXiv:1802.01548, algorithm 1.
 *
 * @module
 */

import { runKey } from "../core/keys.ts";
import type { Random } from "../core/random.ts";
import type { Cell } from "../spaces/cell.ts";
import type { SearchMethod } from "./method.ts";
import { neighbours, VERSION as NEIGHBOURS_VERSION } from "./neighbours.ts";
import { type Oracle, type Query, rankOf } from "./oracle.ts";
import {
  nextCells,
  unseenCells,
  VERSION as UNSEEN_VERSION,
} from "./unseen_cells.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** Children in a row that were all seen before, after which a random cell is asked for. */
const PATIENCE = 100;

/** Settings of regularised evolution. */
export interface EvolutionOptions {
  /** P: cells alive. */
  readonly population: number;
  /** S: cells among which the best becomes a parent. */
  readonly sample: number;
}

/** Those of NAS-Bench-201 (arXiv:2001.00326, §5), where budgets are like ours. */
export const EVOLUTION: EvolutionOptions = { population: 10, sample: 3 };

/** Regularised evolution. */
export function regularisedEvolution(
  options: EvolutionOptions = EVOLUTION,
): SearchMethod {
  return {
    key: runKey({
      method: "regularised evolution",
      version: VERSION,
      options,
      unseen: UNSEEN_VERSION,
      neighbours: NEIGHBOURS_VERSION,
    }),
    search: (oracle, random) => _search(oracle, random, options),
  };
}

async function _search(
  oracle: Oracle,
  random: Random,
  { population, sample }: EvolutionOptions,
): Promise<void> {
  const slots = oracle.slots ?? 1;
  const fresh = unseenCells(oracle, random);
  const alive: Query[] = [];
  let founders = 0;
  let repeats = 0;
  const join = (query: Query) => {
    if (alive.push(query) > founders) alive.shift();
  };
  const breed = (): Cell | undefined => {
    const parent = Array.from(
      { length: sample },
      () => alive[random.integer(alive.length)],
    ).reduce((best, one) => rankOf(one) > rankOf(best) ? one : best);
    const near = oracle.propose(neighbours(oracle.space, parent.cell));
    if (near.length === 0 || repeats === PATIENCE) {
      repeats = 0;
      return nextCells(fresh, 1)[0];
    }
    const child = near[random.integer(near.length)];
    repeats = oracle.seen(child) ? repeats + 1 : 0;
    return child;
  };
  while (true) {
    while (oracle.remaining > 0 && oracle.pending < slots) {
      if (founders < population) {
        const all = Math.min(population, oracle.remaining);
        const cells = nextCells(fresh, oracle.slots === null ? all : 1);
        if (cells.length === 0) break;
        founders += cells.length;
        oracle.begin(cells);
        continue;
      }
      const child = alive.length > 0 ? breed() : undefined;
      if (child === undefined) break;
      const known = oracle.answerOf(child);
      if (known !== null) join(known);
      else oracle.begin([child]);
    }
    const query = await oracle.next();
    if (query === null) return;
    join(query);
  }
}
