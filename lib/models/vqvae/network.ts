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
import { ginLayer, ginLayerOfRows, initialGinLayer } from "../../nn/gin.ts";
import { embedding, linear } from "../../nn/layers.ts";
import {
  sigmoidCrossEntropy,
  softmaxCrossEntropyOneHot,
} from "../../nn/losses.ts";
import type { LossResult } from "../../nn/optimizers.ts";
import { nearestCodes, quantize } from "../../nn/vector_quantizer.ts";
import type { VqvaeConfig } from "./config.ts";
import { inputWidth } from "./distinct_rows.ts";

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
        width: layer === 0 ? inputWidth(config) : hidden,
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

/** The encoder's input H⁽⁰⁾, `[B·N, columns]`. */
function _encoderInput(config: VqvaeConfig, operations: tf.Tensor): tf.Tensor {
  const rows = tf.reshape(operations, [-1, config.operations]); // [B·N, K]
  if (config.code === "arch-llm") return rows;
  const batch = operations.shape[0];
  return tf.concat([rows, tf.tile(tf.eye(config.nodes), [batch, 1])], 1);
}

/** A + Aᵀ, `[B, N, N]`, which is what the encoder sees. */
function _undirected(adjacency: tf.Tensor): tf.Tensor {
  return tf.add(adjacency, tf.transpose(adjacency, [0, 2, 1]));
}

/** Encoder outputs of the last layer's embeddings. */
function _encoderOutput(state: Tensors, h: tf.Tensor): tf.Tensor {
  return linear(
    h,
    state["encoder.output.weight"],
    state["encoder.output.bias"],
  );
}

/**
 * Encodes cells (eq. 1).
 *
 * @param operations One-hot, `[B, N, K]`.
 * @param adjacency Directed, `[B, N, N]`; the encoder sees A + Aᵀ.
 * @param training Whether to normalise with the statistics of the batch.
 * @returns `[B·N, D]`.
 */
export function encode(
  config: VqvaeConfig,
  state: Tensors,
  operations: tf.Tensor,
  adjacency: tf.Tensor,
  training: boolean,
): tf.Tensor {
  const undirected = _undirected(adjacency);
  const options = { depth: config.mlpDepth, training };
  let h = _encoderInput(config, operations);
  for (let layer = 0; layer < config.layers; layer++) {
    h = ginLayer(state, `encoder.gin.${layer}`, h, undirected, options, {});
  }
  return _encoderOutput(state, h);
}

/** Encoder outputs in training, and what their rows are. */
interface EncodedRows {
  /** `[R, D]` of distinct rows where there is one layer, else `[B·N, D]` of all nodes. */
  readonly z: tf.Tensor;
  /** How many nodes each row stands for, `[R, 1]`; none where each is one. */
  readonly weights?: tf.Tensor;
  /** Takes what belongs to rows, `[R, …]`, to the nodes, `[B·N, …]`. */
  readonly ofNodes: (rows: tf.Tensor) => tf.Tensor;
}

/**
 * The same in training, with the first layer computed once for all nodes that are alike to it.
 *
 * @param inputs `adjacency`, and what `withDistinctRows` adds.
 * @param updates Gets the new running statistics.
 */
function _encodeDistinct(
  config: VqvaeConfig,
  state: Tensors,
  inputs: Tensors,
  updates: Tensors,
): EncodedRows {
  const rowOf = inputs["rows.of"];
  const shares = inputs["rows.shares"];
  const options = { depth: config.mlpDepth, training: true };
  const first = ginLayerOfRows(
    state,
    "encoder.gin.0",
    { own: inputs["rows.own"], neighbours: inputs["rows.neighbours"] },
    { ...options, shares },
    updates,
  );
  if (config.layers === 1) {
    return {
      z: _encoderOutput(state, first),
      weights: tf.mul(shares, rowOf.size),
      ofNodes: (rows) => embedding(rows, rowOf),
    };
  }
  const undirected = _undirected(inputs.adjacency);
  let h = embedding(first, rowOf); // [B·N, C]
  for (let layer = 1; layer < config.layers; layer++) {
    const prefix = `encoder.gin.${layer}`;
    h = ginLayer(state, prefix, h, undirected, options, updates);
  }
  return { z: _encoderOutput(state, h), ofNodes: (rows) => rows };
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
  const { nodes } = config;
  const operations = _operationLogits(state, zq);
  if (config.code === "arch-llm") {
    return { operations, adjacency: _edgesOfPairs(config, zq) };
  }
  return {
    operations,
    adjacency: tf.transpose(
      tf.reshape(_incomingEdges(state, zq), [-1, nodes, nodes]),
      [0, 2, 1],
    ),
  };
}

