/**
 * What the language model writes, as codes: whole sequences, masked ones filled in, and the
 * probabilities of each next code.
 *
 * The only place of this room where codes become tokens, and tokens codes again.
 *
 * Shapes: `B` sequences of `N` codes below `K`; `R` prefixes.
 * Source: the paper, §3.2.
 *
 * @module
 */

import {
  applyFill,
  fillInput,
  GENERATE_PROMPT,
  type ParsedSentence,
  parseSentence,
} from "../language/sentences.ts";
import {
  longestExamples,
  type SentenceTokenizer,
} from "../language/tokenizer.ts";
import type { NextCodes } from "../language/without_replacement.ts";
import {
  type GenerationOptions,
  repeatedPrompt,
} from "../models/t5/generator.ts";
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
  { tokenizer, generator, vqvae }: WritingModel,
  count: number,
  options: WritingOptions,
): Promise<ParsedSentence[]> {
  const { nodes, codebookSize } = vqvae.config;
  const maxTokens = longestExamples(tokenizer, {
    length: nodes,
    codebookSize,
  }).generate.target;
  const ids = await generator.generate(
    repeatedPrompt(tokenizer, [GENERATE_PROMPT], count),
    { ...options, maxTokens },
  );
  return tokenizer.decodeBatch(ids, maxTokens).map((text) =>
    parseSentence(text, { lengths: [nodes], codebookSize })
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
  { tokenizer, generator, vqvae }: WritingModel,
  masked: readonly Int32Array[],
  options: WritingOptions,
): Promise<ParsedSentence[]> {
  const { nodes: length, codebookSize } = vqvae.config;
  const { input, target: maxTokens } = longestExamples(tokenizer, {
    length,
    codebookSize,
  }).fill;
  const ids = await generator.generate(
    tokenizer.encodeBatch(masked.map(fillInput), input),
    { ...options, maxTokens },
  );
  return tokenizer.decodeBatch(ids, maxTokens).map((text, i) =>
    applyFill(masked[i], text, { codebookSize })
  );
}

/** Whether each code is one token, as sampling without replacement wants it. */
export function hasCodeTokens(
  { tokenizer, vqvae }: Pick<WritingModel, "tokenizer" | "vqvae">,
): boolean {
  return _codeTokens(tokenizer, vqvae.config.codebookSize) !== null;
}

/**
 * A model's distribution over code sequences, code by code, at a temperature.
 *
 * @throws {RangeError} If the tokenizer has not one token for each code.
 */
export function nextCodes(
  { generator, tokenizer, vqvae }: WritingModel,
  temperature: number,
): NextCodes {
  const { nodes, codebookSize } = vqvae.config;
  const tokens = _codeTokens(tokenizer, codebookSize);
  if (tokens === null) {
    throw new RangeError(
      `Cannot sample without replacement: each code must be one token, got several for some with the tokenizer ${tokenizer.name}`,
    );
  }
  const prompt = tokenizer.encodeBatch([[GENERATE_PROMPT]]);
  const vocabulary = generator.config.vocab_size;
  return async (prefixes, rows) => {
    const length = prefixes.length / rows;
    const begun = prefixes.map((code) => tokens[code]);
    const logits = await generator.nextLogits(prompt, begun, rows);
    const asked = length < nodes
      ? tokens
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

/** The token of each code, `[K]`; null where a code has more than one. */
function _codeTokens(
  tokenizer: SentenceTokenizer,
  codebookSize: number,
): Int32Array | null {
  const tokens = new Int32Array(codebookSize);
  for (let code = 0; code < codebookSize; code++) {
    const ids = tokenizer.encodeWords([String(code)]);
    if (ids.length !== 2) return null; // with the end token
    tokens[code] = ids[0];
  }
  return tokens;
}
