/**
 * A tokenizer's files, checked before the library reads them: it takes any id for a place in
 * a list, and of two tokens with one id the last.
 *
 * Source: `tokenizer.json` as of huggingface/tokenizers 0.23.
 *
 * @module
 */

import { join } from "node:path";
import { exists, readJson } from "../core/files.ts";
import { shown, shownText } from "../core/shown.ts";
import { parseStrictJson } from "../core/strict_json.ts";

/** Far above every published vocabulary; below it no list of tokens fills the memory. */
const MOST_TOKENS = 2 ** 20;

/** Characters of the longest setting of a model, such as a prefix of pieces. */
const LONGEST_SETTING = 100;

/** The files that a tokenizer cannot do without. */
const REQUIRED_FILES = ["tokenizer.json", "tokenizer_config.json"] as const;

/**
 * Checks the tokens of a tokenizer and their ids.
 *
 * @throws {Error} If a file is missing or cannot be read.
 * @throws {SyntaxError} If a file is not JSON.
 * @throws {RangeError} If it holds no vocabulary, an id is no whole number of a vocabulary, or
 *   stands for two tokens.
 */
export async function checkTokenizerFiles(directory: string): Promise<void> {
  for (const file of REQUIRED_FILES) {
    if (await exists(join(directory, file))) continue;
    throw new Error(
      `Cannot load a tokenizer: ${directory} must hold ${
        REQUIRED_FILES.join(" and ")
      }, got no ${file}`,
    );
  }
  const [path, configPath] = REQUIRED_FILES.map((file) =>
    join(directory, file)
  );
  const tokens = new Tokens(path);
  const file = await _read(path);
  const { vocab, merges: _, ...settings } = _object(file.model, path, "model");
  for (const [name, value] of Object.entries(settings)) {
    if (
      typeof value === "object" && value !== null ||
      String(value).length > LONGEST_SETTING
    ) {
      _fail(
        path,
        `model.${shownText(name)}`,
        "a short text or a number",
        value,
      );
    }
  }
  if (Array.isArray(vocab)) {
    // A Unigram model's: text and score of each, in the order of the ids.
    vocab.forEach((entry, id) =>
      tokens.add(Array.isArray(entry) ? entry[0] : entry, id)
    );
  } else {
    const ids = _object(vocab, path, "model.vocab");
    for (const [token, id] of Object.entries(ids)) tokens.add(token, id);
  }
  for (const added of _array(file.added_tokens, path, "added_tokens")) {
    const { content, id } = _object(added, path, "each of added_tokens");
    tokens.add(content, id);
  }
  const config = await _read(configPath);
  const decoder = config.added_tokens_decoder ?? {};
  const what = "added_tokens_decoder";
  for (
    const [id, added] of Object.entries(_object(decoder, configPath, what))
  ) {
    const { content } = _object(added, configPath, `each of ${what}`);
    tokens.add(content, /^\d+$/.test(id) ? Number(id) : id);
  }
}

/** Which token each id stands for. */
class Tokens {
  readonly #path: string;
  readonly #tokens = new Map<number, string>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Takes in a token, which may have been told of before. */
  add(token: unknown, id: unknown): void {
    if (typeof token !== "string") {
      _fail(this.#path, "a token", "a text", token);
    }
    if (
      typeof id !== "number" || !Number.isInteger(id) || id < 0 ||
      id >= MOST_TOKENS
    ) {
      _fail(
        this.#path,
        `the id of ${shown(token)}`,
        `a whole number in [0, ${MOST_TOKENS})`,
        id,
      );
    }
    const known = this.#tokens.get(id);
    if (known !== undefined && known !== token) {
      throw new RangeError(
        `Cannot load a tokenizer: in ${this.#path} an id must stand for one token, got ${id} for ${
          shown(known)
        } and ${shown(token)}`,
      );
    }
    this.#tokens.set(id, token);
  }
}

async function _read(path: string): Promise<Record<string, unknown>> {
  const value = await readJson(path, "tokenizer", parseStrictJson);
  return _object(value, path, "the file");
}

function _object(
  value: unknown,
  path: string,
  what: string,
): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : _fail(path, what, "an object", value);
}

function _array(value: unknown, path: string, what: string): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : _fail(path, what, "a list", value);
}

function _fail(path: string, what: string, rule: string, got: unknown): never {
  throw new RangeError(
    `Cannot load a tokenizer: ${what} of ${path} must be ${rule}, got ${
      shown(got)
    }`,
  );
}
