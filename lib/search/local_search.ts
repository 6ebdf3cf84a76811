/**
 * Local search: looks at all neighbours, moves to the best, starts anew where none is better.
 *
 * Source: White et al. 2021, arXiv:2005.02960, algorithm 1.
 *
 * @module
 */

import { runKey } from "../core/keys.ts";
import type { SearchMethod } from "./method.ts";
import { neighbours, VERSION as NEIGHBOURS_VERSION } from "./neighbours.ts";
import { rankOf } from "./oracle.ts";
import { unseenCells, VERSION as UNSEEN_VERSION } from "./unseen_cells.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** Local search. */
export function localSearch(): SearchMethod {
  return {
    key: runKey({
      method: "local search",
      version: VERSION,
      unseen: UNSEEN_VERSION,
      neighbours: NEIGHBOURS_VERSION,
    }),
    async search(oracle, random) {
      for (const start of unseenCells(oracle, random)) {
        let [best] = await oracle.ask([start]);
        for (let moved = true; moved && oracle.remaining > 0;) {
          moved = false;
          const near = neighbours(oracle.space, best.cell)
            .filter((cell) => oracle.covers(cell));
          for (const one of await oracle.ask(random.shuffle(near))) {
            if (rankOf(one) > rankOf(best)) [best, moved] = [one, true];
          }
        }
        if (oracle.remaining === 0) return;
      }
    },
  };
}
