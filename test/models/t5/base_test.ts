import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "../../../lib/core/random.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  loadTokenizer,
  writeCodesTokenizer,
} from "../../../lib/language/tokenizer.ts";
import {
  openT5Base,
  openTunedT5,
  trainT5To,
} from "../../../lib/models/t5/base.ts";
import { initialT5Weights } from "../../../lib/models/t5/config.ts";
import { loadT5, saveT5 } from "../../../lib/models/t5/files.ts";
import { sequenceLikelihood } from "../../../lib/models/t5/likelihood.ts";
import { t5Training, trainT5 } from "../../../lib/models/t5/training.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { assertClose, sharedData, withFolder } from "../../_helpers.ts";
import { tinyT5Config } from "./_tiny_t5.ts";

const executor = onnxExecutor({ provider: "cpu" });
const space = getSpace("nasbench201");
const SHAPE = { length: 4, codebookSize: 512 };
/** Four sequences over and over. */
const SEQUENCES = {
  ...SHAPE,
  codes: Int32Array.from(
    { length: 64 * 4 },
    (_, i) =>
      [
        3,
        141,
        59,
        265,
        358,
        97,
        93,
        238,
        462,
        64,
        338,
        327,
        9,
        50,
        2,
        8,
      ][i % 16],
  ),
};

Deno.test("openT5Base() without a source is the model of a space with one token a code", async () => {
  await withFolder(async (scratch) => {
    const base = await openT5Base(null, space, SHAPE, { scratch });
    assert.equal(base.tokenizer.name, "codes");
    assert.equal(base.config.vocab_size, base.tokenizer.vocabularySize);
    assert.equal(base.weights, undefined);
    assert.match(base.description, /from scratch/);
    const model = {
      config: base.config,
      weights: initialT5Weights(base.config, Random.fromSeed(0)),
    };
    const directory = join(scratch, "saved");
    await base.save(directory, model);
    const { t5, tokenizer } = await openTunedT5(directory, SHAPE);
    assert.deepEqual(t5.config, (await loadT5(directory)).config);
    assert.equal(tokenizer.name, "codes");
    // The tokenizer of another model would name rows that the embedding does not have.
    await writeCodesTokenizer(directory, { codebookSize: 560 });
    await assert.rejects(openTunedT5(directory, SHAPE), {
      name: "RangeError",
      message:
        `Cannot use the model ${directory}: its tokenizer must have at most 640 tokens, as many as the model's embedding, got 665`,
    });
  });
});

Deno.test({
  name:
    "a pretrained T5 is trained on the tokens of sentences, and saved whole",
  ignore: sharedData("t5/tokenizer.json") === null,
  async fn() {
    await withFolder(async (folder) => {
      const source = join(folder, "pretrained");
      const config = tinyT5Config(32_128, 32);
      const whole = {
        config,
        weights: initialT5Weights(config, Random.fromSeed(0)),
      };
      await saveT5(source, whole);
      for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
        await copyFile(sharedData(`t5/${name}`)!, join(source, name));
      }
      const base = await openT5Base(source, space, SHAPE, {
        scratch: join(folder, "scratch"),
      });
      // Numbers below 512 take a few hundred pieces.
      assert.ok(base.config.vocab_size > 200 && base.config.vocab_size < 700);
      assert.match(base.description, / of 32,128 tokens in use/);
      const trained = await trainT5(
        { fitting: SEQUENCES, tuning: SEQUENCES },
        base.config,
        {
          epochs: 20,
          batchSize: 16,
          fillShare: 0.25,
          learningRate: 1e-2,
          warmupSteps: 5,
          weightDecay: 0,
          clipNorm: 1,
          patience: 20,
          seed: 0,
        },
        { executor, tokenizer: base.tokenizer, weights: base.weights },
      );
      const losses = trained.history.map((epoch) => epoch.tuningGenerateLoss);
      assert.ok(losses.at(-1)! < 0.3 * losses[0], losses.join());

      const directory = join(folder, "tuned");
      await base.save(directory, trained);
      const stored = await loadT5(directory);
      assert.equal(stored.config.vocab_size, 32_128);
      const { t5, tokenizer } = await openTunedT5(directory, SHAPE);
      assert.equal(t5.config.vocab_size, base.config.vocab_size);
      const { perSequence } = await sequenceLikelihood(SEQUENCES, t5, {
        executor,
        tokenizer,
      });
      assert.ok(perSequence < 5, `${perSequence} nats`);
      // A word that no sentence holds is as it was.
      const full = await loadTokenizer(directory);
      const [word] = full.encode("architecture");
      const row = (weights: typeof stored.weights) =>
        weights["shared.weight"].data.slice(32 * word, 32 * word + 32);
      assert.deepEqual(
        [...row(stored.weights)],
        Array.from(row(whole.weights), Math.f16round),
      );
      const [code] = full.encodeWords(["9"]);
      const moved = (weights: typeof stored.weights) =>
        weights["shared.weight"].data[32 * code];
      assert.notEqual(
        moved(stored.weights),
        Math.f16round(moved(whole.weights)),
      );
    });
  },
});

Deno.test("trainT5To() returns the model as it is stored, in half precision", async () => {
  await withFolder(async (folder) => {
    const directory = join(folder, "t5");
    const scratch = join(folder, "scratch");
    const whole = await openT5Base(null, space, SHAPE, { scratch });
    const config = tinyT5Config(whole.tokenizer.vocabularySize);
    const sequences = { fitting: SEQUENCES, tuning: SEQUENCES };
    const training = {
      ...t5Training(space),
      epochs: 2,
      batchSize: 16,
    };
    const trained = await trainT5To(
      directory,
      sequences,
      { ...whole, config },
      training,
      { executor },
    );
    assert.ok(existsSync(join(directory, "checkpoint.safetensors")));
    assert.deepEqual(trained.weights, (await loadT5(directory)).weights);
    const exact = await trainT5(sequences, config, training, {
      executor,
      tokenizer: whole.tokenizer,
    });
    const losses = ({ history }: typeof trained) =>
      history.map((epoch) => ({ ...epoch, seconds: 0 }));
    assert.deepEqual(losses(trained), losses(exact));
    const name = "encoder.final_layer_norm.weight";
    const [stored, unrounded] = [trained, exact]
      .map(({ weights }) => weights[name].data);
    assert.notDeepEqual(stored, unrounded);
    assertClose(stored, unrounded, { relative: 1e-3, absolute: 1e-6 });
  });
});
