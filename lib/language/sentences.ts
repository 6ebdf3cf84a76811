/**
 * Code sequences as sentences: the text that the language model reads and writes.
 *
 * A cell is a sequence of codebook indices (eq. 7 of the paper); as a sentence it
 * is those numbers with a space between. Two kinds of input and target (§3.2):
 *
 *     generate:                                → 81 19 44 283 8 4 232
 *     fill: 81 <extra_id_0> 71 <extra_id_1>    → <extra_id_0> 36 <extra_id_1> 465
 *
 * Differs from the source: the paper writes its masks `[tok-0]`, `[tok-1]`, …;
 * here they are T5's own sentinels `<extra_id_0>`, `<extra_id_1>`, …, because those
 * are one token each that T5 was trained to fill, where `[tok-0]` is six pieces.
 *
 * Inputs and targets are lists of words, which tokenizers encode one by one; joined
 * by a space they are the sentence. Text that a model wrote is read back here, and
 * what is wrong with it is named.
 *
 * Source: Arch-LLM, §3.2; Raffel et al. 2020, arXiv:1910.10683, §3.1.4 (sentinels).
 *
 * @module
 */

/** The word that asks for a whole sequence. */
export const GENERATE_PROMPT = "generate:";
/** The word that asks for the masked codes of the sequence that follows it. */
export const FILL_PROMPT = "fill:";
/** Stands in a sequence of codes where the code is masked. */
export const MASKED = -1;

/** What can be wrong with a text that should be a sentence. */
export const MALFORMED_REASONS = [
  "not a number",
  "number outside the codebook",
  "wrong length",
  "missing sentinel",
  "surplus sentinel",
] as const;
export type MalformedReason = typeof MALFORMED_REASONS[number];

/** The codes that a text stands for, or why it stands for none. */
export type ParsedSentence =
  | { readonly codes: Int32Array; readonly malformed: null }
  | { readonly codes: null; readonly malformed: MalformedReason };

/** A word that a model wrote, as far as it means something here. */
export type WrittenWord =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "sentinel"; readonly index: number }
  | { readonly kind: "other" };

/** One training example, as words. */
export interface Example {
  readonly input: readonly string[];
  readonly target: readonly string[];
}

/** Writes codes as a sentence: `[81, 19]` → `"81 19"`. */
export function toSentence(codes: ArrayLike<number>): string {
  return Array.from(codes).join(" ");
}

/**
 * Reads the words of a sentence back to codes.
 *
 * Of several faults the first in this order is named: a word that is no whole
 * number, a number outside `[0, codebookSize)`, a number of codes that is not `length`
 * (no words at all: "wrong length").
 */
export function readCodes(
  words: readonly WrittenWord[],
  { length, codebookSize }: { length: number; codebookSize: number },
): ParsedSentence {
  const codes = new Int32Array(words.length);
  let outside = false;
  for (const [i, word] of words.entries()) {
    if (word.kind !== "number") return malformed("not a number");
    if (isOutside(word.value, codebookSize)) outside = true;
    codes[i] = word.value;
  }
  if (outside) return malformed("number outside the codebook");
  if (words.length !== length) return malformed("wrong length");
  return { codes, malformed: null };
}

/** The name of the `k`-th mask, from 0: `<extra_id_k>`. */
export function sentinel(k: number): string {
  return `<extra_id_${k}>`;
}

/** The words of a sequence of codes. */
export function codeWords(codes: ArrayLike<number>): string[] {
  const words = new Array<string>(codes.length);
  for (let i = 0; i < codes.length; i++) words[i] = String(codes[i]);
  return words;
}

/** The example of the first kind: the bare prompt, the whole sequence. */
export function generateExample(codes: ArrayLike<number>): Example {
  return { input: [GENERATE_PROMPT], target: codeWords(codes) };
}

/**
 * Hides the codes at some places.
 *
 * @param places Distinct indices into `codes`, in any order.
 * @returns A copy, `MASKED` at `places`.
 * @throws {RangeError} If a place is outside the sequence or comes twice.
 */
