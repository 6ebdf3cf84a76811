/**
 * T5 against Hugging Face transformers in PyTorch; `test/fixtures/make_t5_fixtures.py`
 * made the expected values.
 */
import assert from "node:assert/strict";
import { readJson } from "../../../lib/core/files.ts";
import { Random } from "../../../lib/core/random.ts";
import { readSafetensors } from "../../../lib/core/safetensors.ts";
import {
  floats,
  type HostTensors,
  integers,
  scalar,
} from "../../../lib/core/tensors.ts";
import { eagerExecutor } from "../../../lib/engine/eager_executor.ts";
import type { Executor } from "../../../lib/engine/executor.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import { type T5Config, t5Tensors } from "../../../lib/models/t5/config.ts";
import { T5Generator } from "../../../lib/models/t5/generator.ts";
import {
  decodeText,
  encodeText,
  relativePositionBuckets,
  shiftRight,
  t5Loss,
} from "../../../lib/models/t5/network.ts";
import { adafactor, adafactorSlots } from "../../../lib/nn/adafactor.ts";
import { adamWSlots, trainingStep } from "../../../lib/nn/optimizers.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";

interface Expected {
  inputIds: number[][];
  attentionMask: number[][];
  labels: number[][];
  decoderInputIds: number[][];
  loss: number;
  generated: number[][];
  adamw: { lr: number; weight_decay: number };
  adafactor: { lr: number };
}

const FIXTURES = new URL("../../fixtures/", import.meta.url).pathname;

async function load(name: string) {
  const config = await readJson<T5Config>(
    `${FIXTURES}${name}/config.json`,
    "configuration",
  );
  const stored = await readSafetensors(`${FIXTURES}${name}/model.safetensors`);
  const weights: HostTensors = Object.fromEntries(
    t5Tensors(config).map(([key, shape]) => {
      const tensor = stored.tensors.get(key);
      assert.deepEqual(tensor?.shape, shape, key);
      return [key, floats(shape, tensor!.data)];
    }),
  );
  const expected = await readJson<Expected>(
    `${FIXTURES}${name}_expected.json`,
    "expected values",
  );
  const values =
    (await readSafetensors(`${FIXTURES}${name}_expected.safetensors`)).tensors;
  return { config, weights, expected, values };
}

function matrix(rows: number[][]) {
  return integers([rows.length, rows[0].length], rows.flat());
}

function batchOf(expected: Expected, config: T5Config): HostTensors {
  const labels = matrix(expected.labels);
  return {
    "generate.ids": matrix(expected.inputIds),
    "generate.mask": floats(
      matrix(expected.attentionMask).shape,
      expected.attentionMask.flat(),
    ),
    "generate.decoderIds": integers(
      labels.shape,
      shiftRight(labels.data as Int32Array, labels.shape[1], config),
    ),
    "generate.labels": labels,
  };
}

async function executors(): Promise<Record<string, Executor>> {
  return {
    traced: onnxExecutor({ provider: "cpu", threads: 1 }),
    eager: await eagerExecutor("cpu"),
  };
}

