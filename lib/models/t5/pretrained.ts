/**
 * Pretrained T5s: from a directory in Hugging Face's layout, or by name from its hub.
 *
 * T5 and T5 v1.1 (Flan) of any size; `safetensors` in F32, F16 or BF16, one file or several
 * with an index. Files from the hub are kept in the cache that Python's `huggingface_hub`
 * uses as well, and fetched once.
 *
 * @module
 */

import { join } from "node:path";
import { downloadFileToCacheDir } from "@huggingface/hub";

import { floats, type HostTensors } from "../../core/tensors.ts";
import { exists, readJson } from "../../core/files.ts";
import { readSafetensors } from "../../core/safetensors.ts";
import { type T5Config, t5Tensors } from "./config.ts";

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";
/** Files of the tokenizer, which a model cannot be used without. */
export const TOKENIZER_FILES: readonly string[] = [
  "tokenizer.json",
  "tokenizer_config.json",
];

/** A model that was read. */
export interface PretrainedT5 {
  readonly config: T5Config;
  readonly weights: HostTensors;
  /** Where its files are, those of the tokenizer among them. */
  readonly directory: string;
}

/** How to reach the hub. */
export interface HubOptions {
  /** A branch, a tag or a commit. */
  readonly revision?: string;
  readonly hubUrl?: string;
  /** Folder of the cache; by default Hugging Face's own. */
  readonly cacheDir?: string;
  /** Gets each file's name before it is fetched. */
  readonly onFile?: (name: string) => void;
}

/**
 * Opens a pretrained T5.
 *
 * @param source A directory, or the name of a model on the hub, `owner/name`.
 * @throws {RangeError} If the source is neither, or the model is none that can be used.
 * @throws {Error} If a file cannot be fetched or read.
 */
export async function openPretrainedT5(
  source: string,
  options: HubOptions = {},
): Promise<PretrainedT5> {
  const directory = await exists(source)
    ? source
    : await _download(source, options);
  const config = t5ConfigOf(
    await readJson(join(directory, CONFIG), "T5 configuration"),
    join(directory, CONFIG),
  );
  return { config, weights: await _readWeights(directory, config), directory };
}

/** Fetches what is needed of a model on the hub; returns the folder it lies in. */
async function _download(
  source: string,
  { revision = "main", hubUrl, cacheDir, onFile = () => {} }: HubOptions,
): Promise<string> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(source)) {
    throw new RangeError(
      `Cannot open a T5: the source must be a directory or a name on the hub, owner/name, got ${source}`,
    );
  }
  const get = async (path: string): Promise<string> => {
    onFile(path);
    return await downloadFileToCacheDir({
      repo: source,
      path,
      revision,
      ...(hubUrl === undefined ? {} : { hubUrl }),
      ...(cacheDir === undefined ? {} : { cacheDir }),
    });
  };
  const wanted = [CONFIG, ...TOKENIZER_FILES, WEIGHTS];
  try {
    const config = await get(CONFIG);
    for (const name of TOKENIZER_FILES) await get(name);
    try {
      await get(WEIGHTS);
    } catch (error) {
      // Large models come in parts, with an index instead.
      const index = await get(INDEX).catch(() => {
        throw error;
      });
      for (const name of await _shards(index)) await get(name);
    }
    return config.slice(0, -CONFIG.length - 1);
  } catch (error) {
    throw new Error(
      `Cannot fetch ${source} at ${revision} from the hub: ${
        (error as Error).message
      }; without a network put ${
        wanted.join(", ")
      } into a folder and name that instead`,
      { cause: error },
    );
  }
}

/** Names of the files that an index tells of, each once. */
async function _shards(index: string): Promise<string[]> {
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

async function _readWeights(
  directory: string,
  config: T5Config,
): Promise<HostTensors> {
  const index = join(directory, INDEX);
  const files = await exists(join(directory, WEIGHTS)) || !await exists(index)
    ? [WEIGHTS]
    : await _shards(index);
  const expected = new Map(
    t5Tensors(config).map(([name, shape]) => [name, shape]),
  );
  const weights: HostTensors = {};
  const problems: string[] = [];
  for (const file of files) {
    const { tensors } = await readSafetensors(join(directory, file));
    for (const [name, { shape, data }] of tensors) {
      const wanted = expected.get(name);
      if (wanted === undefined) {
        if (!_isUnused(name, config)) problems.push(`surplus ${name}`);
      } else if (`${shape}` !== `${wanted}`) {
        problems.push(`${name} of shape [${shape}] instead of [${wanted}]`);
      } else if (!(data instanceof Float32Array)) {
        problems.push(`${name} of whole numbers`);
      } else weights[name] = floats(shape, data);
    }
  }
  const named = new Set(problems.map((problem) => problem.split(" ")[0]));
  for (const name of expected.keys()) {
    if (!(name in weights) && !named.has(name)) problems.push(`no ${name}`);
  }
  if (problems.length > 0) {
    throw new RangeError(
      `Cannot read the model ${directory}: its tensors must be those of its ${CONFIG}, got ${
        problems.join(", ")
      }`,
    );
  }
  return weights;
}
