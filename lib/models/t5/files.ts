/**
 * A T5 on disk, in Hugging Face's layout: a `config.json` beside a `model.safetensors`.
 *
 * What is read is checked tensor by tensor against the configuration.
 *
 * @module
 */

import { join } from "node:path";
import { readJson, writeJson } from "../../core/files.ts";
import {
  readTensors,
  storable,
  writeSafetensors,
} from "../../core/safetensors.ts";
import type { HostTensors } from "../../core/tensors.ts";
import { type T5Config, t5Tensors } from "./config.ts";

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";

/**
 * Writes a T5 as Hugging Face `transformers` does; the tokenizer's files are not included.
 *
 * @param options `dtype`: with `float16` the weights are rounded to half precision, and
 *   the file is half as large.
 */
export async function saveT5(
  directory: string,
  { config, weights }: { config: T5Config; weights: HostTensors },
  { dtype = "float32" }: { dtype?: "float32" | "float16" } = {},
): Promise<void> {
  const gated = config.feed_forward_proj === "gated-gelu";
  await writeJson(join(directory, CONFIG), {
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
  await writeSafetensors(join(directory, WEIGHTS), new Map(stored));
}

/**
 * Reads a T5 in Hugging Face's layout.
 *
 * @throws {Error} If a file cannot be read.
 * @throws {RangeError} If tensors are missing, surplus or of another shape.
 */
export async function loadT5(
  directory: string,
): Promise<{ config: T5Config; weights: HostTensors }> {
  const config = await readJson<T5Config>(
    join(directory, CONFIG),
    "T5 configuration",
  );
  const expected = new Map(
    t5Tensors(config).map(([name, shape]) => [name, shape]),
  );
  return {
    config,
    weights: await readTensors(join(directory, WEIGHTS), expected),
  };
}
