/**
 * One step of T5 decoding with a key–value cache.
 *
 * The keys and values of all that was computed before stand in tables, a row for each
 * beginning of a target, and a step is told which rows come before each of its own. So
 * targets that begin alike share rows, and no row is copied when they part.
 *
 * Where all answer one prompt, cross-attention to its `L` tokens is two products with
 * matrices that are made once: `x (W_qᵀ Kᵀ)` of each head are the scores, and
 * `softmax(scores) (V W_oᵀ)` is what comes of them.
 *
 * Shapes: `B` beginnings, `Q` prompts of `L` tokens, `R` rows of a table, `S` places for rows
 * that come before, `d` model width, `H` heads, `k` head width, `V` vocabulary.
 *
 * @module
 */

import type { StepFunction } from "../../engine/executor.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { embedding, linear } from "../../nn/layers.ts";
import type { T5Config } from "./config.ts";
import {
  attend,
  encodeText,
  feedForward,
  head,
  maskBias,
  norm,
  splitHeads,
  type T5Pass,
} from "./network.ts";

/** The table of earlier keys or values of self-attention in a block. */
const ownEntry = (block: number, kind: "key" | "value") =>
  `${block}.self.${kind}`;

/** Names of the tables of earlier rows. */
export function ownEntries({ num_decoder_layers }: T5Config): string[] {
  return Array.from(
    { length: num_decoder_layers },
    (_, block) => [ownEntry(block, "key"), ownEntry(block, "value")],
  ).flat();
}

/**
 * Encodes prompts and makes of them what the decoder's blocks attend to: a step whose inputs
 * are `ids` and `mask` `[Q, L]`.
 *
 * Its outputs are of each block, as `0.cross.key`, `key` and `value` `[Q, H, L, k]`, and of
 * one prompt alone `scores` `[d, H·L]` and `results` `[H·L, d]`.
 */
export function promptStep(config: T5Config): StepFunction {
  const { d_model, num_heads, d_kv } = config;
  return (state, { ids, mask }) => {
    const [prompts, length] = ids.shape as [number, number];
    const hidden = encodeText({ config, state }, ids, mask);
    const outputs: Tensors = {};
    for (let block = 0; block < config.num_decoder_layers; block++) {
      const weight = (name: string) =>
        state[`decoder.block.${block}.layer.1.EncDecAttention.${name}.weight`];
      const [key, value] = ["k", "v"].map((name) =>
        splitHeads(linear(hidden, weight(name)), config, length)
      ); // [Q, H, L, k]
      const entry = `${block}.cross`;
      if (prompts > 1) {
        outputs[`${entry}.key`] = key;
        outputs[`${entry}.value`] = value;
        continue;
      }
      const ofHeads = (x: tf.Tensor, rows: number) =>
        tf.reshape(x, [num_heads, rows, -1]);
      const scores = tf.matMul(
        ofHeads(key, length),
        ofHeads(weight("q"), d_kv), // [H, k, d]
      ); // [H, L, d]
      const results = tf.matMul(
        ofHeads(value, length),
        ofHeads(tf.transpose(weight("o")), d_kv),
      ); // [H, L, d]
      outputs[`${entry}.scores`] = tf.transpose(
        tf.reshape(scores, [num_heads * length, d_model]),
      );
      outputs[`${entry}.results`] = tf.reshape(results, [
        num_heads * length,
        d_model,
      ]);
    }
    return { outputs };
  };
}

/**
 * Decodes the token that comes after each of several beginnings of one length: a step whose
 * state is the weights.
 *
 * Its inputs are
 *
 * - `ids` `[B]`, the last token of each, and `prompt` `[B]`, the prompt that it answers;
 * - `mask` `[Q, L]` of the prompts, and what {@link promptStep} made of them;
 * - {@link ownEntries}, `[R, H·k]`, and `before` `[B, S]`, their rows that come before;
 * - `buckets` and `visible` `[S + 1]`: of each place, the last token's own at the end, the
 *   bucket of its distance, and 1, or 0 where nothing stands.
 *
 * Its outputs are `logits` `[B, V]` and {@link ownEntries} of the last tokens, `[B, H·k]`.
 */
export function decoderStep(config: T5Config): StepFunction {
  return (state, inputs) => {
    const pass = { config, state };
    const own = _ownAttention(pass, inputs);
    const outputs: Tensors = {};
    let x = embedding(state["shared.weight"], inputs.ids); // [B, d]
    for (let block = 0; block < config.num_decoder_layers; block++) {
      const layer = `decoder.block.${block}.layer`;
      const { context, key, value } = own(block, norm(pass, `${layer}.0`, x));
      outputs[ownEntry(block, "key")] = key;
      outputs[ownEntry(block, "value")] = value;
      x = tf.add(
        x,
        linear(context, state[`${layer}.0.SelfAttention.o.weight`]),
      );
      const normalised = norm(pass, `${layer}.1`, x);
      x = tf.add(x, _promptAttention(pass, inputs, block, normalised));
      x = feedForward(pass, `${layer}.2`, x);
    }
    return { outputs: { logits: head(pass, x), ...outputs } };
  };
}

