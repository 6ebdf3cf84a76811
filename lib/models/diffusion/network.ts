/**
 * The network of a diffusion, which tells what a noised cell was, and a step back towards it.
 *
 * All places of a cell stand side by side in one row: residual layers on it know each place by
 * where it stands, and cost far less than attention among places.
 *
 * Shapes: `B` cells, `P` places, `V` values, `T` steps, `H` width.
 * Source: Austin et al. 2021, arXiv:2107.03006, eq. 3 and 4; Vignac et al. 2023,
 * arXiv:2209.14734, §4.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import { floats, type HostTensors } from "../../core/tensors.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { embedding, rmsNorm } from "../../nn/layers.ts";
import { softmaxCrossEntropyOneHot } from "../../nn/losses.ts";
import { initialLinear, initialMlp, mlp, namedLinear } from "../../nn/mlp.ts";
import type { LossResult } from "../../nn/optimizers.ts";
import type { DiffusionConfig } from "./config.ts";

const NORM_EPSILON = 1e-6;
/** Taken off logits of values that no training cell has at a place. */
const NEVER = 1e9;

/** Draws initial weights: PyTorch's for linear layers, and small ones for the steps. */
export function initialDiffusionWeights(
  { marginals, steps, hidden, layers }: DiffusionConfig,
  random: Random,
): HostTensors {
  const width = marginals.length * marginals[0].length;
  const ones = () => floats([hidden], new Float32Array(hidden).fill(1));
  const weights: HostTensors = {
    ...initialLinear("input", [width, hidden], random),
    time: floats(
      [steps + 1, hidden],
      Float32Array.from(
        { length: (steps + 1) * hidden },
        () => 0.1 * random.normal(),
      ),
    ),
  };
  for (let layer = 0; layer < layers; layer++) {
    weights[`layer.${layer}.norm`] = ones();
    Object.assign(
      weights,
      initialMlp(`layer.${layer}`, [hidden, hidden, hidden], random),
    );
  }
  return {
    ...weights,
    norm: ones(),
    ...initialLinear("output", [hidden, width], random),
  };
}

/**
 * Logits of what noised cells were, `[B, P, V]`.
 *
 * @param x Noised values, one-hot, `[B, P, V]`.
 * @param time The step that each is at, `[B]`, int32.
 */
export function cleanLogits(
  { marginals, layers }: DiffusionConfig,
  state: Tensors,
  x: tf.Tensor,
  time: tf.Tensor,
): tf.Tensor {
  const [batch, places, values] = x.shape;
  let h = tf.add(
    namedLinear(state, "input", tf.reshape(x, [batch, places * values])),
    embedding(state.time, time),
  ); // [B, H]
  for (let layer = 0; layer < layers; layer++) {
    const name = `layer.${layer}`;
    const normalised = rmsNorm(h, state[`${name}.norm`], NORM_EPSILON);
    h = tf.add(h, mlp(state, name, normalised, 2));
  }
  const logits = namedLinear(
    state,
    "output",
    rmsNorm(h, state.norm, NORM_EPSILON),
  );
  const never = marginals.map((shares) =>
    shares.map((share) => share > 0 ? 0 : NEVER)
  );
  return tf.sub(tf.reshape(logits, x.shape), tf.tensor(never));
}

/**
 * How badly the network tells what cells were, nats a cell.
 *
 * @param inputs `clean` and `x`, the same noised, one-hot `[B, P, V]`; `time` `[B]`, int32.
 */
export function diffusionLoss(
  config: DiffusionConfig,
  state: Tensors,
  { clean, x, time }: Tensors,
): LossResult {
  const [batch, places, values] = x.shape;
  const rows = [-1, values];
  const each = softmaxCrossEntropyOneHot(
    tf.reshape(cleanLogits(config, state, x, time), rows),
    tf.reshape(clean, rows),
  );
  return { loss: tf.mean(tf.sum(tf.reshape(each, [batch, places]), 1)) };
}

/**
 * Probabilities of the values before the last step of noise.
 *
 * By Bayes, for each value that a cell may have had,
 * `q(x_{t−1} | x_t, x_0) = q(x_t | x_{t−1}) q(x_{t−1} | x_0) / q(x_t | x_0)`; summed over them
 * with the probabilities that they have.
 *
 * @param clean Probabilities of what the cells were, `p(x_0)`, `[B, P, V]`.
 * @param x Noised values, one-hot, `[B, P, V]`.
 * @param marginals `[P, V]`.
 * @param shares `kept`, `α_t`, and `keptBefore`, `ᾱ_{t−1}`, scalars.
 * @returns `[B, P, V]`, 1 in sum over values.
 */
export function valuesBefore(
  clean: tf.Tensor,
  x: tf.Tensor,
  marginals: tf.Tensor,
  { kept, keptBefore }: Tensors,
): tf.Tensor {
  /** What is kept, or drawn anew from other shares. */
  const mixed = (share: tf.Tensor, own: tf.Tensor, anew: tf.Tensor) =>
    tf.add(tf.mul(share, own), tf.mul(tf.sub(1, share), anew));
  const likely = tf.sum(tf.mul(x, marginals), -1, true); // [B, P, 1]
  const weight = tf.div(clean, mixed(tf.mul(kept, keptBefore), x, likely));
  return tf.mul(
    mixed(kept, x, likely), // q(x_t | x_{t−1})
    mixed(
      keptBefore,
      weight,
      tf.mul(marginals, tf.sum(weight, -1, true)),
    ),
  );
}

/**
 * Probabilities with which the values before the last step of noise are drawn, `[B, P, V]`, up
 * to a factor of each place.
 *
 * @param inputs `x`, one-hot `[B, P, V]`; `time` `[B]`, int32; `kept`, `α_t`, and `keptBefore`,
 *   `ᾱ_{t−1}`, scalars.
 * @param tilt Added to their logarithms, `[B, P, V]`.
 */
export function drawnBefore(
  config: DiffusionConfig,
  state: Tensors,
  inputs: Tensors,
  tilt?: tf.Tensor,
): tf.Tensor {
  const { x, time } = inputs;
  const before = valuesBefore(
    tf.softmax(cleanLogits(config, state, x, time)),
    x,
    tf.tensor(config.marginals as number[][]),
    inputs,
  );
  return tilt === undefined ? before : tf.mul(
    before,
    tf.exp(tf.sub(tilt, tf.max(tilt, -1, true))),
  );
}

/**
 * A step back from noise: a step for an executor.
 *
 * @param inputs As of {@link drawnBefore}, and `noise`, `[B, P, V]`, drawn from the exponential
 *   distribution.
 * @returns `x` of the step before.
 */
export function stepBack(
  config: DiffusionConfig,
  state: Tensors,
  inputs: Tensors,
  tilt?: tf.Tensor,
): { x: tf.Tensor } {
  const probabilities = drawnBefore(config, state, inputs, tilt);
  // Of exponential times with these rates the first is that of each as often as its share.
  const first = tf.argMax(tf.div(probabilities, inputs.noise), -1);
  return { x: tf.oneHot(first, inputs.x.shape.at(-1)!, 1, 0, "float32") };
}
