/**
 * arch2vec: the variational graph autoencoder that the paper starts from, as a baseline.
 *
 * The encoder is that of the printed code; it gives a mean and a log-variance for each node,
 * and a cell is decoded from one vector a node.
 *
 * Shapes: `B` cells, `N` nodes, `K` operations, `D` latent width.
 * Source: Yan et al. 2020, arXiv:2006.06936, §3, and its code, MSU-MLSys-Lab/arch2vec.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import { floats, type HostTensors } from "../../core/tensors.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { ginLayer, initialGinLayer } from "../../nn/gin.ts";
import { dropout, linear } from "../../nn/layers.ts";
import {
  sigmoidCrossEntropy,
  softmaxCrossEntropyOneHot,
} from "../../nn/losses.ts";
import type { LossResult } from "../../nn/optimizers.ts";
import type { Arch2vecConfig } from "./config.ts";
import { standardPrior } from "./prior.ts";

/** Linear–batchnorm–ReLU triplets in a GIN layer: its MLP, and the outer normalisation. */
const MLP_DEPTH = 2;
/** Of running statistics in a training step: PyTorch's `BatchNorm1d` has a momentum of 0.1. */
const STATISTICS_DECAY = 0.9;

/** All that a model consists of. */
export interface Arch2vecWeights {
  readonly parameters: HostTensors;
  /** Running statistics of the batch normalisations. */
  readonly statistics: HostTensors;
  /** What is sampled; see `prior.ts`. */
  readonly prior: HostTensors;
}

/** Draws initial weights as PyTorch's `Linear` does: uniform within `1 / √fan-in`. */
export function initialArch2vecWeights(
  config: Arch2vecConfig,
  random: Random,
): Arch2vecWeights {
  const parameters: HostTensors = {};
  const statistics: HostTensors = {};
  const uniform = (shape: number[], fanIn: number) => {
    const size = shape.reduce((product, n) => product * n, 1);
    return floats(
      shape,
      Float32Array.from(
        { length: size },
        () => (2 * random.uniform() - 1) / Math.sqrt(fanIn),
      ),
    );
  };
  const { hidden, latentDim, operations } = config;
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `encoder.gin.${layer}`;
    const width = layer === 0 ? operations : hidden;
    const gin = initialGinLayer(
      prefix,
      { width, hidden, depth: MLP_DEPTH },
      (shape) => uniform(shape, shape[1]),
    );
    Object.assign(parameters, gin.parameters);
    Object.assign(statistics, gin.statistics);
    if (!config.quirks.linearBiases) continue;
    for (let i = 0; i < MLP_DEPTH; i++) {
      parameters[`${prefix}.${i}.bias`] = uniform(
        [hidden],
        i === 0 ? width : hidden,
      );
    }
  }
  for (const name of ["mean", "logVariance"]) {
    parameters[`encoder.${name}.weight`] = uniform([latentDim, hidden], hidden);
    parameters[`encoder.${name}.bias`] = uniform([latentDim], hidden);
  }
  parameters["decoder.operations.weight"] = uniform(
    [operations, latentDim],
    latentDim,
  );
  parameters["decoder.operations.bias"] = uniform([operations], latentDim);
  return { parameters, statistics, prior: standardPrior(config) };
}

/** Mean and log-variance of each node's latent vector, `[B·N, D]` each. */
function _encode(
  config: Arch2vecConfig,
  state: Tensors,
  inputs: Tensors,
  training: boolean,
  updates: Tensors,
): { mean: tf.Tensor; logVariance: tf.Tensor } {
  const { operations, adjacency } = inputs;
  const undirected = tf.add(adjacency, tf.transpose(adjacency, [0, 2, 1]));
  let h: tf.Tensor = tf.reshape(operations, [-1, config.operations]);
  for (let layer = 0; layer < config.layers; layer++) {
    h = ginLayer(
      state,
      `encoder.gin.${layer}`,
      h,
      undirected,
      { depth: MLP_DEPTH, training, decay: STATISTICS_DECAY },
      updates,
    );
  }
  const [mean, spread] = ["mean", "logVariance"].map((name) =>
    linear(h, state[`encoder.${name}.weight`], state[`encoder.${name}.bias`])
  );
  // log σ² = 2 log σ
  const logVariance = config.quirks.logDeviation ? tf.mul(spread, 2) : spread;
  return { mean, logVariance };
}

