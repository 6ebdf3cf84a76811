/**
 * Sampling cells: the language model writes sentences, the VQ-VAE decodes them.
 *
 * Source: the paper, §3.2 and figure 1, step 3.
 *
 * @module
 */

import type { Executor } from "../engine/executor.ts";
import type { SamplingOptions } from "../language/decoding.ts";
import { GENERATE_PROMPT } from "../language/sentences.ts";
import {
  longestExamples,
  type SentenceTokenizer,
} from "../language/tokenizer.ts";
import type { Sample } from "../metrics/generation.ts";
import type { Random } from "../core/random.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { decodeSentences } from "./cell_decoding.ts";

import { loadVqvae } from "../models/vqvae/files.ts";
import { openTunedT5 } from "../models/t5/base.ts";
import { repeatedPrompt, T5Generator } from "../models/t5/generator.ts";
import { runKey, weightsDigest } from "../core/keys.ts";
import { type OnProgress } from "../core/progress.ts";

import { Vqvae } from "../models/vqvae/vqvae.ts";

export { decodeSentences };

/** A language model, the VQ-VAE whose codes it writes, and the space they are of. */
export interface CellModel {
  readonly space: SearchSpace;
  readonly vqvae: Vqvae;
  readonly generator: T5Generator;
  readonly tokenizer: SentenceTokenizer;
  /** Identity of the weights: two models with one key write and decode the same. */
  readonly key: string;
}

/** Opens the two trained models of a space. */
export async function openCellModel(
  space: SearchSpace,
  directories: { vqvae: string; t5: string },
  executor: Executor,
): Promise<CellModel> {
  const vqvae = await loadVqvae(directories.vqvae);
  const { nodes: length, codebookSize } = vqvae.config;
  const { t5, tokenizer } = await openTunedT5(directories.t5, {
    length,
    codebookSize,
  });
  return {
    space,
    vqvae: Vqvae.load(vqvae, executor),
    generator: new T5Generator(t5, executor),
    tokenizer,
    key: runKey({
      vqvae: [
        vqvae.config,
        weightsDigest(vqvae.weights.parameters),
        weightsDigest(vqvae.weights.statistics),
      ],
      t5: [t5.config, weightsDigest(t5.weights)],
      tokenizer: tokenizer.name,
    }),
  };
}

/** How to sample. */
export interface CellSamplingOptions extends SamplingOptions {
  readonly random: Random;
  /** Whether a decode ends at its first output row; by default where cells vary in size. */
  readonly cut?: boolean;
  readonly onProgress?: OnProgress;
}

/** What came of one sentence after the other. */
export interface SampledCells {
  /** The sentences as written. */
  readonly sentences: readonly string[];
  /** The cell each one decodes to, or what is wrong with the sentence. */
  readonly samples: readonly Sample[];
}

/**
 * Samples cells independently with the "generate:" prompt.
 *
 * @param count How many.
 * @throws {RangeError} If a sampling option is out of range.
 */
export async function sampleCells(
  model: CellModel,
  count: number,
  options: CellSamplingOptions,
): Promise<SampledCells> {
  const { tokenizer, generator, vqvae } = model;
  const { nodes, codebookSize } = vqvae.config;
  const maxTokens = longestExamples(tokenizer, {
    length: nodes,
    codebookSize,
  }).generate.target;
  const ids = await generator.generate(
    repeatedPrompt(tokenizer, [GENERATE_PROMPT], count),
    { ...options, maxTokens },
  );
  const sentences = tokenizer.decodeBatch(ids, maxTokens);
  return {
    sentences,
    samples: await decodeSentences(model, sentences, options),
  };
}
