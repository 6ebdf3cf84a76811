/**
 * Whole training steps: traced against eager, gradients against finite differences, memory,
 * shapes, and what cannot be traced.
 */
import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import {
  floats,
  type HostTensors,
  integers,
  scalar,
} from "../../lib/core/tensors.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import type { Executor, StepFunction } from "../../lib/engine/executor.ts";
import { onnxExecutor, traceStep } from "../../lib/engine/onnx_executor.ts";
import { type Tensors, tf } from "../../lib/engine/tensorflow.ts";
import { batchTensors } from "../../lib/models/batch_tensors.ts";
import { initialT5Weights, T5_MINI } from "../../lib/models/t5/config.ts";
import {
  IGNORED_LABEL,
  noiseSize,
  t5Loss,
} from "../../lib/models/t5/network.ts";
import { VQVAE_PAPER } from "../../lib/models/vqvae/config.ts";
import { withDistinctRows } from "../../lib/models/vqvae/distinct_rows.ts";
import {
  CODEBOOK,
  initialVqvaeWeights,
  vqvaeLoss,
} from "../../lib/models/vqvae/network.ts";
import {
  adamWSlots,
  type LossResult,
  trainingStep,
} from "../../lib/nn/optimizers.ts";
import { getSpace } from "../../lib/spaces/registry.ts";

interface Problem {
  loss: (state: Tensors, inputs: Tensors) => LossResult;
  parameters: HostTensors;
  statistics: HostTensors;
  inputs: HostTensors;
}

const schedule = { learningRate: scalar(1e-3), step: scalar(1) };

/** A small VQ-VAE whose codebook is spread out, and a batch of NAS-Bench-201 cells. */
function vqvaeProblem(cells: number): Problem {
  const space = getSpace("nasbench201");
  const random = Random.fromSeed(1);
  const config = {
    ...VQVAE_PAPER,
    nodes: space.nodeCount,
    operations: space.ops.length,
    hidden: 16,
    layers: 2,
    codebookSize: 32,
  };
  const { parameters, statistics } = initialVqvaeWeights(config, random);
  const codebook = parameters[CODEBOOK];
  codebook.data.forEach((_, i) => codebook.data[i] = 0.3 * random.normal());
  return {
    loss: (state, inputs) => vqvaeLoss(config, state, inputs),
    parameters,
    statistics,
    inputs: {
      ...withDistinctRows(
        config,
        batchTensors(
          space,
          space.cells(),
          random.permutation(1000).subarray(0, cells),
        ),
      ),
      hardness: scalar(0.7),
    },
  };
}

/** A small T5 with dropout, and a batch with padding. */
function t5Problem(
  rows: number,
  feed_forward_proj: "relu" | "gated-gelu" = "relu",
): Problem {
  const random = Random.fromSeed(2);
  const config = {
    ...T5_MINI,
    vocab_size: 48,
    d_model: 16,
    d_kv: 8,
    d_ff: 24,
    num_layers: 2,
    num_decoder_layers: 2,
    num_heads: 2,
    dropout_rate: 0.1,
    feed_forward_proj,
  };
  const [inputLength, targetLength] = [6, 5];
  const ids = (length: number, padding: number) =>
    integers(
      [rows, length],
      Array.from(
        { length: rows * length },
        (_, i) => i % length >= length - 1 ? padding : 2 + random.integer(46),
      ),
    );
  const noise = noiseSize(config, { rows, inputLength, targetLength });
  return {
    loss: (state, inputs) => t5Loss(config, state, inputs, ["generate"]),
    parameters: initialT5Weights(config, random),
    statistics: {},
    inputs: {
      "generate.ids": ids(inputLength, 0),
      "generate.mask": floats(
        [rows, inputLength],
        Array.from(
          { length: rows * inputLength },
          (_, i) => i % inputLength === inputLength - 1 ? 0 : 1,
        ),
      ),
      "generate.decoderIds": ids(targetLength, 0),
      "generate.labels": ids(targetLength, IGNORED_LABEL),
      noise: floats(
        [noise],
        Array.from({ length: noise }, () => random.uniform()),
      ),
    },
  };
}

