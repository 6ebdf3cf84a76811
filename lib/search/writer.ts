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
import { type Cell, cellOf } from "../spaces/cell.ts";
import type { CellWriter } from "./cell_writer.ts";
import type { Sample } from "../metrics/generation.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

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
  const known = (samples: readonly Sample[]): Cell[] =>
    samples.flatMap((sample) => {
      const cell = typeof sample === "string" ? null : cellOf(space, sample);
      return cell === null ? [] : [cell];
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
      const { codes } = await vqvae.encode(
        space,
        Uint32Array.from(cells, ({ index }) => index!),
      );
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
