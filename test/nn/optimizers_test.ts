/** AdamW by hand and against PyTorch, as a traced graph and on the `cpu` backend; schedules. */
import assert from "node:assert/strict";
import { floats, type HostTensors, scalar } from "../../lib/core/tensors.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import type { Executor } from "../../lib/engine/executor.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { type Tensors, tf } from "../../lib/engine/tensorflow.ts";
import {
  type AdamWOptions,
  adamWSlots,
  adamWUpdate,
  trainingStep,
  warmupCosine,
} from "../../lib/nn/optimizers.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};

const PARAMETERS = {
  w: floats([2, 2], [1, -2, 3, 0.5]),
  b: floats([2], [0.5, -0.25]),
};
const GRADIENTS = [
  { w: [0.3, -0.1, 0, 4], b: [1, -2] },
  { w: [-0.2, -0.1, 0.5, 1], b: [3, 0.5] },
];

/** `w` and `b` after each of two updates, and everything else. */
async function update(
  executor: Executor,
  rate: number,
  options: AdamWOptions,
) {
  const step = executor.compile((state, { w, b, learningRate, step }) => {
    const next = adamWUpdate(state, { w, b }, learningRate, step, options);
    const outputs: Tensors = {};
    if (next.gradientNorm !== undefined) outputs.norm = next.gradientNorm;
    return { outputs, state: next.state };
  }, { name: "AdamW" });
  const state = executor.state({ ...PARAMETERS, ...adamWSlots(PARAMETERS) });
  const steps = [];
  for (const [i, { w, b }] of GRADIENTS.entries()) {
    const { norm } = await step.run(state, {
      w: floats([2, 2], w),
      b: floats([2], b),
      learningRate: scalar(rate),
      step: scalar(i + 1),
    });
    const after = await state.read();
    steps.push({
      parameters: [...after.w.data, ...after.b.data],
      norm: norm?.data[0],
      after,
    });
  }
  await step.dispose();
  return steps;
}

/*
 * The expected numbers of the next two tests are what this prints under torch 2.13.0:
 *
 *   import torch
 *   def run(clip, weight_decay, **options):
 *       w = torch.tensor([[1.0, -2.0], [3.0, 0.5]], dtype=torch.float64, requires_grad=True)
 *       b = torch.tensor([0.5, -0.25], dtype=torch.float64, requires_grad=True)
 *       adam = torch.optim.AdamW([{"params": [w], "weight_decay": weight_decay},
 *                                 {"params": [b], "weight_decay": 0.0}], **options)
 *       for gw, gb in [([[0.3, -0.1], [0.0, 4.0]], [1.0, -2.0]),
 *                      ([[-0.2, -0.1], [0.5, 1.0]], [3.0, 0.5])]:
 *           w.grad = torch.tensor(gw, dtype=torch.float64)
 *           b.grad = torch.tensor(gb, dtype=torch.float64)
 *           norm = torch.nn.utils.clip_grad_norm_([w, b], clip) if clip else 0
 *           adam.step()
 *           print([round(x, 7) for x in [*w.flatten().tolist(), *b.tolist()]], float(norm))
 *   run(0, 0.0, lr=0.1)
 *   run(1.5, 0.2, lr=0.05, betas=(0.8, 0.99), eps=0.01)
 */
