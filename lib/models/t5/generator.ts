/**
 * Generation with a T5: sequences drawn side by side, token by token, with a key–value cache.
 *
 * The draws are a tree (see `sequence_tree.ts`), which is walked depth first in groups of
 * beginnings of one length; so the cache holds one group a length, whatever the number of
 * draws. Each draw has random numbers of its own, so that what it comes to does not depend
 * on how draws are grouped.
 *
 * @module
 */

import type { OnProgress } from "../../core/progress.ts";
import { floats, integers } from "../../core/tensors.ts";
import type {
  CompiledFunction,
  DeviceState,
  Executor,
  StepFunction,
} from "../../engine/executor.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { checkSampling } from "../../language/decoding.ts";
import type { TokenBatch } from "../../language/tokenizer.ts";
import type { T5Config, T5Model } from "./config.ts";
import { decodeText, encodeText } from "./network.ts";
import {
  type Beginning,
  continued,
  distinctPrompts,
  evenGroups,
} from "./sequence_tree.ts";
import { type DrawOptions, DrawStep, TokenDraws } from "./token_draws.ts";
import { type DecodingCache, TreeDecoder } from "./tree_decoder.ts";

/** How far to write. */
export interface WritingLimits {
  /** Most tokens of a sequence, its end token included. */
  readonly maxTokens: number;
  /** Gets the sequences that have ended, and all. */
  readonly onProgress?: OnProgress;
}

/** What to generate. */
export interface GenerationOptions extends DrawOptions, WritingLimits {}

/** Rows of {@link T5Generator.nextLogits} at a time. */
const NEXT_ROWS = 1000;

/** The sequences of one call. */
interface Drawing {
  readonly draws: TokenDraws;
  readonly cache: DecodingCache;
  /** Called with the number of draws that have ended since. */
  readonly ended: (count: number) => void;
}

/** A T5 ready to generate; it owns its weights on the device. */
export class T5Generator implements AsyncDisposable {
  readonly config: T5Config;
  readonly #weights: DeviceState;
  readonly #decoder: TreeDecoder;
  readonly #draw: DrawStep;
  readonly #next: CompiledFunction;

  constructor(
    { config, weights }: T5Model,
    executor: Executor,
  ) {
    this.config = config;
    this.#weights = executor.state(weights);
    this.#decoder = new TreeDecoder(config, this.#weights, executor);
    this.#draw = new DrawStep(config.vocab_size, executor);
    this.#next = executor.compile(_nextStep(config), { name: "t5 next token" });
  }

  /**
   * Generates one sequence for each prompt.
   *
   * @returns Token ids, `[rows, maxTokens]`, padding after the end token.
   * @throws {RangeError} If an option is out of range.
   */
  async generate(
    prompts: TokenBatch,
    options: GenerationOptions,
  ): Promise<Int32Array> {
    const [ids] = await this.generateEach(prompts, [options], options);
    return ids;
  }

