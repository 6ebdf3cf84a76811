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
import { batchNormInference, linear, linearNormRelu } from "./layers.ts";

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

/** How a layer is run. */
export interface GinOptions {
  /** Triplets in the MLP. */
  readonly depth: number;
  readonly training: boolean;
  /** Of the running statistics in a training step; by default 0.95. */
  readonly decay?: number;
  /** In training, the share of the batch that each row stands for; see `linearNormRelu`. */
  readonly shares?: tf.Tensor;
}

/** A linear–batchnorm–ReLU triplet, and the running statistics it updates. */
function _triplet(
  state: Tensors,
  prefix: string,
  x: tf.Tensor,
  { training, decay = STATISTICS_DECAY, shares }: GinOptions,
  updates: Tensors,
): tf.Tensor {
  const layer = {
    weight: state[`${prefix}.weight`],
    bias: state[`${prefix}.bias`],
  };
  const gamma = state[`${prefix}.norm.gamma`];
  const beta = state[`${prefix}.norm.beta`];
  const names = {
    mean: `${prefix}.norm.mean`,
    variance: `${prefix}.norm.variance`,
  };
  const running = { mean: state[names.mean], variance: state[names.variance] };
  if (!training) {
    const product = linear(x, layer.weight, layer.bias);
    return tf.relu(batchNormInference(product, gamma, beta, running));
  }
  const { y, statistics } = linearNormRelu(x, layer, { gamma, beta }, shares);
  for (const key of ["mean", "variance"] as const) {
    updates[names[key]] = tf.add(
      tf.mul(running[key], decay),
      tf.mul(statistics[key], 1 - decay),
    );
  }
  return y;
}

/**
 * `(1 + ε) · H + Ã H` of each graph.
 *
 * One product with Ã + (1 + ε) I, and a gradient that makes as few passes over the rows.
 *
 * @param h `[B·N, C]`.
 * @param adjacency Ã, `[B, N, N]`, symmetric.
 * @param epsilon Scalar.
 * @returns `[B·N, C]`.
 */
function _withNeighbours(
  h: tf.Tensor,
  adjacency: tf.Tensor,
  epsilon: tf.Tensor,
): tf.Tensor {
  const [batch, nodes] = adjacency.shape;
  const sum = tf.customGrad((...args) => {
    const [h, epsilon] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    const weights = tf.add(
      adjacency,
      tf.mul(tf.eye(nodes), tf.add(1, epsilon)),
    ); // [B, N, N]
    const product = (rows: tf.Tensor, weights: tf.Tensor) =>
      tf.reshape(
        tf.matMul(weights, tf.reshape(rows, [batch, nodes, -1])),
        [batch * nodes, -1],
      );
    save([h, weights]);
    return {
      value: product(h, weights),
      gradFunc: (dy: tf.Tensor, [h, weights]: tf.Tensor[]) => [
        product(dy, weights),
        tf.sum(tf.mul(dy, h)),
      ],
    };
  });
  return sum(h, epsilon);
}

/**
 * One GIN layer (eq. 1): `MLP((1 + ε) · H + Ã H)`.
 *
 * @param state Holds `{prefix}.epsilon` and, for each triplet `i` of the MLP,
 *   `{prefix}.{i}.weight`, `.norm.gamma`, `.norm.beta`, `.norm.mean`, `.norm.variance`, and
 *   `{prefix}.{i}.bias` where the linear layer has one.
 * @param h Node embeddings, `[B·N, C]`.
 * @param adjacency Ã = A + Aᵀ, `[B, N, N]`.
 * @param updates Gets the new running statistics when training.
 * @returns `[B·N, C']`.
 */
export function ginLayer(
  state: Tensors,
  prefix: string,
  h: tf.Tensor,
  adjacency: tf.Tensor,
  options: GinOptions,
  updates: Tensors,
): tf.Tensor {
  const x = _withNeighbours(h, adjacency, state[`${prefix}.epsilon`]);
  return _mlp(state, prefix, x, options, updates);
}

/**
 * The same for rows whose neighbours are known as their sum, such as those of a first layer.
 *
 * @param rows `own` and `neighbours`, `[M, C]` each.
 * @returns `[M, C']`.
 */
export function ginLayerOfRows(
  state: Tensors,
  prefix: string,
  { own, neighbours }: { own: tf.Tensor; neighbours: tf.Tensor },
  options: GinOptions,
  updates: Tensors,
): tf.Tensor {
  const x = tf.add(
    tf.mul(own, tf.add(1, state[`${prefix}.epsilon`])),
    neighbours,
  );
  return _mlp(state, prefix, x, options, updates);
}

function _mlp(
  state: Tensors,
  prefix: string,
  x: tf.Tensor,
  options: GinOptions,
  updates: Tensors,
): tf.Tensor {
  let y = x;
  for (let i = 0; i < options.depth; i++) {
    y = _triplet(state, `${prefix}.${i}`, y, options, updates);
  }
  return y;
}
