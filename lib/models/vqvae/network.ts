/**
 * The VQ-VAE: a cell in, one codebook index for each node, the cell out.
 *
 * Two codes share the initial weights, the loss and the steps:
 *
 * - `arch-llm`, the paper's: a graph isomorphism encoder on the undirected cell, and the
 *   inner-product and softmax decoder of arch2vec. Two nodes whose surroundings look alike
 *   get the same embedding, and `z·z > 0` then decodes an edge between them.
 * - `arch-llm-plus`, ours: the encoder also sees each node's place in the order, and each code
 *   is decoded to its node's operation and incoming edges. Those take few enough values
 *   that a codebook of 512 can hold them all.
 *
 * Shapes: `B` cells, `N` nodes, `K` operations, `D` latent width.
 * Source: the paper, §3.1, eq. 1–6.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import { floats, type HostTensors } from "../../core/tensors.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { ginLayer, initialGinLayer } from "../../nn/gin.ts";
import { linear } from "../../nn/layers.ts";
import {
  sigmoidCrossEntropy,
  softmaxCrossEntropyOneHot,
} from "../../nn/losses.ts";
import type { LossResult } from "../../nn/optimizers.ts";
import { nearestCodes, quantize } from "../../nn/vector_quantizer.ts";
import type { VqvaeConfig } from "./config.ts";

/** Name of the codebook among the weights. */
export const CODEBOOK = "quantizer.codebook";

/**
 * Scale of the encoder's first outputs. Edge logits are products of two of them over 16
 * dimensions: at unit scale the first losses are so large that the codebook collapses.
 */
const OUTPUT_SCALE = 0.3;

/** Weights and running statistics of a model. */
export interface VqvaeWeights {
  /** Trained by gradients. */
  readonly parameters: HostTensors;
  /** Running statistics of the batch normalisations. */
  readonly statistics: HostTensors;
}

/**
 * Draws initial weights.
 *
 * Linear layers: normal with variance `2 / fan-in` before a ReLU, else `1 / fan-in`. The
 * codebook starts at zero; training fills it with encoder outputs.
 */
export function initialVqvaeWeights(
  config: VqvaeConfig,
  random: Random,
): VqvaeWeights {
  const parameters: HostTensors = {};
  const statistics: HostTensors = {};
  const normal = (shape: number[], deviation: number) => {
    const size = shape.reduce((product, n) => product * n, 1);
    return floats(
      shape,
      Float32Array.from({ length: size }, () => deviation * random.normal()),
    );
  };
  const zeros = (size: number) => floats([size], new Float32Array(size));
  const { hidden, latentDim, operations } = config;
  for (let layer = 0; layer < config.layers; layer++) {
    const gin = initialGinLayer(
      `encoder.gin.${layer}`,
      {
        width: layer === 0 ? _inputWidth(config) : hidden,
        hidden,
        depth: config.mlpDepth,
      },
      (shape) => normal(shape, Math.sqrt(2 / shape[1])),
    );
    Object.assign(parameters, gin.parameters);
    Object.assign(statistics, gin.statistics);
  }
  parameters["encoder.output.weight"] = normal(
    [latentDim, hidden],
    OUTPUT_SCALE / Math.sqrt(hidden),
  );
  parameters["encoder.output.bias"] = zeros(latentDim);
  parameters[CODEBOOK] = floats(
    [config.codebookSize, latentDim],
    new Float32Array(config.codebookSize * latentDim),
  );
  parameters["decoder.operations.weight"] = normal(
    [operations, latentDim],
    1 / Math.sqrt(latentDim),
  );
  parameters["decoder.operations.bias"] = zeros(operations);
  if (config.code === "arch-llm-plus") {
    parameters["decoder.edges.weight"] = normal(
      [config.nodes, latentDim],
      1 / Math.sqrt(latentDim),
    );
    parameters["decoder.edges.bias"] = zeros(config.nodes);
  }
  return { parameters, statistics };
}

/** Columns of the encoder's input: operations, and positions where the code knows them. */
function _inputWidth({ code, nodes, operations }: VqvaeConfig): number {
  return code === "arch-llm-plus" ? operations + nodes : operations;
}

/** The encoder's input H⁽⁰⁾, `[B·N, columns]`. */
function _encoderInput(config: VqvaeConfig, operations: tf.Tensor): tf.Tensor {
  const rows = tf.reshape(operations, [-1, config.operations]); // [B·N, K]
  if (config.code === "arch-llm") return rows;
  const batch = operations.shape[0];
  return tf.concat([rows, tf.tile(tf.eye(config.nodes), [batch, 1])], 1);
}

/**
 * Encodes cells (eq. 1).
 *
 * @param operations One-hot, `[B, N, K]`.
 * @param adjacency Directed, `[B, N, N]`; the encoder sees A + Aᵀ.
 * @param updates Gets the new running statistics when `training`.
 * @returns `[B·N, D]`.
 */
