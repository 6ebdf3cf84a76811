/**
 * A T5 as two ONNX models, beside its files of Hugging Face's layout, as Transformers.js
 * loads it.
 *
 * `onnx/encoder_model.onnx`: `input_ids`, `attention_mask` → `last_hidden_state`.
 *
 * `onnx/decoder_model_merged.onnx`: `input_ids`, `encoder_attention_mask`,
 * `encoder_hidden_states` and for each block `past_key_values.{block}.{decoder, encoder}.{key,
 * value}` → `logits` and `present.{block}.….{key, value}`. One graph serves the first step
 * and those after it: it joins what is remembered, of whatever length, with the keys and
 * values of the decoder's tokens and of the encoder's states that are not remembered.
 *
 * Shapes: `B` sequences, `L` input tokens, `T` target tokens, `P` remembered ones, `d` model
 * width, `H` heads, `k` width of a head, `V` vocabulary.
 * Source: names of inputs and outputs as in Hugging Face `optimum`.
 *
 * @module
 */

import { join } from "node:path";
import { writeFileAtomic } from "../../core/files.ts";
import { exportOnnx, type OpenInput } from "../../engine/onnx_export.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { embedding, linear } from "../../nn/layers.ts";
import type { T5Config, T5Model } from "./config.ts";
import { loadT5 } from "./files.ts";
import {
  attend,
  encodeText,
  feedForward,
  head,
  maskBias,
  MASKED,
  norm,
  relativePositionBuckets,
  splitHeads,
  type T5Pass,
} from "./network.ts";

/** Files of an exported T5, in its folder. */
export const T5_ONNX_FILES = {
  encoder: "onnx/encoder_model.onnx",
  decoder: "onnx/decoder_model_merged.onnx",
} as const;

/**
 * Exports the T5 of a folder into the same folder, whole, in single precision.
 *
 * @returns Paths of the files written.
 * @throws {RangeError} If the folder's model is none that can be used.
 * @throws {Error} If a file cannot be read or written.
 */
export async function exportT5(directory: string): Promise<string[]> {
  const model = await loadT5(directory);
  const written: string[] = [];
  for (const part of ["encoder", "decoder"] as const) {
    const path = join(directory, T5_ONNX_FILES[part]);
    await writeFileAtomic(
      path,
      part === "encoder" ? t5EncoderOnnx(model) : t5DecoderOnnx(model),
    );
    written.push(path);
  }
  return written;
}

/** The encoder as an ONNX model file. */
export function t5EncoderOnnx({ config, weights }: T5Model): Uint8Array {
  const ids: OpenInput = {
    type: "int64",
    shape: ["batch_size", "encoder_sequence_length"],
  };
  return exportOnnx({
    name: "t5 encoder",
    weights,
    inputs: { input_ids: ids, attention_mask: ids },
    run: (state, { input_ids, attention_mask }) => {
      const [batch, length] = input_ids.shape as [number, number];
      const pass = _inference(config, state);
      const places = placesUpTo(length);
      const hidden = encodeText(
        pass,
        input_ids,
        tf.cast(attention_mask, "float32"),
        placeBias(pass, "encoder", places, places),
      );
      return {
        last_hidden_state: tf.reshape(hidden, [batch, length, config.d_model]),
      };
    },
  });
}

/** The decoder as an ONNX model file. */
export function t5DecoderOnnx({ config, weights }: T5Model): Uint8Array {
  const past = (length: string): OpenInput => ({
    type: "float32",
    shape: ["batch_size", config.num_heads, length, config.d_kv],
  });
  const inputs: Record<string, OpenInput> = {
    input_ids: {
      type: "int64",
      shape: ["batch_size", "decoder_sequence_length"],
    },
    encoder_attention_mask: {
      type: "int64",
      shape: ["batch_size", "encoder_sequence_length"],
    },
    encoder_hidden_states: {
      type: "float32",
      shape: ["batch_size", "encoder_sequence_length", config.d_model],
    },
  };
  for (let block = 0; block < config.num_decoder_layers; block++) {
    for (const stack of ["decoder", "encoder"]) {
      for (const kind of ["key", "value"]) {
        inputs[`past_key_values.${block}.${stack}.${kind}`] = past(
          `past_${stack}_sequence_length`,
        );
      }
    }
  }
  return exportOnnx({
    name: "t5 decoder",
    weights,
    inputs,
    sums: {
      total_decoder_sequence_length: {
        past_decoder_sequence_length: 1,
        decoder_sequence_length: 1,
      },
      new_encoder_sequence_length: {
        encoder_sequence_length: 1,
        past_encoder_sequence_length: -1,
      },
    },
    run: (state, inputs) => _decode(_inference(config, state), inputs),
  });
}

function _inference(config: T5Config, state: Tensors): T5Pass {
  return { config: { ...config, dropout_rate: 0 }, state };
}

