/**
 * AdamW as a pure function, and training steps built from a loss and an optimizer.
 *
 * TensorFlow.js' own optimizers change variables in place, which a traced graph
 * cannot; here parameters, gradients and slots go in and new ones come out.
 *
 * @module
 */

import { floats, type HostTensors } from "../core/tensors.ts";
import type { StepFunction } from "../engine/executor.ts";
import { type Tensors, tf } from "../engine/tensorflow.ts";

/** Settings of AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101). */
export interface AdamWOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled weight decay; 0 gives Adam. */
  readonly weightDecay?: number;
  /** Which parameters decay; by default those of two or more dimensions. */
  readonly decays?: (name: string, rank: number) => boolean;
  /** Largest global norm of the gradient; 0 does not clip. */
  readonly clipNorm?: number;
  /** What a parameter's steps are multiplied by, its decay not; by default 1. */
  readonly stepFactor?: (name: string) => number;
}

const FIRST = "adam.first.";
const SECOND = "adam.second.";

/**
 * Zero slots for every parameter: `adam.first.…`, the decayed sum of gradients, and
 * `adam.second.…`, that of their squares.
 */
export function adamWSlots(parameters: HostTensors): HostTensors {
  const slots: HostTensors = {};
  for (const [name, { shape, data }] of Object.entries(parameters)) {
    slots[FIRST + name] = floats(shape, new Float32Array(data.length));
    slots[SECOND + name] = floats(shape, new Float32Array(data.length));
  }
  return slots;
}

/** Parameters of no more elements are updated together: a runtime starts each op for all. */
const SMALL = 4096;

/**
 * One AdamW update.
 *
 * @param state Parameters and slots, by name.
 * @param gradients By parameter name.
 * @param learningRate Scalar.
 * @param step Scalar, 1 at the first update.
 * @returns The new parameters and slots, and the norm of the gradient before clipping where
 *   it is clipped.
 */
export function adamWUpdate(
  state: Tensors,
  gradients: Tensors,
  learningRate: tf.Tensor,
  step: tf.Tensor,
  {
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    weightDecay = 0,
    decays = (_name, rank) => rank >= 2,
    clipNorm = 0,
    stepFactor = () => 1,
  }: AdamWOptions = {},
): OptimizerUpdate {
  const gradientNorm = clipNorm > 0 ? _globalNorm(gradients) : undefined;
  const clip = gradientNorm === undefined
    ? undefined
    : tf.minimum(1, tf.div(clipNorm, tf.add(gradientNorm, 1e-6)));
  // The slots are m/(1 − β₁) and v/(1 − β₂), which takes two passes over memory less;
  // their factors and both bias corrections are in the scalars of m̂/(√v̂ + ε).
  const correction1 = tf.sub(1, tf.pow(beta1, step));
  const correction2 = tf.sqrt(
    tf.div(tf.sub(1, tf.pow(beta2, step)), 1 - beta2),
  );
  const rate = tf.div(
    tf.mul(tf.mul(learningRate, 1 - beta1), correction2),
    correction1,
  );
  const scaledEpsilon = tf.mul(epsilon, correction2);
  const kept = tf.sub(1, tf.mul(learningRate, weightDecay));
  const doesDecay = (name: string) =>
    weightDecay > 0 && decays(name, state[name].rank);
  const groups = Object.groupBy(
    Object.keys(gradients),
    (name) =>
      state[name].size > SMALL
        ? name
        : `${doesDecay(name)} ${stepFactor(name)}`,
  );
  const next: Tensors = {};
  for (const names of Object.values(groups) as string[][]) {
    const [name] = names;
    const stacked = (tensors: Tensors, prefix = "") =>
      _stacked(names.map((name) => tensors[prefix + name]));
    const gradientBefore = stacked(gradients);
    const gradient = clip === undefined
      ? gradientBefore
      : tf.mul(gradientBefore, clip);
    const first = tf.add(tf.mul(stacked(state, FIRST), beta1), gradient);
    const second = tf.add(
      tf.mul(stacked(state, SECOND), beta2),
      tf.square(gradient),
    );
    const factor = stepFactor(name);
    const update = tf.div(
      tf.mul(first, factor === 1 ? rate : tf.mul(rate, factor)),
      tf.add(tf.sqrt(second), scaledEpsilon),
    );
    const parameter = stacked(state);
    const decayed = doesDecay(name) ? tf.mul(parameter, kept) : parameter;
    const shapes = names.map((name) => state[name].shape);
    const assign = (prefix: string, tensor: tf.Tensor) =>
      _unstacked(tensor, shapes).forEach((part, i) =>
        next[prefix + names[i]] = part
      );
    assign(FIRST, first);
    assign(SECOND, second);
    assign("", tf.sub(decayed, update));
  }
  return { state: next, gradientNorm };
}

