import assert from "node:assert/strict";
import { dirname } from "node:path";
import { Random } from "../../lib/core/random.ts";
import { CodeTokens } from "../../lib/language/code_tokens.ts";
import { randomPlaces } from "../../lib/language/masking.ts";
import {
  fillExample,
  generateExample,
  maskCodes,
  readCodes,
  readFill,
  writtenWords,
} from "../../lib/language/sentences.ts";
import {
  loadTokenizer,
  type SentenceTokenizer,
  writeCodesTokenizer,
} from "../../lib/language/tokenizer.ts";
import { sharedData, withFolder } from "../_helpers.ts";

const LENGTH = 5;
const CODES = 300;
const SHAPE = { length: LENGTH, codebookSize: CODES };

const own = await withFolder(async (folder) => {
  await writeCodesTokenizer(folder, SHAPE);
  return await loadTokenizer(folder);
});
const t5File = sharedData("t5/tokenizer.json");

/** One token a code; T5's pieces; and one whose words are encoded together. */
const TOKENIZERS: Record<string, SentenceTokenizer | null> = {
  "the codes tokenizer": own,
  "T5's tokenizer": t5File === null
    ? null
    : await loadTokenizer(dirname(t5File)),
  "a tokenizer whose words depend on each other": {
    ...methods(own),
    wordsAreIndependent: false,
  },
};

/** A tokenizer as a plain object, so that parts of it can be replaced. */
function methods(tokenizer: SentenceTokenizer): SentenceTokenizer {
  const { name, tokenCount, vocabularySize, padId, eosId, unkId } = tokenizer;
  return {
    name,
    tokenCount,
    vocabularySize,
    padId,
    eosId,
    unkId,
    wordsAreIndependent: tokenizer.wordsAreIndependent,
    sentinelId: (k) => tokenizer.sentinelId(k),
    encode: (text) => tokenizer.encode(text),
    encodeWords: (words) => tokenizer.encodeWords(words),
    encodeBatch: (sentences, length) =>
      tokenizer.encodeBatch(sentences, length),
    decode: (ids) => tokenizer.decode(ids),
  };
}

function draw(random: Random): Int32Array {
  return Int32Array.from({ length: LENGTH }, () => random.integer(CODES));
}

for (const [name, tokenizer] of Object.entries(TOKENIZERS)) {
  const options = { ignore: tokenizer === null };

  Deno.test(
    `CodeTokens encodes what ${name} makes of the words`,
    options,
    () => {
      const tokens = new CodeTokens(tokenizer!, SHAPE);
      const random = Random.fromSeed(1);
      const sequences = Array.from({ length: 200 }, () => draw(random));
      const places = sequences.map(() => randomPlaces(LENGTH, random));
      const { lengths } = tokens;
      const generate = sequences.map(generateExample);
      assert.deepEqual(tokens.generateExamples(sequences), {
        input: tokenizer!.encodeBatch(
          generate.map(({ input }) => input),
          lengths.generate.input,
        ),
        target: tokenizer!.encodeBatch(
          generate.map(({ target }) => target),
          lengths.generate.target,
        ),
      });
      const fill = sequences.map((codes, i) => fillExample(codes, places[i]));
      assert.deepEqual(tokens.fillExamples(sequences, places), {
        input: tokenizer!.encodeBatch(
          fill.map(({ input }) => input),
          lengths.fill.input,
        ),
        target: tokenizer!.encodeBatch(
          fill.map(({ target }) => target),
          lengths.fill.target,
        ),
      });
      const masked = sequences.map((codes, i) => maskCodes(codes, places[i]));
      assert.deepEqual(
        tokens.fillPrompts(masked),
        tokenizer!.encodeBatch(
          fill.map(({ input }) => input),
          lengths.fill.input,
        ),
      );
      assert.deepEqual(
        tokens.generatePrompts(3),
        tokenizer!.encodeBatch(
          generate.slice(0, 3).map(({ input }) => input),
        ),
      );
      assert.equal(tokens.generatePrompts(0).ids.length, 0);
    },
  );

  Deno.test(
    `CodeTokens knows the longest sentences of ${name}`,
    options,
    () => {
      const random = Random.fromSeed(3);
      const seen = {
        generate: { input: 0, target: 0 },
        fill: { input: 0, target: 0 },
      };
      for (let i = 0; i < 3000; i++) {
        const codes = draw(random);
        const examples = {
          generate: generateExample(codes),
          fill: fillExample(codes, randomPlaces(LENGTH, random)),
        };
        for (const prompt of ["generate", "fill"] as const) {
          for (const side of ["input", "target"] as const) {
            seen[prompt][side] = Math.max(
              seen[prompt][side],
              tokenizer!.encodeWords(examples[prompt][side]).length,
            );
          }
        }
      }
      assert.deepEqual(new CodeTokens(tokenizer!, SHAPE).lengths, seen);
    },
  );

  Deno.test(
    `CodeTokens reads any tokens of ${name} as their text is read`,
    options,
    () => {
      const tokens = new CodeTokens(tokenizer!, SHAPE);
      const random = Random.fromSeed(2);
      const found = new Set<string>();
      for (let i = 0; i < 4000; i++) {
        // Sequences as they should be, with some tokens exchanged, dropped or put in.
        const codes = draw(random);
        const places = randomPlaces(LENGTH, random);
        const example = random.integer(2) === 0
          ? generateExample(codes)
          : fillExample(codes, places);
        const ids = [...tokenizer!.encodeWords(example.target)];
        for (let edits = random.integer(4); edits > 0; edits--) {
          const token = [
            () => random.integer(tokenizer!.tokenCount),
            () => tokenizer!.sentinelId(random.integer(LENGTH + 2)),
            () => ids[random.integer(ids.length)] ?? 0,
            () => random.integer(4), // padding, end, unknown
          ][random.integer(4)]();
          const inserted = random.integer(3) > 0 ? [token] : [];
          ids.splice(
            random.integer(ids.length),
            random.integer(2),
            ...inserted,
          );
        }
        const text = tokenizer!.decode(ids);
        const whole = tokens.codesOf(ids);
        assert.deepEqual(
          whole,
          readCodes(writtenWords(text), SHAPE),
          text,
        );
        const masked = maskCodes(codes, places);
        const filled = tokens.filledCodesOf(masked, ids);
        assert.deepEqual(
          filled,
          readFill(masked, writtenWords(text), SHAPE),
          text,
        );
        found.add(`whole: ${whole.malformed}`);
        found.add(`filled: ${filled.malformed}`);
      }
      // All that can come of them but a number that no token of the codes tokenizer is.
      for (
        const outcome of [
          "whole: null",
          "whole: not a number",
          "whole: wrong length",
          "filled: null",
          "filled: not a number",
          "filled: wrong length",
          "filled: missing sentinel",
          "filled: surplus sentinel",
        ]
      ) assert.ok(found.has(outcome), outcome);
    },
  );
}

