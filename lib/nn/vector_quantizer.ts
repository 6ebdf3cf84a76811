/**
 * Vector quantizer: replaces each encoder output by its nearest codebook vector.
 *
 * Shapes: `M` rows (batch × nodes), `D` latent width, `K` codebook size.
 * Source: van den Oord et al. 2017, arXiv:1711.00937, eq. 1–3; the paper's
 * eq. 2, 3 and the last two terms of eq. 6.
 *
 * @module
 */

import { tf } from "../engine/tensorflow.ts";
import { embedding, stopGradient } from "./layers.ts";

/**
 * Finds the nearest code of every row by squared Euclidean distance (eq. 2).
 *
 * @param z Encoder output, `[M, D]`.
 * @param codebook `[K, D]`.
 * @returns Codes, `[M]`, int32; a tie goes to the lower one.
 */
export function nearestCodes(z: tf.Tensor, codebook: tf.Tensor): tf.Tensor {
  // |z − e|² = |z|² − 2 z·e + |e|², and |z|² does not depend on the code. The rest is one
  // product, of (−2z, 1) and (e, |e|²): no further pass over [M, K].
  const squares = tf.sum(tf.square(codebook), 1, true); // [K, 1]
  const rows = tf.concat([tf.mul(z, -2), tf.ones([z.shape[0]!, 1])], 1);
  const codes = tf.concat([codebook, squares], 1);
  return tf.argMin(tf.matMul(rows, codes, false, true), 1);
}

/** What `quantize` returns. */
export interface Quantized {
  /** Codes, `[M]`, int32. */
  readonly codes: tf.Tensor;
  /** Their codebook vectors, `[M, D]`; the gradient goes straight through to `z`. */
  readonly zq: tf.Tensor;
  /** `Σ |sg[z] − e|²` over rows, scalar: moves the codebook. */
  readonly codebookLoss: tf.Tensor;
  /** `Σ |z − sg[e]|²` over rows, scalar: holds the encoder. */
  readonly commitmentLoss: tf.Tensor;
}

/**
 * Quantizes rows with a straight-through estimator (eq. 3 and 6).
 *
 * @param weights How often each row counts in the losses, `[M, 1]`; by default once.
 */
export function quantize(
  z: tf.Tensor,
  codebook: tf.Tensor,
  weights?: tf.Tensor,
): Quantized {
  const codes = nearestCodes(stopGradient(z), stopGradient(codebook));
  const vectors = embedding(codebook, codes); // [M, D]
  const detached = stopGradient(vectors);
  const distance = (a: tf.Tensor, b: tf.Tensor) => {
    const squares = tf.square(tf.sub(a, b));
    return tf.sum(weights === undefined ? squares : tf.mul(squares, weights));
  };
  return {
    codes,
    zq: _straightThrough(z, detached),
    codebookLoss: distance(stopGradient(z), vectors),
    commitmentLoss: distance(z, detached),
  };
}

/** The value of `vectors`, with the gradient of `z`. */
function _straightThrough(z: tf.Tensor, vectors: tf.Tensor): tf.Tensor {
  return tf.customGrad(() => ({
    value: tf.clone(vectors),
    gradFunc: (dy: tf.Tensor) => dy,
  }))(z);
}
