/**
 * Layers by hand, and their written-out gradients against finite differences, both as
 * traced graphs and on the `cpu` backend.
 */
import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { floats, type HostTensors, integers } from "../../lib/core/tensors.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import type { Executor } from "../../lib/engine/executor.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { type Tensors, tf } from "../../lib/engine/tensorflow.ts";
import {
  batchNormInference,
  dropout,
  embedding,
  linear,
  linearNormRelu,
  rmsNorm,
  stopGradient,
} from "../../lib/nn/layers.ts";
import { ACROSS_BACKENDS, assertClose, SAME_ALGORITHM } from "../_helpers.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};

/** Runs a function of tensors on a device. */
async function run(
  executor: Executor,
  fn: (inputs: Tensors) => Tensors,
  inputs: HostTensors,
): Promise<HostTensors> {
  const compiled = executor.compile((_state, x) => ({ outputs: fn(x) }), {
    name: "layer",
  });
  const state = executor.state({});
  const outputs = await compiled.run(state, inputs);
  await compiled.dispose();
  state.dispose();
  return outputs;
}

function normal(shape: number[], random: Random) {
  const size = shape.reduce((product, n) => product * n, 1);
  return floats(shape, Array.from({ length: size }, () => random.normal()));
}

/** The derivative of `Σ y · weights` with respect to each named input. */
function gradients(
  fn: (inputs: Tensors) => tf.Tensor,
  inputs: Tensors,
  names: readonly string[],
): Tensors {
  const { weights } = inputs;
  const found = tf.grads((...x: tf.Tensor[]) => {
    const named = { ...inputs };
    names.forEach((name, i) => named[name] = x[i]);
    return tf.sum(tf.mul(fn(named), weights));
  })(names.map((name) => inputs[name]));
  return Object.fromEntries(names.map((name, i) => [name, found[i]]));
}

/**
 * Asserts that gradients equal central differences, element by element, to 1 % of the
 * largest.
 *
 * @param inputs `weights`: what the elements of the result are multiplied by.
 * @param names The inputs to differentiate by.
 */
async function assertGradients(
  executor: Executor,
  fn: (inputs: Tensors) => tf.Tensor,
  inputs: HostTensors,
  names: readonly string[],
): Promise<void> {
  const analytic = await run(
    executor,
    (x) => gradients(fn, x, names),
    inputs,
  );
  const h = 1e-2;
  for (const name of names) {
    const { shape, data } = inputs[name];
    const numeric: number[] = [];
    for (let i = 0; i < data.length; i++) {
      const at = async (offset: number) => {
        const moved = floats(
          shape,
          data.map((x, j) => i === j ? x + offset : x),
        );
        const { y } = await run(executor, (x) => ({ y: fn(x) }), {
          ...inputs,
          [name]: moved,
        });
        return Array.from(y.data)
          .reduce((sum, y, j) => sum + y * inputs.weights.data[j], 0);
      };
      numeric.push((await at(h) - await at(-h)) / (2 * h));
    }
    const largest = Math.max(...numeric.map(Math.abs));
    assertClose(
      analytic[name].data,
      numeric,
      { relative: 0, absolute: 1e-2 * largest },
      `gradient of ${name}`,
    );
  }
}

