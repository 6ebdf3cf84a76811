/**
 * Local search: moves from a cell to a better neighbour, and starts anew where none is better.
 *
 * It has two common forms. Either all neighbours are asked for and the best one is moved to,
 * or the first better one is, and the others are never asked for: only those that are asked
 * for together with it, where an oracle has slots.
 *
 * Sources: White et al. 2021, arXiv:2005.02960, algorithm 1, and NASLib for the first form;
 * `local_search` of naszilla's `nas_algorithms.py`, with its defaults, for the second.
 *
 * @module
 */

import { runKey } from "../core/keys.ts";
import type { Random } from "../core/random.ts";
import type { SearchMethod } from "./method.ts";
import { neighbours, VERSION as NEIGHBOURS_VERSION } from "./neighbours.ts";
import { byAccuracy, type Oracle, rankOf } from "./oracle.ts";
import {
  nextCells,
  unseenCells,
  VERSION as UNSEEN_VERSION,
} from "./unseen_cells.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 2;

/** Settings of local search. */
export interface LocalSearchOptions {
  /** Random cells of a start; it begins at the best of them. */
  readonly initial: number;
  /** Whether it moves to the first better neighbour, not to the best of all. */
  readonly firstImprovement: boolean;
}

/** The form of the paper's algorithm 1. */
export const ALL_NEIGHBOURS: LocalSearchOptions = {
  initial: 1,
  firstImprovement: false,
};

/** The form of naszilla's code. */
export const FIRST_IMPROVEMENT: LocalSearchOptions = {
  initial: 10,
  firstImprovement: true,
};

/** Local search. */
export function localSearch(options: LocalSearchOptions): SearchMethod {
  return {
    key: runKey({
      method: "local search",
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
  { initial, firstImprovement }: LocalSearchOptions,
): Promise<void> {
  const fresh = unseenCells(oracle, random);
  while (oracle.remaining > 0) {
    const starts = await oracle.ask(nextCells(fresh, initial));
    if (starts.length === 0) return;
    let [best] = byAccuracy(starts);
    for (let moved = true; moved && oracle.remaining > 0;) {
      moved = false;
      const near = random.shuffle(
        oracle.propose(neighbours(oracle.space, best.cell)),
      );
      const together = firstImprovement ? oracle.slots ?? 1 : near.length;
      for (let at = 0; at < near.length && !moved; at += together) {
        for (const one of await oracle.ask(near.slice(at, at + together))) {
          if (rankOf(one) > rankOf(best)) [best, moved] = [one, true];
        }
      }
    }
  }
}
