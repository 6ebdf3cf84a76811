/**
 * TensorFlow.js, imported in one place.
 *
 * Everything that builds tensors imports `tf` from here: production mode is then on
 * before the first op (no advice on the console, no per-op checks for NaN), and
 * gradients are registered, which `tfjs-core` alone leaves out.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs";

tf.enableProdMode();

export { tf };

/** Tensors by name: the parameters of a model, the inputs of a step. */
export type Tensors = Record<string, tf.Tensor>;
