/**
 * T5's forward pass: encoder, decoder with teacher forcing, and its loss.
 *
 * One step of decoding with a cache is in `decoder_step.ts`. Hidden states are kept
 * flat, `[B·L, d]`, and unfolded only inside attention.
 *
 * Shapes: `B` sequences, `L` input tokens, `T` target tokens, `d` model width, `H` heads,
 * `k` width of a head, `V` vocabulary.
 * Source: Raffel et al. 2020, arXiv:1910.10683, §2.1, and Hugging Face `transformers`.
 *
 * @module
 */

import { type Tensors, tf } from "../../engine/tensorflow.ts";
import {
  dropout,
  type DropoutNoise,
  embedding,
  linear,
  relu,
  rmsNorm,
} from "../../nn/layers.ts";
import { softmaxCrossEntropy } from "../../nn/losses.ts";
import type { LossResult } from "../../nn/optimizers.ts";
import { scalesOutputs, type T5Config } from "./config.ts";

/** Added to the score of a position that must not be attended to. */
export const MASKED = -1e9;

/** Draws noise for the next dropout of `rows` × `columns`, or nothing at inference. */
export type NoiseSource = (
  rows: number,
  columns: number,
) => DropoutNoise | undefined;

const NO_NOISE: NoiseSource = () => undefined;

/** A model in the middle of a pass: configuration, weights, dropout. */
export interface T5Pass {
  readonly config: T5Config;
  readonly state: Tensors;
  readonly noise?: NoiseSource;
}

/**
 * Buckets of relative positions (key − query): exact for near ones, logarithmic beyond.
 *
 * @returns Bucket of each pair, `[queries, keys]`, row-major.
 */
export function relativePositionBuckets(
  config: T5Config,
  queries: number,
  keys: number,
  bidirectional: boolean,
): Int32Array {
  const {
    relative_attention_num_buckets: all,
    relative_attention_max_distance: maxDistance,
  } = config;
  const count = bidirectional ? Math.floor(all / 2) : all;
  const exact = Math.floor(count / 2);
  const buckets = new Int32Array(queries * keys);
  for (let q = 0; q < queries; q++) {
    for (let k = 0; k < keys; k++) {
      const distance = bidirectional ? Math.abs(k - q) : Math.max(0, q - k);
      const offset = bidirectional && k > q ? count : 0;
      const large = exact + Math.floor(
        Math.log(distance / exact) / Math.log(maxDistance / exact) *
          (count - exact),
      );
      buckets[q * keys + k] = offset +
        (distance < exact ? distance : Math.min(large, count - 1));
    }
  }
  return buckets;
}

/** The learned bias of self-attention scores, `[1, H, queries, keys]`. */
export function positionBias(
  { config, state }: T5Pass,
  stack: "encoder" | "decoder",
  length: number,
): tf.Tensor {
  const buckets = relativePositionBuckets(
    config,
    length,
    length,
    stack === "encoder",
  );
  const bias = embedding(
    state[
      `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`
    ],
    tf.tensor1d(buckets, "int32"),
  ); // [L², H]
  return tf.reshape(tf.transpose(bias), [1, config.num_heads, length, length]);
}

/** `[B·L, H·k]` → `[B, H, L, k]`. */
export function splitHeads(
  x: tf.Tensor,
  { num_heads, d_kv }: T5Config,
  length: number,
): tf.Tensor {
  return tf.transpose(tf.reshape(x, [-1, length, num_heads, d_kv]), [
    0,
    2,
    1,
    3,
  ]);
}

/**
 * Attention: `softmax(q kᵀ + bias) v`, without the usual `1/√k`.
 *
 * @param q `[B, H, Lq, k]`.
 * @param k, v `[B, H, Lk, k]`.
 * @param bias Broadcasts to `[B, H, Lq, Lk]`.
 * @param drop Dropout of the attention weights, `[B, H, Lq, Lk]`.
 * @returns `[B·Lq, H·k]`.
 */
