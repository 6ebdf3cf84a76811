/**
 * What the language model writes, as codes: whole sequences, masked ones filled in, and the
 * probabilities of each next code.
 *
 * Shapes: `B` sequences of `N` codes below `K`; `R` prefixes.
 * Source: the paper, §3.2.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import type { ParsedSentence } from "../language/sentences.ts";
import type { NextCodes } from "../language/without_replacement.ts";
import type { GenerationOptions } from "../models/t5/generator.ts";
import type { DrawOptions } from "../models/t5/token_draws.ts";
import type { WritingModel } from "./cell_model.ts";

/** How the model writes: as `T5Generator.generate`, as long as its sentences are. */
export type WritingOptions = Omit<GenerationOptions, "maxTokens">;

/**
 * Writes sequences with the "generate:" prompt.
 *
 * @param count `B`.
 * @returns The codes of each, `[N]`, or what is wrong with it.
 * @throws {RangeError} If a sampling option is out of range.
 */
export async function writeSequences(
  model: WritingModel,
  count: number,
  options: WritingOptions,
): Promise<ParsedSentence[]> {
  const [sequences] = await writeSequencesEach(
    model,
    count,
    [options],
    options.onProgress,
  );
  return sequences;
}

/**
 * Writes as many sequences in each of several settings, all in one pass.
 *
 * @param onProgress Gets the sequences of all settings.
 * @returns Of each setting what {@link writeSequences} returns.
 * @throws {RangeError} If a sampling option is out of range.
 */
export async function writeSequencesEach(
  { tokens, generator }: WritingModel,
  count: number,
  settings: readonly DrawOptions[],
  onProgress?: OnProgress,
): Promise<ParsedSentence[][]> {
  const maxTokens = tokens.lengths.generate.target;
  const written = await generator.generateEach(
    tokens.generatePrompts(count),
    settings,
    { maxTokens, onProgress },
  );
  return written.map((ids) =>
    _rows(ids, maxTokens).map((row) => tokens.codesOf(row))
  );
}

/**
 * Writes the masked codes of sequences with the "fill:" prompt.
 *
 * @param masked Sequences, `MASKED` where a code is to be written, `[B]` of `[N]`.
 * @returns Each with its masks filled in, or what is wrong with what was written.
 * @throws {RangeError} If a sampling option is out of range.
 */
export async function fillSequences(
  { tokens, generator }: WritingModel,
  masked: readonly Int32Array[],
  options: WritingOptions,
): Promise<ParsedSentence[]> {
  const maxTokens = tokens.lengths.fill.target;
  const ids = await generator.generate(tokens.fillPrompts(masked), {
    ...options,
    maxTokens,
  });
  return _rows(ids, maxTokens).map((row, i) =>
    tokens.filledCodesOf(masked[i], row)
  );
}

/**
 * A model's distribution over code sequences, code by code, at a temperature.
 *
 * @throws {RangeError} If the tokenizer has not one token for each code.
 */
export function nextCodes(
  { generator, tokens }: WritingModel,
  temperature: number,
): NextCodes {
  const { single, tokenizer } = tokens;
  if (single === null) {
    throw new RangeError(
      `Cannot sample without replacement: each code must be one token, got several for some with the tokenizer ${tokenizer.name}`,
    );
  }
  const prompt = tokens.generatePrompts(1);
  const vocabulary = generator.config.vocab_size;
  return async (prefixes, rows) => {
    const length = prefixes.length / rows;
    const begun = prefixes.map((code) => single[code]);
    const logits = await generator.nextLogits(prompt, begun, rows);
    const asked = length < tokens.length
      ? single
      : Int32Array.of(generator.config.eos_token_id);
    const isAsked = new Uint8Array(vocabulary);
    for (const token of asked) isAsked[token] = 1;
    const width = asked.length + 1;
    const logs = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      const own = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
      const highest = own.reduce((most, value) => Math.max(most, value));
      let kept = 0;
      let left = 0;
      for (let token = 0; token < vocabulary; token++) {
        const weight = Math.exp((own[token] - highest) / temperature);
        if (isAsked[token] === 1) kept += weight;
        else left += weight;
      }
      const log = Math.log(kept + left);
      asked.forEach((token, i) => {
        logs[row * width + i] = (own[token] - highest) / temperature - log;
      });
      logs[row * width + width - 1] = Math.log(left) - log;
    }
    return logs;
  };
}

/** The rows of `[B, length]`. */
function _rows(ids: Int32Array, length: number): Int32Array[] {
  return Array.from(
    { length: ids.length / length },
    (_, row) => ids.subarray(row * length, (row + 1) * length),
  );
}