/** √ of the sum of all squares, scalar. */
function _globalNorm(gradients: Tensors): tf.Tensor {
  return tf.sqrt(
    tf.addN(
      Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient))),
    ),
  );
}

/** Tensors end to end, as one vector; a single one as it is. */
function _stacked(tensors: readonly tf.Tensor[]): tf.Tensor {
  if (tensors.length === 1) return tensors[0];
  return tf.concat(tensors.map((tensor) => tf.reshape(tensor, [-1])));
}

/** The inverse of {@link _stacked}. */
function _unstacked(
  tensor: tf.Tensor,
  shapes: readonly number[][],
): tf.Tensor[] {
  if (shapes.length === 1) return [tensor];
  return tf.split(tensor, shapes.map(tf.util.sizeFromShape))
    .map((part, i) => tf.reshape(part, shapes[i]));
}

/** What an optimizer makes of gradients. */
export interface OptimizerUpdate {
  /** New parameters and slots. */
  readonly state: Tensors;
  /** Global norm of the gradient, where the optimizer looks at it; scalar. */
  readonly gradientNorm?: tf.Tensor;
}

/**
 * One update of parameters and slots.
 *
 * `state` holds both by name, `gradients` those of the parameters; `learningRate` and `step`
 * (1 at the first update) are scalars.
 */
export type Optimizer = (
  state: Tensors,
  gradients: Tensors,
  learningRate: tf.Tensor,
  step: tf.Tensor,
) => OptimizerUpdate;

/** AdamW with some settings. */
export function adamW(options: AdamWOptions): Optimizer {
  return (state, gradients, learningRate, step) =>
    adamWUpdate(state, gradients, learningRate, step, options);
}

/** What a loss function returns. */
export interface LossResult {
  /** Scalar to minimise. */
  readonly loss: tf.Tensor;
  /** Further outputs of the step. */
  readonly outputs?: Tensors;
  /** New values of state that is not trained (running statistics). */
  readonly state?: Tensors;
}

/** A loss over state and inputs. */
export type Loss = (state: Tensors, inputs: Tensors) => LossResult;

/**
 * A loss with its gradients, by automatic differentiation.
 *
 * @param parameterNames The state entries to differentiate by.
 */
export function lossGradients(
  loss: Loss,
  parameterNames: readonly string[],
  state: Tensors,
  inputs: Tensors,
): Required<LossResult> & { readonly gradients: Tensors } {
  let side: LossResult | undefined;
  const kept: tf.Tensor[] = [];
  const keep = (tensors: Tensors = {}) => {
    for (const tensor of Object.values(tensors)) kept.push(tf.keep(tensor));
  };
  const { value, grads } = tf.valueAndGrads((...parameters: tf.Tensor[]) => {
    const named = { ...state };
    parameterNames.forEach((name, i) => named[name] = parameters[i]);
    side = loss(named, inputs);
    // Outputs outlive the tape that the gradient is computed on.
    keep(side.outputs);
    keep(side.state);
    return side.loss.asScalar();
  })(parameterNames.map((name) => state[name]));
  const released = (tensors: Tensors = {}) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]),
    );
  const result = {
    loss: value,
    gradients: Object.fromEntries(
      parameterNames.map((name, i) => [name, grads[i]]),
    ),
    outputs: released(side!.outputs),
    state: released(side!.state),
  };
  tf.dispose(kept);
  return result;
}

/**
 * Builds a training step: loss, gradients, and an optimizer's update.
 *
 * The step's inputs are those of the loss plus the scalars `learningRate` and `step`
 * (1 at the first update); its outputs are `loss`, those of the loss, and `gradientNorm`
 * where the optimizer gives it.
 *
 * @param parameterNames The state entries to train.
 * @param optimizer An optimizer, or settings of AdamW.
 */
export function trainingStep(
  loss: Loss,
  parameterNames: readonly string[],
  optimizer: Optimizer | AdamWOptions,
): StepFunction {
  const update = typeof optimizer === "function" ? optimizer : adamW(optimizer);
  return (state, inputs) => {
    const side = lossGradients(loss, parameterNames, state, inputs);
    const { state: updated, gradientNorm } = update(
      state,
      side.gradients,
      inputs.learningRate,
      inputs.step,
    );
    return {
      outputs: {
        loss: side.loss,
        ...(gradientNorm === undefined ? {} : { gradientNorm }),
        ...side.outputs,
      },
      state: { ...updated, ...side.state },
    };
  };
}

/**
 * Learning rate with linear warm-up and cosine decay to a tenth.
 *
 * @param step 1 at the first update.
 * @returns `peak` at the end of the warm-up, `peak / 10` at `steps`.
 */
export function warmupCosine(
  step: number,
  { peak, warmup, steps }: { peak: number; warmup: number; steps: number },
): number {
  if (step < warmup) return peak * step / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  return peak * (0.1 + 0.9 * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
