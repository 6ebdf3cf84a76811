/**
 * What guides a diffusion to accurate cells: a perceptron that predicts how accurate the cell
 * behind a noised one is, and whose gradient tilts each step back from noise.
 *
 * Shapes: `B` cells, `P` places, `V` values.
 * Source: Vignac et al. 2023, arXiv:2209.14734, §5 and algorithm 3 (tilt by a first-order
 * expansion); An et al. 2023, arXiv:2305.16943, §3.2, for guidance by a predictor of accuracies.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import type { HostTensors } from "../../core/tensors.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import type { DiffusionConfig } from "../../models/diffusion/config.ts";
import { initialMlp, mlp } from "../../nn/mlp.ts";
import type { LossResult } from "../../nn/optimizers.ts";

const LAYERS = 3;

/** Draws initial weights. */
export function initialGuide(
  { marginals }: Pick<DiffusionConfig, "marginals">,
  hidden: number,
  random: Random,
): HostTensors {
  const width = marginals.length * marginals[0].length + 1;
  return initialMlp("guide", [width, hidden, hidden, 1], random);
}

/**
 * Predicted accuracies, `[B]`.
 *
 * @param x Noised values, one-hot `[B, P, V]`.
 * @param kept The share of them that is left as it was, `ᾱ_t`, `[B]`.
 */
export function guideScores(
  state: Tensors,
  x: tf.Tensor,
  kept: tf.Tensor,
): tf.Tensor {
  const [batch] = x.shape;
  const rows = tf.concat([
    tf.reshape(x, [batch, -1]),
    tf.reshape(kept, [batch, 1]),
  ], 1);
  return tf.squeeze(mlp(state, "guide", rows, LAYERS), [1]);
}

/**
 * The mean squared error of predictions.
 *
 * @param inputs `x` and `kept`, as of {@link guideScores}, and `accuracies`, `[B]`.
 */
export function guideLoss(
  state: Tensors,
  { x, kept, accuracies }: Tensors,
): LossResult {
  const error = tf.sub(guideScores(state, x, kept), accuracies);
  return { loss: tf.mean(tf.square(error)) };
}

/**
 * What a step back is tilted by, `[B, P, V]`: the gradient of the predictions, times a scale.
 *
 * @param inputs `x`; `kept`, `α_t`, and `keptBefore`, `ᾱ_{t−1}`, scalars; `scale`, of each cell,
 *   `[B]`.
 */
export function guideTilt(
  state: Tensors,
  { x, kept, keptBefore, scale }: Tensors,
): tf.Tensor {
  const [batch] = x.shape;
  const left = tf.tile(tf.reshape(tf.mul(kept, keptBefore), [1]), [batch]);
  const gradient = tf.grad((x) =>
    tf.sum(guideScores(state, x, left)).asScalar()
  )(x);
  return tf.mul(gradient, tf.reshape(scale, [batch, 1, 1]));
}