export function attend(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  bias: tf.Tensor,
  drop: (weights: tf.Tensor) => tf.Tensor = (weights) => weights,
): tf.Tensor {
  const [batch, heads, queries, width] = q.shape;
  // Batch and heads as one dimension: ONNX Runtime then takes the transpose of `k` into the
  // product, where it would otherwise merge it with that of `splitHeads` into a slow one.
  const fold = (x: tf.Tensor) => tf.reshape(x, [-1, x.shape[2]!, x.shape[3]!]);
  const product = tf.matMul(fold(q), fold(k), false, true); // [B·H, Lq, Lk]
  const scores = tf.add(
    tf.reshape(product, [batch, heads, queries, -1]),
    bias,
  );
  const weights = drop(tf.softmax(scores)); // [B, H, Lq, Lk]
  const context = tf.reshape(
    tf.matMul(fold(weights), fold(v)),
    [batch, heads, queries, width],
  );
  return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [-1, heads * width]);
}

/** Layer norm before a sublayer. */
export function norm(
  { config, state }: T5Pass,
  prefix: string,
  x: tf.Tensor,
): tf.Tensor {
  return rmsNorm(
    x,
    state[`${prefix}.layer_norm.weight`],
    config.layer_norm_epsilon,
  );
}

function _dropout(pass: T5Pass, x: tf.Tensor): tf.Tensor {
  const rate = pass.config.dropout_rate;
  if (rate === 0) return x;
  const columns = x.shape.at(-1)!;
  const rows = x.size / columns;
  const flat = dropout(
    tf.reshape(x, [rows, columns]),
    rate,
    (pass.noise ?? NO_NOISE)(rows, columns),
  );
  return tf.reshape(flat, x.shape);
}

/** An attention sublayer with its residual; keys and values come from `source`. */
function _attentionLayer(
  pass: T5Pass,
  prefix: string,
  module: "SelfAttention" | "EncDecAttention",
  x: tf.Tensor,
  length: number,
  bias: tf.Tensor,
  source?: { hidden: tf.Tensor; length: number },
): tf.Tensor {
  const { config, state } = pass;
  const normalised = norm(pass, prefix, x);
  const keys = source ?? { hidden: normalised, length };
  const project = (name: string, from: tf.Tensor, n: number) =>
    splitHeads(
      linear(from, state[`${prefix}.${module}.${name}.weight`]),
      config,
      n,
    );
  const context = attend(
    project("q", normalised, length),
    project("k", keys.hidden, keys.length),
    project("v", keys.hidden, keys.length),
    bias,
    (weights) => _dropout(pass, weights),
  );
  const output = linear(context, state[`${prefix}.${module}.o.weight`]);
  return tf.add(x, _dropout(pass, output));
}

/** The feed-forward sublayer with its residual. */
export function feedForward(
  pass: T5Pass,
  prefix: string,
  x: tf.Tensor,
): tf.Tensor {
  const { config, state } = pass;
  const dense = `${prefix}.DenseReluDense`;
  const normalised = norm(pass, prefix, x);
  const hidden = config.feed_forward_proj === "relu"
    ? relu(linear(normalised, state[`${dense}.wi.weight`]))
    : tf.mul(
      _gelu(linear(normalised, state[`${dense}.wi_0.weight`])),
      linear(normalised, state[`${dense}.wi_1.weight`]),
    );
  const output = linear(
    _dropout(pass, hidden),
    state[`${dense}.wo.weight`],
  );
  return tf.add(x, _dropout(pass, output));
}

/** GELU by its tanh approximation, as T5 v1.1 has it (`gelu_new`). */
function _gelu(x: tf.Tensor): tf.Tensor {
  const cubic = tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x))));
  return tf.mul(
    tf.mul(0.5, x),
    tf.add(1, tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), cubic))),
  );
}

function _embed(pass: T5Pass, ids: tf.Tensor): tf.Tensor {
  return _dropout(
    pass,
    embedding(pass.state["shared.weight"], tf.reshape(ids, [-1])),
  );
}

function _finalNorm(
  pass: T5Pass,
  stack: "encoder" | "decoder",
  x: tf.Tensor,
): tf.Tensor {
  return rmsNorm(
    x,
    pass.state[`${stack}.final_layer_norm.weight`],
    pass.config.layer_norm_epsilon,
  );
}

/** A mask of ones and zeros, `[B, L]`, as a bias of attention scores, `[B, 1, 1, L]`. */
export function maskBias(mask: tf.Tensor): tf.Tensor {
  return tf.expandDims(
    tf.expandDims(tf.mul(tf.sub(1, mask), MASKED), 1),
    1,
  );
}

/**
 * Runs the encoder.
 *
 * @param ids `[B, L]`, int32.
 * @param mask `[B, L]`, float32: 1 for a token, 0 for padding.
 * @param positions Bias of the relative positions, `[1, H, L, L]`; by default from a table
 *   made for this length.
 * @returns `[B·L, d]`.
 */
