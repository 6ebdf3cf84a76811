/** The quantizer by hand, both as a traced graph and on the `cpu` backend. */
import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { floats, type HostTensors } from "../../lib/core/tensors.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import type { Executor, StepFunction } from "../../lib/engine/executor.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { nearestCodes, quantize } from "../../lib/nn/vector_quantizer.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};

async function run(
  executor: Executor,
  step: (
    inputs: Record<string, tf.Tensor>,
  ) => ReturnType<StepFunction>["outputs"],
  inputs: HostTensors,
): Promise<HostTensors> {
  const compiled = executor.compile((_state, x) => ({ outputs: step(x) }), {
    name: "quantizer",
  });
  const outputs = await compiled.run(executor.state({}), inputs);
  await compiled.dispose();
  return outputs;
}

const codesOf = (executor: Executor, inputs: HostTensors) =>
  run(executor, ({ z, codebook }) => ({
    codes: nearestCodes(z, codebook),
  }), inputs).then(({ codes }) => codes);

/** Codes 0, 1 and 2 of the case by hand; code 3 is far from everything. */
const CODEBOOK = floats([4, 2], [0, 0, 1, 0, 0, 2, 50, 50]);
/** Nearest: 0 (0.25 away, squared), 2 (1.25), 1 (0.0625), 2 (0.25). */
const Z = floats([4, 2], [0.5, -0.5, 0.5, 3, 1.25, 0, 0, 1.5]);
const CODES = [0, 2, 1, 2];

for (const [kind, executor] of Object.entries(EXECUTORS)) {
  Deno.test(`nearestCodes() finds the nearest code, ${kind}`, async () => {
    const codes = await codesOf(executor, { z: Z, codebook: CODEBOOK });
    assert.equal(codes.type, "int32");
    assert.deepEqual([...codes.data], CODES);
  });

  Deno.test(`nearestCodes() takes the lower code of a tie, ${kind}`, async () => {
    const codes = await codesOf(executor, {
      // Half way between 0 and 1, between 0 and 2, and on one of two equal codes.
      z: floats([3, 2], [0.5, 0, 0, 1, 4, 4]),
      codebook: floats([6, 2], [0, 0, 1, 0, 0, 2, 8, 8, 4, 4, 4, 4]),
    });
    assert.deepEqual([...codes.data], [0, 0, 4]);
  });

  Deno.test(`nearestCodes() agrees with a search in float64, ${kind}`, async () => {
    const random = Random.fromSeed(1);
    const [rows, size, dim] = [200, 32, 5];
    const draw = (count: number) =>
      Float32Array.from({ length: count }, () => 2 * random.normal());
    const z = draw(rows * dim), codebook = draw(size * dim);
    const codes = await codesOf(executor, {
      z: floats([rows, dim], z),
      codebook: floats([size, dim], codebook),
    });
    for (let row = 0; row < rows; row++) {
      const distances = Array.from({ length: size }, (_, code) => {
        let sum = 0;
        for (let d = 0; d < dim; d++) {
          sum += (z[row * dim + d] - codebook[code * dim + d]) ** 2;
        }
        return sum;
      });
      assert.equal(
        codes.data[row],
        distances.indexOf(Math.min(...distances)),
        `row ${row}`,
      );
    }
  });

  Deno.test(`quantize() gives vectors and both losses, ${kind}`, async () => {
    const out = await run(
      executor,
      ({ z, codebook }) => ({ ...quantize(z, codebook) }),
      { z: Z, codebook: CODEBOOK },
    );
    assert.deepEqual([...out.codes.data], CODES);
    assert.deepEqual([...out.zq.data], [0, 0, 0, 2, 1, 0, 0, 2]);
    // 0.25 + 0.25, 0.25 + 1, 0.0625, 0.25
    assert.deepEqual([...out.codebookLoss.data], [2.0625]);
    assert.deepEqual([...out.commitmentLoss.data], [2.0625]);
  });

  Deno.test(`quantize() weighs rows in its losses, ${kind}`, async () => {
    const out = await run(
      executor,
      ({ z, codebook, weights }) => ({ ...quantize(z, codebook, weights) }),
      { z: Z, codebook: CODEBOOK, weights: floats([4, 1], [2, 0, 4, 1]) },
    );
    // 2 · (0.25 + 0.25) + 4 · 0.0625 + 0.25
    assert.deepEqual([...out.codebookLoss.data], [1.5]);
    assert.deepEqual([...out.commitmentLoss.data], [1.5]);
  });

  Deno.test(`quantize() passes gradients where they belong, ${kind}`, async () => {
    const dy = floats([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
    /** Gradients of one of the results alone. */
    const of = (part: "zq" | "codebookLoss" | "commitmentLoss") =>
      run(executor, ({ z, codebook, dy }) => {
        const [dz, dCodebook] = tf.grads(
          (z: tf.Tensor, codebook: tf.Tensor) => {
            const quantized = quantize(z, codebook);
            const result = part === "zq"
              ? tf.sum(tf.mul(quantized.zq, dy))
              : quantized[part];
            // tf.grads() wants a path to each input, if one of gradient 0.
            const nothing = tf.mul(0, tf.add(tf.sum(z), tf.sum(codebook)));
            return tf.add(result, nothing);
          },
        )([z, codebook]);
        return { dz, dCodebook };
      }, { z: Z, codebook: CODEBOOK, dy });

    // Straight through: all to z, nothing to the codebook.
    const through = await of("zq");
    assert.deepEqual([...through.dz.data], [...dy.data]);
    assert.deepEqual([...through.dCodebook.data], new Array(8).fill(0));

    // 2(e − z), summed over the rows that use a code: code 2 is used by two.
    const codebook = await of("codebookLoss");
    assert.deepEqual([...codebook.dz.data], new Array(8).fill(0));
    assert.deepEqual(
      Array.from(codebook.dCodebook.data, (x) => x + 0), // −0 is 0
      [-1, 1, -0.5, 0, -1, -1, 0, 0],
    );

    // 2(z − e), to z alone.
    const commitment = await of("commitmentLoss");
    assert.deepEqual(
      Array.from(commitment.dz.data, (x) => x + 0),
      [1, -1, 1, 2, 0.5, 0, 0, -1],
    );
    assert.deepEqual([...commitment.dCodebook.data], new Array(8).fill(0));
  });

  Deno.test(`quantize() leaves unused codes where they are, ${kind}`, async () => {
    const random = Random.fromSeed(2);
    const normal = (rows: number) =>
      floats(
        [rows, 3],
        Array.from({ length: rows * 3 }, () => random.normal()),
      );
    const [z, codebook] = [normal(10), normal(40)];
    const { codes, gradient } = await run(executor, ({ z, codebook }) => {
      const [gradient] = tf.grads((codebook: tf.Tensor) =>
        quantize(z, codebook).codebookLoss
      )([codebook]);
      return { codes: nearestCodes(z, codebook), gradient };
    }, { z, codebook });
    const expected = new Float32Array(40 * 3);
    for (const [row, code] of codes.data.entries()) {
      for (let d = 0; d < 3; d++) {
        expected[code * 3 + d] += 2 *
          (codebook.data[code * 3 + d] - z.data[row * 3 + d]);
      }
    }
    assertClose(gradient.data, expected, SAME_ALGORITHM);
    assert.ok(new Set(codes.data).size < 11);
  });
}
