/**
 * The paper's Algorithm 1: a population refreshed by the language model.
 *
 * Source: Arch-LLM, §3.3, algorithm 1.
 *
 * @module
 */

import { runKey } from "../core/keys.ts";
import type { Random } from "../core/random.ts";
import type { Cell } from "../spaces/cell.ts";
import type { CellWriter, KeyedWriter } from "./cell_writer.ts";
import type { SearchMethod } from "./method.ts";
import { byAccuracy, type Oracle, type Query } from "./oracle.ts";
import { unseenCells, VERSION as UNSEEN_VERSION } from "./unseen_cells.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** The parameters that the paper leaves open; n + T(n − m) queries at most. */
export interface Algorithm1Options {
  /**
   * The most codes of a cell that a "fill:" prompt masks: the number is random, from one to
   * this. Null: to all of them, as in fine-tuning (the paper's §3.2).
   */
  readonly masked: number | null;
  /** n: cells alive at the start, and again after each iteration. */
  readonly population: number;
  /** m: the best, which stay and are varied. */
  readonly kept: number;
  /** T. */
  readonly iterations: number;
}

/**
 * 400 queries, the number of the paper's Tables 3 and 4, and the paper's random number of
 * masks; n, m and T are ours.
 */
export const ALGORITHM_1: Algorithm1Options = {
  masked: null,
  population: 100,
  kept: 25,
  iterations: 4,
};

/** The same with few masks, so that much of a parent stays: ours. */
export const FEW_MASKS: Algorithm1Options = { ...ALGORITHM_1, masked: 2 };

/** Queries that the algorithm makes: `n + T(n − m)`. */
export function algorithm1Queries(
  { population, kept, iterations }: Omit<Algorithm1Options, "masked">,
): number {
  return population + iterations * (population - kept);
}

/** Rounds without a new cell after which random cells fill up. */
const PATIENCE = 20;

/**
 * Algorithm 1, until its iterations are done or the budget is spent.
 *
 * A cell counts as added only if it was not queried before: what the model writes twice, or
 * what is no covered cell of the space, is written again, so that each iteration adds
 * exactly `n − m` cells, `2m` of them by filling where the model finds so many. If the
 * model has nothing new to say in 20 rounds, random cells take the rest.
 *
 * @throws {RangeError} If not `1 ≤ m` and `3m ≤ n`.
 */
export function algorithm1(
  { writer, key }: KeyedWriter,
  options: Algorithm1Options = ALGORITHM_1,
): SearchMethod {
  const { population, kept } = options;
  if (!(kept >= 1 && 3 * kept <= population)) {
    throw new RangeError(
      `Cannot run Algorithm 1: m must be from 1 to n/3, got m = ${kept} and n = ${population}`,
    );
  }
  return {
    key: runKey({
      method: "Algorithm 1",
      version: VERSION,
      writer: key,
      options,
      unseen: UNSEEN_VERSION,
    }),
    search: (oracle, random) => _search(oracle, random, writer, options),
  };
}

async function _search(
  oracle: Oracle,
  random: Random,
  writer: CellWriter,
  { masked, population, kept, iterations }: Algorithm1Options,
): Promise<void> {
  const add = async (
    count: number,
    write: () => Promise<Cell[]>,
  ): Promise<Query[]> => {
    const added: Query[] = [];
    const open = () => Math.min(count - added.length, oracle.remaining);
    for (let idle = 0; open() > 0 && idle < PATIENCE; idle++) {
      const found = new Map<string, Cell>();
      for (const cell of await write()) {
        if (found.size === open()) break;
        if (!oracle.seen(cell)) found.set(cell.key, cell);
      }
      if (found.size > 0) idle = 0;
      added.push(...await oracle.ask([...found.values()]));
    }
    return added;
  };
  const generate = async () =>
    oracle.propose(await writer.generate(2 * population, random));
  const fillUp = (missing: number) =>
    add(
      missing,
      () => Promise.resolve([...unseenCells(oracle, random).take(missing)]),
    );
  const create = async (count: number): Promise<Query[]> => {
    const written = await add(count, generate);
    return [...written, ...await fillUp(count - written.length)];
  };
  let alive = await create(population);
  for (let t = 0; t < iterations && oracle.remaining > 0; t++) {
    const best = byAccuracy(alive).slice(0, kept);
    const parents = best.map(({ cell }) => cell);
    const filled = await add(
      2 * kept,
      async () => {
        const variants = await writer.fill(
          [...parents, ...parents],
          random,
          masked ?? undefined,
        );
        return oracle.propose(variants.filter((cell) => cell !== null));
      },
    );
    const rest = population - kept - filled.length;
    alive = [...best, ...filled, ...await create(rest)];
  }
}