  /**
   * Generates one sequence for each prompt in each of several settings.
   *
   * Each setting draws with its own `random`, as often whatever comes of it, and gets what it
   * would get alone; what is computed for one serves all.
   *
   * @returns Token ids of each setting, as {@link generate}.
   * @throws {RangeError} If an option is out of range.
   */
  async generateEach(
    prompts: TokenBatch,
    settings: readonly DrawOptions[],
    { maxTokens, onProgress }: WritingLimits,
  ): Promise<Int32Array[]> {
    settings.forEach(checkSampling);
    if (!(Number.isInteger(maxTokens) && maxTokens > 0)) {
      throw new RangeError(
        `Cannot generate: maxTokens must be a whole number from 1 up, got ${maxTokens}`,
      );
    }
    const { rows } = prompts;
    const total = settings.length * rows;
    const temperatures = settings.map(({ temperature }) => temperature);
    const [least, most] = [
      Math.min(...temperatures),
      Math.max(...temperatures),
    ];
    const message = least === most
      ? `temperature ${least}`
      : `temperatures ${least} to ${most}`;
    let done = 0;
    const drawing: Drawing = {
      draws: new TokenDraws(this.#draw, settings, {
        rows,
        maxTokens,
        padding: this.config.pad_token_id,
      }),
      cache: this.#decoder.take(prompts.length, maxTokens),
      ended: (count) => {
        done += count;
        if (count > 0) onProgress?.({ done, total, message });
      },
    };
    const { cache, draws: { tokens } } = drawing;
    const distinct = distinctPrompts(prompts);
    for (const part of evenGroups(distinct, cache.sizes)) {
      const first = part.map(({ first }) => first);
      await this.#decoder.encode(cache, prompts, first, distinct.length === 1);
      const beginnings = part.map(({ rows: own }, row) => ({
        token: this.config.decoder_start_token_id,
        prompt: row,
        parent: null,
        row,
        draws: settings.flatMap((_, i) => own.map((draw) => i * rows + draw)),
      }));
      await this.#grow(drawing, beginnings, 0);
    }
    this.#decoder.giveBack(cache);
    const size = rows * maxTokens;
    return settings.map((_, i) => tokens.slice(i * size, (i + 1) * size));
  }

  /** Draws the token at a position after each of a group, and all that comes after it. */
  async #grow(
    drawing: Drawing,
    group: readonly Beginning[],
    position: number,
  ): Promise<void> {
    const { cache, draws, ended } = drawing;
    const { maxTokens, sizes } = cache;
    await this.#decoder.decode(cache, group, position);
    await draws.draw(group, position, cache.logits);
    let ends = 0;
    const groups = continued(group, (draw) => {
      const token = draws.tokens[draw * maxTokens + position];
      const isLast = token === this.config.eos_token_id ||
        position + 1 === maxTokens;
      if (!isLast) return token;
      ends++;
      return null;
    }, sizes);
    ended(ends);
    for (const next of groups) await this.#grow(drawing, next, position + 1);
  }

  /**
   * Logits of the token that comes after each of several beginnings of a target.
   *
   * @param prompt One row, the same for all.
   * @param begun Tokens of the targets so far, `[rows, length]`; `length` can be 0.
   * @returns `[rows, V]`.
   */
  async nextLogits(
    prompt: TokenBatch,
    begun: Int32Array,
    rows: number,
  ): Promise<Float32Array> {
    const { vocab_size: width, decoder_start_token_id: start } = this.config;
    const length = begun.length / rows;
    const logits = new Float32Array(rows * width);
    // Always whole batches: a graph is compiled for each shape, and holds on to its memory.
    for (let first = 0; first < rows; first += NEXT_ROWS) {
      const count = Math.min(NEXT_ROWS, rows - first);
      const decoderIds = new Int32Array(NEXT_ROWS * (length + 1));
      for (let row = 0; row < NEXT_ROWS; row++) {
        const at = row * (length + 1);
        const from = (first + Math.min(row, count - 1)) * length;
        decoderIds[at] = start;
        decoderIds.set(begun.subarray(from, from + length), at + 1);
      }
      const part = await this.#next.run(this.#weights, {
        ids: integers([1, prompt.length], prompt.ids),
        mask: floats([1, prompt.length], Float32Array.from(prompt.mask)),
        decoderIds: integers([NEXT_ROWS, length + 1], decoderIds),
      });
      logits.set(
        (part.logits.data as Float32Array).subarray(0, count * width),
        first * width,
      );
    }
    return logits;
  }

  /** Frees weights and compiled graphs. */
  async dispose(): Promise<void> {
    await this.#next.dispose();
    await this.#draw.dispose();
    await this.#decoder.dispose();
    this.#weights.dispose();
  }

  /** As {@link dispose}, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/**
 * A step whose inputs are a prompt `ids`, `mask` `[1, L]` and beginnings of targets
 * `decoderIds` `[B, T]`, and whose output is `logits` `[B, V]` of what comes next.
 */
function _nextStep(config: T5Config): StepFunction {
  return (state: Tensors, { ids, mask, decoderIds }: Tensors) => {
    const [rows, length] = decoderIds.shape as [number, number];
    const pass = { config, state };
    const hidden = encodeText(pass, ids, mask);
    const logits = decodeText(pass, decoderIds, { hidden, mask });
    const last = tf.slice(
      tf.reshape(logits, [rows, length, config.vocab_size]),
      [0, length - 1, 0],
      [rows, 1, config.vocab_size],
    );
    return { outputs: { logits: tf.reshape(last, [rows, config.vocab_size]) } };
  };
}
