/**
 * The network of a cell: what a plan of layers computes, and what it starts from.
 *
 * Weights of layer `i` of a plan are named `i.weight`, `i.gamma`, `i.beta`, `i.bias`, running
 * statistics `i.mean`, `i.variance`. Convolutions have the layout of `lib/nn/convolution.ts`,
 * `[kernel · kernel · inputs, outputs]`, the classifier is `[classes, inputs]`.
 *
 * Shapes: `B` images of `S × S` places and `C` channels, `K` classes.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import { floats, type HostTensors } from "../../core/tensors.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import {
  averagePool2,
  averagePool3,
  batchNorm,
  convolve3,
  convolve3Halving,
  maxPool2,
  maxPool3,
  pointwise,
} from "../../nn/convolution.ts";
import {
  batchNormInference,
  type BatchStatistics,
  linear,
  relu,
} from "../../nn/layers.ts";
import type {
  InitialWeights,
  Layer,
  NetworkPlan,
} from "../../spaces/network.ts";

/** Weights and running statistics of a network. */
export interface NetworkWeights {
  /** Trained by gradients. */
  readonly parameters: HostTensors;
  readonly statistics: HostTensors;
}

/** Bounds of a normal distribution that is cut off, in standard deviations. */
const CUT = 2;
/** Standard deviation of a normal distribution that is cut off there. */
const CUT_DEVIATION = 0.87962566103423978;

/** Draws initial weights. */
export function initialNetworkWeights(
  plan: NetworkPlan,
  initial: InitialWeights,
  random: Random,
): NetworkWeights {
  const parameters: HostTensors = {};
  const statistics: HostTensors = {};
  const filled = (channels: number, value: number) =>
    floats([channels], new Float32Array(channels).fill(value));
  const drawn = (shape: number[], draw: () => number) =>
    floats(
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, draw),
    );
  const uniform = (bound: number) => () => bound * (2 * random.uniform() - 1);
  const normalise = (at: number, channels: number) => {
    parameters[`${at}.gamma`] = filled(channels, 1);
    parameters[`${at}.beta`] = filled(channels, 0);
    statistics[`${at}.mean`] = filled(channels, 0);
    statistics[`${at}.variance`] = filled(channels, 1);
  };
  for (const [at, layer] of plan.entries()) {
    if (layer.kind === "convolution") {
      const inputs = layer.kernel ** 2 * layer.inputs;
      parameters[`${at}.weight`] = drawn(
        [inputs, layer.outputs],
        initial === "uniform"
          ? uniform(1 / Math.sqrt(inputs))
          : () => _cutNormal(random) / Math.sqrt(inputs) / CUT_DEVIATION,
      );
      if (layer.normalised) normalise(at, layer.outputs);
    } else if (layer.kind === "normalisation") normalise(at, layer.channels);
    else if (layer.kind === "classifier") {
      const { inputs, classes } = layer;
      parameters[`${at}.weight`] = drawn(
        [classes, inputs],
        uniform(
          initial === "uniform"
            ? 1 / Math.sqrt(inputs)
            : Math.sqrt(6 / (inputs + classes)),
        ),
      );
      parameters[`${at}.bias`] = initial === "uniform"
        ? drawn([classes], uniform(1 / Math.sqrt(inputs)))
        : filled(classes, 0);
    }
  }
  return { parameters, statistics };
}

function _cutNormal(random: Random): number {
  for (;;) {
    const value = random.normal();
    if (Math.abs(value) <= CUT) return value;
  }
}

/**
 * Logits of images with the statistics of the batch.
 *
 * @param rate Scalar: how far running statistics go to those of the batch.
 * @returns `logits`, `[B, K]`, and the new running statistics.
 */
