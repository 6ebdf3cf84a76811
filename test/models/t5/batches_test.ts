import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import {
  floats,
  type HostTensors,
  integers,
} from "../../../lib/core/tensors.ts";
import { CodeTokens } from "../../../lib/language/code_tokens.ts";
import {
  loadTokenizer,
  writeCodesTokenizer,
} from "../../../lib/language/tokenizer.ts";
import { exampleTensors, T5Batches } from "../../../lib/models/t5/batches.ts";
import { IGNORED_LABEL } from "../../../lib/models/t5/network.ts";
import { withFolder } from "../../_helpers.ts";
import { tinyT5Config } from "./_tiny_t5.ts";

const SHAPE = { length: 4, codebookSize: 16 };
/** Ids of the project's tokenizer. */
const [PAD, END, GENERATE, FILL, FIRST_CODE] = [0, 1, 3, 4, 5];

const tokenizer = await withFolder(async (folder) => {
  await writeCodesTokenizer(folder, SHAPE);
  return await loadTokenizer(folder);
});
const TOKENS = new CodeTokens(tokenizer, SHAPE);
const CONFIG = tinyT5Config(tokenizer.vocabularySize);
const DROPOUT = { ...CONFIG, dropout_rate: 0.1 };

Deno.test("exampleTensors() leaves padding out of the labels", () => {
  const codes = [7, 0, 15, 3];
  const ids = codes.map((code) => FIRST_CODE + code);
  const generate = exampleTensors(
    CONFIG,
    TOKENS.generateExamples([codes]),
    "generate",
  );
  assert.deepEqual(generate, {
    "generate.ids": integers([1, 2], [GENERATE, END]),
    "generate.mask": floats([1, 2], [1, 1]),
    "generate.decoderIds": integers([1, 5], [PAD, ...ids]),
    "generate.labels": integers([1, 5], [...ids, END]),
  });
  // One mask, so the target has 3 tokens of the 9 there could be.
  const mask = tokenizer.sentinelId(0);
  const target = [mask, FIRST_CODE, END];
  assert.deepEqual(
    exampleTensors(CONFIG, TOKENS.fillExamples([codes], [[1]]), "fill"),
    {
      "fill.ids": integers([1, 6], [FILL, ids[0], mask, ids[2], ids[3], END]),
      "fill.mask": floats([1, 6], [1, 1, 1, 1, 1, 1]),
      "fill.decoderIds": integers(
        [1, 9],
        [PAD, ...target, PAD, PAD, PAD, PAD, PAD],
      ),
      "fill.labels": integers(
        [1, 9],
        [...target, ...new Array(6).fill(IGNORED_LABEL)],
      ),
    },
  );
});

Deno.test("exampleTensors() takes equal inputs as one row, except where each has its own dropout", () => {
  const examples = TOKENS.generateExamples(Array(3).fill([7, 0, 15, 3]));
  const shared = exampleTensors(CONFIG, examples, "generate");
  assert.deepEqual(
    shared["generate.ids"],
    integers([1, 2], [GENERATE, END]),
  );
  assert.deepEqual(shared["generate.mask"], floats([1, 2], [1, 1]));
  assert.deepEqual(shared["generate.labels"].shape, [3, 5]);
  const own = exampleTensors(DROPOUT, examples, "generate");
  assert.deepEqual(
    own["generate.ids"],
    integers([3, 2], [GENERATE, END, GENERATE, END, GENERATE, END]),
  );
  assert.deepEqual(own["generate.mask"].shape, [3, 2]);
});

/** Sequence `i` is `i, i, i, i`. */
const SEQUENCES = {
  ...SHAPE,
  codes: Int32Array.from({ length: 64 }, (_, i) => Math.floor(i / 4)),
};

/** The sequences that a batch generates, by their first code. */
function generated(batch: HostTensors): number[] {
  const { data } = batch["generate.labels"];
  return Array.from(
    data.filter((_, i) => i % 5 === 0),
    (id) => id - FIRST_CODE,
  );
}

Deno.test("T5Batches.parts() cut the rows of both prompts, each part with what it needs", () => {
  const batches = new T5Batches(DROPOUT, TOKENS, SEQUENCES);
  const parts = batches.parts(
    {
      generate: Uint32Array.of(9, 1, 5, 3, 7),
      fill: Uint32Array.of(2, 4),
    },
    { generate: 2, fill: 1 },
    Random.fromSeed(1),
  );
  assert.deepEqual(parts.map(generated), [[9, 1], [5, 3], [7]]);
  // The third part has nothing to fill in.
  assert.deepEqual(
    parts.map((part) => part["fill.labels"]?.shape[0]),
    [1, 1, undefined],
  );
  // Noise for all: the same number of draws in each part, other draws.
  const [first, second, third] = parts.map(({ noise }) => noise.data);
  assert.ok(first.length > 0);
  assert.equal(second.length, first.length);
  assert.equal(third.length, first.length);
  assert.notDeepEqual(first, second);
  // None where there is no dropout.
  const dry = new T5Batches(CONFIG, TOKENS, SEQUENCES).parts(
    {
      generate: Uint32Array.of(1),
      fill: Uint32Array.of(2),
    },
    { generate: 2, fill: 1 },
    Random.fromSeed(1),
  );
  assert.equal(dry.length, 1);
  assert.ok(!("noise" in dry[0]));
});

Deno.test("T5Batches.whole() hides other codes with other draws, and the same with the same", () => {
  const batches = new T5Batches(CONFIG, TOKENS, SEQUENCES);
  const rows = {
    generate: new Uint32Array(),
    fill: Uint32Array.from({ length: 16 }, (_, i) => i),
  };
  const first = batches.whole(rows, Random.fromSeed(1));
  assert.deepEqual(
    Object.keys(first).sort(),
    ["fill.decoderIds", "fill.ids", "fill.labels", "fill.mask"],
  );
  assert.deepEqual(batches.whole(rows, Random.fromSeed(1)), first);
  assert.notDeepEqual(batches.whole(rows, Random.fromSeed(2)), first);
});