export function maskCodes(
  codes: ArrayLike<number>,
  places: ArrayLike<number>,
): Int32Array {
  const masked = Int32Array.from(codes);
  for (const place of Array.from(places)) {
    if (!(place in masked) || masked[place] === MASKED) {
      throw new RangeError(
        `Cannot mask codes: places must be distinct and within [0, ${codes.length}), got [${
          Array.from(places).join(", ")
        }]`,
      );
    }
    masked[place] = MASKED;
  }
  return masked;
}

/**
 * The example of the second kind: the sequence with masks, of which the k-th from the left
 * is sentinel k, and each mask with the code it hides.
 *
 * @throws {RangeError} As `maskCodes`.
 * @example
 * ```ts
 * import { fillExample } from "./sentences.ts";
 * import assert from "node:assert/strict";
 *
 * const { input, target } = fillExample([81, 36, 71], [1]);
 * assert.equal(input.join(" "), "fill: 81 <extra_id_0> 71");
 * assert.equal(target.join(" "), "<extra_id_0> 36");
 * ```
 */
export function fillExample(
  codes: ArrayLike<number>,
  places: ArrayLike<number>,
): Example {
  const masked = maskCodes(codes, places);
  const input = [FILL_PROMPT], target: string[] = [];
  let k = 0;
  for (let i = 0; i < masked.length; i++) {
    const code = String(codes[i]);
    if (masked[i] !== MASKED) {
      input.push(code);
      continue;
    }
    const mask = sentinel(k++);
    input.push(mask);
    target.push(mask, code);
  }
  return { input, target };
}

/**
 * Puts the words that a model wrote for a "fill" prompt back into the sequence.
 *
 * They must name each mask once, in any order, each followed by one code. Of
 * several faults the leftmost is named; a mask that is not named counts as
 * the last. A code without a mask before it, or a mask without a code after it, is
 * "wrong length"; a mask that comes twice or that the sequence does not have is
 * "surplus sentinel".
 *
 * @param masked The sequence with `MASKED` places, as it was prompted.
 */
export function readFill(
  masked: ArrayLike<number>,
  words: readonly WrittenWord[],
  options: { codebookSize: number },
): ParsedSentence {
  const codes = Int32Array.from(masked);
  const places: number[] = [];
  codes.forEach((code, i) => code === MASKED && places.push(i));

  for (let i = 0; i < words.length; i += 2) {
    const [mask, code] = [words[i], words[i + 1]];
    if (mask.kind === "number") return malformed("wrong length");
    if (mask.kind === "other") return malformed("not a number");
    if (mask.index >= places.length || codes[places[mask.index]] !== MASKED) {
      return malformed("surplus sentinel");
    }
    if (code === undefined || code.kind === "sentinel") {
      return malformed("wrong length");
    }
    if (code.kind === "other") return malformed("not a number");
    if (isOutside(code.value, options.codebookSize)) {
      return malformed("number outside the codebook");
    }
    codes[places[mask.index]] = code.value;
  }
  if (codes.includes(MASKED)) return malformed("missing sentinel");
  return { codes, malformed: null };
}

/**
 * The words of a text that a model wrote, without prompt, padding and end of sequence.
 *
 * `08` is 8. A sentinel is a word, whatever stands beside it: T5's decoder puts no space
 * before one.
 */
export function writtenWords(text: string): WrittenWord[] {
  const trimmed = text.replaceAll(/<extra_id_\d+>/g, " $& ").trim();
  return trimmed === "" ? [] : trimmed.split(/\s+/).map(writtenWord);
}

function writtenWord(word: string): WrittenWord {
  if (/^-?\d+$/.test(word)) return { kind: "number", value: Number(word) };
  const match = /^<extra_id_(\d+)>$/.exec(word);
  return match === null
    ? { kind: "other" }
    : { kind: "sentinel", index: Number(match[1]) };
}

function isOutside(code: number, codebookSize: number): boolean {
  return code < 0 || code >= codebookSize;
}

function malformed(reason: MalformedReason): ParsedSentence {
  return { codes: null, malformed: reason };
}
