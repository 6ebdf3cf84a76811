/**
 * Pretrained T5s: from a directory in Hugging Face's layout, or by name from its hub.
 *
 * T5, T5 v1.1 (Flan) and mT5 of any size. Files from the hub are kept in the cache that Python's
 * `huggingface_hub` uses as well, and fetched once.
 *
 * @module
 */

import { dirname } from "node:path";
import { downloadFileToCacheDir, fileExists } from "@huggingface/hub";
import { exists } from "../../core/files.ts";
import type { T5Model } from "./config.ts";
import {
  loadT5,
  PICKLED_FILES,
  pickledError,
  T5_FILES,
  weightFilesOf,
} from "./files.ts";

/** Files of the tokenizer, which a model cannot be used without. */
export const TOKENIZER_FILES: readonly string[] = [
  "tokenizer.json",
  "tokenizer_config.json",
];

/** A model that was read. */
export interface PretrainedT5 extends T5Model {
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

/** Whether a text can be the name of a model on the hub: `owner/name`, unlike `./folder/name`. */
export function isHubName(text: string): boolean {
  return /^\w[\w.-]*\/\w[\w.-]*$/.test(text);
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
  return { ...await loadT5(directory), directory };
}

/** The error for a model that the hub has in PyTorch's own format alone; null for others. */
async function _pickled(
  source: string,
  hub: { revision: string; hubUrl?: string },
): Promise<Error | null> {
  for (const path of PICKLED_FILES) {
    const there = await fileExists({ repo: source, path, ...hub })
      .catch(() => false);
    if (there) return pickledError(source, path);
  }
  return null;
}

/** Fetches what is needed of a model on the hub; returns the folder it lies in. */
async function _download(
  source: string,
  { revision = "main", hubUrl, cacheDir, onFile = () => {} }: HubOptions,
): Promise<string> {
  if (!isHubName(source)) {
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
  const wanted = [T5_FILES.config, ...TOKENIZER_FILES, T5_FILES.weights];
  try {
    const config = await get(T5_FILES.config);
    for (const name of TOKENIZER_FILES) await get(name);
    try {
      await get(T5_FILES.weights);
    } catch (error) {
      // Large models come in parts, with an index instead.
      const index = await get(T5_FILES.index).catch(async () => {
        throw await _pickled(source, { revision, hubUrl }) ?? error;
      });
      for (const name of await weightFilesOf(index)) await get(name);
    }
    return dirname(config);
  } catch (error) {
    if (error instanceof RangeError) throw error;
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
