/**
 * The search spaces there are. A further one is a folder beside this file and a line here.
 *
 * @module
 */

import { shown } from "../core/shown.ts";
import { DARTS, DARTS7 } from "./darts/space.ts";
import { NASBENCH101 } from "./nasbench101/space.ts";
import { NASBENCH201 } from "./nasbench201/space.ts";
import type { SearchSpace } from "./space.ts";

/** All of them, in the order of reports. */
export const SPACES: readonly SearchSpace[] = [
  NASBENCH201,
  NASBENCH101,
  DARTS,
];

/** Those that are opened by name alone, and stand in no report of all. */
const FURTHER: readonly SearchSpace[] = [DARTS7];

/** The one that is meant where none is named. */
export const DEFAULT_SPACE: SearchSpace = NASBENCH201;

/**
 * Looks a search space up.
 *
 * @param name As the space has it; where its cells are a sample, `-` and a number after it ask
 *   for another number of cells.
 * @throws {RangeError} If there is none of that name; the message lists those there are.
 */
export function getSpace(name: string): SearchSpace {
  const all = [...SPACES, ...FURTHER];
  const [, sampled, cells] = /^(.+)-(\d{1,9})$/.exec(name) ?? [];
  const space = all.find((space) => space.name === name) ??
    all.find((space) => space.name === sampled)?.ofSize?.(Number(cells));
  if (space === undefined) {
    const known = all.map((space) => space.name).sort().join(", ");
    throw new RangeError(
      `Cannot open a search space: its name must be one of ${known}, got ${
        shown(name)
      }`,
    );
  }
  return space;
}
