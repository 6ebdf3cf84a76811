/**
 * A language model as a source of cells for a search.
 *
 * @module
 */

import {
  applyFill,
  fillInput,
  maskCodes,
  toSentence,
} from "../language/sentences.ts";
import { randomPlaces } from "../language/masking.ts";
import { longestExamples } from "../language/tokenizer.ts";
import {
  type CellModel,
  decodeSentences,
  sampleCells,
} from "../generation/cell_sampling.ts";
import type { EnumeratedSpace } from "../spaces/space.ts";
import type { Sample } from "../metrics/generation.ts";
import type { Random } from "../core/random.ts";

/** Writes cells: new ones, and variants of given ones. */
export interface CellWriter {
  /**
   * Writes cells from nothing, with the "generate:" prompt.
   *
   * @returns Indices of those that are cells of the space, at most `count`, in the order
   *   they were written; a cell can come twice.
   */
  generate(count: number, random: Random): Promise<number[]>;
  /**
   * Writes one variant of each cell, with the "fill:" prompt and random masks.
   *
   * @param most The most codes that a mask hides; by default all.
   * @returns As `generate`.
   */
  fill(
    cells: readonly number[],
    random: Random,
    most?: number,
  ): Promise<number[]>;
}

/**
 * A trained model as a writer.
 *
 * @param temperature Divides the logits.
 */
export function modelWriter(
  model: CellModel,
  { temperature }: { temperature: number },
): CellWriter {
  const { space, vqvae, tokenizer, generator } = model;
  const { nodes, codebookSize } = vqvae.config;
  const known = (samples: readonly Sample[]) =>
    samples.flatMap((sample) => {
      const index = typeof sample === "string" ? null : (space as EnumeratedSpace).indexOf(sample);
      return index === null ? [] : [index];
    });
  return {
    async generate(count, random) {
      const { samples } = await sampleCells(model, count, {
        temperature,
        random,
      });
      return known(samples);
    },
    async fill(cells, random, most = nodes) {
      if (cells.length === 0) return [];
      const { codes } = await vqvae.encode(space, cells);
      const masked = cells.map((_, i) =>
        maskCodes(
          codes.subarray(i * nodes, (i + 1) * nodes),
          randomPlaces(nodes, random, most),
        )
      );
      const { input, target: maxTokens } = longestExamples(tokenizer, {
        length: nodes,
        codebookSize,
      }).fill;
      const prompts = tokenizer.encodeBatch(masked.map(fillInput), input);
      const ids = await generator.generate(prompts, {
        temperature,
        random,
        maxTokens,
      });
      const sentences = tokenizer.decodeBatch(ids, maxTokens)
        .map((text, i) => applyFill(masked[i], text, { codebookSize }))
        .flatMap((filled) =>
          filled.codes === null ? [] : [toSentence(filled.codes)]
        );
      return known(await decodeSentences(model, sentences));
    },
  };
}
