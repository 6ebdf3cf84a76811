/** A GIN layer by hand, both as a traced graph and on the `cpu` backend. */
import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import {
  floats,
  type HostTensor,
  type HostTensors,
} from "../../lib/core/tensors.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import type { Executor } from "../../lib/engine/executor.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import type { Tensors } from "../../lib/engine/tensorflow.ts";
import { ginLayer } from "../../lib/nn/gin.ts";
import { ACROSS_BACKENDS, assertClose } from "../_helpers.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};

/** Runs the layer `gin`; the running statistics that it updates are outputs, too. */
async function run(
  executor: Executor,
  state: HostTensors,
  inputs: { h: HostTensor; adjacency: HostTensor },
  options: { depth: number; training: boolean; decay?: number },
): Promise<HostTensors> {
  const layer = executor.compile((state, { h, adjacency }) => {
    const updates: Tensors = {};
    const y = ginLayer(state, "gin", h, adjacency, options, updates);
    return { outputs: { y, ...updates } };
  }, { name: "gin" });
  const outputs = await layer.run(executor.state(state), inputs);
  await layer.dispose();
  return outputs;
}

/** A triplet; running variance 4, so inference halves what is not at the running mean. */
function triplet(
  i: number,
  weight: HostTensor,
  { gamma, beta, mean }: { gamma: number[]; beta: number[]; mean: number[] },
): HostTensors {
  const width = [weight.shape[0]];
  return {
    [`gin.${i}.weight`]: weight,
    [`gin.${i}.norm.gamma`]: floats(width, gamma),
    [`gin.${i}.norm.beta`]: floats(width, beta),
    [`gin.${i}.norm.mean`]: floats(width, mean),
    [`gin.${i}.norm.variance`]: floats(width, mean.map(() => 4)),
  };
}

/** The path 0 – 1 – 2, undirected, and two graphs of it with other features. */
const PATH = [0, 1, 0, 1, 0, 1, 0, 1, 0];
const ADJACENCY = floats([2, 3, 3], [...PATH, ...PATH]);
const H = floats([6, 2], [1, 0, 0, 2, -4, 1, 0, 0, 1, 1, 0, 0]);
/**
 * With ε = ½ a node is 1.5 times itself and its neighbours:
 * 1.5 (1, 0) + (0, 2), 1.5 (0, 2) + (1, 0) + (−4, 1), 1.5 (−4, 1) + (0, 2);
 * in the second graph the neighbours of node 1 get it once.
 */
const SUMS = [1.5, 2, -3, 4, -6, 3.5, 1, 1, 1.5, 1.5, 1, 1];
const EPSILON = { "gin.epsilon": floats([], [0.5]) };
const FIRST = triplet(0, floats([2, 2], [1, 0, 1, -1]), {
  gamma: [2, 4],
  beta: [0, 1],
  mean: [0, 1],
});

