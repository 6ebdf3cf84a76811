/** Losses by hand, with their gradients, both as traced graphs and on the `cpu` backend. */
import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { floats, type HostTensors, integers } from "../../lib/core/tensors.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import type { Executor } from "../../lib/engine/executor.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { type Tensors, tf } from "../../lib/engine/tensorflow.ts";
import {
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  softmaxCrossEntropyOneHot,
} from "../../lib/nn/losses.ts";
import { ACROSS_BACKENDS, assertClose, SAME_ALGORITHM } from "../_helpers.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};

/**
 * Runs a loss of `logits` and the other inputs.
 *
 * @returns `loss`, and `gradient`: of the sum of `loss · dy` with respect to the logits.
 */
async function run(
  executor: Executor,
  loss: (inputs: Tensors) => tf.Tensor,
  inputs: HostTensors,
): Promise<HostTensors> {
  const compiled = executor.compile((_state, x) => {
    const [gradient] = tf.grads((logits: tf.Tensor) => {
      const each = loss({ ...x, logits });
      return tf.sum(x.dy === undefined ? each : tf.mul(each, x.dy));
    })([x.logits]);
    return { outputs: { loss: loss(x), gradient } };
  }, { name: "loss" });
  const outputs = await compiled.run(executor.state({}), inputs);
  await compiled.dispose();
  return outputs;
}

const byIndex = ({ logits, targets }: Tensors) =>
  softmaxCrossEntropy(logits, targets);
const byOneHot = ({ logits, oneHot }: Tensors) =>
  softmaxCrossEntropyOneHot(logits, oneHot);
const binary = ({ logits, targets }: Tensors) =>
  sigmoidCrossEntropy(logits, targets);

/** The binary cross-entropies of logits with a target of 0 and of 1, in float64. */
const softplus = (x: number) =>
  Math.log1p(Math.exp(-Math.abs(x))) +
  Math.max(x, 0);

for (const [kind, executor] of Object.entries(EXECUTORS)) {
  Deno.test(`softmaxCrossEntropy() is −log p of the target, ${kind}`, async () => {
    const { loss, gradient } = await run(executor, byIndex, {
      // Weights 1 : 3 and 2 : 6, so p = ¼, ¾ in both rows.
      logits: floats([2, 2], [0, Math.log(3), Math.log(2), Math.log(6)]),
      targets: integers([2], [0, 1]),
    });
    assert.deepEqual(loss.shape, [2]);
    assertClose(loss.data, [Math.log(4), Math.log(4 / 3)], ACROSS_BACKENDS);
    assertClose(gradient.data, [-0.75, 0.75, 0.25, -0.25], ACROSS_BACKENDS);
  });

  Deno.test(`softmaxCrossEntropy() and its gradient equal float64's, ${kind}`, async () => {
    const random = Random.fromSeed(1);
    const [rows, size] = [9, 6];
    const logits = Array.from(
      { length: rows * size },
      () => 3 * random.normal(),
    );
    const targets = Array.from({ length: rows }, () => random.integer(size));
    const dy = Array.from({ length: rows }, () => random.normal());
    const { loss, gradient } = await run(executor, byIndex, {
      logits: floats([rows, size], logits),
      targets: integers([rows], targets),
      dy: floats([rows], dy),
    });
    /** The loss of a row when `logits` has `delta` added at `place`. */
    const lossAt = (row: number, place = -1, delta = 0) => {
      const x = logits.slice(row * size, (row + 1) * size);
      if (place >= 0) x[place] += delta;
      return Math.log(x.reduce((sum, v) => sum + Math.exp(v), 0)) -
        x[targets[row]];
    };
    const h = 1e-5;
    assertClose(
      loss.data,
      targets.map((_, row) => lossAt(row)),
      ACROSS_BACKENDS,
    );
    assertClose(
      gradient.data,
      logits.map((_, i) => {
        const [row, place] = [Math.floor(i / size), i % size];
        return dy[row] * (lossAt(row, place, h) - lossAt(row, place, -h)) /
          (2 * h);
      }),
      ACROSS_BACKENDS,
    );
  });

  Deno.test(`softmaxCrossEntropyOneHot() is 0 with gradient 0 for a row of zeros, ${kind}`, async () => {
    const { loss, gradient } = await run(executor, byOneHot, {
      logits: floats([3, 2], [0, Math.log(3), 5, -7, 0, Math.log(3)]),
      oneHot: floats([3, 2], [0, 1, 0, 0, 1, 0]),
      dy: floats([3], [2, 3, 1]),
    });
    assertClose(
      loss.data,
      [Math.log(4 / 3), 0, Math.log(4)],
      ACROSS_BACKENDS,
    );
    assert.equal(loss.data[1], 0);
    assertClose(gradient.data, [0.5, -0.5, 0, 0, -0.75, 0.75], ACROSS_BACKENDS);
  });

  Deno.test(`softmaxCrossEntropy() is finite for logits of any size, ${kind}`, async () => {
    const { loss, gradient } = await run(executor, byIndex, {
      logits: floats([4, 2], [100, -100, 100, -100, 1e30, -1e30, -500, -500]),
      targets: integers([4], [0, 1, 1, 0]),
    });
    assertClose(loss.data, [0, 200, 2e30, Math.log(2)], SAME_ALGORITHM);
    assertClose(
      gradient.data,
      [0, 0, 1, -1, 1, -1, -0.5, 0.5],
      SAME_ALGORITHM,
    );
  });

  Deno.test(`sigmoidCrossEntropy() is right from −100 to 100, ${kind}`, async () => {
    const logits = [-100, -100, 100, 100, 0, 0, 1.5, -3, -88, 88];
    const targets = [0, 1, 0, 1, 0, 1, 1, 0, 1, 0];
    const { loss, gradient } = await run(executor, binary, {
      logits: floats([5, 2], logits),
      targets: floats([5, 2], targets),
    });
    assert.deepEqual(loss.shape, [5, 2]);
    // softplus(x) − t · x: e.g. ln 2 at 0, 100 at a certain error.
    assertClose(
      loss.data,
      logits.map((x, i) => softplus(targets[i] === 1 ? -x : x)),
      ACROSS_BACKENDS,
    );
    assertClose(loss.data.slice(0, 6), [0, 100, 100, 0, Math.LN2, Math.LN2], {
      relative: 1e-6,
      absolute: 1e-6,
    });
    // σ(x) − t
    assertClose(
      gradient.data,
      logits.map((x, i) => 1 / (1 + Math.exp(-x)) - targets[i]),
      ACROSS_BACKENDS,
    );
  });
}
