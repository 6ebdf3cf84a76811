/**
 * Recurrent cells as pure functions, with PyTorch's weights: `<name>.input.weight`, `[G·H, in]`,
 * `<name>.hidden.weight`, `[G·H, H]`, and their biases, `[G·H]`, of `G` gates.
 *
 * Shapes: `M` rows, `H` hidden units.
 *
 * @module
 */

import type { Random } from "../core/random.ts";
import type { HostTensors } from "../core/tensors.ts";
import { type Tensors, tf } from "../engine/tensorflow.ts";
import { namedLinear, uniformTensor } from "./mlp.ts";

/** Draws the weights of a cell as PyTorch does: uniform within `1 / √H`. */
function _initial(
  name: string,
  gates: number,
  inputs: number,
  hidden: number,
  random: Random,
): HostTensors {
  const limit = 1 / Math.sqrt(hidden);
  const uniform = (...shape: number[]) => uniformTensor(shape, limit, random);
  return {
    [`${name}.input.weight`]: uniform(gates * hidden, inputs),
    [`${name}.input.bias`]: uniform(gates * hidden),
    [`${name}.hidden.weight`]: uniform(gates * hidden, hidden),
    [`${name}.hidden.bias`]: uniform(gates * hidden),
  };
}

/** Draws the weights of an LSTM cell. */
export function initialLstm(
  name: string,
  { inputs, hidden }: { readonly inputs: number; readonly hidden: number },
  random: Random,
): HostTensors {
  return _initial(name, 4, inputs, hidden, random);
}

/** What an LSTM cell hands on, `[M, H]` each. */
export interface LstmState {
  readonly hidden: tf.Tensor;
  readonly cell: tf.Tensor;
}

/**
 * One step of an LSTM cell, its gates in PyTorch's order: input, forget, cell, output.
 *
 * Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000.
 *
 * @param x `[M, in]`.
 */
export function lstmCell(
  state: Tensors,
  name: string,
  x: tf.Tensor,
  { hidden, cell }: LstmState,
): LstmState {
  const sums = tf.add(
    namedLinear(state, `${name}.input`, x),
    namedLinear(state, `${name}.hidden`, hidden),
  );
  const [input, forget, update, output] = tf.split(sums, 4, 1);
  const next = tf.add(
    tf.mul(tf.sigmoid(forget), cell),
    tf.mul(tf.sigmoid(input), tf.tanh(update)),
  );
  return { cell: next, hidden: tf.mul(tf.sigmoid(output), tf.tanh(next)) };
}

/** Draws the weights of a GRU cell. */
export function initialGru(
  name: string,
  { inputs, hidden }: { readonly inputs: number; readonly hidden: number },
  random: Random,
): HostTensors {
  return _initial(name, 3, inputs, hidden, random);
}

/**
 * One step of a GRU cell, its gates in PyTorch's order: reset, update, new.
 *
 * Source: Cho et al. 2014, arXiv:1406.1078, as in PyTorch's `GRUCell`.
 *
 * @param x `[M, in]`.
 * @param hidden `[M, H]`.
 */
export function gruCell(
  state: Tensors,
  name: string,
  x: tf.Tensor,
  hidden: tf.Tensor,
): tf.Tensor {
  return gruUpdate(
    namedLinear(state, `${name}.input`, x),
    namedLinear(state, `${name}.hidden`, hidden),
    hidden,
  );
}

/**
 * The new hidden units of a GRU cell, from what its linear layers make of input and hidden units.
 *
 * @param ofInput `[M, 3H]`, as `ofHidden`.
 * @param hidden `[M, H]`.
 */
export function gruUpdate(
  ofInput: tf.Tensor,
  ofHidden: tf.Tensor,
  hidden: tf.Tensor,
): tf.Tensor {
  const input = tf.split(ofInput, 3, 1), own = tf.split(ofHidden, 3, 1);
  const reset = tf.sigmoid(tf.add(input[0], own[0]));
  const update = tf.sigmoid(tf.add(input[1], own[1]));
  const next = tf.tanh(tf.add(input[2], tf.mul(reset, own[2])));
  return tf.add(next, tf.mul(update, tf.sub(hidden, next)));
}