/** Logits of operations, `[B·N, K]`, and of edges, `z · zᵀ`, `[B, N, N]`. */
function _decode(config: Arch2vecConfig, state: Tensors, z: tf.Tensor) {
  const nodes = tf.reshape(z, [-1, config.nodes, config.latentDim]);
  return {
    operations: linear(
      z,
      state["decoder.operations.weight"],
      state["decoder.operations.bias"],
    ),
    adjacency: tf.matMul(nodes, nodes, false, true),
  };
}

/**
 * The training objective.
 *
 * @param inputs `operations` `[B, N, K]`, `adjacency` `[B, N, N]`, and in training mode
 *   `noise` `[B·N, D]`, normal, `rows` `[B·N]` and `columns` `[D]`, uniform, for dropout.
 * @param training Training mode: samples, dropout, statistics of the batch.
 * @returns Among the outputs `latents`, the latent means of the batch, `[B·N, D]`.
 */
export function arch2vecLoss(
  config: Arch2vecConfig,
  state: Tensors,
  inputs: Tensors,
  training: boolean,
): LossResult {
  const { quirks } = config;
  const { operations, adjacency } = inputs;
  const [batch, nodes] = adjacency.shape as [number, number];
  const updates: Tensors = {};
  const { mean, logVariance } = _encode(
    config,
    state,
    inputs,
    training,
    updates,
  );
  const z = training
    ? dropout(
      tf.add(mean, tf.mul(tf.exp(tf.mul(logVariance, 0.5)), inputs.noise)),
      config.dropoutRate,
      { rows: inputs.rows, columns: inputs.columns },
    )
    : mean;
  const logits = _decode(config, state, z);
  const target = tf.reshape(operations, [-1, config.operations]);
  const operationLoss = quirks.sigmoidOperations
    ? tf.mean(sigmoidCrossEntropy(logits.operations, target))
    : tf.mean(softmaxCrossEntropyOneHot(logits.operations, target));
  const above = tf.tensor2d(
    Array.from(
      { length: nodes },
      (_, i) => Array.from({ length: nodes }, (_, j) => i < j ? 1 : 0),
    ),
  );
  const entries = quirks.dilutedEdges ? nodes ** 2 : nodes * (nodes - 1) / 2;
  const edgeLoss = tf.div(
    tf.sum(tf.mul(sigmoidCrossEntropy(logits.adjacency, adjacency), above)),
    batch * entries,
  );
  const divergence = tf.mul(
    tf.mean(
      tf.sum(
        tf.sub(
          tf.add(tf.square(mean), tf.exp(logVariance)),
          tf.add(logVariance, 1),
        ),
        1,
      ),
    ),
    quirks.scaledDivergence ? 0.5 / (batch * nodes) : 0.5,
  );
  return {
    loss: tf.add(tf.add(operationLoss, edgeLoss), divergence),
    outputs: { operationLoss, edgeLoss, divergence, latents: mean },
    state: updates,
  };
}

/** Latent means `z` `[B·N, D]` of cells: a step for an executor. */
export function arch2vecEncodeStep(config: Arch2vecConfig) {
  return (state: Tensors, inputs: Tensors) => ({
    outputs: { z: _encode(config, state, inputs, false, {}).mean },
  });
}

/**
 * Most probable operations `[B·N]` and adjacency logits `[B, N, N]` of latent vectors `z`
 * `[B·N, D]`: a step for an executor.
 */
export function arch2vecDecodeStep(config: Arch2vecConfig) {
  return (state: Tensors, { z }: Tensors) => {
    const { operations, adjacency } = _decode(config, state, z);
    return { outputs: { operations: tf.argMax(operations, 1), adjacency } };
  };
}
