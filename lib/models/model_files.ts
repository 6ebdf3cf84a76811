/**
 * Models on disk: a VQ-VAE in a directory of ours, a T5 in Hugging Face's layout.
 *
 * Both are a `config.json` beside a `model.safetensors`. What is read is checked tensor by
 * tensor against the configuration.
 *
 * @module
 */

import { join } from "node:path";
import { floats, type HostTensors } from "../compile/executor.ts";
import { readJson, writeJson } from "../files.ts";
import { Random } from "../random.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { type T5Config, t5Tensors } from "./t5_config.ts";
import { storable } from "./training_run.ts";
import {
  initialVqvaeWeights,
  type VqvaeConfig,
  type VqvaeWeights,
} from "./vqvae.ts";

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";

/** Reads tensors and checks that they are exactly those expected. */
async function _readTensors(
  path: string,
  expected: ReadonlyMap<string, readonly number[]>,
): Promise<HostTensors> {
  const { tensors } = await readSafetensors(path);
  const fail = (what: string): never => {
    throw new RangeError(`Cannot read the model ${path}: ${what}`);
  };
  for (const name of tensors.keys()) {
    if (!expected.has(name)) {
      fail(`its tensors must be those of its ${CONFIG}, got ${name} as well`);
    }
  }
  const result: HostTensors = {};
  for (const [name, shape] of expected) {
    const tensor = tensors.get(name) ?? fail(`it must hold the tensor ${name}`);
    if (`${tensor.shape}` !== `${shape}`) {
      fail(`${name} must have shape [${shape}], got [${tensor.shape}]`);
    }
    if (!(tensor.data instanceof Float32Array)) {
      fail(`${name} must hold real numbers`);
    }
    result[name] = floats(shape, tensor.data);
  }
  return result;
}

/** Writes a VQ-VAE. */
export async function saveVqvae(
  directory: string,
  { config, weights }: { config: VqvaeConfig; weights: VqvaeWeights },
): Promise<void> {
  await writeJson(join(directory, CONFIG), {
    model_type: "arch-llm-vqvae",
    ...config,
  });
  await writeSafetensors(
    join(directory, WEIGHTS),
    storable({ ...weights.parameters, ...weights.statistics }),
  );
}

/**
 * Reads a VQ-VAE.
 *
 * @throws {Error} If a file cannot be read.
 * @throws {RangeError} If tensors are missing, surplus or of another shape.
 */
export async function loadVqvae(
  directory: string,
): Promise<{ config: VqvaeConfig; weights: VqvaeWeights }> {
  const { model_type: _, ...config } = await readJson<
    VqvaeConfig & { model_type: string }
  >(join(directory, CONFIG), "VQ-VAE configuration");
  const blank = initialVqvaeWeights(config, Random.fromSeed(0));
  const shapes = (tensors: HostTensors) =>
    Object.entries(tensors).map(([name, { shape }]) => [name, shape] as const);
  const all = await _readTensors(
    join(directory, WEIGHTS),
    new Map([...shapes(blank.parameters), ...shapes(blank.statistics)]),
  );
  const pick = (tensors: HostTensors) =>
    Object.fromEntries(Object.keys(tensors).map((name) => [name, all[name]]));
  return {
    config,
    weights: {
      parameters: pick(blank.parameters),
      statistics: pick(blank.statistics),
    },
  };
}

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
    weights: await _readTensors(join(directory, WEIGHTS), expected),
  };
}