function stepOf(problem: Problem): StepFunction {
  return trainingStep(problem.loss, Object.keys(problem.parameters), {
    weightDecay: 0.01,
    clipNorm: 1,
  });
}

function stateOf({ parameters, statistics }: Problem): HostTensors {
  return { ...parameters, ...statistics, ...adamWSlots(parameters) };
}

const traced = onnxExecutor({ provider: "cpu", threads: 2 });
const eager = await eagerExecutor("cpu");

/** Largest difference of two arrays over the largest value of the second. */
function relativeError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): number {
  let difference = 0, size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    size = Math.max(size, Math.abs(expected[i]));
  }
  return difference === 0 ? 0 : difference / size;
}

async function runOnce(executor: Executor, problem: Problem) {
  const step = executor.compile(stepOf(problem), { name: "test step" });
  const state = executor.state(stateOf(problem));
  const outputs = await step.run(state, { ...problem.inputs, ...schedule });
  const after = await state.read();
  await step.dispose();
  state.dispose();
  return { outputs, after };
}

for (
  const [name, problem] of [
    ["VQ-VAE", vqvaeProblem(12)],
    ["T5", t5Problem(5)],
  ] as const
) {
  Deno.test(`${name} training step: traced equals eager to 1e-4`, async () => {
    const [actual, expected] = [
      await runOnce(traced, problem),
      await runOnce(eager, problem),
    ];
    assert.ok(
      relativeError(actual.outputs.loss.data, expected.outputs.loss.data) <
        1e-4,
    );
    for (const [key, { data }] of Object.entries(expected.after)) {
      // Adam's first update is lr · sign(g): it says nothing where g is rounding noise, so
      // parameters are compared where the gradient is not.
      const slot = expected.after[`adam.first.${key}`]?.data;
      const firm = Array.from(data.keys())
        .filter((i) => slot === undefined || Math.abs(slot[i]) > 1e-6);
      const error = relativeError(
        firm.map((i) => actual.after[key].data[i]),
        firm.map((i) => data[i]),
      );
      assert.ok(error < 1e-4, `${key}: relative error ${error}`);
    }
  });

  Deno.test(`${name} training step: eager leaves no tensors behind`, async () => {
    await runOnce(eager, problem);
    const before = tf.memory().numTensors;
    await runOnce(eager, problem);
    assert.equal(tf.memory().numTensors, before);
  });
}

Deno.test("gradients equal finite differences", async () => {
  // GELU: a ReLU's kinks within the difference would spoil it.
  const problem = t5Problem(3, "gated-gelu");
  const evaluate = traced.compile(
    (state, inputs) => ({
      outputs: { loss: problem.loss(state, inputs).loss },
    }),
    { name: "loss" },
  );
  const { after, outputs } = await runOnce(traced, problem);
  const norm = outputs.gradientNorm.data[0];
  const random = Random.fromSeed(3);
  for (const [name, { shape, data }] of Object.entries(problem.parameters)) {
    // Along a random direction: (L(w + hd) − L(w − hd)) / 2h = g · d.
    const direction = data.map(() => random.normal());
    const at = async (h: number) => {
      const moved = floats(shape, data.map((w, i) => w + h * direction[i]));
      const { loss } = await evaluate.run(
        traced.state({ ...problem.parameters, [name]: moved }),
        problem.inputs,
      );
      return loss.data[0];
    };
    const h = 2e-3;
    const numeric = (await at(h) - await at(-h)) / (2 * h);
    // The first slot holds the gradient clipped to norm 1.
    const gradient = Array.from(after[`adam.first.${name}`].data);
    const analytic = gradient.reduce(
      (sum, g, i) => sum + Math.max(1, norm) * g * direction[i],
      0,
    );
    const allowed = 1e-2 * Math.max(Math.abs(numeric), 0.05);
    assert.ok(
      Math.abs(numeric - analytic) < allowed,
      `${name}: ${analytic}, finite difference ${numeric}`,
    );
  }
});

