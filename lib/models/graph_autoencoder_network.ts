/**
 * What the networks of SVGe, DGMG and D-VAE share: the noise on a latent in training, the weight
 * of its divergence from the prior, and the rows of a node.
 *
 * Shapes: `B` graphs, `N` nodes, `L` latent.
 * Source: arXiv:2010.04683 and arXiv:1904.11088, whose codes have the same numbers.
 *
 * @module
 */

import { tf } from "../engine/tensorflow.ts";

/** Weight of the divergence from the prior. */
export const BETA = 0.005;
/** Scale of the noise on a latent in training. */
const NOISE_SCALE = 0.01;

/**
 * Latents with noise, `[B, L]`.
 *
 * @param noise Normal, `[B, L]`.
 */
export function noisyLatents(
  { mean, logVariance }: {
    readonly mean: tf.Tensor;
    readonly logVariance: tf.Tensor;
  },
  noise: tf.Tensor,
): tf.Tensor {
  return tf.add(
    mean,
    tf.mul(tf.mul(noise, NOISE_SCALE), tf.exp(tf.div(logVariance, 2))),
  );
}

/** `[B, N, …]` at a node, `[B, …]`. */
export function atNode(tensor: tf.Tensor, node: number): tf.Tensor {
  const [batch, , ...rest] = tensor.shape;
  const start = [0, node, ...rest.map(() => 0)];
  return tf.reshape(tf.slice(tensor, start, [batch, 1, ...rest]), [
    batch,
    ...rest,
  ]);
}