for (const [kind, executor] of Object.entries(EXECUTORS)) {
  Deno.test(`adamWUpdate() with its defaults is PyTorch's Adam, ${kind}`, async () => {
    const [first, second] = await update(executor, 0.1, {});
    // The first update is lr · g/|g|, by hand: 1 − 0.1, −2 + 0.1, 3 ± 0, 0.5 − 0.1, …
    assertClose(
      first.parameters,
      [0.9, -1.9, 3, 0.4, 0.4, -0.15],
      SAME_ALGORITHM,
    );
    assertClose(
      second.parameters,
      [0.885548, -1.8, 2.9255863, 0.3169402, 0.3082219, -0.1030532],
      SAME_ALGORITHM,
    );
  });

  Deno.test(`adamWUpdate() with every option is PyTorch's AdamW, ${kind}`, async () => {
    const [first, second] = await update(executor, 0.05, {
      beta1: 0.8,
      beta2: 0.99,
      epsilon: 0.01,
      weightDecay: 0.2,
      clipNorm: 1.5,
    });
    assertClose(
      first.parameters,
      [0.9446311, -1.941722, 2.97, 0.4453799, 0.4514857, -0.200754],
      SAME_ALGORITHM,
    );
    assertClose(
      second.parameters,
      [0.9388792, -1.8821573, 2.9033707, 0.3985515, 0.4065868, -0.1845187],
      SAME_ALGORITHM,
    );
    // Before clipping: √(0.09 + 0.01 + 16 + 1 + 4)
    assertClose([first.norm], [Math.sqrt(21.1)], SAME_ALGORITHM);
    assertClose([second.norm], [3.2480763537823427], SAME_ALGORITHM);
  });

  Deno.test(`adamWUpdate() multiplies a parameter's step, not its decay, ${kind}`, async () => {
    const factored = await update(executor, 0.1, {
      weightDecay: 0.2,
      stepFactor: (name) => name === "w" ? 5 : 1,
    });
    const plain = await update(executor, 0.1, { weightDecay: 0.2 });
    // Both start from the same weights, decayed by 1 − lr · 0.2.
    for (const [i, before] of PARAMETERS.w.data.entries()) {
      const decayed = 0.98 * before;
      assertClose(
        [factored[0].parameters[i] - decayed],
        [5 * (plain[0].parameters[i] - decayed)],
        SAME_ALGORITHM,
      );
    }
    for (const i of [0, 1]) {
      assert.deepEqual(
        factored[i].parameters.slice(4),
        plain[i].parameters.slice(4),
      );
    }
  });

  Deno.test(`adamWUpdate() sums the clipped gradient up, ${kind}`, async () => {
    const norm = Math.sqrt(21.1);
    for (
      const [clipNorm, scale] of [[0, 1], [10, 1], [norm / 2, 0.5]] as const
    ) {
      const [{ after }] = await update(executor, 0.1, { clipNorm });
      const gradient = GRADIENTS[0].w.map((g) => scale * g);
      // Decayed sums that were zero: g and g².
      assertClose(
        after["adam.first.w"].data,
        gradient,
        SAME_ALGORITHM,
      );
      assertClose(
        after["adam.second.w"].data,
        gradient.map((g) => g * g),
        SAME_ALGORITHM,
      );
    }
  });

  Deno.test(`adamWUpdate() decays what it is told to, ${kind}`, async () => {
    const plain = (await update(executor, 0.1, {}))[0].parameters;
    const decayed = async (options: AdamWOptions) => {
      const [{ parameters }] = await update(executor, 0.1, {
        weightDecay: 0.5,
        ...options,
      });
      return parameters.map((x, i) => x - plain[i]);
    };
    // −lr · decay · parameter, by default of matrices alone.
    const [w, b] = [[-0.05, 0.1, -0.15, -0.025], [-0.025, 0.0125]];
    assertClose(await decayed({}), [...w, 0, 0], SAME_ALGORITHM);
    assertClose(
      await decayed({ decays: (name) => name === "b" }),
      [0, 0, 0, 0, ...b],
      SAME_ALGORITHM,
    );
    assertClose(
      await decayed({ decays: () => true }),
      [...w, ...b],
      SAME_ALGORITHM,
    );
  });

  Deno.test(`trainingStep() returns loss, outputs and new state, ${kind}`, async () => {
    const step = executor.compile(
      trainingStep(
        ({ w, seen, fixed }, { x }) => {
          const error = tf.sub(tf.mul(w, x), fixed);
          return {
            loss: tf.sum(tf.square(error)),
            outputs: { error },
            state: { seen: tf.add(seen, 1) },
          };
        },
        ["w"],
        { clipNorm: 1 },
      ),
      { name: "step" },
    );
    const parameters: HostTensors = { w: floats([2], [1, 2]) };
    const before = { seen: scalar(0), fixed: floats([2], [1, 0]) };
    const state = executor.state({
      ...parameters,
      ...before,
      ...adamWSlots(parameters),
    });
    const outputs = await step.run(state, {
      x: floats([2], [3, 1]),
      learningRate: scalar(0.1),
      step: scalar(1),
    });
    // Errors 3 − 1 and 2 − 0; 4 + 4; gradient 2 · error · x = (12, 4).
    assert.deepEqual([...outputs.error.data], [2, 2]);
    assert.deepEqual([...outputs.loss.data], [8]);
    assertClose(outputs.gradientNorm.data, [Math.sqrt(160)], SAME_ALGORITHM);
    assert.deepEqual(
      Object.keys(outputs).sort(),
      ["error", "gradientNorm", "loss"],
    );
    const after = await state.read();
    assertClose(after.w.data, [0.9, 1.9], SAME_ALGORITHM);
    assert.deepEqual([...after.seen.data], [1]);
    assert.deepEqual(after.fixed, before.fixed);
    const scale = 1 / Math.sqrt(160);
    assertClose(
      after["adam.first.w"].data,
      [12 * scale, 4 * scale],
      SAME_ALGORITHM,
    );
    await step.dispose();
  });
}

Deno.test("adamWSlots() makes two zero slots for each parameter", () => {
  const slots = adamWSlots(PARAMETERS);
  assert.deepEqual(Object.keys(slots).sort(), [
    "adam.first.b",
    "adam.first.w",
    "adam.second.b",
    "adam.second.w",
  ]);
  assert.deepEqual(slots["adam.second.w"], floats([2, 2], [0, 0, 0, 0]));
});

Deno.test("warmupCosine() rises to its peak and falls to a tenth of it", () => {
  const rate = (step: number) =>
    warmupCosine(step, { peak: 2, warmup: 10, steps: 110 });
  assertClose(
    [1, 5, 10, 60, 110, 200].map(rate),
    // A tenth, a half, the peak; half way down 2 (0.1 + 0.45); the end, and beyond.
    [0.2, 1, 2, 1.1, 0.2, 0.2],
    SAME_ALGORITHM,
  );
  // A quarter down: cos 45° = √½.
  assertClose(
    [rate(35)],
    [2 * (0.1 + 0.45 * (1 + Math.SQRT1_2))],
    SAME_ALGORITHM,
  );
  for (let step = 11; step <= 110; step++) {
    assert.ok(rate(step) < rate(step - 1));
  }
});

Deno.test("warmupCosine() takes no warm-up, and a run that is all warm-up", () => {
  const options = { peak: 1, warmup: 0, steps: 10 };
  assert.equal(warmupCosine(0, options), 1);
  assertClose([warmupCosine(10, options)], [0.1], SAME_ALGORITHM);
  const short = { peak: 1, warmup: 100, steps: 10 };
  assertClose([warmupCosine(10, short)], [0.1], SAME_ALGORITHM);
});