export function trainingLogits(
  plan: NetworkPlan,
  tensors: Tensors,
  images: tf.Tensor,
  rate: tf.Tensor,
): { readonly logits: tf.Tensor; readonly statistics: Tensors } {
  const statistics: Tensors = {};
  const logits = _run(plan, tensors, images, (x, at) => {
    const { gamma, beta } = _normalisation(tensors, at);
    const { y, statistics: batch } = batchNorm(x, { gamma, beta });
    // As in PyTorch and TensorFlow, the variance that is kept is the unbiased one.
    const rows = x.size / x.shape.at(-1)!;
    const found = {
      mean: batch.mean,
      variance: tf.mul(batch.variance, rows / Math.max(1, rows - 1)),
    };
    for (const name of ["mean", "variance"] as const) {
      const before = tensors[`${at}.${name}`];
      statistics[`${at}.${name}`] = tf.add(
        before,
        tf.mul(tf.sub(found[name], before), rate),
      );
    }
    return y;
  });
  return { logits, statistics };
}

/** Logits of images with the running statistics, `[B, K]`. */
export function inferenceLogits(
  plan: NetworkPlan,
  tensors: Tensors,
  images: tf.Tensor,
): tf.Tensor {
  return _run(plan, tensors, images, (x, at) => {
    const { gamma, beta, ...statistics } = _normalisation(tensors, at);
    return batchNormInference(x, gamma, beta, statistics);
  });
}

function _normalisation(
  tensors: Tensors,
  at: number,
): BatchStatistics & { readonly gamma: tf.Tensor; readonly beta: tf.Tensor } {
  return {
    gamma: tensors[`${at}.gamma`],
    beta: tensors[`${at}.beta`],
    mean: tensors[`${at}.mean`],
    variance: tensors[`${at}.variance`],
  };
}

/** Computes the layers of a plan; returns the last one. */
function _run(
  plan: NetworkPlan,
  tensors: Tensors,
  images: tf.Tensor,
  normalise: (x: tf.Tensor, at: number) => tf.Tensor,
): tf.Tensor {
  const maps: tf.Tensor[] = [];
  // What several layers read behind a ReLU is computed once.
  const rectified = new Map<number, tf.Tensor>();
  const reluOf = (at: number) => {
    if (!rectified.has(at)) rectified.set(at, relu(maps[at]));
    return rectified.get(at)!;
  };
  for (const [at, layer] of plan.entries()) {
    maps.push(
      layer.kind === "images"
        ? images
        : _layer(layer, at, { maps, reluOf, tensors, normalise }),
    );
  }
  return maps.at(-1)!;
}

function _layer(
  layer: Exclude<Layer, { kind: "images" }>,
  at: number,
  { maps, reluOf, tensors, normalise }: {
    readonly maps: readonly tf.Tensor[];
    readonly reluOf: (at: number) => tf.Tensor;
    readonly tensors: Tensors;
    readonly normalise: (x: tf.Tensor, at: number) => tf.Tensor;
  },
): tf.Tensor {
  switch (layer.kind) {
    case "convolution": {
      const { from, kernel, stride, reluBefore, normalised, reluAfter } = layer;
      const x = reluBefore ? reluOf(from) : maps[from];
      const convolve = kernel === 1
        ? pointwise
        : stride === 1
        ? convolve3
        : convolve3Halving;
      const y = convolve(x, tensors[`${at}.weight`]);
      const z = normalised ? normalise(y, at) : y;
      return reluAfter ? relu(z) : z;
    }
    case "pool": {
      const pool = layer.pool === "max"
        ? layer.size === 2 ? maxPool2 : maxPool3
        : layer.size === 2
        ? averagePool2
        : averagePool3;
      return pool(maps[layer.from]);
    }
    case "sum":
      return tf.addN(layer.from.map((from) => maps[from]));
    case "concatenation":
      return tf.concat(layer.from.map((from) => maps[from]), -1);
    case "truncation": {
      const x = maps[layer.from];
      return tf.slice(
        x,
        [0, 0, 0, 0],
        [...x.shape.slice(0, 3), layer.channels],
      );
    }
    case "zeros":
      return tf.zerosLike(maps[layer.from]);
    case "normalisation":
      return relu(normalise(maps[layer.from], at));
    case "classifier":
      return linear(
        tf.mean(maps[layer.from], [1, 2]),
        tensors[`${at}.weight`],
        tensors[`${at}.bias`],
      );
  }
}