/** Logits of a node's operation (eq. 5): `[M, D]` → `[M, K]`. */
function _operationLogits(state: Tensors, zq: tf.Tensor): tf.Tensor {
  return linear(
    zq,
    state["decoder.operations.weight"],
    state["decoder.operations.bias"],
  );
}

/** Logits of the edges between the nodes of a cell (eq. 4): `[B·N, D]` → `[B, N, N]`. */
function _edgesOfPairs(
  { nodes, latentDim }: VqvaeConfig,
  zq: tf.Tensor,
): tf.Tensor {
  const z = tf.reshape(zq, [-1, nodes, latentDim]);
  return tf.matMul(z, z, false, true);
}

/** Logits of the edges that enter a node: `[M, D]` → `[M, N]`, from node 0 and on. */
function _incomingEdges(state: Tensors, zq: tf.Tensor): tf.Tensor {
  return linear(
    zq,
    state["decoder.edges.weight"],
    state["decoder.edges.bias"],
  );
}

/**
 * The training objective (eq. 6), in nats per cell.
 *
 * The reconstruction term is −log p of the cell: the product of eq. 4 runs over node
 * pairs `i < j`, as in arch2vec (a node paired with itself has `zᵢ·zᵢ ≥ 0` and no edge to
 * decode); a padding row, whose one-hot row is zero, adds nothing to that of eq. 5.
 *
 * @param inputs What `withDistinctRows` returns, and `hardness`, a scalar in `[0, 1]`: the
 *   decoder sees `z + hardness · (e − z)`, at 1 the codebook vectors.
 */
export function vqvaeLoss(
  config: VqvaeConfig,
  state: Tensors,
  inputs: Tensors,
): LossResult {
  const batch = inputs["rows.of"].size / config.nodes;
  const updates: Tensors = {};
  const encoded = _encodeDistinct(config, state, inputs, updates);
  const { z, weights, ofNodes } = encoded;
  const { codes, zq, codebookLoss, commitmentLoss } = quantize(
    z,
    state[CODEBOOK],
    weights,
  );
  const seen = tf.add(
    tf.mul(zq, inputs.hardness),
    tf.mul(z, tf.sub(1, inputs.hardness)),
  );
  const reconstruction = tf.div(
    tf.add(
      _operationLoss(config, state, inputs, seen, encoded),
      _edgeLoss(config, state, inputs, seen, encoded),
    ),
    batch,
  );
  const quantization = tf.div(
    tf.add(codebookLoss, tf.mul(commitmentLoss, config.commitmentCost)),
    batch,
  );
  return {
    loss: tf.add(
      reconstruction,
      tf.mul(quantization, config.quantizationCost),
    ),
    outputs: {
      reconstruction,
      quantization,
      codes: weights === undefined
        ? codes
        : tf.gather(codes, inputs["rows.of"] as tf.Tensor1D),
      z: ofNodes(z),
    },
    state: updates,
  };
}

/** −log p of the operations of a batch (eq. 5), summed. */
function _operationLoss(
  config: VqvaeConfig,
  state: Tensors,
  inputs: Tensors,
  seen: tf.Tensor,
  { weights }: EncodedRows,
): tf.Tensor {
  const logits = _operationLogits(state, seen);
  const { operations } = config;
  if (weights === undefined) {
    const targets = tf.reshape(inputs.operations, [-1, operations]);
    return tf.sum(softmaxCrossEntropyOneHot(logits, targets));
  }
  const own = inputs["rows.own"];
  const targets = tf.slice(own, [0, 0], [own.shape[0]!, operations]);
  const losses = softmaxCrossEntropyOneHot(logits, targets); // [R]
  return tf.sum(tf.mul(losses, tf.reshape(weights, [-1])));
}

/** −log p of the edges of a batch (eq. 4), summed over node pairs `i < j`. */
function _edgeLoss(
  config: VqvaeConfig,
  state: Tensors,
  inputs: Tensors,
  seen: tf.Tensor,
  { weights, ofNodes }: EncodedRows,
): tf.Tensor {
  const { nodes, operations } = config;
  const above = _aboveDiagonal(nodes);
  if (config.code === "arch-llm" || weights === undefined) {
    const { adjacency } = decode(config, state, ofNodes(seen));
    return tf.sum(
      tf.mul(sigmoidCrossEntropy(adjacency, inputs.adjacency), above),
    );
  }
  // A row has a position, and so the edges that enter it: those from neighbours before it.
  const positions = (columns: tf.Tensor) =>
    tf.slice(columns, [0, operations], [columns.shape[0]!, nodes]); // [R, N]
  const before = tf.matMul(positions(inputs["rows.own"]), above, false, true);
  const losses = sigmoidCrossEntropy(
    _incomingEdges(state, seen),
    positions(inputs["rows.neighbours"]),
  );
  return tf.sum(tf.mul(losses, tf.mul(before, weights)));
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
