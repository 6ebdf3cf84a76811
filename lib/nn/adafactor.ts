/**
 * Adafactor as a pure function: second moments of a matrix as a row and a column.
 *
 * For the fine-tuning of T5, whose authors used it at a constant rate of 1e-3 relative to the
 * size of each parameter. The slots of a matrix `[n, m]` are `n + m` numbers, where Adam's
 * are `2 n m`.
 *
 * Source: Shazeer & Stern 2018, arXiv:1804.04235, algorithms 4 and 5 without momentum, with
 * a learning rate from outside; names and defaults as in Hugging Face `transformers`.
 *
 * @module
 */

import { floats, type HostTensors } from "../core/tensors.ts";
import { type Tensors, tf } from "../engine/tensorflow.ts";
import type { Optimizer } from "./optimizers.ts";

/** Settings of Adafactor. */
export interface AdafactorOptions {
  /** Largest root mean square of an update, before the learning rate. */
  readonly clipThreshold?: number;
  /** The decay at step `t` is `1 − t^decayRate`. */
  readonly decayRate?: number;
  /** Added to squared gradients, and the least size of a parameter. */
  readonly epsilon?: readonly [squares: number, size: number];
  /** Whether the learning rate is relative to a parameter's root mean square. */
  readonly scaleParameter?: boolean;
}

const ROW = "adafactor.row.";
const COLUMN = "adafactor.column.";
const SECOND = "adafactor.second.";

/**
 * Zero slots for every parameter: `adafactor.row.…`, `[…, n]`, and `adafactor.column.…`,
 * `[…, m]`, of one with the dimensions `[…, n, m]`; `adafactor.second.…` of a vector.
 */
export function adafactorSlots(parameters: HostTensors): HostTensors {
  const slots: HostTensors = {};
  const zeros = (shape: readonly number[]) =>
    floats(shape, new Float32Array(shape.reduce((size, n) => size * n, 1)));
  for (const [name, { shape }] of Object.entries(parameters)) {
    if (shape.length >= 2) {
      slots[ROW + name] = zeros(shape.slice(0, -1));
      slots[COLUMN + name] = zeros(shape.toSpliced(-2, 1));
    } else slots[SECOND + name] = zeros(shape);
  }
  return slots;
}

/** Adafactor with some settings. */
export function adafactor(
  {
    clipThreshold = 1,
    decayRate = -0.8,
    epsilon: [squares, size] = [1e-30, 1e-3],
    scaleParameter = true,
  }: AdafactorOptions = {},
): Optimizer {
  return (state, gradients, learningRate, step) => {
    const fresh = tf.pow(step, decayRate); // 1 − β₂
    const decay = tf.sub(1, fresh);
    const next: Tensors = {};
    const averaged = (slot: string, value: tf.Tensor) =>
      next[slot] = tf.add(tf.mul(state[slot], decay), tf.mul(value, fresh));
    for (const [name, gradient] of Object.entries(gradients)) {
      const square = tf.add(tf.square(gradient), squares);
      let update: tf.Tensor;
      if (gradient.rank >= 2) {
        const row = averaged(ROW + name, tf.mean(square, -1));
        const column = averaged(COLUMN + name, tf.mean(square, -2));
        const share = tf.rsqrt(tf.div(row, tf.mean(row, -1, true)));
        update = tf.mul(
          tf.mul(gradient, tf.expandDims(share, -1)),
          tf.expandDims(tf.rsqrt(column), -2),
        );
      } else {
        update = tf.mul(
          gradient,
          tf.rsqrt(averaged(SECOND + name, square)),
        );
      }
      const parameter = state[name];
      const rate = scaleParameter
        ? tf.mul(learningRate, tf.maximum(size, _rootMeanSquare(parameter)))
        : learningRate;
      const clip = tf.maximum(
        1,
        tf.div(_rootMeanSquare(update), clipThreshold),
      );
      next[name] = tf.sub(parameter, tf.mul(update, tf.div(rate, clip)));
    }
    return { state: next };
  };
}

function _rootMeanSquare(x: tf.Tensor): tf.Tensor {
  return tf.sqrt(tf.mean(tf.square(x)));
}
