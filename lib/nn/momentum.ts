/**
 * Optimizers with momentum, which networks of images are trained by, as pure functions.
 *
 * All parameters are one vector in an update: a network of many small layers then takes as few
 * ops as one of few.
 *
 * @module
 */

import { floats, type HostTensors } from "../core/tensors.ts";
import { type Tensors, tf } from "../engine/tensorflow.ts";
import type { Optimizer } from "./optimizers.ts";

const VELOCITY = "momentum.velocity";
const SQUARES = "momentum.squares";

/** An optimizer and the slots that it starts with. */
export interface MomentumOptimizer {
  readonly optimizer: Optimizer;
  slots(parameters: HostTensors): HostTensors;
}

/**
 * Stochastic gradient descent with Nesterov's momentum, as `torch.optim.SGD` has it: `g ← g +
 * λθ; v ← μv + g; θ ← θ − η (g + μv)`.
 *
 * @param options `momentum`: μ; `weightDecay`: λ, of all parameters.
 */
export function nesterov(
  { momentum, weightDecay }: {
    readonly momentum: number;
    readonly weightDecay: number;
  },
): MomentumOptimizer {
  return {
    slots: (parameters) => ({ [VELOCITY]: _filled(parameters, 0) }),
    optimizer: (state, gradients, learningRate) =>
      _update(state, gradients, weightDecay, (gradient) => {
        const velocity = tf.add(tf.mul(state[VELOCITY], momentum), gradient);
        const step = tf.add(gradient, tf.mul(velocity, momentum));
        return {
          step: tf.mul(step, learningRate),
          slots: { [VELOCITY]: velocity },
        };
      }),
  };
}

/**
 * RMSProp with momentum, as `tf.train.RMSPropOptimizer` has it: `g ← g + λθ; s ← ρs + (1 − ρ)g²;
 * v ← μv + η g/√(s + ε); θ ← θ − v`; `s` is 1 at the start.
 *
 * @param options `momentum`: μ; `decay`: ρ; `epsilon`: ε; `weightDecay`: λ, of all parameters.
 */
export function rmsProp(
  { momentum, decay, epsilon, weightDecay }: {
    readonly momentum: number;
    readonly decay: number;
    readonly epsilon: number;
    readonly weightDecay: number;
  },
): MomentumOptimizer {
  return {
    slots: (parameters) => ({
      [VELOCITY]: _filled(parameters, 0),
      [SQUARES]: _filled(parameters, 1),
    }),
    optimizer: (state, gradients, learningRate) =>
      _update(state, gradients, weightDecay, (gradient) => {
        const squares = tf.add(
          tf.mul(state[SQUARES], decay),
          tf.mul(tf.square(gradient), 1 - decay),
        );
        const scaled = tf.div(gradient, tf.sqrt(tf.add(squares, epsilon)));
        const velocity = tf.add(
          tf.mul(state[VELOCITY], momentum),
          tf.mul(scaled, learningRate),
        );
        return {
          step: velocity,
          slots: { [VELOCITY]: velocity, [SQUARES]: squares },
        };
      }),
  };
}

/** A vector as long as all parameters together. */
function _filled(parameters: HostTensors, value: number) {
  const length = Object.values(parameters)
    .reduce((sum, { data }) => sum + data.length, 0);
  return floats([length], new Float32Array(length).fill(value));
}

function _update(
  state: Tensors,
  gradients: Tensors,
  weightDecay: number,
  stepOf: (gradient: tf.Tensor) => { step: tf.Tensor; slots: Tensors },
): ReturnType<Optimizer> {
  const names = Object.keys(gradients);
  const vector = (tensors: Tensors) =>
    tf.concat(names.map((name) => tf.reshape(tensors[name], [-1])));
  const parameters = vector(state);
  const { step, slots } = stepOf(
    tf.add(vector(gradients), tf.mul(parameters, weightDecay)),
  );
  const parts = tf.split(
    tf.sub(parameters, step),
    names.map((name) => state[name].size),
  );
  return {
    state: {
      ...Object.fromEntries(
        names.map((
          name,
          i,
        ) => [name, tf.reshape(parts[i], state[name].shape)]),
      ),
      ...slots,
    },
  };
}
