import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readJson, writeJson } from "../../lib/core/files.ts";
import { Random } from "../../lib/core/random.ts";
import { randomPlaces } from "../../lib/language/masking.ts";
import {
  fillExample,
  generateExample,
  sentinel,
} from "../../lib/language/sentences.ts";
import {
  loadTokenizer,
  type SentenceTokenizer,
  writeCodesTokenizer,
} from "../../lib/language/tokenizer.ts";
import { sharedData } from "../_helpers.ts";

const T5_FILE = sharedData("t5/tokenizer.json");
const T5_TESTS = sharedData("t5/t5-base-tests.json");

/** Runs a test with a folder of its own. */
function withFolder(test: (folder: string) => Promise<void>) {
  return async () => {
    const folder = await Deno.makeTempDir();
    try {
      await test(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

function withCodes(test: (tokenizer: SentenceTokenizer) => void) {
  return withFolder(async (folder) => {
    await writeCodesTokenizer(folder, { codebookSize: 512 });
    test(await loadTokenizer(folder));
  });
}

/** Reads a JSON file, changes it, and writes it back. */
async function edit<T>(path: string, change: (value: T) => void) {
  const value = await readJson<T>(path, "tokenizer");
  change(value);
  await writeJson(path, value);
}

Deno.test(
  "the codes tokenizer has one token a code, and room up to 640",
  withCodes((tokenizer) => {
    assert.equal(tokenizer.name, "codes");
    assert.equal(tokenizer.tokenCount, 3 + 2 + 512 + 100);
    assert.equal(tokenizer.vocabularySize, 640);
    assert.deepEqual(
      [tokenizer.padId, tokenizer.eosId, tokenizer.unkId],
      [0, 1, 2],
    );
    assert.equal(tokenizer.wordsAreIndependent, true);
    // 5 + code; the masks descend from the last token, as in T5.
    assert.deepEqual([...tokenizer.encode("generate:")], [3, 1]);
    assert.deepEqual([...tokenizer.encode("0 511")], [5, 516, 1]);
    assert.deepEqual(
      [...tokenizer.encode("fill: 81 <extra_id_0> 71")],
      [4, 86, 616, 76, 1],
    );
    assert.equal(tokenizer.sentinelId(0), 616);
    assert.equal(tokenizer.sentinelId(99), 517);
  }),
);

Deno.test(
  "Python's transformers reads the codes tokenizer to the same ids",
  withFolder(async (folder) => {
    const expected = await readJson<{
      length: number;
      padId: number;
      eosId: number;
      unkId: number;
      cases: { text: string; ids: number[]; decoded: string }[];
    }>(
      fileURLToPath(
        new URL("../fixtures/t5_codes_tokenizer.json", import.meta.url),
      ),
      "fixture",
    );
    await writeCodesTokenizer(folder, { codebookSize: 512 });
    const tokenizer = await loadTokenizer(folder);
    assert.equal(tokenizer.tokenCount, expected.length);
    assert.equal(tokenizer.padId, expected.padId);
    assert.equal(tokenizer.eosId, expected.eosId);
    assert.equal(tokenizer.unkId, expected.unkId);
    for (const { text, ids, decoded } of expected.cases) {
      assert.deepEqual([...tokenizer.encode(text)], ids, text);
      assert.equal(`${tokenizer.decode(ids)} </s>`.trim(), decoded, text);
    }
  }),
);

Deno.test(
  "writeCodesTokenizer() takes other codebook sizes",
  withFolder(async (folder) => {
    await writeCodesTokenizer(folder, { codebookSize: 23 });
    const tokenizer = await loadTokenizer(folder);
    assert.equal(tokenizer.tokenCount, 128);
    assert.equal(tokenizer.vocabularySize, 128);
    assert.deepEqual([...tokenizer.encode("22 23")], [27, tokenizer.unkId, 1]);
    await assert.rejects(writeCodesTokenizer(folder, { codebookSize: 0 }), {
      name: "RangeError",
      message:
        "Cannot write a tokenizer: codebookSize must be a positive integer, got 0",
    });
  }),
);

/** What both tokenizers have to do with the sentences of a run; the most tokens of each kind. */
function checkSentences(tokenizer: SentenceTokenizer) {
  const rng = Random.fromSeed(1);
  const seen = {
    generate: { input: 0, target: 0 },
    fill: { input: 0, target: 0 },
  };
  for (let i = 0; i < 300; i++) {
    const codes = Int32Array.from({ length: 7 }, () => rng.integer(512));
    const examples = {
      generate: generateExample(codes),
      fill: fillExample(codes, randomPlaces(7, rng)),
    };
    for (const prompt of ["generate", "fill"] as const) {
      for (const side of ["input", "target"] as const) {
        const words = examples[prompt][side];
        const text = words.join(" ");
        const ids = tokenizer.encodeWords(words);
        assert.deepEqual(ids, tokenizer.encode(text), text);
        assert.equal(
          tokenizer.decode(ids).replaceAll(/ ?</g, " <").trim(),
          text,
        );
        seen[prompt][side] = Math.max(seen[prompt][side], ids.length);
      }
    }
  }
  return seen;
}
Deno.test(
  "the codes tokenizer encodes words as the library does sentences",
  withCodes((tokenizer) => {
    assert.deepEqual(checkSentences(tokenizer), {
      // prompt + end; 7 codes + end
      generate: { input: 2, target: 8 },
      // prompt + 7 + end; 7 masks with their codes + end
      fill: { input: 9, target: 15 },
    });
  }),
);

Deno.test({
  name: "T5's own tokenizer encodes words as the library does sentences",
  ignore: T5_FILE === null,
  async fn() {
    const tokenizer = await loadTokenizer(dirname(T5_FILE!));
    assert.deepEqual(checkSentences(tokenizer), {
      // "generate" ":" + end; 7 codes of two pieces + end
      generate: { input: 3, target: 15 },
      // "fill" ":" + a mask + 6 codes of two pieces + end; 7 · (1 + 2) + end
      fill: { input: 16, target: 22 },
    });
    assert.equal(tokenizer.name, "t5");
    assert.equal(tokenizer.tokenCount, 32_100);
    assert.equal(tokenizer.vocabularySize, 32_128);
    assert.equal(tokenizer.wordsAreIndependent, true);
    assert.equal(tokenizer.sentinelId(0), 32_099);
    assert.equal(tokenizer.sentinelId(1), 32_098);
    const pieces = Array.from(
      { length: 512 },
      (_, code) => tokenizer.encodeWords([String(code)]).length - 1,
    );
    assert.equal(pieces.filter((count) => count === 1).length, 83);
    assert.equal(pieces.filter((count) => count === 2).length, 429);
  },
});

Deno.test({
  name: "T5's own tokenizer agrees with all 1,995 reference encodings",
  ignore: T5_FILE === null || T5_TESTS === null,
  async fn() {
    const tokenizer = await loadTokenizer(dirname(T5_FILE!));
    const cases = await readJson<[string, number[], string][]>(
      T5_TESTS!,
      "reference encodings",
    );
    assert.equal(cases.length, 1_995);
    let decodedOtherwise = 0;
    for (const [text, ids, decoded] of cases) {
      assert.deepEqual([...tokenizer.encode(text)], ids, text);
      const ours = `${tokenizer.decode(ids)}</s>`;
      if (ours !== decoded) {
        decodedOtherwise++;
        // The reference has a space after every unknown token.
        assert.equal(ours, decoded.replaceAll("<unk> ", "<unk>"));
      }
    }
    assert.equal(decodedOtherwise, 32);
  },
});

Deno.test(
  "encodeBatch() pads on the right and marks what is no padding",
  withCodes((tokenizer) => {
    const sentences = [["generate:"], ["fill:", "8", sentinel(0)]];
    const batch = tokenizer.encodeBatch(sentences, 5);
    assert.deepEqual(batch, {
      ids: Int32Array.of(3, 1, 0, 0, 0, 4, 13, 616, 1, 0),
      mask: Int32Array.of(1, 1, 0, 0, 0, 1, 1, 1, 1, 0),
      rows: 2,
      length: 5,
    });
    assert.equal(tokenizer.encodeBatch(sentences).length, 4);
    assert.deepEqual(tokenizer.encodeBatch([]).ids, new Int32Array());
    assert.throws(() => tokenizer.encodeBatch(sentences, 3), {
      name: "RangeError",
      message:
        "Cannot encode sentences: length must be at least 4 tokens, got 3",
    });
    assert.throws(() => tokenizer.encodeBatch([["600"]]), {
      name: "RangeError",
      message:
        'Cannot encode a sentence: words must be known to the tokenizer codes, got "600"',
    });
  }),
);

Deno.test(
  "decode() ends at the end of sequence and keeps what is odd",
  withCodes((tokenizer) => {
    // start, 81, 19, end, rubbish
    assert.equal(tokenizer.decode([0, 86, 24, 1, 9, 9]), "81 19");
    // An unknown token, and a row of the embedding without a token.
    assert.equal(tokenizer.decode([86, 2, 630, 3]), "81 <unk> <unk> generate:");
    assert.equal(
      tokenizer.decode([616, 86, 615]),
      "<extra_id_0> 81 <extra_id_1>",
    );
    assert.equal(tokenizer.decode([]), "");
    assert.equal(tokenizer.decode([1, 5]), "");
  }),
);

Deno.test(
  "sentinelId() refuses a mask that is not there",
  withCodes((tokenizer) => {
    assert.throws(() => tokenizer.sentinelId(100), {
      name: "RangeError",
      message:
        "Cannot mask codes: the tokenizer codes must have the mask <extra_id_100>, got none",
    });
  }),
);

Deno.test(
  "a tokenizer whose words depend on their neighbours goes through the library",
  withFolder(async (folder) => {
    await writeCodesTokenizer(folder, { codebookSize: 512 });
    type Json = {
      pre_tokenizer: null;
      model: { vocab: { [t: string]: number } };
    };
    await edit<Json>(join(folder, "tokenizer.json"), (json) => {
      json.pre_tokenizer = null;
      json.model.vocab["## 7"] = 617; // " 7" within a text
    });
    const tokenizer = await loadTokenizer(folder);
    assert.equal(tokenizer.wordsAreIndependent, false);
    assert.deepEqual([...tokenizer.encodeWords(["8", "7"])], [13, 617, 1]);
    assert.throws(() => tokenizer.encodeWords(["7", "8"]), {
      name: "RangeError",
      message:
        'Cannot encode a sentence: words must be known to the tokenizer codes, got "7 8"',
    });
  }),
);

Deno.test(
  "loadTokenizer() says which file or token a directory lacks",
  withFolder(async (folder) => {
    const missing = (file: string) => ({
      name: "Error",
      message:
        `Cannot load a tokenizer: ${folder} must hold tokenizer.json and tokenizer_config.json, got no ${file}`,
    });
    await assert.rejects(loadTokenizer(folder), missing("tokenizer.json"));
    await writeCodesTokenizer(folder, { codebookSize: 5 });
    await Deno.remove(join(folder, "tokenizer_config.json"));
    await assert.rejects(
      loadTokenizer(folder),
      missing("tokenizer_config.json"),
    );

    await writeCodesTokenizer(folder, { codebookSize: 5 });
    await edit<{ pad_token?: string; eos_token?: string }>(
      join(folder, "tokenizer_config.json"),
      (config) => {
        delete config.pad_token;
        delete config.eos_token; // which would stand in for it
      },
    );
    await assert.rejects(loadTokenizer(folder), {
      name: "RangeError",
      message:
        `Cannot load a tokenizer: ${folder} must have a padding token, got none`,
    });

    await Deno.writeTextFile(join(folder, "tokenizer.json"), "{");
    await assert.rejects(loadTokenizer(folder), {
      name: "SyntaxError",
      message: /^Cannot read the tokenizer: .*tokenizer\.json must be JSON: /,
    });
    await writeCodesTokenizer(folder, { codebookSize: 5 });
    await edit<{ pre_tokenizer: { type: string } }>(
      join(folder, "tokenizer.json"),
      (json) => json.pre_tokenizer.type = "none",
    );
    await assert.rejects(loadTokenizer(folder), {
      name: "Error",
      message: new RegExp(`^Cannot load a tokenizer: ${folder}: `),
    });
  }),
);
