/**
 * The spaces that can be counted again.
 *
 * @module
 */

import { PLAIN_DARTS, PLAIN_DARTS7 } from "./darts.ts";
import { PLAIN_NASBENCH101 } from "./nasbench101.ts";
import { PLAIN_NASBENCH201 } from "./nasbench201.ts";
import type { PlainSpace } from "./plain_space.ts";

/** By their name, with or without a number of cells after it; undefined where a space is not told a second time. */
export function plainSpace(name: string): PlainSpace | undefined {
  return [PLAIN_NASBENCH101, PLAIN_NASBENCH201, PLAIN_DARTS, PLAIN_DARTS7]
    .find((space) => space.name === name.replace(/-\d+$/, ""));
}
