import assert from "node:assert/strict";
import { dirname } from "node:path";
import { Random } from "../../lib/core/random.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import {
  fillSequences,
  writeSequences,
} from "../../lib/generation/code_writing.ts";
import { CodeTokens } from "../../lib/language/code_tokens.ts";
import {
  fillExample,
  GENERATE_PROMPT,
  maskCodes,
} from "../../lib/language/sentences.ts";
import {
  loadTokenizer,
  type SentenceTokenizer,
  type TokenBatch,
  writeCodesTokenizer,
} from "../../lib/language/tokenizer.ts";
import { T5_MINI } from "../../lib/models/t5/config.ts";
import {
  T5Generator,
  type WritingLimits,
} from "../../lib/models/t5/generator.ts";
import type { DrawOptions } from "../../lib/models/t5/token_draws.ts";
import { vqvaeConfig } from "../../lib/models/vqvae/config.ts";
import { Vqvae } from "../../lib/models/vqvae/vqvae.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { sharedData, withFolder } from "../_helpers.ts";

const SHAPE = { length: 4, codebookSize: 300 };
const space = getSpace("nasbench201");
const executor = await eagerExecutor("cpu");
const vqvae = new Vqvae(
  { ...vqvaeConfig(space), nodes: 4, codebookSize: 300 },
  executor,
  executor.state({}),
);
const OPTIONS = { temperature: 0.7, random: Random.fromSeed(0) };

/** Answers each prompt with a text, and keeps the prompts. */
class TextGenerator extends T5Generator {
  prompts: TokenBatch | null = null;

  constructor(
    readonly tokenizer: SentenceTokenizer,
    readonly texts: readonly string[],
  ) {
    super({ config: T5_MINI, weights: {} }, executor);
  }

  override generateEach(
    prompts: TokenBatch,
    [{ temperature }]: readonly DrawOptions[],
    { maxTokens }: WritingLimits,
  ): Promise<Int32Array[]> {
    assert.equal(temperature, 0.7);
    this.prompts = prompts;
    const ids = new Int32Array(this.texts.length * maxTokens)
      .fill(this.tokenizer.padId);
    this.texts.forEach((text, row) =>
      ids.set(this.tokenizer.encode(text), row * maxTokens)
    );
    return Promise.resolve([ids]);
  }
}

const own = await withFolder(async (folder) => {
  await writeCodesTokenizer(folder, SHAPE);
  return await loadTokenizer(folder);
});
const t5File = sharedData("t5/tokenizer.json");

/** One token a code; T5's own, with several for most. */
const TOKENIZERS: Readonly<Record<string, SentenceTokenizer | null>> = {
  "one token a code": own,
  "T5's own tokens": t5File === null
    ? null
    : await loadTokenizer(dirname(t5File)),
};

for (const [name, tokenizer] of Object.entries(TOKENIZERS)) {
  const options = { ignore: tokenizer === null };
  const modelOf = (texts: readonly string[]) => ({
    space,
    vqvae,
    generator: new TextGenerator(tokenizer!, texts),
    tokens: new CodeTokens(tokenizer!, SHAPE),
  });

  Deno.test(
    `writeSequences() prompts and reads in ${name}`,
    options,
    async () => {
      const model = modelOf(["0 299 7 7", "1 2 3", "8 generate: 1 2", ""]);
      assert.deepEqual(await writeSequences(model, 4, OPTIONS), [
        { codes: Int32Array.of(0, 299, 7, 7), malformed: null },
        { codes: null, malformed: "wrong length" },
        { codes: null, malformed: "not a number" },
        { codes: null, malformed: "wrong length" },
      ]);
      assert.deepEqual(
        model.generator.prompts,
        tokenizer!.encodeBatch(new Array(4).fill([GENERATE_PROMPT])),
      );
    },
  );

  Deno.test(
    `fillSequences() prompts and reads in ${name}`,
    options,
    async () => {
      const sequences = [
        [81, 19, 44, 283],
        [5, 6, 7, 8],
        [1, 2, 3, 4],
        [1, 2, 3, 4],
      ];
      const places = [[1, 3], [0], [2, 1], [0, 1, 2, 3]];
      const model = modelOf([
        "<extra_id_1> 299 <extra_id_0> 20", // in any order
        "<extra_id_0> 9 <extra_id_1> 10", // one mask too many
        "<extra_id_0> 9", // one too few
        // as long as an answer can be
        "<extra_id_0> 299 <extra_id_1> 298 <extra_id_2> 297 <extra_id_3> 296",
      ]);
      const masked = sequences.map((codes, i) => maskCodes(codes, places[i]));
      assert.deepEqual(await fillSequences(model, masked, OPTIONS), [
        { codes: Int32Array.of(81, 20, 44, 299), malformed: null },
        { codes: null, malformed: "surplus sentinel" },
        { codes: null, malformed: "missing sentinel" },
        { codes: Int32Array.of(299, 298, 297, 296), malformed: null },
      ]);
      assert.deepEqual(
        model.generator.prompts,
        tokenizer!.encodeBatch(
          sequences.map((codes, i) => fillExample(codes, places[i]).input),
          model.tokens.lengths.fill.input,
        ),
      );
    },
  );
}

Deno.test("T5's own tokens can stand for a number that is no code", {
  ignore: t5File === null,
}, async () => {
  const tokenizer = TOKENIZERS["T5's own tokens"]!;
  const model = {
    space,
    vqvae,
    generator: new TextGenerator(tokenizer, ["1 2 3 300"]),
    tokens: new CodeTokens(tokenizer, SHAPE),
  };
  assert.deepEqual(await writeSequences(model, 1, OPTIONS), [
    { codes: null, malformed: "number outside the codebook" },
  ]);
});
