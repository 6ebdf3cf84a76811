/**
 * A T5 on disk, in Hugging Face's layout: a `config.json` beside a `model.safetensors`, or
 * beside several files of weights and their index.
 *
 * Numbers are F32, F16 or BF16. What is read is checked tensor by tensor against the
 * configuration.
 *
 * @module
 */

import { join } from "node:path";
import { exists, readJson, writeJson } from "../../core/files.ts";
import {
  readWeights,
  storable,
  writeSafetensors,
} from "../../core/safetensors.ts";
import { type T5Config, type T5Model, t5Tensors } from "./config.ts";

/** Names of a model's files; `index` is there where the weights are in several. */
export const T5_FILES = {
  config: "config.json",
  weights: "model.safetensors",
  index: "model.safetensors.index.json",
} as const;

/**
 * Writes a T5 as Hugging Face `transformers` does; the tokenizer's files are not included.
 *
 * @param options `dtype`: with `float16` the weights are rounded to half precision, and
 *   the file is half as large.
 */
export async function saveT5(
  directory: string,
  { config, weights }: T5Model,
  { dtype = "float32" }: { dtype?: "float32" | "float16" } = {},
): Promise<void> {
  const gated = config.feed_forward_proj === "gated-gelu";
  await writeJson(join(directory, T5_FILES.config), {
    architectures: ["T5ForConditionalGeneration"],
    model_type: "t5",
    is_encoder_decoder: true,
    is_gated_act: gated,
    dense_act_fn: gated ? "gelu_new" : "relu",
    scale_decoder_outputs: config.tie_word_embeddings,
    use_cache: true,
    dtype,
    ...config,
  });
  await writeJson(join(directory, "generation_config.json"), {
    decoder_start_token_id: config.decoder_start_token_id,
    eos_token_id: config.eos_token_id,
    pad_token_id: config.pad_token_id,
  });
  const stored = Array.from(
    storable(weights),
    ([name, { shape, data }]) =>
      [name, {
        shape,
        data: dtype === "float32" ? data : Float16Array.from(data),
      }] as const,
  );
  await writeSafetensors(join(directory, T5_FILES.weights), new Map(stored));
}

/**
 * Reads a T5 in Hugging Face's layout, ours or a published one.
 *
 * @throws {Error} If a file cannot be read.
 * @throws {RangeError} If it is of no T5, or of one that computes in another way, or its
 *   tensors are not those of its configuration.
 */
export async function loadT5(directory: string): Promise<T5Model> {
  const path = join(directory, T5_FILES.config);
  const config = t5ConfigOf(await readJson(path, "T5 configuration"), path);
  const index = join(directory, T5_FILES.index);
  const whole = await exists(join(directory, T5_FILES.weights)) ||
    !await exists(index);
  return {
    config,
    weights: await readWeights(
      directory,
      whole ? [T5_FILES.weights] : await weightFilesOf(index),
      new Map(t5Tensors(config).map(([name, shape]) => [name, shape])),
      (name) => _isUnused(name, config),
    ),
  };
}

/**
 * Names of the files that an index tells of, each once: large models come in parts.
 *
 * @throws {RangeError} If it is no index of weights.
 */
export async function weightFilesOf(index: string): Promise<string[]> {
  const { weight_map: files } = await readJson<
    { weight_map?: Record<string, string> }
  >(index, "index of weights");
  if (files === undefined) {
    throw new RangeError(
      `Cannot read ${index}: it must hold a weight_map, got none`,
    );
  }
  return [...new Set(Object.values(files))].sort();
}

/**
 * A T5's configuration from its file, with the defaults that transformers has for what a
 * file leaves out.
 *
 * @throws {RangeError} If it is of no T5, or of one that computes in another way.
 */
export function t5ConfigOf(
  file: Partial<Omit<T5Config, "feed_forward_proj">> & {
    readonly model_type?: string;
    readonly feed_forward_proj?: string;
  },
  path: string,
): T5Config {
  const fail = (what: string): never => {
    throw new RangeError(`Cannot use the model of ${path}: ${what}`);
  };
  if (file.model_type !== undefined && file.model_type !== "t5") {
    fail(`model_type must be t5, got ${file.model_type}`);
  }
  const size = (name: keyof T5Config, otherwise?: number): number => {
    const value = file[name as "d_model"] ?? otherwise;
    return typeof value === "number" && Number.isInteger(value) && value > 0
      ? value
      : fail(`${name} must be a whole number from 1 up, got ${value}`);
  };
  const { feed_forward_proj = "relu" } = file;
  if (feed_forward_proj !== "relu" && feed_forward_proj !== "gated-gelu") {
    fail(
      `feed_forward_proj must be relu or gated-gelu, got ${feed_forward_proj}`,
    );
  }
  const num_layers = size("num_layers", 6);
  return {
    vocab_size: size("vocab_size", 32_128),
    d_model: size("d_model", 512),
    d_kv: size("d_kv", 64),
    d_ff: size("d_ff", 2048),
    num_layers,
    num_decoder_layers: size("num_decoder_layers", num_layers),
    num_heads: size("num_heads", 8),
    relative_attention_num_buckets: size("relative_attention_num_buckets", 32),
    relative_attention_max_distance: size(
      "relative_attention_max_distance",
      128,
    ),
    dropout_rate: file.dropout_rate ?? 0.1,
    layer_norm_epsilon: file.layer_norm_epsilon ?? 1e-6,
    feed_forward_proj: feed_forward_proj as T5Config["feed_forward_proj"],
    tie_word_embeddings: file.tie_word_embeddings ?? true,
    pad_token_id: file.pad_token_id ?? 0,
    eos_token_id: file.eos_token_id ?? 1,
    decoder_start_token_id: file.decoder_start_token_id ?? 0,
  };
}

/**
 * Tensors that some published files hold and no T5 computes with: copies of the shared
 * embedding, a tied head, and a bias of cross-attention that early versions had.
 */
function _isUnused(name: string, { tie_word_embeddings }: T5Config): boolean {
  return name === "encoder.embed_tokens.weight" ||
    name === "decoder.embed_tokens.weight" ||
    (tie_word_embeddings && name === "lm_head.weight") ||
    name ===
      "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight";
}
