/**
 * The shape of a T5 and its initial weights, under Hugging Face's names.
 *
 * Source: Raffel et al. 2020, arXiv:1910.10683, §2.1; names and initialisation as in
 * Hugging Face `transformers`, `models/t5`.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import { floats, type HostTensors } from "../../core/tensors.ts";
import type { SearchSpace } from "../../spaces/space.ts";

/** What a T5 can be trained with. */
export const OPTIMIZERS = ["adamw", "adafactor"] as const;

/** One of {@link OPTIMIZERS}. */
export type OptimizerName = typeof OPTIMIZERS[number];

/** The fields of a T5 `config.json` that the computation depends on. */
export interface T5Config {
  readonly vocab_size: number;
  readonly d_model: number;
  /** Width of one attention head. */
  readonly d_kv: number;
  readonly d_ff: number;
  /** Encoder blocks. */
  readonly num_layers: number;
  readonly num_decoder_layers: number;
  readonly num_heads: number;
  readonly relative_attention_num_buckets: number;
  readonly relative_attention_max_distance: number;
  readonly dropout_rate: number;
  readonly layer_norm_epsilon: number;
  /** `relu` is T5, `gated-gelu` is T5 v1.1. */
  readonly feed_forward_proj: "relu" | "gated-gelu";
  /** Whether the head is the embedding. */
  readonly tie_word_embeddings: boolean;
  /**
   * Whether what goes into the head is scaled by `d_model^−0.5`; missing where it is so just
   * if the head is the embedding, as in all T5s but those that were taken apart.
   */
  readonly scale_decoder_outputs?: boolean;
  readonly pad_token_id: number;
  readonly eos_token_id: number;
  readonly decoder_start_token_id: number;
}

/** Whether what goes into the head is scaled. */
export function scalesOutputs(
  { scale_decoder_outputs, tie_word_embeddings }: T5Config,
): boolean {
  return scale_decoder_outputs ?? tie_word_embeddings;
}

/** A model. */
export interface T5Model {
  readonly config: T5Config;
  readonly weights: HostTensors;
}

/** What every T5 here has in common. */
const COMMON = {
  relative_attention_num_buckets: 32,
  relative_attention_max_distance: 128,
  layer_norm_epsilon: 1e-6,
  feed_forward_proj: "relu",
  tie_word_embeddings: true,
  pad_token_id: 0,
  eos_token_id: 1,
  decoder_start_token_id: 0,
} as const;

/** A T5 that trains from scratch on two cores in minutes (1.5 M parameters). */
export const T5_MINI: T5Config = {
  ...COMMON,
  vocab_size: 640,
  d_model: 128,
  d_kv: 32,
  d_ff: 512,
  num_layers: 3,
  num_decoder_layers: 3,
  num_heads: 4,
  dropout_rate: 0.1,
};

/** The T5 that is trained from scratch for a space. */
export function t5Config(
  space: SearchSpace,
  vocabularySize: number,
): T5Config {
  return {
    ...T5_MINI,
    vocab_size: vocabularySize,
    dropout_rate: space.settings.t5.dropoutRate,
    tie_word_embeddings: space.settings.t5.tieWordEmbeddings,
  };
}

/** Attention weights of a block: which module, in which layer of the block. */
function _attention(
  prefix: string,
  { d_model, d_kv, num_heads }: T5Config,
): [string, number[], number][] {
  const inner = num_heads * d_kv;
  return [
    [`${prefix}.q.weight`, [inner, d_model], (d_model * d_kv) ** -0.5],
    [`${prefix}.k.weight`, [inner, d_model], d_model ** -0.5],
    [`${prefix}.v.weight`, [inner, d_model], d_model ** -0.5],
    [`${prefix}.o.weight`, [d_model, inner], inner ** -0.5],
  ];
}

/**
 * Every tensor of a model: name, shape, and standard deviation of its initial values
 * (`null`: all ones).
 */
export function t5Tensors(
  config: T5Config,
): [name: string, shape: number[], deviation: number | null][] {
  const { d_model, d_ff, num_heads, vocab_size } = config;
  const tensors: [string, number[], number | null][] = [
    ["shared.weight", [vocab_size, d_model], 1],
  ];
  for (const stack of ["encoder", "decoder"] as const) {
    const blocks = stack === "encoder"
      ? config.num_layers
      : config.num_decoder_layers;
    for (let block = 0; block < blocks; block++) {
      const layer = (i: number) => `${stack}.block.${block}.layer.${i}`;
      const norm = (i: number) =>
        tensors.push([`${layer(i)}.layer_norm.weight`, [d_model], null]);
      tensors.push(..._attention(`${layer(0)}.SelfAttention`, config));
      if (block === 0) {
        tensors.push([
          `${layer(0)}.SelfAttention.relative_attention_bias.weight`,
          [config.relative_attention_num_buckets, num_heads],
          d_model ** -0.5,
        ]);
      }
      norm(0);
      if (stack === "decoder") {
        tensors.push(..._attention(`${layer(1)}.EncDecAttention`, config));
        norm(1);
      }
      const last = stack === "encoder" ? 1 : 2;
      const dense = `${layer(last)}.DenseReluDense`;
      const inputs = config.feed_forward_proj === "relu"
        ? ["wi"]
        : ["wi_0", "wi_1"];
      for (const wi of inputs) {
        tensors.push([
          `${dense}.${wi}.weight`,
          [d_ff, d_model],
          d_model ** -0.5,
        ]);
      }
      tensors.push([`${dense}.wo.weight`, [d_model, d_ff], d_ff ** -0.5]);
      norm(last);
    }
    tensors.push([`${stack}.final_layer_norm.weight`, [d_model], null]);
  }
  if (!config.tie_word_embeddings) {
    tensors.push(["lm_head.weight", [vocab_size, d_model], d_model ** -0.5]);
  }
  return tensors;
}

/** Draws initial weights: normal, with the deviations of the original. */
export function initialT5Weights(
  config: T5Config,
  random: Random,
): HostTensors {
  return Object.fromEntries(
    t5Tensors(config).map(([name, shape, deviation]) => {
      const size = shape.reduce((product, n) => product * n, 1);
      const data = new Float32Array(size);
      for (let i = 0; i < size; i++) {
        data[i] = deviation === null ? 1 : deviation * random.normal();
      }
      return [name, floats(shape, data)];
    }),
  );
}

/** How many numbers a model has. */
export function t5ParameterCount(config: T5Config): number {
  return t5Tensors(config).reduce(
    (sum, [, shape]) => sum + shape.reduce((product, n) => product * n, 1),
    0,
  );
}
