/**
 * One step of T5 decoding with a key–value cache.
 *
 * The cache has a fixed length, so one graph serves every step: the new key and value are
 * placed by a one-hot position, and positions not yet written are masked.
 *
 * Shapes: `B` sequences, `L` prompt tokens, `T` cache length, `H` heads, `k` head width.
 *
 * @module
 */

import { floats, type HostTensors } from "../../core/tensors.ts";
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
  positionBias,
  splitHeads,
} from "./network.ts";

const CACHE = "cache";

/** Empty self-attention caches, zeros `[B, H, T, k]` each. */
export function emptyCache(
  config: T5Config,
  batch: number,
  length: number,
): HostTensors {
  const shape = [batch, config.num_heads, length, config.d_kv];
  const size = shape.reduce((product, n) => product * n, 1);
  const cache: HostTensors = {};
  for (let block = 0; block < config.num_decoder_layers; block++) {
    for (const kind of ["key", "value"]) {
      cache[`${CACHE}.${block}.self.${kind}`] = floats(
        shape,
        new Float32Array(size),
      );
    }
  }
  return cache;
}

/**
 * Encodes prompts and projects them to the decoder's keys and values: a step whose inputs
 * are `ids` and `mask` `[B, L]` and whose outputs are cache entries.
 */
export function promptStep(config: T5Config): StepFunction {
  return (state, { ids, mask }) => {
    const length = ids.shape[1]!;
    const hidden = encodeText({ config, state }, ids, mask);
    const outputs: Tensors = { [`${CACHE}.mask`]: maskBias(mask) };
    for (let block = 0; block < config.num_decoder_layers; block++) {
      const attention = `decoder.block.${block}.layer.1.EncDecAttention`;
      for (const [kind, name] of [["key", "k"], ["value", "v"]]) {
        outputs[`${CACHE}.${block}.cross.${kind}`] = splitHeads(
          linear(hidden, state[`${attention}.${name}.weight`]),
          config,
          length,
        );
      }
    }
    return { outputs };
  };
}

/**
 * Decodes one token of each sequence: a step whose state is the weights and the cache, whose
 * inputs are `ids` `[B]` (the last tokens), `position` `[1]` and `visible` `[T]` (1 up to the
 * position, 0 after it), and whose output is `logits` `[B, V]`.
 */
export function decoderStep(config: T5Config): StepFunction {
  return (state, { ids, position, visible }) => {
    const pass = { config, state };
    const length = visible.shape[0];
    const bias = tf.add(
      tf.gather(
        positionBias(pass, "decoder", length),
        position as tf.Tensor1D,
        2,
      ), // [1, H, 1, T]
      maskBias(tf.expandDims(visible, 0)),
    );
    const here = tf.reshape(
      tf.cast(tf.equal(tf.range(0, length, 1, "int32"), position), "float32"),
      [1, 1, length, 1],
    );
    const updates: Tensors = {};
    let x = embedding(state["shared.weight"], ids); // [B, d]
    for (let block = 0; block < config.num_decoder_layers; block++) {
      const layer = `decoder.block.${block}.layer`;
      const project = (
        module: string,
        name: string,
        from: tf.Tensor,
      ) =>
        splitHeads(
          linear(from, state[`${layer}.${module}.${name}.weight`]),
          config,
          1,
        ); // [B, H, 1, k]
      const place = (kind: string, name: string, from: tf.Tensor) => {
        const entry = `${CACHE}.${block}.self.${kind}`;
        // Positions from here on hold zeros still.
        updates[entry] = tf.add(
          state[entry],
          tf.mul(project("0.SelfAttention", name, from), here),
        );
        return updates[entry];
      };
      let normalised = norm(pass, `${layer}.0`, x);
      const own = attend(
        project("0.SelfAttention", "q", normalised),
        place("key", "k", normalised),
        place("value", "v", normalised),
        bias,
      );
      x = tf.add(x, linear(own, state[`${layer}.0.SelfAttention.o.weight`]));
      normalised = norm(pass, `${layer}.1`, x);
      const cross = attend(
        project("1.EncDecAttention", "q", normalised),
        state[`${CACHE}.${block}.cross.key`],
        state[`${CACHE}.${block}.cross.value`],
        state[`${CACHE}.mask`],
      );
      x = tf.add(
        x,
        linear(cross, state[`${layer}.1.EncDecAttention.o.weight`]),
      );
      x = feedForward(pass, `${layer}.2`, x);
    }
    return { outputs: { logits: head(pass, x) }, state: updates };
  };
}