/** Attention to what comes before, and to the last token itself, in a block. */
function _ownAttention({ config, state }: T5Pass, inputs: Tensors) {
  const { num_heads: heads, d_kv: width } = config;
  const { before, buckets, visible } = inputs;
  const [rows, places] = before.shape as [number, number];
  const bias = tf.add(
    tf.transpose(embedding(
      state[
        "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
      ],
      buckets,
    )), // [H, S + 1]
    tf.reshape(maskBias(tf.expandDims(visible, 0)), [1, places + 1]),
  );
  // Of tables whose heads are rows of their own.
  const headsBefore = tf.add(
    tf.mul(tf.expandDims(before, 1), tf.scalar(heads, "int32")),
    tf.reshape(tf.range(0, heads, 1, "int32"), [1, heads, 1]),
  ); // [B, H, S]
  const past = (entry: string) =>
    tf.reshape(
      tf.gather(
        tf.reshape(inputs[entry], [-1, width]),
        headsBefore as tf.Tensor3D,
      ),
      [rows * heads, places, width],
    );
  const apart = (x: tf.Tensor) => tf.reshape(x, [rows * heads, width]);
  return (block: number, x: tf.Tensor) => {
    const [query, key, value] = ["q", "k", "v"].map((name) =>
      linear(
        x,
        state[`decoder.block.${block}.layer.0.SelfAttention.${name}.weight`],
      )
    ); // [B, H·k]
    // The token's own key and value apart from those before: no table is copied for them.
    const scores = tf.concat([
      tf.reshape(
        tf.matMul(
          tf.reshape(query, [rows * heads, 1, width]),
          past(ownEntry(block, "key")),
          false,
          true,
        ),
        [rows, heads, places],
      ),
      tf.reshape(
        tf.sum(tf.mul(apart(query), apart(key)), 1),
        [rows, heads, 1],
      ),
    ], 2);
    const weights = tf.reshape(
      tf.softmax(tf.add(scores, bias)),
      [rows * heads, places + 1],
    );
    const fromPast = tf.matMul(
      tf.reshape(
        tf.slice(weights, [0, 0], [rows * heads, places]),
        [rows * heads, 1, places],
      ),
      past(ownEntry(block, "value")),
    );
    const context = tf.add(
      apart(fromPast),
      tf.mul(
        tf.slice(weights, [0, places], [rows * heads, 1]),
        apart(value),
      ),
    );
    return { context: tf.reshape(context, [rows, heads * width]), key, value };
  };
}

/** Attention to the prompts in a block: `[B, d]` → `[B, d]`. */
function _promptAttention(
  { config, state }: T5Pass,
  inputs: Tensors,
  block: number,
  x: tf.Tensor,
): tf.Tensor {
  const { mask } = inputs;
  const [prompts, length] = mask.shape as [number, number];
  const entry = (kind: string) => inputs[`${block}.cross.${kind}`];
  const rows = x.shape[0];
  if (prompts === 1) {
    const scores = tf.add(
      tf.reshape(
        tf.matMul(x, entry("scores")),
        [rows, config.num_heads, length],
      ),
      tf.reshape(maskBias(mask), [1, 1, length]),
    );
    return tf.matMul(
      tf.reshape(tf.softmax(scores), [rows, config.num_heads * length]),
      entry("results"),
    );
  }
  const ofPrompt = (x: tf.Tensor) => tf.gather(x, inputs.prompt as tf.Tensor1D);
  const weight = (name: string) =>
    state[`decoder.block.${block}.layer.1.EncDecAttention.${name}.weight`];
  const context = attend(
    splitHeads(linear(x, weight("q")), config, 1),
    ofPrompt(entry("key")),
    ofPrompt(entry("value")),
    maskBias(ofPrompt(mask)),
  );
  return linear(context, weight("o"));
}

/**
 * What the tokens after several beginnings weigh in a draw: a step without state whose
 * inputs are `logits` `[B, V]` and `temperature` `[B, 1]`, more than 0, and whose output is
 * `weights` `[B, V]`, of each row in proportion to the probabilities, the highest of them 1.
 */
export const weightsStep: StepFunction = (_, { logits, temperature }) => {
  const highest = tf.max(logits, -1, true); // [B, 1]
  return {
    outputs: {
      weights: tf.exp(tf.div(tf.sub(logits, highest), temperature)),
    },
  };
};
