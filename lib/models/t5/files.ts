/**
 * A T5 on disk, in Hugging Face's layout: a `config.json` beside a `model.safetensors`, or
 * beside several files of weights and their index.
 *
 * Numbers are F32, F16 or BF16. What is read is checked tensor by tensor against the
 * configuration.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { exists, readJson, writeJson } from "../../core/files.ts";
import {
  readWeights,
  storable,
  writeSafetensors,
} from "../../core/safetensors.ts";
import { shown, shownText } from "../../core/shown.ts";
import { parseStrictJson } from "../../core/strict_json.ts";
import type { HostTensor } from "../../core/tensors.ts";
import {
  scalesOutputs,
  type T5Config,
  type T5Model,
  t5Tensors,
} from "./config.ts";
import { t5ConfigOf } from "./config_file.ts";

/** Names of a model's files; `index` is there where the weights are in several. */
export const T5_FILES = {
  config: "config.json",
  weights: "model.safetensors",
  index: "model.safetensors.index.json",
} as const;

const EMBEDDING = "shared.weight";
const HEAD = "lm_head.weight";
/** Copies of the embedding that some published files hold. */
const COPIES = ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];
/** A bias that early versions had and none computes with. */
const UNUSED_BIAS =
  "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight";

/** Files of weights in a format that can run code where it is read. */
export const PICKLED_FILES: readonly string[] = [
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
];

/** The error for a model, a folder or one of the hub, that is there as such a file alone. */
export function pickledError(model: string, name: string): RangeError {
  return new RangeError(
    `Cannot use the model ${model}: its weights must be in ${T5_FILES.weights}, got ${name} alone; convert it in Python, with m = transformers.T5ForConditionalGeneration.from_pretrained("${model}") and m.save_pretrained("FOLDER", safe_serialization=True), and its tokenizer likewise`,
  );
}

/**
 * Writes a T5 as Hugging Face `transformers` does; the tokenizer's files are not included.
 *
 * Sampling is said to be from the whole distribution as it was learned: temperature 1.
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
    use_cache: true,
    dtype,
    ...config,
    scale_decoder_outputs: scalesOutputs(config),
  });
  await writeJson(join(directory, "generation_config.json"), {
    decoder_start_token_id: config.decoder_start_token_id,
    eos_token_id: config.eos_token_id,
    pad_token_id: config.pad_token_id,
    // Without these Python samples from the 50 most probable tokens alone.
    do_sample: true,
    temperature: 1,
    top_k: 0,
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
 * Reads a T5 in Hugging Face's layout, ours or a published one, saved by transformers 4 or 5.
 *
 * Its head is the embedding where the files hold no head, or one that equals the embedding;
 * `config` says what was found.
 *
 * @throws {Error} If a file cannot be read.
 * @throws {RangeError} If it is of no T5, or of one that computes in another way, or its
 *   tensors are not those of its configuration.
 */
export async function loadT5(directory: string): Promise<T5Model> {
  const path = join(directory, T5_FILES.config);
  const file = await readJson(path, "T5 configuration", parseStrictJson);
  const stated = t5ConfigOf(file, path);
  const shared = [stated.vocab_size, stated.d_model];
  const weights = await readWeights(
    directory,
    await _weightFiles(directory),
    new Map(
      t5Tensors({ ...stated, tie_word_embeddings: true })
        .map(([name, shape]) => [name, shape]),
    ),
    new Map([
      [HEAD, shared],
      ...COPIES.map((name) => [name, shared] as const),
      [UNUSED_BIAS, [stated.relative_attention_num_buckets, stated.num_heads]],
    ]),
  );
  delete weights[UNUSED_BIAS];
  for (const name of COPIES) {
    if (weights[name] === undefined) continue;
    if (!_areEqual(weights[name], weights[EMBEDDING])) {
      throw new RangeError(
        `Cannot use the model ${directory}: ${name} must equal ${EMBEDDING}, got an embedding of its own, which no T5 here computes with`,
      );
    }
    delete weights[name];
  }
  const tied = weights[HEAD] === undefined ||
    _areEqual(weights[HEAD], weights[EMBEDDING]);
  if (tied) delete weights[HEAD];
  return { config: _withHead(stated, tied), weights };
}

/** The configuration with what was found of the head; whether its input is scaled stays. */
function _withHead(stated: T5Config, tied: boolean): T5Config {
  const { scale_decoder_outputs: _, ...config } = stated;
  const scaled = scalesOutputs(stated);
  return {
    ...config,
    tie_word_embeddings: tied,
    ...(scaled === tied ? {} : { scale_decoder_outputs: scaled }),
  };
}

function _areEqual({ data: a }: HostTensor, { data: b }: HostTensor): boolean {
  return a.every((value, i) => value === b[i]);
}

/**
 * Names of the files that hold a model's weights.
 *
 * @throws {RangeError} If there are none but in a format of PyTorch's own, or a part lies
 *   outside of the folder.
 */
async function _weightFiles(directory: string): Promise<string[]> {
  if (await exists(join(directory, T5_FILES.weights))) {
    return [T5_FILES.weights];
  }
  const index = join(directory, T5_FILES.index);
  if (await exists(index)) {
    const names = await weightFilesOf(index);
    for (const name of names) await _checkPlace(directory, name, index);
    return names;
  }
  for (const name of PICKLED_FILES) {
    if (await exists(join(directory, name))) {
      throw pickledError(directory, name);
    }
  }
  return [T5_FILES.weights]; // whose absence is told where it is read
}

/**
 * A part lies in the folder of its index; or, in the cache of Hugging Face's hub, where
 * folders hold links, beside the others in the model's `blobs`.
 */
async function _checkPlace(
  directory: string,
  name: string,
  index: string,
): Promise<void> {
  const path = join(directory, name);
  if (!await exists(path)) return; // told where it is read
  const folder = await Deno.realPath(directory);
  const snapshots = dirname(folder);
  const places = [
    folder,
    ...(basename(snapshots) === "snapshots"
      ? [join(dirname(snapshots), "blobs")]
      : []),
  ];
  const real = await Deno.realPath(path);
  if (places.includes(dirname(real))) return;
  throw new RangeError(
    `Cannot read ${index}: its files must lie in its folder, got ${
      shownText(name)
    }, a link to ${shownText(real)}`,
  );
}

/**
 * Names of the files that an index tells of, each once: large models come in parts.
 *
 * @throws {SyntaxError} If it is not JSON.
 * @throws {RangeError} If it is no index of weights, or names what is no file of its folder.
 */
export async function weightFilesOf(index: string): Promise<string[]> {
  const value = await readJson<unknown>(
    index,
    "index of weights",
    parseStrictJson,
  );
  const files = _isRecord(value) ? value.weight_map : undefined;
  if (!_isRecord(files) || Object.keys(files).length === 0) {
    throw new RangeError(
      `Cannot read ${index}: it must hold a weight_map, got ${
        files === undefined
          ? _isRecord(value) ? "none" : shown(value)
          : shown(files)
      }`,
    );
  }
  const names = new Set<string>();
  for (const [tensor, name] of Object.entries(files)) {
    if (
      typeof name !== "string" || !/^[^/\\\p{Cc}:]+\.safetensors$/u.test(name)
    ) {
      throw new RangeError(
        `Cannot read ${index}: the file of ${
          shownText(tensor)
        } must be a .safetensors file of its folder, got ${shown(name)}`,
      );
    }
    names.add(name);
  }
  return [...names].sort();
}

function _isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
