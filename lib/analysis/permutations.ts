/**
 * The permutation test: do the codes of a cell in another order still stand for it?
 *
 * Source: the paper, §4.4, "Autoregressive property of the sequences".
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import type { Random } from "../core/random.ts";
import { sampleWithAim } from "../generation/aimed_sampling.ts";
import {
  decodeCodes,
  type DecodingModel,
} from "../generation/cell_decoding.ts";
import type { CellModel } from "../generation/cell_model.ts";
import { codesOf } from "../generation/cell_sampling.ts";
import { cellKey } from "../metrics/generation.ts";
import { CODE_DRAWS } from "../models/vqvae/config.ts";

/** What came of permuting code sequences. */
export interface PermutationTest {
  readonly sequences: number;
  /** Of each sequence. */
  readonly permutations: number;
  /** Sequences of which a permutation, itself another sequence, decodes to the same cell. */
  readonly duplicated: number;
  /** Permutations, other sequences all, that decode to the same cell, percent. */
  readonly same: number;
  /** That decode to any cell of the space as it stands, percent. */
  readonly valid: number;
}

/** Sequences decoded at a time. */
const BATCH = 20;

/**
 * Permutes sequences and counts what decodes to the same cell.
 *
 * Two decodes are the same if they are the same cell of the space (strict reading). A
 * permutation that only exchanges equal codes gives the sequence itself and does not count.
 *
 * @param codes Sequences, `[S, N]`.
 */
export async function permutationTest(
  model: DecodingModel,
  codes: Int32Array,
  { permutations, random, onProgress = () => {} }: {
    permutations: number;
    random: Random;
    onProgress?: OnProgress;
  },
): Promise<PermutationTest> {
  const { space, vqvae } = model;
  const { nodes } = vqvae.config;
  const sequences = codes.length / nodes;
  let duplicated = 0, same = 0, valid = 0, counted = 0;
  for (let start = 0; start < sequences; start += BATCH) {
    const rows = Math.min(BATCH, sequences - start);
    const width = permutations + 1;
    const all = new Int32Array(rows * width * nodes);
    const sequence = (i: number) => all.subarray(i * nodes, (i + 1) * nodes);
    for (let row = 0; row < rows; row++) {
      const own = codes.subarray(
        (start + row) * nodes,
        (start + row + 1) * nodes,
      );
      sequence(row * width).set(own);
      for (let k = 1; k <= permutations; k++) {
        const order = random.permutation(nodes);
        sequence(row * width + k).set(Array.from(order, (at) => own[at]));
      }
    }
    const decoded = await decodeCodes(model, all);
    for (let row = 0; row < rows; row++) {
      const original = sequence(row * width);
      const key = cellKey(space, decoded[row * width]);
      let found = false;
      for (let k = 1; k <= permutations; k++) {
        const permuted = sequence(row * width + k);
        if (permuted.every((code, at) => code === original[at])) continue;
        counted++;
        const other = cellKey(space, decoded[row * width + k]);
        if (other === null) continue;
        valid++;
        if (other === key) {
          same++;
          found = true;
        }
      }
      if (found) duplicated++;
    }
    onProgress({ done: start + rows, total: sequences, message: "" });
  }
  const percent = (count: number) => counted === 0 ? 0 : 100 * count / counted;
  return {
    sequences,
    permutations,
    duplicated,
    same: percent(same),
    valid: percent(valid),
  };
}

/** Temperature at which the sequences are written that are permuted. */
const TEMPERATURE = 0.8;
/** Permutations of each sequence, as in the paper. */
const PERMUTATIONS = 100;

/**
 * Has a model write the sequences of unique cells, and permutes each in 100 ways.
 *
 * @param options `sequences`: how many.
 * @returns Null if it writes no cell of the space.
 */
export async function permuteWritten(
  model: CellModel,
  { sequences: count, random, signal, onProgress }: {
    sequences: number;
    random: Random;
    signal?: AbortSignal;
    onProgress?: OnProgress;
  },
): Promise<PermutationTest | null> {
  const draw = CODE_DRAWS[model.vqvae.config.code];
  const written = await sampleWithAim(model, "unique", count, {
    temperature: TEMPERATURE,
    random: random.split(`permuted ${draw}`),
    signal,
    onProgress: ({ done, message }) =>
      onProgress?.({ done, total: 2 * count, message }),
  });
  if (written.sequences.length === 0) return null;
  return await permutationTest(model, codesOf(written), {
    permutations: PERMUTATIONS,
    random: random.split(`permutations ${draw}`),
    onProgress: ({ done, total }) => {
      signal?.throwIfAborted();
      onProgress?.({
        done: count + Math.round(count * done / total),
        total: 2 * count,
        message: "permutations",
      });
    },
  });
}
