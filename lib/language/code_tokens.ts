/**
 * Codes as tokens: what the language model reads and writes, without text.
 *
 * The ids of every code, of the prompts and of the masks are looked up once for a codebook
 * and a tokenizer; sentences are put together from them. What the model wrote is read back
 * from ids where each code is one token; a tokenizer that spells codes in pieces, or does
 * not encode word by word, goes through the text. Both ways give the same.
 *
 * Shapes: `B` sequences of `N` codes below `K`.
 *
 * @module
 */

import {
  codeWords,
  FILL_PROMPT,
  GENERATE_PROMPT,
  maskCodes,
  MASKED,
  type ParsedSentence,
  readCodes,
  readFill,
  sentinel,
  type WrittenWord,
  writtenWords,
} from "./sentences.ts";
import type { SentenceTokenizer, TokenBatch } from "./tokenizer.ts";

/** Examples as tokens: what is read, and what is to be written. */
export interface TokenExamples {
  readonly input: TokenBatch;
  readonly target: TokenBatch;
}

/** Numbers of tokens that hold an input and a target, end tokens included. */
export interface ExampleLengths {
  readonly input: number;
  readonly target: number;
}

/** The sentences of one codebook in the tokens of one tokenizer. */
export class CodeTokens {
  readonly tokenizer: SentenceTokenizer;
  /** `N`. */
  readonly length: number;
  /** `K`. */
  readonly codebookSize: number;
  /** Tokens that every input and target of a prompt is padded to: the most it can have. */
  readonly lengths: {
    readonly generate: ExampleLengths;
    readonly fill: ExampleLengths;
  };
  /** The token of each code, `[K]`; null where a code has more than one. */
  readonly single: Int32Array | null;
  /**
   * The words that sentences are made of, by number: `K` codes, `N` masks, the two prompts.
   * A sentence is a list of such numbers until it is encoded.
   */
  readonly #words: readonly string[];
  /** Ids of each word. */
  readonly #ids: readonly Int32Array[];
  /** What the word with this one token means, by token. */
  readonly #written = new Map<number, WrittenWord>();

