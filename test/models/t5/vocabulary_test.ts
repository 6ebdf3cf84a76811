import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import { floats, integers } from "../../../lib/core/tensors.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  initialT5Weights,
  T5_MINI,
  type T5Model,
} from "../../../lib/models/t5/config.ts";
import { decodeText, encodeText } from "../../../lib/models/t5/network.ts";
import {
  restoreModel,
  trimmedVocabulary,
  trimModel,
} from "../../../lib/models/t5/vocabulary.ts";
import { assertClose, SAME_ALGORITHM } from "../../_helpers.ts";

const executor = onnxExecutor({ provider: "cpu", threads: 1 });

async function logits({ config, weights }: T5Model, ids: number[]) {
  const state = executor.state(weights);
  const step = executor.compile((state, inputs) => {
    const pass = { config, state };
    const hidden = encodeText(pass, inputs.ids, inputs.mask);
    return {
      outputs: {
        logits: decodeText(pass, inputs.ids, { hidden, mask: inputs.mask }),
      },
    };
  }, { name: "logits" });
  const outputs = await step.run(state, {
    ids: integers([1, ids.length], ids),
    mask: floats([1, ids.length], ids.map(() => 1)),
  });
  await step.dispose();
  state.dispose();
  return outputs.logits.data;
}

for (const tied of [true, false]) {
  const config = {
    ...T5_MINI,
    vocab_size: 40,
    d_model: 16,
    d_kv: 8,
    d_ff: 24,
    num_layers: 1,
    num_decoder_layers: 1,
    num_heads: 2,
    dropout_rate: 0,
    tie_word_embeddings: tied,
  };
  const whole = {
    config,
    weights: initialT5Weights(config, Random.fromSeed(1)),
  };
  const vocabulary = trimmedVocabulary(config, [30, 7, 12, 7, 39]);

  Deno.test(`a trimmed model gives the logits of the whole one, ${tied ? "tied" : "own"} head`, async () => {
    assert.deepEqual([...vocabulary.tokens], [0, 1, 7, 12, 30, 39]);
    const trimmed = trimModel(whole, vocabulary);
    assert.equal(trimmed.config.vocab_size, 6);
    const sentence = [7, 39, 12, 1];
    const expected = await logits(whole, sentence);
    const actual = await logits(
      trimmed,
      sentence.map((token) => vocabulary.rows[token]),
    );
    const picked = sentence.flatMap((_, at) =>
      Array.from(vocabulary.tokens, (token) => expected[at * 40 + token])
    );
    assertClose(actual, picked, SAME_ALGORITHM);
  });

  Deno.test(`restoreModel() puts back what was left out, ${tied ? "tied" : "own"} head`, () => {
    const trimmed = trimModel(whole, vocabulary);
    assert.deepEqual(restoreModel(whole, trimmed, vocabulary), whole);
    const tuned = {
      ...trimmed,
      weights: Object.fromEntries(
        Object.entries(trimmed.weights).map(([name, { shape, data }]) => [
          name,
          floats(shape, Float32Array.from(data, (value) => value + 1)),
        ]),
      ),
    };
    const restored = restoreModel(whole, tuned, vocabulary);
    assert.deepEqual(
      trimModel(restored, vocabulary).weights,
      tuned.weights,
    );
    const row = (
      model: T5Model,
      token: number,
    ) => [
      ...model.weights["shared.weight"].data.slice(16 * token, 16 * token + 16),
    ];
    assert.deepEqual(row(restored, 8), row(whole, 8));
    assert.notDeepEqual(row(restored, 7), row(whole, 7));
  });
}

Deno.test("trimmedVocabulary() wants tokens of the vocabulary, special ones first", () => {
  const config = { ...T5_MINI, vocab_size: 10 };
  assert.throws(
    () => trimmedVocabulary(config, [10]),
    /tokens must be in \[0, 10\), got 10/,
  );
  assert.throws(
    () => trimmedVocabulary({ ...config, eos_token_id: 5 }, [3]),
    /padding, end and start must be its first tokens, got 5/,
  );
});