for (const [kind, executor] of Object.entries(EXECUTORS)) {
  Deno.test(`ginLayer() adds neighbours to (1 + ε) times a node, ${kind}`, async () => {
    const options = { depth: 0, training: false };
    const inputs = { h: H, adjacency: ADJACENCY };
    const { y } = await run(executor, EPSILON, inputs, options);
    assert.deepEqual([...y.data], SUMS);
    // ε = −1 leaves the neighbours alone.
    const none = { "gin.epsilon": floats([], [-1]) };
    const alone = await run(executor, none, inputs, options);
    assert.deepEqual(
      [...alone.y.data],
      [0, 2, -3, 1, 0, 2, 1, 1, 0, 0, 1, 1],
    );
  });

  Deno.test(`ginLayer() uses running statistics at inference, ${kind}`, async () => {
    const outputs = await run(
      executor,
      { ...EPSILON, ...FIRST },
      { h: H, adjacency: ADJACENCY },
      { depth: 1, training: false },
    );
    // x₀, then x₀ − x₁; halved (σ = 2) about the means 0 and 1; times γ plus β; ReLU:
    // x₀ and 2 (x₀ − x₁ − 1) + 1.
    const expected = [];
    for (let row = 0; row < 6; row++) {
      const [a, b] = SUMS.slice(2 * row);
      expected.push(Math.max(0, a), Math.max(0, 2 * (a - b - 1) + 1));
    }
    assertClose(outputs.y.data, expected, ACROSS_BACKENDS);
    assert.deepEqual(Object.keys(outputs), ["y"]);
  });

  Deno.test(`ginLayer() normalises with the batch in training and moves the statistics, ${kind}`, async () => {
    const outputs = await run(
      executor,
      { ...EPSILON, ...FIRST },
      { h: H, adjacency: ADJACENCY },
      { depth: 1, training: true },
    );
    const product = Array.from({ length: 6 }, (_, row) => {
      const [a, b] = SUMS.slice(2 * row);
      return [a, a - b];
    });
    const moments = [0, 1].map((channel) => {
      const values = product.map((row) => row[channel]);
      const mean = values.reduce((sum, v) => sum + v, 0) / 6;
      const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 6;
      return { mean, variance };
    });
    // By hand for channel 0: 1.5, −3, −6, 1, 1.5, 1 have the mean −4/6.
    assertClose([moments[0].mean], [-2 / 3], ACROSS_BACKENDS);
    assertClose(
      outputs.y.data,
      product.flatMap((row) =>
        row.map((value, channel) => {
          const { mean, variance } = moments[channel];
          const normalised = (value - mean) / Math.sqrt(variance + 1e-5);
          return Math.max(0, [2, 4][channel] * normalised + channel);
        })
      ),
      ACROSS_BACKENDS,
    );
    // A twentieth of the way to the batch's.
    assertClose(
      outputs["gin.0.norm.mean"].data,
      [0.05 * moments[0].mean, 0.95 + 0.05 * moments[1].mean],
      ACROSS_BACKENDS,
    );
    assertClose(
      outputs["gin.0.norm.variance"].data,
      moments.map(({ variance }) => 0.95 * 4 + 0.05 * variance),
      ACROSS_BACKENDS,
    );
  });

  Deno.test(`ginLayer() adds a bias where there is one, ${kind}`, async () => {
    const bias = { "gin.0.bias": floats([2], [10, -7]) };
    const state = { ...EPSILON, ...FIRST, ...bias };
    const inputs = { h: H, adjacency: ADJACENCY };
    const { y } = await run(executor, state, inputs, {
      depth: 1,
      training: false,
    });
    // x₀ + 10 and x₀ − x₁ − 7, normalised as above.
    const expected = [];
    for (let row = 0; row < 6; row++) {
      const [a, b] = SUMS.slice(2 * row);
      expected.push(
        Math.max(0, a + 10),
        Math.max(0, 2 * (a - b - 7 - 1) + 1),
      );
    }
    assertClose(y.data, expected, ACROSS_BACKENDS);
    // The batch's own mean takes it away again.
    const training = { depth: 1, training: true };
    const plain = { ...EPSILON, ...FIRST };
    assertClose(
      (await run(executor, state, inputs, training)).y.data,
      [...(await run(executor, plain, inputs, training)).y.data],
      ACROSS_BACKENDS,
    );
  });

  Deno.test(`ginLayer() moves the statistics as far as it is told, ${kind}`, async () => {
    const outputs = await run(
      executor,
      { ...EPSILON, ...FIRST },
      { h: H, adjacency: ADJACENCY },
      { depth: 1, training: true, decay: 0.75 },
    );
    // From 0 and 1 a quarter of the way to the means of x₀, −4/6, and of x₀ − x₁,
    // (−0.5 − 7 − 9.5 + 0 + 0 + 0) / 6.
    assertClose(
      outputs["gin.0.norm.mean"].data,
      [0.25 * -4 / 6, 0.75 + 0.25 * -17 / 6],
      ACROSS_BACKENDS,
    );
  });

  Deno.test(`ginLayer() applies its triplets one after the other, ${kind}`, async () => {
    const second = triplet(1, floats([1, 2], [1, -1]), {
      gamma: [2],
      beta: [3],
      mean: [1],
    });
    const state = { ...EPSILON, ...FIRST, ...second };
    const inputs = { h: H, adjacency: ADJACENCY };
    const one = await run(executor, state, inputs, {
      depth: 1,
      training: false,
    });
    const { y } = await run(executor, state, inputs, {
      depth: 2,
      training: false,
    });
    // a − b of the first triplet's outputs; (a − b − 1)/2 · 2 + 3; ReLU.
    const expected = [];
    for (let row = 0; row < 6; row++) {
      const [a, b] = one.y.data.slice(2 * row);
      expected.push(Math.max(0, a - b + 2));
    }
    assert.deepEqual(y.shape, [6, 1]);
    assertClose(y.data, expected, ACROSS_BACKENDS);
  });

  Deno.test(`ginLayer() of a permuted graph is the permuted result, ${kind}`, async () => {
    const random = Random.fromSeed(3);
    const [nodes, width] = [5, 2];
    const h = Array.from({ length: nodes * width }, () => random.normal());
    const adjacency = new Array(nodes * nodes).fill(0);
    for (let i = 0; i < nodes; i++) {
      for (let j = 0; j < i; j++) {
        adjacency[i * nodes + j] = adjacency[j * nodes + i] = random.integer(2);
      }
    }
    const order = [3, 0, 4, 1, 2];
    const of = (h: number[], adjacency: number[]) =>
      run(executor, { ...EPSILON, ...FIRST }, {
        h: floats([nodes, width], h),
        adjacency: floats([1, nodes, nodes], adjacency),
      }, { depth: 1, training: true });
    const plain = await of(h, adjacency);
    const permuted = await of(
      order.flatMap((i) => h.slice(i * width, (i + 1) * width)),
      order.flatMap((i) => order.map((j) => adjacency[i * nodes + j])),
    );
    assertClose(
      permuted.y.data,
      order.flatMap((i) => [...plain.y.data.slice(i * width, (i + 1) * width)]),
      ACROSS_BACKENDS,
    );
  });
}
