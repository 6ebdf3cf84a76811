/**
 * Tokenizers: sentences to the token ids that the language model works on, and back.
 *
 * Two of them behind one interface, both read by Transformers.js from an ordinary
 * directory (`tokenizer.json`, `tokenizer_config.json`, `special_tokens_map.json`)
 * that Python's `transformers` reads to the same ids:
 *
 * - `codes`, made here: one token a code, so a model cannot write a malformed number;
 * - T5's own SentencePiece model, which spells most codes in two pieces.
 *
 * Sentences are encoded word by word from a cache: both tokenizers split at spaces
 * first, so a word's ids do not depend on its neighbours. That is checked when
 * a tokenizer is loaded; for one where it does not hold whole sentences go through
 * the library.
 *
 * Shapes: `B` sentences, padded to `L` tokens.
 * Source: `tokenizer.json` as of huggingface/tokenizers 0.23.
 *
 * @module
 */

import { join, resolve } from "node:path";
import type { PreTrainedTokenizer } from "@huggingface/transformers";
import { exists, writeJson } from "../core/files.ts";
import { DATA_FOLDER } from "../core/project.ts";
import { reasonOf } from "../core/shown.ts";
import { FILL_PROMPT, GENERATE_PROMPT, sentinel } from "./sentences.ts";
import { checkTokenizerFiles } from "./tokenizer_file.ts";

/** Sentences as token ids. */
export interface TokenBatch {
  /** `[B, L]`, each row ends with the end-of-sequence id and then `padId`. */
  readonly ids: Int32Array;
  /** `[B, L]`, 1 at a token, 0 at padding. */
  readonly mask: Int32Array;
  readonly rows: number;
  readonly length: number;
}

/** What the language model needs of a tokenizer. */
export interface SentenceTokenizer {
  /** `codes`, `t5`, or else the tokenizer's class in lower case. */
  readonly name: string;
  /** How many tokens there are; ids are below it. */
  readonly tokenCount: number;
  /** Rows of the model's embedding: `tokenCount` rounded up to a multiple of 64. */
  readonly vocabularySize: number;
  readonly padId: number;
  readonly eosId: number;
  readonly unkId: number;
  /** Whether words are encoded from the cache (see the module's header). */
  readonly wordsAreIndependent: boolean;

  /**
   * The id of the `k`-th mask.
   *
   * @throws {RangeError} If the tokenizer has no such mask.
   */
  sentinelId(k: number): number;
  /** Any text through the library; ends with `eosId`, unknown words are `unkId`. */
  encode(text: string): Int32Array;
  /**
   * A sentence from its words; the same ids as `encode(words.join(" "))`.
   *
   * @throws {RangeError} If the tokenizer does not know a word.
   */
  encodeWords(words: readonly string[]): Int32Array;
  /**
   * Sentences from their words, padded on the right.
   *
   * @param length `L`; by default the longest sentence's number of tokens.
   * @throws {RangeError} If a sentence has more tokens, or an unknown word.
   */
  encodeBatch(
    sentences: readonly (readonly string[])[],
    length?: number,
  ): TokenBatch;
  /**
   * Ids back to text, up to the first end of sequence; padding is dropped, masks and
   * unknown tokens stay, so that what reads the text sees them.
   */
  decode(ids: ArrayLike<number>): string;
}

const SENTINELS = 100; // as T5 has
const VOCABULARY_MULTIPLE = 64; // makes 640 of 617, and 32,128 of T5's 32,100

/**
 * Writes the project's own tokenizer: one token a code.
 *
 * Ids: `<pad>` 0, `</s>` 1, `<unk>` 2, `generate:` 3, `fill:` 4, code c at 5 + c, then
 * the masks in T5's order, the first of them last. It is a WordPiece model without
 * continuation pieces, that is, a word is a token or unknown; Transformers.js
 * does not read the plainer WordLevel.
 *
 * @param options `codebookSize`, at least 1.
 * @throws {RangeError} If `codebookSize` is not a positive integer.
 * @throws {Error} If a file cannot be written.
 */
