/**
 * Random search: each query is a random cell.
 *
 * @module
 */

import { runKey } from "../core/keys.ts";
import type { SearchMethod } from "./method.ts";
import { unseenCells, VERSION as UNSEEN_VERSION } from "./unseen_cells.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** Asks for random cells, each once, in one batch. */
export function randomSearch(): SearchMethod {
  return {
    key: runKey({
      method: "random search",
      version: VERSION,
      unseen: UNSEEN_VERSION,
    }),
    async search(oracle, random) {
      const cells = unseenCells(oracle, random).take(oracle.remaining);
      await oracle.ask([...cells]);
    },
  };
}
