/**
 * What a search method is. A further one is a file beside this one and a line in
 * `compared.ts`; no other method's trials run again for it.
 *
 * @module
 */

import type { Random } from "../core/random.ts";
import type { Oracle } from "./oracle.ts";

/** Asks the oracle until nothing is left of the budget, or nothing is left to ask for. */
export type Search = (oracle: Oracle, random: Random) => Promise<void>;

/** A search with its settings and models in place. */
export interface SearchMethod {
  readonly search: Search;
  /** Identity of all that the method depends on: its version, settings and models. */
  readonly key: string;
}

/** A method under a name, with a number of queries: what trials are run of. */
export interface NamedMethod extends SearchMethod {
  readonly name: string;
  readonly budget: number;
}

/** The methods with a smaller budget, where theirs is above `most` queries. */
export function limitBudgets<T extends Pick<NamedMethod, "budget">>(
  methods: readonly T[],
  most: number,
): T[] {
  return methods.map((method) => ({
    ...method,
    budget: Math.min(method.budget, most),
  }));
}
