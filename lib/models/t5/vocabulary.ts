/**
 * Trimming a T5's vocabulary to the tokens that can occur, and putting it back.
 *
 * A pretrained T5 has 32,128 embeddings; sentences of codes use a few hundred. Embedding
 * and head keep those rows alone while the model is fine-tuned, which makes its steps
 * cheaper and its softmax one over tokens that can be right. The others come back, as they
 * were, when the model is saved.
 *
 * @module
 */

import { floats, type HostTensor } from "../../core/tensors.ts";
import type {
  SentenceTokenizer,
  TokenBatch,
} from "../../language/tokenizer.ts";
import type { T5Config, T5Model } from "./config.ts";

/** Weights that have a row for each token. */
const BY_TOKEN = ["shared.weight", "lm_head.weight"];

/** Which tokens of a vocabulary are kept: row `i` of the trimmed model is token `tokens[i]`. */
export interface TrimmedVocabulary {
  readonly tokens: Int32Array;
  /** Trimmed row of a token; −1 for one that was left out, `[V]`. */
  readonly rows: Int32Array;
}

/**
 * Chooses the tokens to keep.
 *
 * Rows are in the order of the tokens, so that padding, end and start, the lowest in every
 * T5, keep their numbers.
 *
 * @param used Tokens that can occur, in any order and number.
 * @throws {RangeError} If a token is outside the vocabulary, or padding, end and start
 *   would not keep their numbers.
 */
export function trimmedVocabulary(
  config: T5Config,
  used: Iterable<number>,
): TrimmedVocabulary {
  const special = [
    config.pad_token_id,
    config.eos_token_id,
    config.decoder_start_token_id,
  ];
  const tokens = Int32Array.from(new Set([...used, ...special])).sort();
  const outside = tokens.find((token) =>
    token < 0 || token >= config.vocab_size
  );
  if (outside !== undefined) {
    throw new RangeError(
      `Cannot trim the vocabulary: tokens must be in [0, ${config.vocab_size}), got ${outside}`,
    );
  }
  const rows = new Int32Array(config.vocab_size).fill(-1);
  tokens.forEach((token, row) => rows[token] = row);
  const moved = special.find((token) => rows[token] !== token);
  if (moved !== undefined) {
    throw new RangeError(
      `Cannot trim the vocabulary: padding, end and start must be its first tokens, got ${moved}`,
    );
  }
  return { tokens, rows };
}

/** A tokenizer whose ids are rows of a trimmed vocabulary. */
export function trimTokenizer(
  tokenizer: SentenceTokenizer,
  { tokens, rows }: TrimmedVocabulary,
): SentenceTokenizer {
  const toRows = (ids: Int32Array) => ids.map((id) => rows[id]);
  const toTokens = (ids: ArrayLike<number>) =>
    Int32Array.from(ids, (row) => tokens[row]);
  return {
    name: tokenizer.name,
    tokenCount: tokens.length,
    vocabularySize: tokens.length,
    padId: rows[tokenizer.padId],
    eosId: rows[tokenizer.eosId],
    unkId: rows[tokenizer.unkId],
    wordsAreIndependent: tokenizer.wordsAreIndependent,
    sentinelId: (k) => rows[tokenizer.sentinelId(k)],
    encode: (text) => toRows(tokenizer.encode(text)),
    encodeWords: (words) => toRows(tokenizer.encodeWords(words)),
    encodeBatch: (sentences, length): TokenBatch => {
      const batch = tokenizer.encodeBatch(sentences, length);
      return { ...batch, ids: toRows(batch.ids) };
    },
    decode: (ids) => tokenizer.decode(toTokens(ids)),
  };
}

/** The model with the rows of kept tokens alone. */
export function trimModel(
  { config, weights }: T5Model,
  { tokens }: TrimmedVocabulary,
): T5Model {
  const trimmed = { ...weights };
  for (const name of BY_TOKEN) {
    if (weights[name] === undefined) continue;
    const width = weights[name].shape[1];
    const data = new Float32Array(tokens.length * width);
    tokens.forEach((token, row) =>
      data.set(_row(weights[name], token, width), row * width)
    );
    trimmed[name] = floats([tokens.length, width], data);
  }
  return { config: { ...config, vocab_size: tokens.length }, weights: trimmed };
}

/**
 * The whole model again: kept tokens as they are in the trimmed one, the others as they
 * were.
 */
export function restoreModel(
  whole: T5Model,
  trimmed: T5Model,
  { tokens }: TrimmedVocabulary,
): T5Model {
  const weights = { ...trimmed.weights };
  for (const name of BY_TOKEN) {
    if (whole.weights[name] === undefined) continue;
    const { shape, data } = whole.weights[name];
    const restored = Float32Array.from(data);
    tokens.forEach((token, row) =>
      restored.set(
        _row(trimmed.weights[name], row, shape[1]),
        token * shape[1],
      )
    );
    weights[name] = floats(shape, restored);
  }
  return { config: whole.config, weights };
}

function _row(tensor: HostTensor, row: number, width: number) {
  return tensor.data.subarray(row * width, (row + 1) * width);
}