Deno.test("assertGradients() fails for a wrong gradient", async () => {
  const wrong = (factor: number) => ({ x }: Tensors) =>
    tf.customGrad((...args) => ({
      value: tf.square(args[0] as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => tf.mul(dy, tf.mul(x, factor)),
    }))(x);
  const inputs = { x: floats([2], [1, -3]), weights: floats([2], [1, 2]) };
  await assertGradients(EXECUTORS.eager, wrong(2), inputs, ["x"]);
  await assert.rejects(
    assertGradients(EXECUTORS.eager, wrong(2.05), inputs, ["x"]),
    /gradient of x/,
  );
});

for (const [kind, executor] of Object.entries(EXECUTORS)) {
  Deno.test(`linear() multiplies by the transposed weight and adds a bias, ${kind}`, async () => {
    const { plain, biased } = await run(executor, ({ x, weight, bias }) => ({
      plain: linear(x, weight),
      biased: linear(x, weight, bias),
    }), {
      x: floats([2, 2], [1, 2, -1, 0]),
      weight: floats([3, 2], [3, 4, 5, -6, 7, 8]),
      bias: floats([3], [0.5, -1, 0]),
    });
    // 1·3 + 2·4, 1·5 − 2·6, 1·7 + 2·8; −1·3, −1·5, −1·7
    assert.deepEqual([...plain.data], [11, -7, 23, -3, -5, -7]);
    assert.deepEqual([...biased.data], [11.5, -8, 23, -2.5, -6, -7]);
  });

  Deno.test(`linearNormRelu() normalises each channel of a product, ${kind}`, async () => {
    const { y, mean, variance, biased } = await run(
      executor,
      ({ x, weight, gamma, beta, bias }) => {
        const norm = { gamma, beta };
        const { y, statistics } = linearNormRelu(x, { weight }, norm);
        const other = linearNormRelu(x, { weight, bias }, norm);
        return { y, ...statistics, biased: other.statistics.mean };
      },
      {
        x: floats([4, 2], [1, 10, 3, 10, 5, 16, 7, 16]),
        weight: floats([2, 2], [0, 1, 2, 0]),
        gamma: floats([2], [1, 2]),
        beta: floats([2], [-0.5, 1]),
        bias: floats([2], [100, -1]),
      },
    );
    // The products are (10, 2), (10, 6), (16, 10), (16, 14); biased: 4 · 9/4 = 9 and
    // (36 + 4 + 4 + 36)/4 = 20. A bias moves the mean alone.
    assertClose(mean.data, [13, 8], SAME_ALGORITHM);
    assertClose(variance.data, [9, 20], SAME_ALGORITHM);
    assertClose(biased.data, [113, 7], SAME_ALGORITHM);
    const s = 2 / Math.sqrt(20 + 1e-5); // γ/σ of channel 1
    const one = 3 / Math.sqrt(9 + 1e-5);
    assertClose(
      y.data,
      [0, 0, 0, 1 - 2 * s, one - 0.5, 1 + 2 * s, one - 0.5, 1 + 6 * s],
      ACROSS_BACKENDS,
    );
  });

  Deno.test(`linearNormRelu() equals batchNormInference() with its statistics, ${kind}`, async () => {
    const random = Random.fromSeed(1);
    const { training, inference } = await run(
      executor,
      ({ x, weight, bias, gamma, beta }) => {
        const { y, statistics } = linearNormRelu(x, { weight, bias }, {
          gamma,
          beta,
        });
        const product = linear(x, weight, bias);
        return {
          training: y,
          inference: tf.relu(
            batchNormInference(product, gamma, beta, statistics),
          ),
        };
      },
      {
        x: normal([64, 3], random),
        weight: normal([5, 3], random),
        bias: normal([5], random),
        gamma: normal([5], random),
        beta: normal([5], random),
      },
    );
    assertClose(inference.data, training.data, ACROSS_BACKENDS);
  });

  Deno.test(`linearNormRelu() of rows with shares equals that of rows that repeat, ${kind}`, async () => {
    const random = Random.fromSeed(2);
    const rowOf = [0, 2, 1, 2, 2, 0, 2, 3];
    // The last row stands for nothing.
    const x = normal([5, 3], random);
    const repeated = rowOf.flatMap((row) => [
      ...x.data.subarray(3 * row, 3 * row + 3),
    ]);
    const dy = normal([8, 4], random);
    const summed = new Float32Array(5 * 4);
    dy.data.forEach((value, i) =>
      summed[4 * rowOf[Math.floor(i / 4)] + i % 4] += value
    );
    const layer = {
      weight: normal([4, 3], random),
      gamma: normal([4], random),
      beta: normal([4], random),
    };
    /** Statistics, and the gradients of Σ y · dy. */
    const pass = async (inputs: HostTensors) => {
      const { dx: _, ...same } = await run(
        executor,
        ({ x, dy, shares, weight, gamma, beta }) => {
          const norm = (
            x: tf.Tensor,
            weight: tf.Tensor,
            ...rest: tf.Tensor[]
          ) =>
            linearNormRelu(
              x,
              { weight },
              { gamma: rest[0], beta: rest[1] },
              shares,
            );
          const [dx, dWeight, dGamma, dBeta] = tf.grads((
            x: tf.Tensor,
            ...rest: tf.Tensor[]
          ) => tf.sum(tf.mul(norm(x, rest[0], rest[1], rest[2]).y, dy)))([
            x,
            weight,
            gamma,
            beta,
          ]);
          const { statistics } = norm(x, weight, gamma, beta);
          return { dx, dWeight, dGamma, dBeta, ...statistics };
        },
        { ...inputs, ...layer },
      );
      return same;
    };
    const plain = await pass({ x: floats([8, 3], repeated), dy });
    const weighted = await pass({
      x,
      dy: floats([5, 4], summed),
      shares: floats([5, 1], [2 / 8, 1 / 8, 4 / 8, 1 / 8, 0]),
    });
    for (const [name, { data }] of Object.entries(plain)) {
      assertClose(weighted[name].data, data, ACROSS_BACKENDS, name);
    }
  });

  Deno.test(`batchNormInference() uses the statistics given, ${kind}`, async () => {
    const { y } = await run(
      executor,
      ({ x, gamma, beta, mean, variance }) => ({
        y: batchNormInference(x, gamma, beta, { mean, variance }),
      }),
      {
        x: floats([2, 2], [1, 2, 3, 4]),
        gamma: floats([2], [1, 3]),
        beta: floats([2], [0, 5]),
        mean: floats([2], [1, 1]),
        variance: floats([2], [4, 9]),
      },
    );
    // (1 − 1)/2, 3(2 − 1)/3 + 5; (3 − 1)/2, 3(4 − 1)/3 + 5; ε = 1e-5 changes 1e-6 of it.
    assertClose(y.data, [0, 6, 1, 8], ACROSS_BACKENDS);
  });

  Deno.test(`rmsNorm() divides by the root mean square, ${kind}`, async () => {
    const { y, wide } = await run(executor, ({ x, weight }) => ({
      y: rmsNorm(x, weight, 0),
      wide: rmsNorm(x, weight, 12.5),
    }), {
      x: floats([2, 2], [3, 4, -6, 8]),
      weight: floats([2], [1, 2]),
    });
    // Mean squares (9 + 16)/2 = 12.5 and 50; the mean is not taken off.
    const [r, s] = [Math.sqrt(12.5), Math.sqrt(50)];
    assertClose(y.data, [3 / r, 8 / r, -6 / s, 16 / s], ACROSS_BACKENDS);
    const t = Math.sqrt(62.5); // 12.5 + 12.5 = 5²
    assertClose(wide.data, [0.6, 1.6, -6 / t, 16 / t], ACROSS_BACKENDS);
  });

  Deno.test(`embedding() looks rows up and adds their gradients up, ${kind}`, async () => {
    const inputs = {
      table: floats([3, 2], [1, 2, 3, 4, 5, 6]),
      indices: integers([4], [2, 0, 2, 2]),
      weights: floats([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
    };
    const lookup = ({ table, indices }: Tensors) => embedding(table, indices);
    const { y } = await run(executor, (x) => ({ y: lookup(x) }), inputs);
    assert.deepEqual([...y.data], [5, 6, 1, 2, 5, 6, 5, 6]);
    const { table } = await run(
      executor,
      (x) => gradients(lookup, x, ["table"]),
      inputs,
    );
    // Row 0: (3, 4); row 1 is not used; row 2: (1 + 5 + 7, 2 + 6 + 8).
    assert.deepEqual([...table.data], [3, 4, 0, 0, 13, 16]);
  });

  Deno.test(`stopGradient() passes the value and no gradient, ${kind}`, async () => {
    const { y, x } = await run(
      executor,
      (inputs) => ({
        y: stopGradient(inputs.x),
        // d(x · sg[x])/dx is sg[x], not 2x.
        ...gradients(({ x }) => tf.mul(x, stopGradient(x)), inputs, ["x"]),
      }),
      { x: floats([3], [1, -2, 3]), weights: floats([3], [1, 1, 2]) },
    );
    assert.deepEqual([...y.data], [1, -2, 3]);
    assert.deepEqual([...x.data], [1, -2, 6]);
  });

  Deno.test(`gradients that are written out equal finite differences, ${kind}`, async () => {
    const random = Random.fromSeed(3);
    const channels = {
      gamma: normal([3], random),
      beta: normal([3], random),
      weight: normal([3], random),
    };
    const inputs = {
      x: normal([5, 3], random),
      weights: normal([5, 3], random),
      ...channels,
    };
    await assertGradients(
      executor,
      ({ x, matrix, gamma, beta }) =>
        linearNormRelu(x, { weight: matrix }, { gamma, beta }).y,
      { ...inputs, matrix: normal([3, 3], random) },
      ["x", "matrix", "gamma", "beta"],
    );
    await assertGradients(
      executor,
      ({ x, weight }) => rmsNorm(x, weight, 0.1),
      inputs,
      ["x", "weight"],
    );
    await assertGradients(
      executor,
      ({ table, indices }) => embedding(table, indices),
      {
        table: normal([4, 3], random),
        indices: integers([5], [3, 1, 3, 0, 3]),
        weights: inputs.weights,
      },
      ["table"],
    );
  });

  Deno.test(`dropout() drops where the sum of both offsets passes a whole number, ${kind}`, async () => {
    const { y } = await run(
      executor,
      ({ x, rows, columns }) => ({ y: dropout(x, 0.25, { rows, columns }) }),
      {
        x: floats([2, 3], [1, 2, 3, 4, 5, 6]),
        rows: floats([2], [0.125, 0.625]),
        columns: floats([3], [0, 0.125, 0.5]),
      },
    );
    // Fractions 0.125, 0.25, 0.625 and 0.625, 0.75, 0.125 (of 1.125); below 0.25 is
    // dropped, the rest divided by 0.75.
    assertClose(y.data, [0, 8 / 3, 4, 16 / 3, 20 / 3, 0], SAME_ALGORITHM);
  });
}

/** Elements of `x` after a dropout with random offsets. */
async function dropped(x: number[], shape: [number, number], rate: number) {
  const random = Random.fromSeed(4);
  const uniform = (size: number) =>
    floats([size], Array.from({ length: size }, () => random.uniform()));
  const { y } = await run(
    EXECUTORS.eager,
    ({ x, rows, columns }) => ({ y: dropout(x, rate, { rows, columns }) }),
    {
      x: floats(shape, x),
      rows: uniform(shape[0]),
      columns: uniform(shape[1]),
    },
  );
  return Array.from(y.data);
}

/** Asserts that a share is that expected, within 5 standard errors of `draws` draws. */
function assertShare(share: number, expected: number, draws: number) {
  const allowed = 5 * Math.sqrt(expected * (1 - expected) / draws);
  assert.ok(
    Math.abs(share - expected) <= allowed,
    `share ${share}, expected ${expected} ± ${allowed}`,
  );
}

const [ROWS, COLUMNS] = [200, 300];

Deno.test("dropout() drops the share asked for", async () => {
  const size = ROWS * COLUMNS;
  for (const rate of [0.1, 0.5]) {
    const y = await dropped(new Array(size).fill(1), [ROWS, COLUMNS], rate);
    const share = y.filter((value) => value === 0).length / size;
    assertShare(share, rate, size);
    assert.throws(() => assertShare(share, rate + 0.02, size), /share/);
    // What is kept is scaled by 1/(1 − rate), so the expectation stays.
    const kept = y.filter((value) => value !== 0);
    assertClose(
      kept,
      kept.map(() => 1 / (1 - rate)),
      SAME_ALGORITHM,
    );
  }
});

Deno.test("dropout() preserves the expectation", async () => {
  const rate = 0.3;
  const random = Random.fromSeed(5);
  const x = Array.from({ length: ROWS * COLUMNS }, () => random.normal());
  const y = await dropped(x, [ROWS, COLUMNS], rate);
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  // Var(y) = x² · rate/(1 − rate) for each; any two are independent.
  const error = Math.sqrt(sum(x.map((v) => v * v)) * rate / (1 - rate));
  assert.ok(Math.abs(sum(y) - sum(x)) <= 5 * error);
});

Deno.test("dropout() drops two elements of a row or a column independently", async () => {
  const [size, rate] = [800, 0.4];
  const y = await dropped(new Array(size * size).fill(1), [size, size], rate);
  const at = (row: number, column: number) => y[row * size + column] === 0;
  let rows = 0, columns = 0;
  // 2 × 2 blocks on the diagonal share no offset with each other.
  for (let i = 0; i < size; i += 2) {
    if (at(i, i) && at(i, i + 1)) rows++;
    if (at(i, i) && at(i + 1, i)) columns++;
  }
  assertShare(rows / (size / 2), rate ** 2, size / 2);
  assertShare(columns / (size / 2), rate ** 2, size / 2);
});

Deno.test("dropout() returns its input at rate 0 or without noise", () => {
  const x = tf.tensor2d([[1, 2]]);
  const noise = { rows: tf.tensor1d([0]), columns: tf.tensor1d([0, 0]) };
  assert.equal(dropout(x, 0, noise), x);
  assert.equal(dropout(x, 0.5, undefined), x);
  tf.dispose([x, ...Object.values(noise)]);
});
