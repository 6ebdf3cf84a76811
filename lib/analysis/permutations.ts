/**
 * The permutation test: do the codes of a cell in another order still stand for it?
 *
 * Source: the paper, §4.4, "Autoregressive property of the sequences".
 *
 * @module
 */

import { toSentence } from "../language/sentences.ts";
import { cellKey } from "../metrics/generation.ts";
import { type CellModel, decodeSentences } from "../generation/cell_sampling.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Random } from "../core/random.ts";

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
 * Two decodes are the same if they are the same cell of the space (strict mode). A
 * permutation that only exchanges equal codes gives the sequence itself and does not count.
 *
 * @param codes Sequences, `[S, N]`.
 */
export async function permutationTest(
  model: Pick<CellModel, "space" | "vqvae">,
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
    const sentences: string[] = [];
    for (let row = start; row < start + rows; row++) {
      const own = codes.subarray(row * nodes, (row + 1) * nodes);
      sentences.push(toSentence(own));
      for (let k = 0; k < permutations; k++) {
        const order = random.permutation(nodes);
        sentences.push(toSentence(Array.from(order, (at) => own[at])));
      }
    }
    const decoded = await decodeSentences(model, sentences);
    const width = permutations + 1;
    for (let row = 0; row < rows; row++) {
      const original = sentences[row * width];
      const key = cellKey(space, decoded[row * width]);
      let found = false;
      for (let k = 1; k <= permutations; k++) {
        if (sentences[row * width + k] === original) continue;
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
