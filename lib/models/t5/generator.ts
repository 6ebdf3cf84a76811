/**
 * Generation with a T5: batches of sequences, token by token, with a key–value cache.
 *
 * @module
 */

import type { OnProgress } from "../../core/progress.ts";
import type { Random } from "../../core/random.ts";
import { floats, integers } from "../../core/tensors.ts";
import type {
  CompiledFunction,
  DeviceState,
  Executor,
  StepFunction,
} from "../../engine/executor.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import {
  checkSampling,
  sampleToken,
  type SamplingOptions,
} from "../../language/decoding.ts";
import type { TokenBatch } from "../../language/tokenizer.ts";
import type { T5Config, T5Model } from "./config.ts";
import { decoderStep, emptyCache, promptStep } from "./decoder_step.ts";
import { decodeText, encodeText } from "./network.ts";

/** What to generate. */
export interface GenerationOptions extends SamplingOptions {
  /** Most tokens of a sequence, its end token included. */
  readonly maxTokens: number;
  readonly random: Random;
  readonly onProgress?: OnProgress;
}

const BATCH = 1000;

/** A T5 ready to generate; it owns its weights on the device. */
export class T5Generator implements AsyncDisposable {
  readonly config: T5Config;
  readonly #executor: Executor;
  readonly #weights: DeviceState;
  readonly #prompt: CompiledFunction;
  readonly #step: CompiledFunction;
  readonly #next: CompiledFunction;

  constructor(
    { config, weights }: T5Model,
    executor: Executor,
  ) {
    this.config = config;
    this.#executor = executor;
    this.#weights = executor.state(weights);
    this.#prompt = executor.compile(promptStep(config), { name: "t5 prompt" });
    this.#step = executor.compile(decoderStep(config), {
      name: "t5 decoder step",
    });
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
    checkSampling(options);
    const { maxTokens, onProgress } = options;
    if (!(Number.isInteger(maxTokens) && maxTokens > 0)) {
      throw new RangeError(
        `Cannot generate: maxTokens must be a whole number from 1 up, got ${maxTokens}`,
      );
    }
    const ids = new Int32Array(prompts.rows * maxTokens);
    for (let start = 0; start < prompts.rows; start += BATCH) {
      const rows = Math.min(BATCH, prompts.rows - start);
      const part = <T extends Int32Array>(array: T) =>
        array.slice(start * prompts.length, (start + rows) * prompts.length);
      ids.set(
        await this.#generateBatch(
          {
            ids: part(prompts.ids),
            mask: part(prompts.mask),
            rows,
            length: prompts.length,
          },
          options,
        ),
        start * maxTokens,
      );
      onProgress?.({
        done: start + rows,
        total: prompts.rows,
        message: `temperature ${options.temperature}`,
      });
    }
    return ids;
  }

  async #generateBatch(
    prompts: TokenBatch,
    options: GenerationOptions,
  ): Promise<Int32Array> {
    const { config } = this;
    const { rows, length } = prompts;
    const { maxTokens } = options;
    const cache = this.#executor.state({
      ...emptyCache(config, rows, maxTokens),
      ...await this.#prompt.run(this.#weights, {
        ids: integers([rows, length], prompts.ids),
        mask: floats([rows, length], Float32Array.from(prompts.mask)),
      }),
    });
    using owned = new DisposableStack();
    owned.defer(() => cache.dispose());
    const result = new Int32Array(rows * maxTokens).fill(config.pad_token_id);
    const ended = new Uint8Array(rows);
    let last = new Int32Array(rows).fill(config.decoder_start_token_id);
    for (let position = 0; position < maxTokens; position++) {
      const { logits } = await this.#step.run([this.#weights, cache], {
        ids: integers([rows], last),
        position: integers([1], [position]),
        visible: floats(
          [maxTokens],
          Float32Array.from(
            { length: maxTokens },
            (_, i) => i <= position ? 1 : 0,
          ),
        ),
      });
      const values = logits.data as Float32Array;
      const next = new Int32Array(rows).fill(config.pad_token_id);
      for (let row = 0; row < rows; row++) {
        if (ended[row]) continue;
        const token = sampleToken(
          values.subarray(
            row * config.vocab_size,
            (row + 1) * config.vocab_size,
          ),
          options,
          options.random,
        );
        next[row] = result[row * maxTokens + position] = token;
        if (token === config.eos_token_id) ended[row] = 1;
      }
      if (ended.every(Boolean)) break;
      last = next;
    }
    return result;
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
    for (let first = 0; first < rows; first += BATCH) {
      const count = Math.min(BATCH, rows - first);
      const decoderIds = new Int32Array(BATCH * (length + 1));
      for (let row = 0; row < BATCH; row++) {
        const at = row * (length + 1);
        const from = (first + Math.min(row, count - 1)) * length;
        decoderIds[at] = start;
        decoderIds.set(begun.subarray(from, from + length), at + 1);
      }
      const part = await this.#next.run(this.#weights, {
        ids: integers([1, prompt.length], prompt.ids),
        mask: floats([1, prompt.length], Float32Array.from(prompt.mask)),
        decoderIds: integers([BATCH, length + 1], decoderIds),
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
    this.#weights.dispose();
    await this.#prompt.dispose();
    await this.#step.dispose();
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