  /**
   * @throws {RangeError} If the tokenizer does not know a code, a prompt or a mask.
   */
  constructor(
    tokenizer: SentenceTokenizer,
    { length, codebookSize }: { length: number; codebookSize: number },
  ) {
    this.tokenizer = tokenizer;
    this.length = length;
    this.codebookSize = codebookSize;
    this.#words = [
      ...codeWords(Array.from({ length: codebookSize }, (_, code) => code)),
      ...Array.from({ length }, (_, k) => sentinel(k)),
      GENERATE_PROMPT,
      FILL_PROMPT,
    ];
    this.#ids = this.#words.map((word) =>
      tokenizer.encodeWords([word]).slice(0, -1)
    );
    this.lengths = this.#longest();
    const codes = this.#ids.slice(0, codebookSize);
    this.single =
      tokenizer.wordsAreIndependent && codes.every((ids) => ids.length === 1)
        ? Int32Array.from(codes, ([id]) => id)
        : null;
    this.single?.forEach((id, value) =>
      this.#written.set(id, { kind: "number", value })
    );
    for (let index = 0; index < length; index++) {
      const id = tokenizer.sentinelId(index);
      this.#written.set(id, { kind: "sentinel", index });
    }
  }

  /** Every token that sentences are made of: words, end, padding, and the unknown one. */
  get used(): Set<number> {
    const { padId, eosId, unkId } = this.tokenizer;
    return new Set([
      padId,
      eosId,
      unkId,
      ...this.#ids.flatMap((ids) => [...ids]),
    ]);
  }

  /** The "generate:" prompt, over and over. */
  generatePrompts(rows: number): TokenBatch {
    return this.#encode(
      new Array(rows).fill([this.#generate]),
      this.lengths.generate.input,
    );
  }

  /**
   * "fill:" prompts.
   *
   * @param masked Sequences with `MASKED` places, `[N]` each.
   * @throws {RangeError} If one holds something else that is no code.
   */
  fillPrompts(masked: readonly ArrayLike<number>[]): TokenBatch {
    return this.#encode(
      masked.map((codes) => [this.#fill, ...this.#codeWords(codes, true)]),
      this.lengths.fill.input,
    );
  }

  /**
   * Examples of the first kind: the bare prompt, the whole sequence.
   *
   * @param sequences `[N]` each.
   * @throws {RangeError} If one holds what is no code.
   */
  generateExamples(sequences: readonly ArrayLike<number>[]): TokenExamples {
    return {
      input: this.generatePrompts(sequences.length),
      target: this.#encode(
        sequences.map((codes) => this.#codeWords(codes)),
        this.lengths.generate.target,
      ),
    };
  }

  /**
   * Examples of the second kind: the sequence with masks, and each mask with the code it
   * hides.
   *
   * @param sequences `[N]` each.
   * @param places Of each sequence, the distinct indices of the codes to hide.
   * @throws {RangeError} If a sequence holds what is no code, or a place is outside of it or
   *   comes twice.
   */
  fillExamples(
    sequences: readonly ArrayLike<number>[],
    places: readonly ArrayLike<number>[],
  ): TokenExamples {
    const masked = sequences.map((codes, row) => maskCodes(codes, places[row]));
    const targets = sequences.map((codes, row) => {
      const words = this.#codeWords(codes);
      let masks = 0;
      return words.flatMap((word, at) =>
        masked[row][at] === MASKED ? [this.#mask(masks++), word] : []
      );
    });
    return {
      input: this.fillPrompts(masked),
      target: this.#encode(targets, this.lengths.fill.target),
    };
  }

  /**
   * The codes that a model wrote for "generate:", or what is wrong with them, as
   * `readCodes` names it.
   *
   * @param ids One row of tokens; what comes after the end token does not count.
   */
  codesOf(ids: ArrayLike<number>): ParsedSentence {
    return readCodes(this.#writtenWords(ids), {
      length: this.length,
      codebookSize: this.codebookSize,
    });
  }

  /**
   * A masked sequence with the codes that a model wrote for "fill:", or what is wrong with
   * them, as `readFill` names it.
   *
   * @param ids As for {@link codesOf}.
   */
  filledCodesOf(
    masked: ArrayLike<number>,
    ids: ArrayLike<number>,
  ): ParsedSentence {
    return readFill(masked, this.#writtenWords(ids), {
      codebookSize: this.codebookSize,
    });
  }

  get #generate(): number {
    return this.codebookSize + this.length;
  }

  get #fill(): number {
    return this.#generate + 1;
  }

  #mask(k: number): number {
    return this.codebookSize + k;
  }

  /** The most tokens that examples of each prompt can have. */
  #longest(): CodeTokens["lengths"] {
    const { length, codebookSize } = this;
    const counts = this.#ids.map((ids) => ids.length);
    const code = Math.max(...counts.slice(0, codebookSize));
    const masks = counts.slice(codebookSize, codebookSize + length);
    const mask = Math.max(...masks);
    // At least one code is masked.
    const masked = mask + (length - 1) * Math.max(code, mask);
    return {
      generate: {
        input: counts[this.#generate] + 1,
        target: length * code + 1,
      },
      fill: {
        input: counts[this.#fill] + masked + 1,
        target: masks.reduce((sum, count) => sum + count, 0) + length * code +
          1,
      },
    };
  }

  /** The words of a sequence: the k-th masked code, from the left, is mask k. */
  #codeWords(codes: ArrayLike<number>, canBeMasked = false): number[] {
    const { length, codebookSize } = this;
    let masks = 0;
    let valid = codes.length === length;
    const words = Array.from(codes, (code) => {
      if (canBeMasked && code === MASKED) return this.#mask(masks++);
      valid &&= Number.isInteger(code) && code >= 0 && code < codebookSize;
      return code;
    });
    if (!valid) {
      throw new RangeError(
        `Cannot encode codes: a sequence must hold ${length} whole numbers in [0, ${codebookSize}), got [${
          Array.from(codes).join(", ")
        }]`,
      );
    }
    return words;
  }

  /** Sentences, words by their numbers, as tokens with an end and padding, `[B, length]`. */
  #encode(
    sentences: readonly (readonly number[])[],
    length: number,
  ): TokenBatch {
    const { tokenizer } = this;
    if (!tokenizer.wordsAreIndependent) {
      return tokenizer.encodeBatch(
        sentences.map((words) => words.map((word) => this.#words[word])),
        length,
      );
    }
    const rows = sentences.length;
    const ids = new Int32Array(rows * length).fill(tokenizer.padId);
    const mask = new Int32Array(rows * length);
    sentences.forEach((words, row) => {
      let at = row * length;
      for (const word of words) {
        for (const id of this.#ids[word]) ids[at++] = id;
      }
      ids[at++] = tokenizer.eosId;
      mask.fill(1, row * length, at);
    });
    return { ids, mask, rows, length };
  }

  /** The words of a row of tokens, through the text where one of them is no word of its own. */
  #writtenWords(ids: ArrayLike<number>): WrittenWord[] {
    const { tokenizer } = this;
    const words: WrittenWord[] = [];
    for (let i = 0; i < ids.length && ids[i] !== tokenizer.eosId; i++) {
      if (ids[i] === tokenizer.padId) continue;
      const word = this.#written.get(ids[i]);
      if (word === undefined || this.single === null) {
        return writtenWords(tokenizer.decode(ids));
      }
      words.push(word);
    }
    return words;
  }
}
