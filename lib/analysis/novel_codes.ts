/**
 * Do novel cells use the codes as training cells do? Figure 3 of the paper, for all
 * positions, with a control.
 *
 * Source: the paper, §4.4 and figure 3.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import type { Random } from "../core/random.ts";
import { sampleWithAim } from "../generation/aimed_sampling.ts";
import { joinSequences } from "../generation/cell_decoding.ts";
import type { CellModel } from "../generation/cell_model.ts";
import { codesOf } from "../generation/cell_sampling.ts";
import {
  type CodeSequences,
  sequenceCount,
  sequenceRows,
} from "../language/code_sequences.ts";
import { CODE_DRAWS, CODE_METHODS } from "../models/vqvae/config.ts";
import { codesByPosition, jensenShannon } from "./code_usage.ts";

/** Temperature at which novel cells are written. */
const TEMPERATURE = 1;

/** How novel cells use the codes. */
export interface NovelCodes {
  /** The model's method. */
  readonly method: string;
  /** Novel cells that were written, and sentences drawn for them. */
  readonly cells: number;
  readonly draws: number;
  /** Shares of each code among training and novel cells, `[N]` of `[K]`. */
  readonly training: readonly Float64Array[];
  readonly novel: readonly Float64Array[];
  /**
   * Jensen–Shannon divergence from the training cells by position, in bits: of the novel
   * cells, and of as many training cells drawn at random, which is what chance alone makes.
   */
  readonly divergence: readonly number[];
  readonly control: readonly number[];
}

/**
 * Has a model write novel cells and compares the use of their codes.
 *
 * @param training The sequences of all training cells.
 * @param options `cells`: how many novel ones.
 * @returns Null if it writes no novel cell.
 */
export async function novelCodes(
  model: CellModel,
  training: CodeSequences,
  { cells, random, ...options }: {
    cells: number;
    random: Random;
    signal?: AbortSignal;
    onProgress?: OnProgress;
  },
): Promise<NovelCodes | null> {
  const { code, nodes } = model.vqvae.config;
  const draw = CODE_DRAWS[code];
  const written = await sampleWithAim(model, "novel", cells, {
    ...options,
    temperature: TEMPERATURE,
    random: random.split(`novel ${draw}`),
  });
  const count = written.samples.length;
  if (count === 0) return null;
  const all = codesByPosition(training);
  const novel = codesByPosition({ ...training, codes: codesOf(written) });
  const drawn = random.split(`control ${draw}`)
    .permutation(sequenceCount(training)).subarray(0, count);
  const control = codesByPosition({
    ...training,
    codes: joinSequences(sequenceRows(training, drawn), nodes),
  });
  const divergences = (of: readonly Float64Array[]) =>
    all.map((shares, position) => jensenShannon(shares, of[position]));
  return {
    method: CODE_METHODS[code],
    cells: count,
    draws: written.draws,
    training: all,
    novel,
    divergence: divergences(novel),
    control: divergences(control),
  };
}

/** A matrix of shares, its rows training and novel cells in turn, by position. */
export interface CodeShares {
  readonly rows: readonly string[];
  /** Ranks of the codes by their use in training cells, from 1. */
  readonly columns: readonly number[];
  /** log₁₀ of the share, −4 at least. */
  readonly values: readonly (readonly number[])[];
  /** What the codes that are left out are of all codes, percent. */
  readonly rest: { readonly training: number; readonly novel: number };
}

/** The shares of the most used codes as a matrix that can be drawn. */
export function codeShares(
  { training, novel }: Pick<NovelCodes, "training" | "novel">,
  most = 200,
): CodeShares {
  // Codes in the order of their use, so that the matrix can be read.
  const totals = Array.from(
    training[0],
    (_, code) => training.reduce((sum, shares) => sum + shares[code], 0),
  );
  const order = totals.map((_, code) => code)
    .sort((a, b) => totals[b] - totals[a]);
  const left = order.splice(most);
  const rest = (of: readonly Float64Array[]) =>
    100 * of.reduce(
      (sum, shares) => left.reduce((all, code) => all + shares[code], sum),
      0,
    ) / of.length;
  const pick = (shares: Float64Array) =>
    order.map((code) => Math.log10(Math.max(1e-4, shares[code])));
  return {
    rows: training.flatMap((_, position) => [
      `${position} training`,
      `${position} novel`,
    ]),
    columns: order.map((_, rank) => rank + 1),
    values: training.flatMap((shares, position) => [
      pick(shares),
      pick(novel[position]),
    ]),
    rest: { training: rest(training), novel: rest(novel) },
  };
}