Deno.test("CodeTokens knows the token of each code where it is one", () => {
  assert.deepEqual(
    new CodeTokens(own, SHAPE).single,
    Int32Array.from({ length: CODES }, (_, code) => 5 + code),
  );
  const t5 = TOKENIZERS["T5's tokenizer"];
  if (t5 !== null) assert.equal(new CodeTokens(t5, SHAPE).single, null);
  const dependent = TOKENIZERS["a tokenizer whose words depend on each other"]!;
  assert.equal(new CodeTokens(dependent, SHAPE).single, null);
});

Deno.test("CodeTokens knows every token of its sentences", () => {
  const masks = Array.from({ length: LENGTH }, (_, k) => own.sentinelId(k));
  assert.deepEqual(
    [...new CodeTokens(own, SHAPE).used].sort((a, b) => a - b),
    [...Array(5 + CODES).keys(), ...masks.toReversed()],
  );
});

Deno.test("CodeTokens does not decode text where each code is one token", () => {
  const silent = {
    ...methods(own),
    decode: () => assert.fail("decoded"),
  };
  const tokens = new CodeTokens(silent, SHAPE);
  const codes = [0, 299, 7, 7, 81];
  const ids = tokens.generateExamples([codes]).target.ids;
  assert.deepEqual([...tokens.codesOf(ids).codes!], codes);
  const masked = maskCodes(codes, [1, 4]);
  const target = tokens.fillExamples([codes], [[1, 4]]).target.ids;
  assert.deepEqual([...tokens.filledCodesOf(masked, target).codes!], codes);
});

Deno.test("CodeTokens refuses what is no sequence of codes", () => {
  const tokens = new CodeTokens(own, SHAPE);
  const message = (codes: string) =>
    `Cannot encode codes: a sequence must hold 5 whole numbers in [0, 300), got [${codes}]`;
  for (const codes of [[1, 2, 3, 4], [1, 2, 3, 4, 300], [-1, 1, 2, 3, 4]]) {
    assert.throws(() => tokens.generateExamples([codes]), {
      name: "RangeError",
      message: message(codes.join(", ")),
    });
  }
  // A mask, but not one more code than there are.
  assert.equal(tokens.fillPrompts([[-1, 1, 2, 3, 4]]).rows, 1);
  assert.throws(() => tokens.fillPrompts([[-1, 1, 2, 3, 4, 5]]), {
    name: "RangeError",
    message: message("-1, 1, 2, 3, 4, 5"),
  });
  assert.throws(() => tokens.fillExamples([[1, 2, 3, 4, 300]], [[4]]), {
    name: "RangeError",
    message: message("1, 2, 3, 4, 300"),
  });
  assert.throws(() => tokens.fillExamples([[1, 2, 3, 4, 5]], [[5]]), {
    name: "RangeError",
    message: /^Cannot mask codes: places must be distinct/,
  });
});

Deno.test("CodeTokens refuses a codebook that the tokenizer has no words for", () => {
  assert.throws(
    () => new CodeTokens(own, { length: LENGTH, codebookSize: CODES + 1 }),
    {
      name: "RangeError",
      message:
        'Cannot encode a sentence: words must be known to the tokenizer codes, got "300"',
    },
  );
});
