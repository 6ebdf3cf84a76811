/** Adafactor by hand and against transformers, as a traced graph and on the `cpu` backend. */
import assert from "node:assert/strict";
import { floats, scalar } from "../../lib/core/tensors.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import type { Executor } from "../../lib/engine/executor.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import {
  adafactor,
  type AdafactorOptions,
  adafactorSlots,
} from "../../lib/nn/adafactor.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};

const PARAMETERS = {
  w: floats([3, 2], [1, -2, 3, 0.5, 0.25, 1.5]),
  b: floats([2], [0.5, -0.25]),
};
const GRADIENTS = [
  { w: [0.3, -0.1, 0, 4, 0, 0], b: [1, -2] },
  { w: [-0.2, -0.1, 0.5, 1, 0, 0.02], b: [3, 0.5] },
];

/** All state after each of two updates. */
async function update(
  executor: Executor,
  rate: number,
  options?: AdafactorOptions,
) {
  const optimizer = adafactor(options);
  const step = executor.compile((state, { w, b, learningRate, step }) => ({
    outputs: {},
    state: optimizer(state, { w, b }, learningRate, step).state,
  }), { name: "Adafactor" });
  const state = executor.state({
    ...PARAMETERS,
    ...adafactorSlots(PARAMETERS),
  });
  const steps = [];
  for (const [i, { w, b }] of GRADIENTS.entries()) {
    await step.run(state, {
      w: floats([3, 2], w),
      b: floats([2], b),
      learningRate: scalar(rate),
      step: scalar(i + 1),
    });
    const after = await state.read();
    steps.push({
      after,
      parameters: [...after.w.data, ...after.b.data],
    });
  }
  await step.dispose();
  return steps;
}

/*
 * The expected numbers of the next two tests are what this prints under torch 2.13.0 and
 * transformers 5.23.0:
 *
 *   import torch
 *   from transformers.optimization import Adafactor
 *   def run(**options):
 *       w = torch.tensor([[1.0, -2.0], [3.0, 0.5], [0.25, 1.5]], dtype=torch.float64,
 *                        requires_grad=True)
 *       b = torch.tensor([0.5, -0.25], dtype=torch.float64, requires_grad=True)
 *       adafactor = Adafactor([w, b], relative_step=False, **options)
 *       for gw, gb in [([[0.3, -0.1], [0.0, 4.0], [0.0, 0.0]], [1.0, -2.0]),
 *                      ([[-0.2, -0.1], [0.5, 1.0], [0.0, 0.02]], [3.0, 0.5])]:
 *           w.grad = torch.tensor(gw, dtype=torch.float64)
 *           b.grad = torch.tensor(gb, dtype=torch.float64)
 *           adafactor.step()
 *           print([round(x, 7) for x in [*w.flatten().tolist(), *b.tolist()]])
 *   run(lr=0.01)
 *   run(lr=0.1, scale_parameter=False, clip_threshold=0.5, decay_rate=-0.6)
 */
for (const [kind, executor] of Object.entries(EXECUTORS)) {
  Deno.test(`adafactor() with its defaults is that of transformers, ${kind}`, async () => {
    const [first, second] = await update(executor, 0.01);
    assertClose(
      first.parameters,
      [0.959442, -1.9989864, 3, 0.4967946, 0.25, 1.5, 0.4960472, -0.2460472],
      SAME_ALGORITHM,
    );
    assertClose(
      second.parameters,
      [
        ...[0.9971517, -1.9958481, 2.9908265, 0.4937409, 0.25, 1.488944],
        ...[0.4910812, -0.247488],
      ],
      SAME_ALGORITHM,
    );
  });

  Deno.test(`adafactor() with every option is that of transformers, ${kind}`, async () => {
    const [first, second] = await update(executor, 0.1, {
      scaleParameter: false,
      clipThreshold: 0.5,
      decayRate: -0.6,
    });
    assertClose(
      first.parameters,
      [0.8779441, -1.9969496, 3, 0.4903536, 0.25, 1.5, 0.45, -0.2],
      SAME_ALGORITHM,
    );
    assertClose(
      second.parameters,
      [
        ...[0.9907976, -1.9861985, 2.9708294, 0.4792378, 0.25, 1.465736],
        ...[0.3830136, -0.2226455],
      ],
      SAME_ALGORITHM,
    );
  });

  Deno.test(`adafactor() keeps means of squares by row and by column, ${kind}`, async () => {
    const [{ after }] = await update(executor, 0.01);
    // The first step has no past: means of 0.09, 0.01; 0, 16; 0, 0.
    assertClose(
      after["adafactor.row.w"].data,
      [0.05, 8, 0],
      SAME_ALGORITHM,
    );
    assertClose(
      after["adafactor.column.w"].data,
      [0.03, 16.01 / 3],
      SAME_ALGORITHM,
    );
    assertClose(after["adafactor.second.b"].data, [1, 4], SAME_ALGORITHM);
  });

  Deno.test(`adafactor() moves a parameter that is 0, ${kind}`, async () => {
    const optimizer = adafactor();
    const zero = { b: floats([2], [0, 0]) };
    const step = executor.compile((state, { b, learningRate, step }) => ({
      outputs: {},
      state: optimizer(state, { b }, learningRate, step).state,
    }), { name: "Adafactor" });
    const state = executor.state({ ...zero, ...adafactorSlots(zero) });
    await step.run(state, {
      b: floats([2], [3, -0.5]),
      learningRate: scalar(0.1),
      step: scalar(1),
    });
    // By the rate times the least size, against the sign of the gradient.
    assertClose((await state.read()).b.data, [-1e-4, 1e-4], {
      relative: 1e-5,
      absolute: 0,
    });
    await step.dispose();
  });
}

Deno.test("adafactorSlots() are a row and a column of a matrix, a vector of a vector", () => {
  assert.deepEqual(adafactorSlots(PARAMETERS), {
    "adafactor.row.w": floats([3], [0, 0, 0]),
    "adafactor.column.w": floats([2], [0, 0]),
    "adafactor.second.b": floats([2], [0, 0]),
  });
});
