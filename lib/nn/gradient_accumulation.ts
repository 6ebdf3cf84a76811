/**
 * One optimizer step from the gradients of several smaller batches.
 *
 * The sum of the gradients is state beside the parameters: one function adds to it, as often
 * as there are batches, another updates the parameters with it. Memory is that of one small
 * batch and one copy of the gradient more.
 *
 * The losses must add up to that of the whole: each is the sum over its examples, divided by
 * what the sum over all of them is divided by.
 *
 * @module
 */

import { floats, type HostTensors } from "../core/tensors.ts";
import type { StepFunction } from "../engine/executor.ts";
import { tf } from "../engine/tensorflow.ts";
import { type Loss, lossGradients, type Optimizer } from "./optimizers.ts";

const GRADIENT = "gradient.";

/** Empty sums of gradients, `gradient.…`, of each parameter's shape. */
export function gradientSums(parameters: HostTensors): HostTensors {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, data }]) => [
      GRADIENT + name,
      floats(shape, new Float32Array(data.length)),
    ]),
  );
}

/**
 * Builds the function that adds a batch's gradients to the sums.
 *
 * Its inputs are those of the loss and the scalar `carry`, 0 for the first batch of a step and
 * 1 for the others; its outputs are `loss` and those of the loss.
 *
 * @param parameterNames The state entries to differentiate by.
 */
export function gradientStep(
  loss: Loss,
  parameterNames: readonly string[],
): StepFunction {
  return (state, inputs) => {
    const side = lossGradients(loss, parameterNames, state, inputs);
    return {
      outputs: { loss: side.loss, ...side.outputs },
      state: {
        ...side.state,
        ...Object.fromEntries(
          parameterNames.map((name) => [
            GRADIENT + name,
            tf.add(
              tf.mul(state[GRADIENT + name], inputs.carry),
              side.gradients[name],
            ),
          ]),
        ),
      },
    };
  };
}

/**
 * Builds the function that updates the parameters with the sums.
 *
 * Its inputs are the scalars `learningRate` and `step`; it has no outputs.
 */
export function updateStep(
  parameterNames: readonly string[],
  optimizer: Optimizer,
): StepFunction {
  return (state, { learningRate, step }) => {
    const gradients = Object.fromEntries(
      parameterNames.map((name) => [name, state[GRADIENT + name]]),
    );
    const update = optimizer(state, gradients, learningRate, step);
    return { outputs: {}, state: update.state };
  };
}