export function encode(
  config: VqvaeConfig,
  state: Tensors,
  operations: tf.Tensor,
  adjacency: tf.Tensor,
  training: boolean,
  updates: Tensors = {},
): tf.Tensor {
  const undirected = tf.add(
    adjacency,
    tf.transpose(adjacency, [0, 2, 1]),
  ); // [B, N, N]
  let h = _encoderInput(config, operations);
  for (let layer = 0; layer < config.layers; layer++) {
    h = ginLayer(
      state,
      `encoder.gin.${layer}`,
      h,
      undirected,
      { depth: config.mlpDepth, training },
      updates,
    );
  }
  return linear(
    h,
    state["encoder.output.weight"],
    state["encoder.output.bias"],
  );
}

/** What the decoder gives for each cell. */
export interface DecoderLogits {
  /** `[B·N, K]` (eq. 5). */
  readonly operations: tf.Tensor;
  /** `[B, N, N]`; entry `[i, j]` above the diagonal is that of the edge `i → j`. */
  readonly adjacency: tf.Tensor;
}

/**
 * Decodes codebook vectors.
 *
 * Edge logits are `zᵢ · zⱼ` (eq. 4) in Arch-LLM, a linear function of the code of
 * the node that the edge enters in Arch-LLM+.
 *
 * @param zq `[B·N, D]`.
 */
export function decode(
  config: VqvaeConfig,
  state: Tensors,
  zq: tf.Tensor,
): DecoderLogits {
  const { nodes, latentDim } = config;
  const operations = linear(
    zq,
    state["decoder.operations.weight"],
    state["decoder.operations.bias"],
  );
  if (config.code === "arch-llm") {
    const z = tf.reshape(zq, [-1, nodes, latentDim]);
    return { operations, adjacency: tf.matMul(z, z, false, true) };
  }
  const incoming = linear(
    zq,
    state["decoder.edges.weight"],
    state["decoder.edges.bias"],
  ); // [B·N, N]: row j, column i is the edge i → j
  return {
    operations,
    adjacency: tf.transpose(
      tf.reshape(incoming, [-1, nodes, nodes]),
      [0, 2, 1],
    ),
  };
}

/**
 * The training objective (eq. 6), in nats per cell.
 *
 * The reconstruction term is −log p of the cell: the product of eq. 4 runs over node
 * pairs `i < j`, as in arch2vec (a node paired with itself has `zᵢ·zᵢ ≥ 0` and no edge to
 * decode); a padding row, whose one-hot row is zero, adds nothing to that of eq. 5.
 *
 * @param inputs `operations` `[B, N, K]`, `adjacency` `[B, N, N]`, and `hardness`, a scalar
 *   in `[0, 1]`: the decoder sees `z + hardness · (e − z)`, at 1 the codebook vectors.
 */
export function vqvaeLoss(
  config: VqvaeConfig,
  state: Tensors,
  inputs: Tensors,
): LossResult {
  const { operations, adjacency } = inputs;
  const batch = adjacency.shape[0];
  const updates: Tensors = {};
  const z = encode(config, state, operations, adjacency, true, updates);
  const { codes, zq, codebookLoss, commitmentLoss } = quantize(
    z,
    state[CODEBOOK],
  );
  const seen = tf.add(
    tf.mul(zq, inputs.hardness),
    tf.mul(z, tf.sub(1, inputs.hardness)),
  );
  const logits = decode(config, state, seen);
  const operationLoss = tf.sum(
    softmaxCrossEntropyOneHot(
      logits.operations,
      tf.reshape(operations, [-1, config.operations]),
    ),
  );
  const edgeLoss = tf.sum(
    tf.mul(
      sigmoidCrossEntropy(logits.adjacency, adjacency),
      _aboveDiagonal(config.nodes),
    ),
  );
  const reconstruction = tf.div(tf.add(operationLoss, edgeLoss), batch);
  const quantization = tf.div(
    tf.add(codebookLoss, tf.mul(commitmentLoss, config.commitmentCost)),
    batch,
  );
  return {
    loss: tf.add(
      reconstruction,
      tf.mul(quantization, config.quantizationCost),
    ),
    outputs: { reconstruction, quantization, codes, z },
    state: updates,
  };
}

/** Ones above the diagonal, `[N, N]`. */
function _aboveDiagonal(nodes: number): tf.Tensor {
  return tf.tensor2d(
    Array.from(
      { length: nodes },
      (_, i) => Array.from({ length: nodes }, (_, j) => i < j ? 1 : 0),
    ),
  );
}

/**
 * Codes of cells: a step for an executor.
 *
 * @param training Whether to normalise with the statistics of the batch, for a model whose
 *   running ones do not exist yet.
 */
export function encodeStep(config: VqvaeConfig, training = false) {
  return (state: Tensors, inputs: Tensors) => {
    const z = encode(
      config,
      state,
      inputs.operations,
      inputs.adjacency,
      training,
    );
    return { outputs: { codes: nearestCodes(z, state[CODEBOOK]), z } };
  };
}

/**
 * Most probable operations `[B·N]` and adjacency logits `[B, N, N]` of codes `[B·N]`: a
 * step for an executor.
 */
export function decodeStep(config: VqvaeConfig) {
  return (state: Tensors, inputs: Tensors) => {
    const zq = tf.gather(state[CODEBOOK], inputs.codes as tf.Tensor1D);
    const logits = decode(config, state, zq);
    return {
      outputs: {
        operations: tf.argMax(logits.operations, 1),
        adjacency: logits.adjacency,
      },
    };
  };
}