export async function writeCodesTokenizer(
  directory: string,
  { codebookSize }: { codebookSize: number },
): Promise<void> {
  if (!Number.isInteger(codebookSize) || codebookSize < 1) {
    throw new RangeError(
      `Cannot write a tokenizer: codebookSize must be a positive integer, got ${codebookSize}`,
    );
  }
  const sentinels = Array.from({ length: SENTINELS }, (_, k) => sentinel(k));
  const tokens = [
    "<pad>",
    "</s>",
    "<unk>",
    GENERATE_PROMPT,
    FILL_PROMPT,
    ...Array.from({ length: codebookSize }, (_, code) => String(code)),
    ...sentinels.toReversed(),
  ];
  const added = tokens.flatMap((content, id) =>
    content.startsWith("<") ? [{ id, ...specialToken(content) }] : []
  );
  await writeJson(join(directory, "tokenizer.json"), {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added.map((token) => ({ ...token, special: true })),
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: {
      type: "TemplateProcessing",
      single: [
        { Sequence: { id: "A", type_id: 0 } },
        { SpecialToken: { id: "</s>", type_id: 0 } },
      ],
      pair: [
        { Sequence: { id: "A", type_id: 0 } },
        { SpecialToken: { id: "</s>", type_id: 0 } },
        { Sequence: { id: "B", type_id: 0 } },
        { SpecialToken: { id: "</s>", type_id: 0 } },
      ],
      special_tokens: { "</s>": { id: "</s>", ids: [1], tokens: ["</s>"] } },
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: false },
    model: {
      type: "WordPiece",
      unk_token: "<unk>",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  });
  await writeJson(join(directory, "tokenizer_config.json"), {
    added_tokens_decoder: Object.fromEntries(
      added.map(({ id, ...token }) => [id, { ...token, special: true }]),
    ),
    additional_special_tokens: sentinels,
    clean_up_tokenization_spaces: false,
    eos_token: "</s>",
    pad_token: "<pad>",
    tokenizer_class: "PreTrainedTokenizerFast",
    unk_token: "<unk>",
  });
  await writeJson(join(directory, "special_tokens_map.json"), {
    additional_special_tokens: sentinels,
    eos_token: specialToken("</s>"),
    pad_token: specialToken("<pad>"),
    unk_token: specialToken("<unk>"),
  });
}

/**
 * Reads a tokenizer from a directory; nothing is downloaded.
 *
 * Transformers.js is imported here, at the first call, because it loads its own
 * model runtime and image library; its remote access and its download cache are
 * switched off for the whole process.
 *
 * @throws {Error} If a file of the tokenizer is missing or cannot be read.
 * @throws {SyntaxError} If a file is not JSON.
 * @throws {RangeError} If the tokenizer lacks padding, end of sequence or a mask, or its ids
 *   are not as {@link checkTokenizerFiles} has it.
 */
export async function loadTokenizer(
  directory: string,
): Promise<SentenceTokenizer> {
  await checkTokenizerFiles(directory);
  const { AutoTokenizer, env } = await import("@huggingface/transformers");
  env.allowLocalModels = true; // which it is not in a worker
  env.allowRemoteModels = false;
  env.useBrowserCache = false;
  env.useFSCache = false;
  try {
    const library = await AutoTokenizer.from_pretrained(resolve(directory), {
      local_files_only: true,
    });
    // The first sentences that it encodes show what the library does not check.
    return new LibraryTokenizer(library, directory);
  } catch (error) {
    const reason = reasonOf(error);
    if (error instanceof RangeError && reason.startsWith("Cannot ")) {
      throw error;
    }
    // What the library stumbles over it does not name: that it does is all there is to say.
    throw new Error(
      `Cannot load a tokenizer: ${directory}: ${
        error instanceof TypeError || error instanceof RangeError
          ? "its files must be of the form that the library reads, got a value of another kind"
          : reason
      }`,
      { cause: error },
    );
  }
}

/**
 * Looks for T5's own tokenizer: `t5/` in the folder that the environment variable
 * `ARCHLLM_DATA` names, then in the project's `data/`.
 *
 * @returns Its directory, or null where there is none.
 */
export async function findT5Tokenizer(): Promise<string | null> {
  for (const folder of [Deno.env.get("ARCHLLM_DATA"), DATA_FOLDER]) {
    if (!folder) continue;
    const directory = join(folder, "t5");
    if (await exists(join(directory, "tokenizer.json"))) return directory;
  }
  return null;
}

/** A tokenizer of Transformers.js, with a cache of words. */
export class LibraryTokenizer implements SentenceTokenizer {
  readonly name: string;
  readonly tokenCount: number;
  readonly vocabularySize: number;
  readonly padId: number;
  readonly eosId: number;
  readonly unkId: number;
  readonly wordsAreIndependent: boolean;
  readonly #library: PreTrainedTokenizer;
  readonly #vocabulary: ReadonlyMap<string, number>;
  readonly #words = new Map<string, readonly number[]>();

  constructor(library: PreTrainedTokenizer, directory: string) {
    this.#library = library;
    this.#vocabulary = library.get_vocab();
    const tokenId = (token: string | null, what: string) => {
      const id = token === null ? undefined : this.#vocabulary.get(token);
      if (id === undefined) {
        throw new RangeError(
          `Cannot load a tokenizer: ${directory} must have ${what}, got none`,
        );
      }
      return id;
    };
    this.padId = tokenId(library.pad_token, "a padding token");
    this.eosId = tokenId(library.eos_token, "an end-of-sequence token");
    this.unkId = tokenId(library.unk_token, "an unknown token");
    tokenId(sentinel(0), `the mask ${sentinel(0)}`);

    this.tokenCount = 0;
    for (const id of this.#vocabulary.values()) {
      this.tokenCount = Math.max(this.tokenCount, id + 1);
    }
    this.vocabularySize = VOCABULARY_MULTIPLE *
      Math.ceil(this.tokenCount / VOCABULARY_MULTIPLE);
    const kind = String(library.config.tokenizer_class ?? "");
    // Only the project's own has the prompt as one token.
    this.name = this.#vocabulary.has(GENERATE_PROMPT)
      ? "codes"
      : kind.replace(/Tokenizer(Fast)?$/, "").toLowerCase();
    this.wordsAreIndependent = this.#probe();
  }

  sentinelId(k: number): number {
    const id = this.#vocabulary.get(sentinel(k));
    if (id === undefined) {
      throw new RangeError(
        `Cannot mask codes: the tokenizer ${this.name} must have the mask ${
          sentinel(k)
        }, got none`,
      );
    }
    return id;
  }

  encode(text: string): Int32Array {
    return Int32Array.from(this.#library.encode(text));
  }

  encodeWords(words: readonly string[]): Int32Array {
    return Int32Array.from(this.#sentence(words));
  }

  encodeBatch(
    sentences: readonly (readonly string[])[],
    length?: number,
  ): TokenBatch {
    const encoded = sentences.map((words) => this.#sentence(words));
    const longest = encoded.reduce(
      (most, ids) => Math.max(most, ids.length),
      0,
    );
    length ??= longest;
    if (longest > length) {
      throw new RangeError(
        `Cannot encode sentences: length must be at least ${longest} tokens, got ${length}`,
      );
    }
    const ids = new Int32Array(encoded.length * length).fill(this.padId);
    const mask = new Int32Array(ids.length); // [B, L]
    for (let row = 0; row < encoded.length; row++) {
      ids.set(encoded[row], row * length);
      mask.fill(1, row * length, row * length + encoded[row].length);
    }
    return { ids, mask, rows: encoded.length, length };
  }

  decode(ids: ArrayLike<number>): string {
    const kept: number[] = [];
    for (let i = 0; i < ids.length && ids[i] !== this.eosId; i++) {
      if (ids[i] !== this.padId) kept.push(ids[i]);
    }
    if (kept.length === 0) return "";
    return this.#library.decode(kept, { skip_special_tokens: false }).trim();
  }

  /** A sentence's ids with the end of sequence. */
  #sentence(words: readonly string[]): readonly number[] {
    if (!this.wordsAreIndependent) {
      const text = words.join(" ");
      return this.#known(this.#library.encode(text), text);
    }
    const ids: number[] = [];
    for (const word of words) {
      for (const id of this.#word(word)) ids.push(id);
    }
    ids.push(this.eosId);
    return ids;
  }

  #word(word: string): readonly number[] {
    let ids = this.#words.get(word);
    if (ids === undefined) {
      ids = this.#known(
        this.#library.encode(word, { add_special_tokens: false }),
        word,
      );
      this.#words.set(word, ids);
    }
    return ids;
  }

  #known(ids: readonly number[], text: string): readonly number[] {
    if (ids.includes(this.unkId)) {
      throw new RangeError(
        `Cannot encode a sentence: words must be known to the tokenizer ${this.name}, got "${text}"`,
      );
    }
    return ids;
  }

  /** Whether words can be encoded one by one: tried on sentences of every kind. */
  #probe(): boolean {
    const first = sentinel(0), second = sentinel(1);
    const numbers = Array.from({ length: 512 }, (_, code) => String(code));
    const sentences = [
      [GENERATE_PROMPT],
      [FILL_PROMPT, "8", first, "7", second, first, "15"],
      [first, "36", second, "9"],
      [...numbers, ...numbers.toReversed()],
    ];
    return sentences.every((words) => {
      const whole = this.#library.encode(words.join(" "));
      const single = words.flatMap((word) =>
        this.#library.encode(word, { add_special_tokens: false })
      );
      return whole.join() === [...single, this.eosId].join();
    });
  }
}

function specialToken(content: string) {
  return {
    content,
    lstrip: false,
    normalized: false,
    rstrip: false,
    single_word: false,
  };
}
