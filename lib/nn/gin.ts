/**
 * Graph isomorphism network layers on dense adjacency matrices.
 *
 * Shapes: `B` graphs, `N` nodes, `C` channels.
 * Source: Xu et al. 2019, arXiv:1810.00826, eq. 4.1; the paper's eq. 1.
 *
 * @module
 */

import { floats, type HostTensor, type HostTensors } from "../core/tensors.ts";
import { type Tensors, tf } from "../engine/tensorflow.ts";
import { batchNormInference, batchNormTraining, linear } from "./layers.ts";

/** Decay of the running statistics per training step, where a model has none of its own. */
const STATISTICS_DECAY = 0.95;

/**
 * Initial weights of one GIN layer, by the names that {@link ginLayer} looks for.
 *
 * @param width Channels `C` of the layer's input; it gives `hidden`.
 * @param depth Triplets in the MLP.
 * @param draw Draws the weights of a linear layer.
 */
export function initialGinLayer(
  prefix: string,
  { width, hidden, depth }: { width: number; hidden: number; depth: number },
  draw: (shape: [number, number]) => HostTensor,
): { parameters: HostTensors; statistics: HostTensors } {
  const parameters: HostTensors = {};
  const statistics: HostTensors = {};
  const constant = (value: number) =>
    floats([hidden], new Float32Array(hidden).fill(value));
  parameters[`${prefix}.epsilon`] = floats([], [0]);
  for (let i = 0; i < depth; i++) {
    const triplet = `${prefix}.${i}`;
    parameters[`${triplet}.weight`] = draw([hidden, i === 0 ? width : hidden]);
    parameters[`${triplet}.norm.gamma`] = constant(1);
    parameters[`${triplet}.norm.beta`] = constant(0);
    statistics[`${triplet}.norm.mean`] = constant(0);
    statistics[`${triplet}.norm.variance`] = constant(1);
  }
  return { parameters, statistics };
}

/** A linear–batchnorm–ReLU triplet, and the running statistics it updates. */
function _triplet(
  state: Tensors,
  prefix: string,
  x: tf.Tensor,
  { training, decay }: { training: boolean; decay: number },
  updates: Tensors,
): tf.Tensor {
  const product = linear(x, state[`${prefix}.weight`], state[`${prefix}.bias`]);
  const gamma = state[`${prefix}.norm.gamma`];
  const beta = state[`${prefix}.norm.beta`];
  const names = {
    mean: `${prefix}.norm.mean`,
    variance: `${prefix}.norm.variance`,
  };
  const running = { mean: state[names.mean], variance: state[names.variance] };
  if (!training) {
    return tf.relu(batchNormInference(product, gamma, beta, running));
  }
  const { y, statistics } = batchNormTraining(product, gamma, beta);
  for (const key of ["mean", "variance"] as const) {
    updates[names[key]] = tf.add(
      tf.mul(running[key], decay),
      tf.mul(statistics[key], 1 - decay),
    );
  }
  return tf.relu(y);
}

/**
 * One GIN layer (eq. 1): `MLP((1 + ε) · H + Ã H)`.
 *
 * @param state Holds `{prefix}.epsilon` and, for each triplet `i` of the MLP,
 *   `{prefix}.{i}.weight`, `.norm.gamma`, `.norm.beta`, `.norm.mean`, `.norm.variance`, and
 *   `{prefix}.{i}.bias` where the linear layer has one.
 * @param h Node embeddings, `[B·N, C]`.
 * @param adjacency Ã = A + Aᵀ, `[B, N, N]`.
 * @param options `depth`: triplets in the MLP; `decay`: of the running statistics in a
 *   training step, by default 0.95.
 * @param updates Gets the new running statistics when training.
 * @returns `[B·N, C']`.
 */
export function ginLayer(
  state: Tensors,
  prefix: string,
  h: tf.Tensor,
  adjacency: tf.Tensor,
  { depth, training, decay = STATISTICS_DECAY }: {
    depth: number;
    training: boolean;
    decay?: number;
  },
  updates: Tensors,
): tf.Tensor {
  const [batch, nodes] = adjacency.shape;
  const channels = h.shape[1]!;
  const neighbours = tf.matMul(
    adjacency,
    tf.reshape(h, [batch, nodes, channels]),
  ); // [B, N, C]
  let x: tf.Tensor = tf.add(
    tf.mul(h, tf.add(1, state[`${prefix}.epsilon`])),
    tf.reshape(neighbours, [batch * nodes, channels]),
  ); // [B·N, C]
  for (let i = 0; i < depth; i++) {
    x = _triplet(state, `${prefix}.${i}`, x, { training, decay }, updates);
  }
  return x;
}
