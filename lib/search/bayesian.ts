/**
 * Searches with a Gaussian process that is fitted anew in each round to the cells queried
 * so far; expected improvement ranks the candidates.
 *
 * `bayesianOptimisation` takes its candidates from random cells and neighbours of the
 * best, `archLlmSearch` from the language model.
 *
 * Sources: White et al. 2021 (BANANAS), arXiv:1910.11858, §5, for the neighbours of the best
 * as candidates; AG-Net (arXiv:2203.08734), §4, for 16 cells a round.
 *
 * @module
 */

import type { Random } from "../core/random.ts";
import type { SearchSpace } from "../spaces/space.ts";
import {
  CellFeatures,
  type FeatureKind,
  type SparseVector,
} from "../analysis/features.ts";
import { expectedImprovement, GaussianProcess } from "../analysis/gaussian_process.ts";
import { unseenCells } from "./methods.ts";
import { neighbours } from "./neighbours.ts";
import type { Oracle } from "./oracle.ts";
import {
  type RoundOptions,
  ROUNDS,
  type RoundSearch,
  searchInRounds,
} from "./rounds.ts";
import type { CellWriter } from "./writer.ts";

/** Vectors of cells, by which a process compares them. */
export type CellVectors = (
  cells: readonly number[],
) => readonly SparseVector[] | Promise<readonly SparseVector[]>;

/** The vectors of one or several encodings, side by side. */
export function encodingVectors(
  space: SearchSpace,
  kinds: readonly FeatureKind[],
): CellVectors {
  const features = new CellFeatures(space, kinds);
  return (cells) => cells.map((cell) => features.of(cell));
}

/** Bayesian optimisation by vectors of cells, such as an encoding or latent vectors. */
export function bayesianOptimisation(
  oracle: Oracle,
  random: Random,
  vectors: CellVectors,
  options: RoundOptions = ROUNDS,
): Promise<void> {
  return searchInRounds(oracle, options, {
    initial: () => unseenCells(oracle, random),
    candidates: (best) => [
      ...unseenCells(oracle, random).take(options.candidates),
      ...best.flatMap((cell) => Array.from(neighbours(oracle.space, cell))),
    ],
    rank: byExpectedImprovement(vectors),
    otherwise: () => unseenCells(oracle, random),
  });
}

/** How Arch-LLM+ compares cells: by the operations on their ways and around their nodes. */
const ARCH_LLM_FEATURES: readonly FeatureKind[] = ["paths", "subtrees"];

/** Settings of the Arch-LLM+ search. */
export interface ArchLlmOptions extends RoundOptions {
  /** Variants written of each of the best cells in a round. */
  readonly fills: number;
  /** The most codes of a cell that a variant changes. */
  readonly changes: number;
}

/** Those of the reported search. */
export function archLlmOptions(space: SearchSpace): ArchLlmOptions {
  return { ...ROUNDS, fills: 60, changes: space.settings.search.changes };
}

/**
 * Arch-LLM+: the language model proposes, the predictor chooses.
 *
 * In each round candidates are written with the "generate:" prompt and, around the best
 * cells, with the "fill:" prompt; those of earlier rounds stay candidates. Nothing is known
 * of accuracies before the first query.
 */
export function archLlmSearch(
  oracle: Oracle,
  random: Random,
  writer: CellWriter,
  options: ArchLlmOptions = archLlmOptions(oracle.space),
): Promise<void> {
  const written = new Set<number>();
  return searchInRounds(oracle, options, {
    initial: () => writer.generate(8 * options.initial, random),
    candidates: async (best) => {
      const variants = best.flatMap((cell) =>
        new Array<number>(options.fills).fill(cell)
      );
      for (
        const cell of [
          ...await writer.generate(options.candidates, random),
          ...await writer.fill(variants, random, options.changes),
        ]
      ) written.add(cell);
      return written;
    },
    rank: byExpectedImprovement(
      encodingVectors(oracle.space, ARCH_LLM_FEATURES),
    ),
    otherwise: () => unseenCells(oracle, random),
  });
}

/** Ranks candidates with a process fitted to the queries. */
function byExpectedImprovement(vectors: CellVectors): RoundSearch["rank"] {
  return async (candidates, queries) => {
    const known = await vectors(queries.map(({ cell }) => cell));
    const process = new GaussianProcess(
      known,
      queries.map(({ validation }) => validation),
    );
    const points = await vectors(candidates);
    return candidates.map((cell, i) => ({
      cell,
      gain: expectedImprovement(process.predict(points[i]), process.best),
    })).sort((a, b) => b.gain - a.gain).map(({ cell }) => cell);
  };
}