for (const name of ["t5_tiny", "t5_tiny_gated"]) {
  Deno.test(`${name}: shiftRight() gives Hugging Face's decoder inputs`, async () => {
    const { config, expected } = await load(name);
    assert.deepEqual(
      [...batchOf(expected, config)["generate.decoderIds"].data],
      expected.decoderInputIds.flat(),
    );
  });

  for (const kind of ["traced", "eager"]) {
    Deno.test(`${name}: logits equal PyTorch's, ${kind}`, async () => {
      const { config, weights, expected, values } = await load(name);
      const executor = (await executors())[kind];
      const forward = executor.compile((state, inputs) => {
        const pass = { config, state };
        const mask = inputs["generate.mask"];
        const hidden = encodeText(pass, inputs["generate.ids"], mask);
        return {
          outputs: {
            logits: decodeText(pass, inputs["generate.decoderIds"], {
              hidden,
              mask,
            }),
          },
        };
      }, { name });
      const { logits } = await forward.run(
        executor.state(weights),
        batchOf(expected, config),
      );
      assertClose(logits.data, values.get("logits")!.data, ACROSS_BACKENDS);
    });

    Deno.test(`${name}: loss and AdamW update equal PyTorch's, ${kind}`, async () => {
      const { config, weights, expected, values } = await load(name);
      const executor = (await executors())[kind];
      const step = executor.compile(
        trainingStep(
          (state, inputs) => t5Loss(config, state, inputs, ["generate"]),
          Object.keys(weights),
          { weightDecay: expected.adamw.weight_decay, decays: () => true },
        ),
        { name },
      );
      const state = executor.state({ ...weights, ...adamWSlots(weights) });
      const outputs = await step.run(state, {
        ...batchOf(expected, config),
        learningRate: scalar(expected.adamw.lr),
        step: scalar(1),
      });
      assertClose(outputs.loss.data, [expected.loss], ACROSS_BACKENDS);
      const after = await state.read();
      let updated = 0;
      for (const [key, { data }] of values) {
        if (key.startsWith("gradient.")) {
          // After one step the first slot is the gradient.
          const slot = after[`adam.first.${key.slice("gradient.".length)}`];
          assertClose(
            slot.data,
            data,
            ACROSS_BACKENDS,
            key,
          );
        }
        if (!key.startsWith("updated.")) continue;
        updated++;
        const parameter = key.slice("updated.".length);
        // Adam's first step is lr · sign(g) where |g| ≫ ε: near a zero gradient float32
        // rounding decides its size, so those elements are left out.
        const gradient = after[`adam.first.${parameter}`].data;
        const firm = Array.from(data.keys()).filter((i) =>
          Math.abs(gradient[i]) > 1e-5
        );
        assert.ok(firm.length > data.length / 4, key);
        assertClose(
          firm.map((i) => after[parameter].data[i]),
          firm.map((i) => data[i]),
          ACROSS_BACKENDS,
          key,
        );
      }
      assert.ok(updated > 0);
    });

    Deno.test(`${name}: one input for all targets gives the loss and the gradients of as many rows, ${kind}`, async () => {
      const { config, weights, expected } = await load(name);
      const executor = (await executors())[kind];
      const names = Object.keys(weights);
      const step = executor.compile(
        trainingStep(
          (state, inputs) => t5Loss(config, state, inputs, ["generate"]),
          names,
          {},
        ),
        { name },
      );
      // Its last token is padding.
      const ids = expected.inputIds[0];
      const mask = ids.map((_, i) => i < ids.length - 1 ? 1 : 0);
      const after = async (rows: number) => {
        const state = executor.state({ ...weights, ...adamWSlots(weights) });
        const outputs = await step.run(state, {
          ...batchOf(expected, config),
          "generate.ids": matrix(Array(rows).fill(ids)),
          "generate.mask": floats(
            [rows, ids.length],
            Array(rows).fill(mask).flat(),
          ),
          learningRate: scalar(1e-3),
          step: scalar(1),
        });
        return { ...outputs, ...await state.read() };
      };
      const rows = expected.labels.length;
      assert.ok(rows > 1);
      const [one, many] = [await after(1), await after(rows)];
      assertClose(one.loss.data, many.loss.data, ACROSS_BACKENDS);
      for (const key of names) {
        // After one step the first slot is the gradient.
        const slot = `adam.first.${key}`;
        assertClose(one[slot].data, many[slot].data, ACROSS_BACKENDS, key);
      }
    });

    Deno.test(`${name}: Adafactor's updates equal transformers', ${kind}`, async () => {
      const { config, weights, expected, values } = await load(name);
      const executor = (await executors())[kind];
      const step = executor.compile(
        trainingStep(
          (state, inputs) => t5Loss(config, state, inputs, ["generate"]),
          Object.keys(weights),
          adafactor(),
        ),
        { name },
      );
      const state = executor.state({ ...weights, ...adafactorSlots(weights) });
      const steps: HostTensors[] = [];
      for (const count of [1, 2]) {
        await step.run(state, {
          ...batchOf(expected, config),
          learningRate: scalar(expected.adafactor.lr),
          step: scalar(count),
        });
        steps.push(await state.read());
      }
      const checked = [...values].filter(([key]) =>
        key.startsWith("adafactor.")
      );
      assert.ok(checked.length > 0);
      for (const [key, { data }] of checked) {
        const [, count, ...parameter] = key.split(".");
        const after = steps[Number(count) - 1][parameter.join(".")].data;
        const before = weights[parameter.join(".")].data;
        // The movements themselves: they are a thousandth of the parameters.
        const moved = (to: ArrayLike<number>) =>
          Array.from(before, (from, i) => to[i] - from);
        const largest = Math.max(...moved(data).map(Math.abs));
        assert.ok(largest > 0, key);
        assertClose(moved(after), moved(data), {
          relative: 1e-4,
          absolute: 1e-3 * largest,
        }, key);
        assertClose(after, data, ACROSS_BACKENDS, key);
      }
    });
  }

  Deno.test(`${name}: greedy decoding with a cache gives Hugging Face's ids`, async () => {
    const { config, weights, expected } = await load(name);
    const generator = new T5Generator(
      { config, weights },
      onnxExecutor({ provider: "cpu", threads: 1 }),
    );
    const { inputIds, attentionMask, generated } = expected;
    const maxTokens = generated[0].length - 1;
    const ids = await generator.generate({
      ids: Int32Array.from(inputIds.flat()),
      mask: Int32Array.from(attentionMask.flat()),
      rows: inputIds.length,
      length: inputIds[0].length,
    }, { temperature: 0, maxTokens, random: Random.fromSeed(0) });
    generated.forEach((row, i) =>
      // Hugging Face puts the start token in front.
      assert.deepEqual(
        [...ids.subarray(i * maxTokens, (i + 1) * maxTokens)],
        row.slice(1),
      )
    );
    await generator.dispose();
  });
}

Deno.test("relativePositionBuckets() is exact nearby and logarithmic beyond", () => {
  const config = {
    relative_attention_num_buckets: 8,
    relative_attention_max_distance: 16,
  } as T5Config;
  // Causal: 8 buckets, 4 exact; distance 5 → 4 + ⌊ln(5/4)/ln(16/4)·4⌋ = 4 + ⌊0.64⌋ = 4,
  // 8 → 4 + ⌊2⌋ = 6, a key in the future → 0.
  const causal = relativePositionBuckets(config, 9, 9, false);
  assert.deepEqual([...causal.subarray(8 * 9)], [6, 5, 5, 4, 4, 3, 2, 1, 0]);
  assert.equal(causal[0 * 9 + 8], 0);
  // Bidirectional: 4 a side, 2 exact; the future's are 4 higher.
  const both = relativePositionBuckets(config, 3, 3, true);
  assert.deepEqual([...both], [0, 5, 6, 1, 0, 5, 2, 1, 0]);
});
