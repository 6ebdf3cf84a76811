/**
 * Searches with a predictor: what is queried next is chosen by a Gaussian process that is
 * fitted anew in each round to the cells queried so far.
 *
 * `bayesianOptimisation` takes its candidates from random cells and neighbours of the
 * best, `archLlmSearch` from the language model.
 *
 * Sources: White et al. 2021 (BANANAS), arXiv:1910.11858, §5 for the rounds and the
 * neighbours of the best as candidates; AG-Net (arXiv:2203.08734) for 16 cells a round.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { CellFeatures, type FeatureKind } from "./features.ts";
import { expectedImprovement, GaussianProcess } from "./gaussian_process.ts";
import { unseenCells } from "./methods.ts";
import { neighbours } from "./neighbours.ts";
import { byAccuracy, type Oracle } from "./oracle.ts";
import type { CellWriter } from "./writer.ts";

/** Settings of a search by rounds. */
export interface RoundOptions {
  /** Cells queried before the first fit. */
  readonly initial: number;
  /** Cells queried after each fit. */
  readonly round: number;
  /** Candidates drawn from the whole space in each round. */
  readonly candidates: number;
  /** The best cells, around which further candidates are looked for. */
  readonly best: number;
  /** How cells are compared. */
  readonly features: readonly FeatureKind[];
}

/** AG-Net's protocol: 16 cells, then 16 a round; 192 = 16 + 11 · 16. */
export const ROUNDS: RoundOptions = {
  initial: 16,
  round: 16,
  candidates: 1000,
  best: 10,
  features: ["paths", "subtrees"],
};

/** Bayesian optimisation with expected improvement. */
export function bayesianOptimisation(
  oracle: Oracle,
  random: Random,
  options: RoundOptions,
): Promise<void> {
  return _search(oracle, options, {
    initial: () => Promise.resolve(unseenCells(oracle, random)),
    candidates: (best) =>
      Promise.resolve([
        ...unseenCells(oracle, random).take(options.candidates),
        ...best.flatMap((cell) => Array.from(neighbours(oracle.space, cell))),
      ]),
    otherwise: () => unseenCells(oracle, random),
  });
}

/**
 * Arch-LLM+: the language model proposes, the predictor chooses.
 *
 * In each round candidates are written with the "generate:" prompt and around the best
 * cells with the "fill:" prompt. Nothing is known of accuracies before the first query.
 */
export function archLlmSearch(
  oracle: Oracle,
  random: Random,
  writer: CellWriter,
  options: RoundOptions = ROUNDS,
): Promise<void> {
  return _search(oracle, options, {
    initial: () => writer.generate(8 * options.initial, random),
    candidates: async (best) => [
      ...await writer.generate(options.candidates, random),
      ...await writer.fill(
        best.flatMap((cell) => new Array<number>(FILLS).fill(cell)),
        random,
      ),
    ],
    otherwise: () => unseenCells(oracle, random),
  });
}

/** Variants written of each of the best cells in a round. */
const FILLS = 30;

/** Where a search takes cells from. */
interface Source {
  initial(): Promise<Iterable<number>>;
  candidates(best: readonly number[]): Promise<Iterable<number>>;
  /** Where the others have too few new cells. */
  otherwise(): Iterable<number>;
}

async function _search(
  oracle: Oracle,
  { initial, round, best, features: kinds }: RoundOptions,
  source: Source,
): Promise<void> {
  const features = new CellFeatures(oracle.space, kinds);
  _queryNew(oracle, await source.initial(), initial);
  _queryNew(oracle, source.otherwise(), initial - oracle.history.length);
  while (oracle.remaining > 0) {
    const before = oracle.remaining;
    const ranked = byAccuracy(oracle.history);
    const candidates = new Set<number>();
    const leaders = ranked.slice(0, best).map(({ cell }) => cell);
    for (const cell of await source.candidates(leaders)) {
      if (oracle.covers(cell) && !oracle.seen(cell)) candidates.add(cell);
    }
    const process = new GaussianProcess(
      oracle.history.map(({ cell }) => features.of(cell)),
      oracle.history.map(({ validation }) => validation),
    );
    const chosen = Array.from(candidates, (cell) => ({
      cell,
      gain: expectedImprovement(
        process.predict(features.of(cell)),
        process.best,
      ),
    })).sort((a, b) => b.gain - a.gain).map(({ cell }) => cell);
    _queryNew(oracle, chosen, round);
    if (oracle.remaining === before) {
      _queryNew(oracle, source.otherwise(), round);
    }
  }
}

/** Queries the first `count` cells that are covered and were not queried before. */
function _queryNew(
  oracle: Oracle,
  cells: Iterable<number>,
  count: number,
): void {
  let open = Math.min(count, oracle.remaining);
  for (const cell of cells) {
    if (open === 0) return;
    if (!oracle.covers(cell) || oracle.seen(cell)) continue;
    oracle.query(cell);
    open--;
  }
}