Deno.test("1,000 steps do not grow memory", async () => {
  const problem = vqvaeProblem(32);
  const step = traced.compile(stepOf(problem), { name: "memory" });
  const state = traced.state(stateOf(problem));
  const run = async (steps: number) => {
    for (let i = 0; i < steps; i++) {
      await step.run(state, { ...problem.inputs, ...schedule });
    }
    return Deno.memoryUsage().rss;
  };
  await run(200); // arenas and caches fill first
  const before = await run(100);
  const after = await run(1000);
  await step.dispose();
  assert.ok(
    after - before < 30e6,
    `grew by ${((after - before) / 1e6).toFixed(1)} MB`,
  );
});

Deno.test("a compiled step is traced once for each shape, and takes a partial batch", async () => {
  let traces = 0;
  const double = traced.compile((_state, { x }) => {
    traces++;
    return { outputs: { y: tf.mul(x, 2) } };
  }, { name: "double" });
  const state = traced.state({});
  for (const rows of [4, 4, 3, 4]) {
    const { y } = await double.run(state, {
      x: floats([rows], new Float32Array(rows).fill(1.5)),
    });
    assert.deepEqual([...y.data], new Array(rows).fill(3));
  }
  assert.equal(traces, 2);
});

Deno.test("state is replaced from step to step, on the same two buffers", async () => {
  const count = traced.compile(
    ({ n }) => ({ outputs: { seen: n }, state: { n: tf.add(n, 1) } }),
    { name: "count" },
  );
  const state = traced.state({ n: scalar(0) });
  const seen = [];
  for (let i = 0; i < 3; i++) {
    seen.push((await count.run(state, {})).seen.data[0]);
  }
  assert.deepEqual(seen, [0, 1, 2]);
  assert.equal((await state.read()).n.data[0], 3);
});

Deno.test("an op without a translation stops the trace with its name and its caller", () => {
  assert.throws(
    () =>
      traceStep(
        (_state, { x }) => ({ outputs: { y: tf.atan(x) } }),
        {},
        { x: scalar(1) },
      ),
    /^Error: Cannot trace the op Atan: it must be one that has an ONNX translation \(lib\/engine\/kernels\.ts\); called by .*training_step_test\.ts:\d+:\d+/,
  );
});

Deno.test("what could not be compiled is tried again", async () => {
  let broken = true;
  const step = traced.compile((_state, { x }) => ({
    outputs: { y: broken ? tf.atan(x) : tf.neg(x) },
  }), { name: "broken at first" });
  const state = traced.state({});
  await assert.rejects(step.run(state, { x: scalar(1) }), /op Atan/);
  broken = false;
  assert.equal((await step.run(state, { x: scalar(1) })).y.data[0], -1);
  await step.dispose();
});

Deno.test("reading a tensor while tracing is an error", () => {
  assert.throws(
    () =>
      traceStep(
        (_state, { x }) => ({ outputs: { y: tf.mul(x, x.dataSync()[0]) } }),
        {},
        { x: scalar(1) },
      ),
    /^Error: Cannot read a tensor while tracing/,
  );
});

Deno.test("replacing state in another shape is an error", () => {
  assert.throws(
    () =>
      traceStep(
        ({ n }) => ({ outputs: {}, state: { n: tf.reshape(n, [1]) } }),
        { n: scalar(0) },
        {},
      ),
    /^RangeError: Cannot replace the state n: its shape must be \[\], got \[1\]/,
  );
});

Deno.test("the operators of a small step are as they were", () => {
  const { graph } = traceStep(
    trainingStep(
      ({ w }, { x }) => ({
        loss: tf.sum(tf.square(tf.matMul(x, w))) as tf.Scalar,
      }),
      ["w"],
      {},
    ),
    {
      w: floats([2, 3], new Float32Array(6)),
      ...adamWSlots({
        w: floats([2, 3], new Float32Array(6)),
      }),
    },
    { x: floats([4, 2], new Float32Array(8)), ...schedule },
  );
  const counts: Record<string, number> = {};
  for (const name of graph.operators) counts[name] = (counts[name] ?? 0) + 1;
  assert.equal(counts.Gemm, 2); // x w, and xᵀ dy
  assert.deepEqual(Object.keys(counts).sort(), [
    "Add",
    "Div",
    "Expand",
    "Gemm",
    "Mul",
    "Pow",
    "ReduceSum",
    "Reshape",
    "Sqrt",
    "Sub",
  ]);
});