function _decode(pass: T5Pass, inputs: Tensors): Tensors {
  const { config, state } = pass;
  const {
    input_ids: ids,
    encoder_hidden_states: hidden,
    encoder_attention_mask: mask,
  } = inputs;
  const [batch, length] = ids.shape as [number, number];
  const remembered = (block: number, stack: string): KeysAndValues => {
    const entry = `past_key_values.${block}.${stack}`;
    return { key: inputs[`${entry}.key`], value: inputs[`${entry}.value`] };
  };
  const past = remembered(0, "decoder").key.shape[2]!;
  const pastEncoded = remembered(0, "encoder").key.shape[2]!;
  const encoded = hidden.shape[1]! - pastEncoded;
  const unseen = tf.reshape(
    tf.slice(hidden, [0, pastEncoded, 0], [batch, encoded, config.d_model]),
    [-1, config.d_model],
  );

  const places = placesUpTo(past + length);
  const here = tf.slice(places, [past], [length]);
  const bias = tf.add(
    placeBias(pass, "decoder", here, places),
    tf.mul(
      tf.cast(tf.greater(_relative(here, places), 0), "float32"),
      MASKED,
    ),
  ); // [1, H, T, P + T]
  const crossBias = maskBias(tf.cast(mask, "float32"));
  const outputs: Tensors = {};
  let x = embedding(state["shared.weight"], tf.reshape(ids, [-1])); // [B·T, d]
  for (let block = 0; block < config.num_decoder_layers; block++) {
    const layer = `decoder.block.${block}.layer`;
    const sublayer = (
      index: number,
      kind: "SelfAttention" | "EncDecAttention",
      stack: "decoder" | "encoder",
      bias: tf.Tensor,
    ) => {
      const normalised = norm(pass, `${layer}.${index}`, x);
      const module = `${layer}.${index}.${kind}`;
      const own = stack === "decoder";
      const present = _keysAndValues(
        pass,
        module,
        own ? normalised : unseen,
        own ? length : encoded,
        remembered(block, stack),
      );
      outputs[`present.${block}.${stack}.key`] = present.key;
      outputs[`present.${block}.${stack}.value`] = present.value;
      x = tf.add(
        x,
        _attention(pass, module, normalised, length, present, bias),
      );
    };
    sublayer(0, "SelfAttention", "decoder", bias);
    sublayer(1, "EncDecAttention", "encoder", crossBias);
    x = feedForward(pass, `${layer}.2`, x);
  }
  const logits = tf.reshape(head(pass, x), [batch, length, config.vocab_size]);
  return { logits, ...outputs };
}

/** `[B, H, length, k]` each. */
interface KeysAndValues {
  readonly key: tf.Tensor;
  readonly value: tf.Tensor;
}

/** Keys and values of hidden states `[B·length, d]`, behind those remembered. */
function _keysAndValues(
  { config, state }: T5Pass,
  module: string,
  hidden: tf.Tensor,
  length: number,
  past: KeysAndValues,
): KeysAndValues {
  const project = (name: string, before: tf.Tensor) => {
    const fresh = splitHeads(
      linear(hidden, state[`${module}.${name}.weight`]),
      config,
      length,
    );
    return tf.concat([before, fresh], 2);
  };
  return { key: project("k", past.key), value: project("v", past.value) };
}

/** What attention adds to the residual stream, `[B·length, d]`. */
function _attention(
  { config, state }: T5Pass,
  module: string,
  normalised: tf.Tensor,
  length: number,
  { key, value }: KeysAndValues,
  bias: tf.Tensor,
): tf.Tensor {
  const query = splitHeads(
    linear(normalised, state[`${module}.q.weight`]),
    config,
    length,
  );
  return linear(
    attend(query, key, value, bias),
    state[`${module}.o.weight`],
  );
}

/** 0, 1, 2, …, computed in the graph, `[length]`, float32. */
export function placesUpTo(length: number): tf.Tensor {
  return tf.cumsum(tf.ones([length]), 0, true);
}

/** Key place − query place, `[queries, keys]`. */
function _relative(queries: tf.Tensor, keys: tf.Tensor): tf.Tensor {
  return tf.sub(tf.expandDims(keys, 0), tf.expandDims(queries, 1));
}

/**
 * The learned bias of self-attention scores, `[1, H, queries, keys]`, with buckets looked up
 * in the graph.
 *
 * All pairs at the largest distance or farther share a bucket, so that the buckets of one
 * query with neighbours up to there are those of any length.
 *
 * @param queries, keys Places, as of `placesUpTo`.
 */
export function placeBias(
  { config, state }: T5Pass,
  stack: "encoder" | "decoder",
  queries: tf.Tensor,
  keys: tf.Tensor,
): tf.Tensor {
  const farthest = config.relative_attention_max_distance;
  const count = 2 * farthest + 1;
  const buckets = relativePositionBuckets(
    config,
    count,
    count,
    stack === "encoder",
  ).subarray(farthest * count, (farthest + 1) * count);
  const name =
    `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`;
  const rows = embedding(state[name], tf.tensor1d(buckets, "int32")); // [2·farthest + 1, H]
  const index = tf.cast(
    tf.add(
      tf.clipByValue(_relative(queries, keys), -farthest, farthest),
      farthest,
    ),
    "int32",
  );
  const bias = embedding(rows, tf.reshape(index, [-1])); // [queries · keys, H]
  return tf.reshape(tf.transpose(bias), [
    1,
    config.num_heads,
    queries.shape[0],
    keys.shape[0]!,
  ]);
}
