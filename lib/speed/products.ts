/**
 * How much of a step is matrix products, and at what rate the machine computes plain ones.
 *
 * @module
 */

import { floats } from "../core/tensors.ts";
import { tf } from "../engine/tensorflow.ts";
import { onnxExecutor } from "../engine/onnx_executor.ts";
import type { T5Config } from "../models/t5/config.ts";

/** The products of a step, and how to measure the rate of plain ones. */
export interface Products {
  /** Floating-point operations of the products of one step. */
  readonly perStep: number;
  /** Measures the rate of plain products: operations a second. */
  rate(): Promise<number>;
}

/** Rows and columns of the plain product: large enough for the best rate. */
const SIZE = 1024;

/** How long it is measured. */
const SECONDS = 0.5;

/** Measures a product of two square matrices in the runtime that our steps run in. */
export async function plainProductRate(): Promise<number> {
  const executor = onnxExecutor({ provider: "cpu" });
  const product = executor.compile(
    ({ a }, { b }) => ({ outputs: { sum: tf.sum(tf.matMul(a, b)) } }),
    { name: "product" },
  );
  const matrix = floats([SIZE, SIZE], new Float32Array(SIZE ** 2).fill(0.5));
  const state = executor.state({ a: matrix });
  await product.run(state, { b: matrix });
  let count = 0, seconds = 0;
  const started = performance.now();
  do {
    await product.run(state, { b: matrix });
    count++;
    seconds = (performance.now() - started) / 1000;
  } while (seconds < SECONDS);
  await product.dispose();
  state.dispose();
  return count * 2 * SIZE ** 3 / seconds;
}

/**
 * Operations of the matrix products of a T5 training step: two for each weight and row, those
 * of the attention, and twice as many again for the gradients of both factors.
 *
 * @param batch Examples, and tokens of their inputs and targets.
 */
export function t5ProductOperations(
  config: T5Config,
  { rows, inputLength, targetLength }: {
    readonly rows: number;
    readonly inputLength: number;
    readonly targetLength: number;
  },
): number {
  const { d_model, d_kv, d_ff, num_heads, vocab_size } = config;
  const inner = num_heads * d_kv;
  const projection = d_model * inner;
  const feedForward = (config.feed_forward_proj === "relu" ? 2 : 3) *
    d_model * d_ff;
  const inputs = rows * inputLength;
  const targets = rows * targetLength;
  /** Multiplications of scores and of weighted values. */
  const attention = (queries: number, keys: number) =>
    2 * queries * keys * inner;
  const encoder = inputs * (4 * projection + feedForward) +
    attention(inputs, inputLength);
  const decoder = targets * (6 * projection + feedForward) +
    2 * inputs * projection + attention(targets, targetLength) +
    attention(targets, inputLength);
  const head = targets * d_model * vocab_size;
  return 3 * 2 * (
    config.num_layers * encoder + config.num_decoder_layers * decoder + head
  );
}
