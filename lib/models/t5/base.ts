/**
 * What a T5 is trained from: random weights and the project's tokenizer, or a pretrained
 * model with its own.
 *
 * A pretrained model is trained, evaluated and sampled with its vocabulary trimmed to the
 * tokens of sentences (`vocabulary.ts`), and saved whole, as `transformers` reads it.
 *
 * @module
 */

import { join } from "node:path";
import { CHECKPOINT } from "../../core/checkpoints.ts";
import { writeFileAtomic } from "../../core/files.ts";
import type { OnProgress } from "../../core/progress.ts";
import type { HostTensors } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import { CodeTokens } from "../../language/code_tokens.ts";
import {
  loadTokenizer,
  type SentenceTokenizer,
  writeCodesTokenizer,
} from "../../language/tokenizer.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import { type T5Config, t5Config, type T5Model } from "./config.ts";
import { loadT5, saveT5 } from "./files.ts";
import {
  type HubOptions,
  openPretrainedT5,
  TOKENIZER_FILES,
} from "./pretrained.ts";
import {
  type FittedSequences,
  type T5Training,
  type TrainedT5,
  trainT5,
} from "./training.ts";
import {
  restoreModel,
  trimmedVocabulary,
  trimModel,
  trimTokenizer,
} from "./vocabulary.ts";

/** Codes in a sequence, and how many there are to choose from. */
export interface SequenceShape {
  readonly length: number;
  readonly codebookSize: number;
}

/** Ready to be trained. */
export interface T5Base {
  readonly config: T5Config;
  /** Where to start; undefined for random weights. */
  readonly weights?: HostTensors;
  readonly tokenizer: SentenceTokenizer;
  /** One line for readers: what it is. */
  readonly description: string;
  /** Saves a trained model in half precision, whole, with its tokenizer, to a folder. */
  save(directory: string, trained: T5Model): Promise<void>;
}

/**
 * Opens what a T5 is trained from.
 *
 * @param source A folder or a name on the hub; null for a model of ours.
 * @param options `scratch`: a folder that the project's tokenizer is written to.
 * @throws {RangeError} If the source is no T5 that can be used.
 * @throws {Error} If it cannot be fetched or read.
 */
export async function openT5Base(
  source: string | null,
  space: SearchSpace,
  shape: SequenceShape,
  { scratch, ...hub }: { scratch: string } & HubOptions,
): Promise<T5Base> {
  if (source === null) {
    await writeCodesTokenizer(scratch, shape);
    const tokenizer = await loadTokenizer(scratch);
    return {
      config: t5Config(space, tokenizer.vocabularySize),
      tokenizer,
      description: "T5 trained from scratch, not pretrained.",
      async save(directory, trained) {
        await writeCodesTokenizer(directory, shape);
        await saveT5(directory, trained, { dtype: "float16" });
      },
    };
  }
  const { directory: from, ...whole } = await openPretrainedT5(source, hub);
  const tokenizer = await loadTokenizer(from);
  const vocabulary = trimmedVocabulary(
    whole.config,
    new CodeTokens(tokenizer, shape).used,
  );
  return {
    ...trimModel(whole, vocabulary),
    tokenizer: trimTokenizer(tokenizer, vocabulary),
    description:
      `T5 fine-tuned from ${source}, ${vocabulary.tokens.length} of ${
        whole.config.vocab_size.toLocaleString("en")
      } tokens in use.`,
    async save(directory, trained) {
      for (const name of TOKENIZER_FILES) {
        await writeFileAtomic(
          join(directory, name),
          await Deno.readFile(join(from, name)),
        );
      }
      await saveT5(directory, restoreModel(whole, trained, vocabulary), {
        dtype: "float16",
      });
    },
  };
}

/**
 * Trains a T5 and saves it to a folder, with a checkpoint beside it on the way.
 *
 * @param directory Where it is saved, and goes on from.
 * @returns The model as it is stored, in half precision.
 * @throws {RangeError} As `trainT5`.
 */
export async function trainT5To(
  directory: string,
  sequences: FittedSequences,
  base: T5Base,
  training: T5Training,
  options: { executor: Executor; onProgress?: OnProgress },
): Promise<TrainedT5> {
  const { config, tokenizer, weights } = base;
  const trained = await trainT5(sequences, config, training, {
    ...options,
    tokenizer,
    weights,
    checkpoint: join(directory, CHECKPOINT),
  });
  await base.save(directory, trained);
  const { t5 } = await openTunedT5(directory, sequences.fitting);
  return { ...t5, history: trained.history };
}

/**
 * Opens a T5 that was saved, with its tokenizer, as it was trained: a pretrained one with
 * the tokens of sentences alone, because it was never told what the others are not.
 *
 * @throws {Error} If a file cannot be read.
 * @throws {RangeError} If it is no T5 that can be used, or its tokenizer is of another.
 */
export async function openTunedT5(
  directory: string,
  shape: SequenceShape,
): Promise<{ t5: T5Model; tokenizer: SentenceTokenizer }> {
  const t5 = await loadT5(directory);
  const tokenizer = await loadTokenizer(directory);
  if (tokenizer.tokenCount > t5.config.vocab_size) {
    throw new RangeError(
      `Cannot use the model ${directory}: its tokenizer must have at most ${t5.config.vocab_size} tokens, as many as the model's embedding, got ${tokenizer.tokenCount}`,
    );
  }
  if (tokenizer.name === "codes") return { t5, tokenizer };
  const vocabulary = trimmedVocabulary(
    t5.config,
    new CodeTokens(tokenizer, shape).used,
  );
  return {
    t5: trimModel(t5, vocabulary),
    tokenizer: trimTokenizer(tokenizer, vocabulary),
  };
}
