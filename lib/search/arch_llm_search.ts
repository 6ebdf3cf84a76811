/**
 * The Arch-LLM+ search: the language model proposes, a Gaussian process chooses.
 *
 * Cells are written with the "generate:" prompt once, before the first ranking. In each round
 * variants are written with the "fill:" prompt of the best cells and of the candidates that the
 * process expects most of; what is written stays a candidate. The first cells are random, as in
 * all searches by rounds, and nothing is known of accuracies before they are queried.
 *
 * Source: AG-Net (arXiv:2203.08734), §4, for 16 cells to begin with; the rest is ours.
 *
 * @module
 */

import { encodingVectors, type FeatureKind } from "../analysis/features.ts";
import { runKey } from "../core/keys.ts";
import type { Random } from "../core/random.ts";
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
import { Variants, VERSION as VARIANTS_VERSION } from "./variants.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 2;

/** Settings of the search. */
export interface ArchLlmOptions
  extends Pick<RoundOptions, "initial" | "round" | "best"> {
  /** Cells written before the first ranking. */
  readonly written: number;
  /** Candidates of the highest rank, of which variants are written as of the best cells. */
  readonly ahead: number;
  /** Variants of each of these in a round. */
  readonly fills: number;
  /** The most codes of a cell that a variant changes. */
  readonly changes: number;
  /** How cells are compared. */
  readonly features: readonly FeatureKind[];
}

/** Those of the reported search: cells are compared by the operations on their ways and around their nodes. */
export function archLlmOptions({ settings }: SearchSpace): ArchLlmOptions {
  return {
    initial: ROUNDS.initial,
    round: 8,
    best: 10,
    written: 2000,
    ahead: 10,
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
      variants: VARIANTS_VERSION,
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
  const variants = new Variants(writer, random, options.changes);
  let isFirst = true;
  return searchInRounds(oracle, { ...options, keep: true }, {
    candidates: async (best, promising, share) => {
      const written = isFirst
        ? await writer.generate(options.written, random)
        : [];
      isFirst = false;
      return [
        ...written,
        ...await variants.next(
          [...best, ...await promising(options.ahead)],
          Math.ceil(share * options.fills),
        ),
      ];
    },
    rank: byExpectedImprovement(
      encodingVectors(oracle.space, options.features),
    ),
    random: () => unseenCells(oracle, random),
  });
}
