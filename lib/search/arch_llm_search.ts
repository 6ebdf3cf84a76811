/**
 * The Arch-LLM+ search: the language model proposes, a Gaussian process chooses.
 *
 * In each round candidates are written with the "generate:" prompt and, around the best
 * cells, with the "fill:" prompt. The first cells are random, as in all searches by rounds, and
 * nothing is known of accuracies before they are queried.
 *
 * Source: AG-Net (arXiv:2203.08734), §4, for 16 cells a round; the rest is ours.
 *
 * @module
 */

import { encodingVectors, type FeatureKind } from "../analysis/features.ts";
import { runKey } from "../core/keys.ts";
import type { Random } from "../core/random.ts";
import type { Cell } from "../spaces/cell.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { CellWriter, KeyedWriter } from "./cell_writer.ts";
import type { SearchMethod } from "./method.ts";
import type { Oracle } from "./oracle.ts";
import { byExpectedImprovement, RANKING_VERSIONS } from "./ranking.ts";
import {
  type RoundOptions,
  ROUNDS,
  searchInRounds,
  VERSION as ROUNDS_VERSION,
} from "./rounds.ts";
import { unseenCells, VERSION as UNSEEN_VERSION } from "./unseen_cells.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** Settings of the search. */
export interface ArchLlmOptions extends RoundOptions {
  /** Variants written of each of the best cells in a round. */
  readonly fills: number;
  /** The most codes of a cell that a variant changes. */
  readonly changes: number;
  /** How cells are compared. */
  readonly features: readonly FeatureKind[];
}

/** Those of the reported search: cells are compared by the operations on their ways and around their nodes. */
export function archLlmOptions({ settings }: SearchSpace): ArchLlmOptions {
  return {
    ...ROUNDS,
    fills: 60,
    changes: settings.search.changes,
    features: ["paths", "subtrees"],
  };
}

/** The Arch-LLM+ search. */
export function archLlmSearch(
  { writer, key }: KeyedWriter,
  options: ArchLlmOptions,
): SearchMethod {
  return {
    key: runKey({
      method: "Arch-LLM+ search",
      version: VERSION,
      writer: key,
      options,
      rounds: ROUNDS_VERSION,
      unseen: UNSEEN_VERSION,
      ranking: RANKING_VERSIONS,
    }),
    search: (oracle, random) => _search(oracle, random, writer, options),
  };
}

function _search(
  oracle: Oracle,
  random: Random,
  writer: CellWriter,
  options: ArchLlmOptions,
): Promise<void> {
  return searchInRounds(oracle, options, {
    candidates: async (best) => {
      const variants = best.flatMap((cell) =>
        new Array<Cell>(options.fills).fill(cell)
      );
      return [
        ...await writer.generate(options.candidates, random),
        ...await writer.fill(variants, random, options.changes),
      ];
    },
    rank: byExpectedImprovement(
      encodingVectors(oracle.space, options.features),
    ),
    random: () => unseenCells(oracle, random),
  });
}
