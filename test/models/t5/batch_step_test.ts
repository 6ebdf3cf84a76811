/** A step in parts against the same step on the whole batch, traced and eager. */
import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import {
  floats,
  type HostTensors,
  integers,
} from "../../../lib/core/tensors.ts";
import { eagerExecutor } from "../../../lib/engine/eager_executor.ts";
import type { Executor } from "../../../lib/engine/executor.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  accumulatedStep,
  type BatchStep,
  wholeStep,
} from "../../../lib/models/t5/batch_step.ts";
import { initialT5Weights } from "../../../lib/models/t5/config.ts";
import {
  IGNORED_LABEL,
  shiftRight,
  type T5Part,
} from "../../../lib/models/t5/network.ts";
import { adafactor, adafactorSlots } from "../../../lib/nn/adafactor.ts";
import { adamW, adamWSlots } from "../../../lib/nn/optimizers.ts";
import { assertClose } from "../../_helpers.ts";
import { tinyT5Config } from "./_tiny_t5.ts";

const CONFIG = tinyT5Config(24);
const WEIGHTS = initialT5Weights(CONFIG, Random.fromSeed(1));
const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};
const OPTIMIZERS = {
  AdamW: {
    slots: adamWSlots,
    optimizer: adamW({ weightDecay: 0.01, clipNorm: 1 }),
  },
  Adafactor: { slots: adafactorSlots, optimizer: adafactor() },
};

const random = Random.fromSeed(2);
const LENGTH = 6;

/** Inputs of a prompt; each row has so many labels that count. */
function rows(part: T5Part, counts: readonly number[]): HostTensors {
  const shape = [counts.length, LENGTH];
  const token = () => 2 + random.integer(CONFIG.vocab_size - 2);
  const labels = Int32Array.from(
    counts.flatMap((count) =>
      Array.from(
        { length: LENGTH },
        (_, i) => i < count ? token() : IGNORED_LABEL,
      )
    ),
  );
  return {
    [`${part}.ids`]: integers(shape, Array.from(labels, token)),
    [`${part}.mask`]: floats(shape, Array.from(labels, () => 1)),
    [`${part}.decoderIds`]: integers(
      shape,
      shiftRight(labels, LENGTH, CONFIG),
    ),
    [`${part}.labels`]: integers(shape, labels),
  };
}

/** Rows `from` to `to` of a prompt. */
function cut(batch: HostTensors, part: T5Part, from: number, to: number) {
  return Object.fromEntries(
    Object.entries(batch).filter(([name]) => name.startsWith(`${part}.`))
      .map(([name, { type, data }]) => [name, {
        type,
        shape: [to - from, LENGTH],
        data: data.slice(from * LENGTH, to * LENGTH),
      }]),
  );
}

/** Losses and state after two steps. */
async function run(
  executor: Executor,
  step: BatchStep,
  slots: HostTensors,
  batches: readonly (readonly HostTensors[])[],
) {
  const state = executor.state({ ...WEIGHTS, ...slots });
  const losses: number[] = [];
  for (const [i, batch] of batches.entries()) {
    const outputs = await step.run(state, batch, {
      learningRate: 1e-2,
      step: i + 1,
    });
    for (const name of ["loss", "generate.loss", "fill.loss"]) {
      losses.push(outputs[name].data[0]);
    }
  }
  const after = await state.read();
  await step.dispose();
  state.dispose();
  return { losses, after };
}

for (const [kind, executor] of Object.entries(EXECUTORS)) {
  for (const [name, { slots, optimizer }] of Object.entries(OPTIMIZERS)) {
    Deno.test(`accumulatedStep() is wholeStep() for uneven label counts, ${name}, ${kind}`, async () => {
      // Few labels in one part, many in another; the third has one prompt alone.
      const wholes = [
        { ...rows("generate", [1, 1, 6, 6, 5, 2]), ...rows("fill", [3, 6, 1]) },
        { ...rows("generate", [6, 2, 1, 3, 4, 5]), ...rows("fill", [1, 1, 6]) },
      ];
      const parts = wholes.map((whole) => [
        { ...cut(whole, "generate", 0, 2), ...cut(whole, "fill", 0, 1) },
        { ...cut(whole, "generate", 2, 4), ...cut(whole, "fill", 1, 3) },
        cut(whole, "generate", 4, 6),
      ]);
      const expected = await run(
        executor,
        wholeStep(executor, CONFIG, WEIGHTS, optimizer),
        slots(WEIGHTS),
        wholes.map((whole) => [whole]),
      );
      const actual = await run(
        executor,
        accumulatedStep(executor, CONFIG, WEIGHTS, optimizer),
        slots(WEIGHTS),
        parts,
      );
      assertClose(actual.losses, expected.losses, {
        relative: 1e-5,
        absolute: 0,
      });
      assert.deepEqual(
        Object.keys(actual.after),
        Object.keys(expected.after),
      );
      for (const [key, { data }] of Object.entries(expected.after)) {
        // A gradient that is rounding noise says nothing of the direction of an update.
        const size = Math.max(...Array.from(data, Math.abs));
        const close = Array.from(data).filter((value, i) =>
          Math.abs(actual.after[key].data[i] - value) <= 1e-5 * size
        );
        assert.ok(close.length >= 0.999 * data.length, key);
      }
    });
  }
}
