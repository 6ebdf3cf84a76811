/**
 * Plain networks of linear layers, with PyTorch's initial weights.
 *
 * Shapes: `M` rows.
 *
 * @module
 */

import type { Random } from "../core/random.ts";
import { floats, type HostTensor, type HostTensors } from "../core/tensors.ts";
import { type Tensors, tf } from "../engine/tensorflow.ts";
import { linear } from "./layers.ts";

/** Draws a tensor uniformly within `±limit`. */
export function uniformTensor(
  shape: readonly number[],
  limit: number,
  random: Random,
): HostTensor {
  const size = shape.reduce((product, n) => product * n, 1);
  return floats(
    shape,
    Float32Array.from(
      { length: size },
      () => limit * (2 * random.uniform() - 1),
    ),
  );
}

/**
 * Draws the weights of a linear layer as PyTorch's `Linear` does: `<name>.weight`, `[out, in]`,
 * and `<name>.bias`, `[out]`, both uniform within `1 / √in`.
 */
export function initialLinear(
  name: string,
  [inputs, outputs]: readonly [inputs: number, outputs: number],
  random: Random,
): HostTensors {
  const limit = 1 / Math.sqrt(inputs);
  return {
    [`${name}.weight`]: uniformTensor([outputs, inputs], limit, random),
    [`${name}.bias`]: uniformTensor([outputs], limit, random),
  };
}

/**
 * Draws the weights of linear layers in a row: `<name>.0.weight`, `<name>.0.bias`, and so on.
 *
 * @param sizes Widths, from that of the inputs to that of the outputs.
 */
export function initialMlp(
  name: string,
  sizes: readonly number[],
  random: Random,
): HostTensors {
  return Object.assign(
    {},
    ...sizes.slice(1).map((outputs, i) =>
      initialLinear(`${name}.${i}`, [sizes[i], outputs], random)
    ),
  );
}

/** A linear layer by the name of its weights. */
export function namedLinear(
  state: Tensors,
  name: string,
  x: tf.Tensor,
): tf.Tensor {
  return linear(x, state[`${name}.weight`], state[`${name}.bias`]);
}

/**
 * Linear layers in a row, with an activation between them.
 *
 * @param x `[M, in]`.
 * @param layers How many.
 * @returns `[M, out]`.
 */
export function mlp(
  state: Tensors,
  name: string,
  x: tf.Tensor,
  layers: number,
  activation: (x: tf.Tensor) => tf.Tensor = tf.relu,
): tf.Tensor {
  let h = x;
  for (let i = 0; i < layers; i++) {
    h = namedLinear(state, `${name}.${i}`, i === 0 ? h : activation(h));
  }
  return h;
}