export function encodeText(
  pass: T5Pass,
  ids: tf.Tensor,
  mask: tf.Tensor,
  positions: tf.Tensor = positionBias(pass, "encoder", ids.shape[1]!),
): tf.Tensor {
  const length = ids.shape[1]!;
  const bias = tf.add(positions, maskBias(mask));
  let x = _embed(pass, ids);
  for (let block = 0; block < pass.config.num_layers; block++) {
    const prefix = `encoder.block.${block}.layer`;
    x = _attentionLayer(pass, `${prefix}.0`, "SelfAttention", x, length, bias);
    x = feedForward(pass, `${prefix}.1`, x);
  }
  return _dropout(pass, _finalNorm(pass, "encoder", x));
}

/**
 * Runs the decoder over whole targets (teacher forcing).
 *
 * @param ids Decoder inputs, `[B, T]`: the targets shifted right.
 * @param encoded What `encodeText` returned, and the mask it was given; of one input,
 *   `[1, L]`, where all targets have the same.
 * @returns Logits, `[B·T, V]`.
 */
export function decodeText(
  pass: T5Pass,
  ids: tf.Tensor,
  encoded: { hidden: tf.Tensor; mask: tf.Tensor },
): tf.Tensor {
  const length = ids.shape[1]!;
  const source = { hidden: encoded.hidden, length: encoded.mask.shape[1]! };
  const selfBias = tf.add(
    positionBias(pass, "decoder", length),
    _causalBias(length),
  );
  const crossBias = maskBias(encoded.mask);
  // To the one input of all, their tokens are the queries of one long sequence.
  const crossLength = encoded.mask.shape[0] === 1 ? ids.size : length;
  let x = _embed(pass, ids);
  for (let block = 0; block < pass.config.num_decoder_layers; block++) {
    const prefix = `decoder.block.${block}.layer`;
    x = _attentionLayer(
      pass,
      `${prefix}.0`,
      "SelfAttention",
      x,
      length,
      selfBias,
    );
    x = _attentionLayer(
      pass,
      `${prefix}.1`,
      "EncDecAttention",
      x,
      crossLength,
      crossBias,
      source,
    );
    x = feedForward(pass, `${prefix}.2`, x);
  }
  return head(pass, x);
}

function _causalBias(length: number): tf.Tensor {
  const bias = new Float32Array(length * length);
  for (let q = 0; q < length; q++) {
    bias.fill(MASKED, q * length + q + 1, (q + 1) * length);
  }
  return tf.tensor4d(bias, [1, 1, length, length]);
}

/** Logits of the decoder's last hidden states: `[M, d]` → `[M, V]`. */
export function head(pass: T5Pass, x: tf.Tensor): tf.Tensor {
  const { config, state } = pass;
  const hidden = _dropout(pass, _finalNorm(pass, "decoder", x));
  return linear(
    scalesOutputs(config) ? tf.mul(hidden, config.d_model ** -0.5) : hidden,
    state[config.tie_word_embeddings ? "shared.weight" : "lm_head.weight"],
  );
}

/** A label that has no part in the loss (Hugging Face's convention). */
export const IGNORED_LABEL = -100;

/** Batches of different lengths that a loss is over: one for each prompt. */
export const T5_PARTS = ["generate", "fill"] as const;

/** One of {@link T5_PARTS}; the names of its inputs and outputs begin with it. */
export type T5Part = typeof T5_PARTS[number];

/** Sum and count of the negative log-likelihood of labels. */
export interface LabelLoss {
  /** Nats, scalar. */
  readonly sum: tf.Tensor;
  /** Labels that count, scalar. */
  readonly count: tf.Tensor;
  /** Nats of each label, `[B·T]`; 0 where ignored. */
  readonly each: tf.Tensor;
}

/**
 * Negative log-likelihood of the labels of one batch under teacher forcing.
 *
 * @param inputs Holds `{part}.ids` `[B, L]` and `{part}.mask` `[B, L]`, or one row of each
 *   for all targets, `{part}.decoderIds` `[B, T]` and `{part}.labels` `[B, T]`, with
 *   {@link IGNORED_LABEL} for padding.
 */
