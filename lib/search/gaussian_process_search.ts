/**
 * Gaussian process search: a Gaussian process chooses among random cells and neighbours of
 * the best those of the highest expected improvement.
 *
 * A Bayesian optimisation, but not the one that the paper's tables call "BO": kernel,
 * encodings and rounds are ours.
 *
 * Sources: White et al. 2021 (BANANAS), arXiv:1910.11858, §5, for the neighbours of the best
 * as candidates; AG-Net (arXiv:2203.08734), §4, for 16 cells a round.
 *
 * @module
 */

import {
  type CellVectors,
  encodingVectors,
  type FeatureKind,
} from "../analysis/features.ts";
import { runKey } from "../core/keys.ts";
import type { Random } from "../core/random.ts";
import type { Cell } from "../spaces/cell.ts";
import type { SearchMethod } from "./method.ts";
import { neighbours, VERSION as NEIGHBOURS_VERSION } from "./neighbours.ts";
import type { Oracle } from "./oracle.ts";
import { byExpectedImprovement, RANKING_VERSIONS } from "./ranking.ts";
import {
  type RoundOptions,
  ROUNDS,
  searchInRounds,
  VERSION as ROUNDS_VERSION,
} from "./rounds.ts";
import {
  nextCells,
  unseenCells,
  VERSION as UNSEEN_VERSION,
} from "./unseen_cells.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 3;

/** A number that is known of each cell before it is trained. */
export interface KnownNumber {
  readonly key: string;
  of(cell: Cell): number;
}

/**
 * The search by one or several encodings of cells, side by side.
 *
 * @param known What accuracies are taken to grow or fall with, as a straight line.
 */
export function gaussianProcessSearch(
  features: readonly FeatureKind[],
  options: RoundOptions = ROUNDS,
  known?: KnownNumber,
): SearchMethod {
  return {
    key: _key({ features, options, known: known?.key }),
    search: (oracle, random) =>
      _search(
        oracle,
        random,
        encodingVectors(oracle.space, features),
        options,
        known,
      ),
  };
}

/**
 * The search by vectors that a model gives.
 *
 * @param latents The vectors, and a key that tells the model's weights from others.
 */
export function latentGaussianProcessSearch(
  latents: { readonly vectors: CellVectors; readonly key: string },
  options: RoundOptions = ROUNDS,
): SearchMethod {
  return {
    key: _key({ latents: latents.key, options }),
    search: (oracle, random) =>
      _search(oracle, random, latents.vectors, options),
  };
}

function _key(settings: Record<string, unknown>): string {
  return runKey({
    method: "Gaussian process search",
    version: VERSION,
    ...settings,
    rounds: ROUNDS_VERSION,
    unseen: UNSEEN_VERSION,
    neighbours: NEIGHBOURS_VERSION,
    ranking: RANKING_VERSIONS,
  });
}

function _search(
  oracle: Oracle,
  random: Random,
  vectors: CellVectors,
  options: RoundOptions,
  known?: KnownNumber,
): Promise<void> {
  const randomCells = () => unseenCells(oracle, random);
  const fresh = randomCells();
  return searchInRounds(oracle, options, {
    random: randomCells,
    drawn: (share) => nextCells(fresh, Math.ceil(share * options.candidates)),
    candidates: (best) =>
      best.flatMap((cell) => neighbours(oracle.space, cell)),
    rank: byExpectedImprovement(vectors, known && ((cell) => known.of(cell))),
  });
}