export function labelLoss(
  pass: T5Pass,
  inputs: Tensors,
  part: T5Part,
): LabelLoss {
  const batch = {
    ids: inputs[`${part}.ids`],
    mask: inputs[`${part}.mask`],
    decoderIds: inputs[`${part}.decoderIds`],
    labels: inputs[`${part}.labels`],
  };
  const hidden = encodeText(pass, batch.ids, batch.mask);
  const logits = decodeText(pass, batch.decoderIds, {
    hidden,
    mask: batch.mask,
  });
  const labels = tf.reshape(batch.labels, [-1]);
  const counted = tf.cast(tf.greaterEqual(labels, 0), "float32");
  const each = tf.mul(
    softmaxCrossEntropy(logits, tf.maximum(labels, tf.scalar(0, "int32"))),
    counted,
  );
  return { sum: tf.sum(each), count: tf.sum(counted), each };
}

/**
 * The loss of a step over several batches of different lengths: all their labels'
 * negative log-likelihood divided by their number, in nats per token.
 *
 * Each part reads the inputs `{part}.ids`, `{part}.mask`, `{part}.decoderIds` and
 * `{part}.labels`, as `generate.ids`; its own mean comes out as `{part}.loss`.
 *
 * @param parts By default all.
 */
export function t5Loss(
  config: T5Config,
  state: Tensors,
  inputs: Tensors,
  parts: readonly T5Part[] = T5_PARTS,
): LossResult {
  const noise = _noiseFrom(inputs);
  const losses = parts.map((part) =>
    labelLoss({ config, state, noise }, inputs, part)
  );
  return {
    loss: tf.div(
      tf.addN(losses.map((loss) => loss.sum)),
      tf.addN(losses.map((loss) => loss.count)),
    ),
    outputs: Object.fromEntries(
      losses.map(({ sum, count }, i) => [
        `${parts[i]}.loss`,
        tf.div(sum, count),
      ]),
    ),
  };
}

/**
 * What some examples of a batch add to {@link t5Loss}'s loss of all of it.
 *
 * Reads the same inputs, of one prompt or both, and `labelCount`, the labels of the whole
 * batch; the nats of each prompt come out as `{part}.sum`.
 */
export function t5LossShare(
  config: T5Config,
  state: Tensors,
  inputs: Tensors,
): LossResult {
  const noise = _noiseFrom(inputs);
  const sums = T5_PARTS.filter((part) => `${part}.ids` in inputs).map((part) =>
    [part, labelLoss({ config, state, noise }, inputs, part).sum] as const
  );
  return {
    loss: tf.div(tf.addN(sums.map(([, sum]) => sum)), inputs.labelCount),
    outputs: Object.fromEntries(
      sums.map(([part, sum]) => [`${part}.sum`, sum]),
    ),
  };
}

/**
 * Cuts dropout noise from the input `noise`, a vector of uniform draws, one piece after the
 * other; without that input there is no dropout.
 */
function _noiseFrom(inputs: Tensors): NoiseSource {
  const pool = inputs.noise;
  if (pool === undefined) return NO_NOISE;
  let used = 0;
  const take = (count: number) => {
    if (used + count > pool.size) {
      throw new RangeError(
        `Cannot draw dropout masks: noise must hold more than ${pool.size} numbers`,
      );
    }
    const piece = tf.slice(pool, [used], [count]);
    used += count;
    return piece;
  };
  return (rows, columns) => ({ rows: take(rows), columns: take(columns) });
}

/**
 * An upper bound of the numbers that the dropout masks of one batch take.
 *
 * @param shape `rows` B, `inputLength` L, `targetLength` T.
 */
export function noiseSize(
  config: T5Config,
  shape: { rows: number; inputLength: number; targetLength: number },
): number {
  if (config.dropout_rate === 0) return 0;
  const longest = Math.max(shape.inputLength, shape.targetLength);
  // Attention weights have H·Lq rows a sequence, the other sites Lq.
  const site = shape.rows * longest * config.num_heads +
    Math.max(config.d_model, config.d_ff, longest);
  return site *
    (4 + 4 * config.num_layers + 6 * config.num_decoder_layers);
}

/** Decoder inputs of targets: shifted right, behind the start token; ignored ones become padding. */
export function shiftRight(
  labels: Int32Array,
  length: number,
  config: T5Config,
): Int32Array {
  const shifted = new Int32Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    const label = i % length === 0
      ? config.decoder_start_token_id
      : labels[i - 1];
    shifted[i] = label === IGNORED_LABEL ? config.pad_token_id : label;
  }
  return shifted;
}
