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
import type { Random } from "../../core/random.ts";
import { floats, type HostTensors, integers } from "../../core/tensors.ts";
import type {
  CompiledFunction,
  DeviceState,
  Executor,
  StepFunction,
} from "../../engine/executor.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import {
  checkSampling,
  mostProbableToken,
  type SamplingOptions,
  tokenSampler,
} from "../../language/decoding.ts";
import type { TokenBatch } from "../../language/tokenizer.ts";
import type { T5Config, T5Model } from "./config.ts";
import {
  decoderStep,
  ownEntries,
  promptStep,
  weightsStep,
} from "./decoder_step.ts";
import { decodeText, encodeText, relativePositionBuckets } from "./network.ts";
import {
  type Beginning,
  continued,
  distinctPrompts,
  evenGroups,
  type GroupSizes,
} from "./sequence_tree.ts";

/** How to draw, and with which random numbers. */
export interface DrawOptions extends SamplingOptions {
  readonly random: Random;
}

/** How far to write. */
export interface WritingLimits {
  /** Most tokens of a sequence, its end token included. */
  readonly maxTokens: number;
  /** Gets the sequences that have ended, and all. */
  readonly onProgress?: OnProgress;
}

/** What to generate. */
export interface GenerationOptions extends DrawOptions, WritingLimits {}

/** Rows of a step; a graph is compiled for each number, and what is fewer is filled up. */
const PARTS = [64, 128, 256];
const LARGEST_PART = PARTS[PARTS.length - 1];
/** The most beginnings in a group. */
const GROUP = 4 * LARGEST_PART;
/** The most that the cache of a group may take, unless that of one part takes more. */
const CACHE_BYTES = 2 ** 28;
/** Places for earlier rows in a step come by so many. */
const PLACES = 8;
/** Rows of {@link T5Generator.nextLogits} at a time. */
const NEXT_ROWS = 1000;

/** Some rows of a step: those from `first`, filled up to `size`. */
interface Part {
  readonly first: number;
  readonly count: number;
  readonly size: number;
}

/** The sequences of one call, and the cache that they share. */
interface Drawing {
  readonly settings: readonly DrawOptions[];
  /** Prompts, and draws of a setting: draw `d` is of setting `⌊d / rows⌋`. */
  readonly rows: number;
  readonly maxTokens: number;
  /** A uniform draw for each token, `[settings · rows, maxTokens]`. */
  readonly uniforms: Float64Array;
  /** Tokens, padding after the end, `[settings · rows, maxTokens]`. */
  readonly tokens: Int32Array;
  /** The cache holds a group of each length. */
  readonly sizes: GroupSizes;
  /** Rows of a length after those of the length before. */
  readonly own: HostTensors;
  /** Of the prompts encoded last. */
  prompts: HostTensors;
  /** Of what comes after each of a group, and of what is drawn from at once, `[, V]`. */
  readonly logits: Float32Array;
  readonly asked: Float32Array;
  /** Called with the number of draws that have ended since. */
  readonly ended: (count: number) => void;
}

/** A T5 ready to generate; it owns its weights on the device. */
export class T5Generator implements AsyncDisposable {
  readonly config: T5Config;
  readonly #weights: DeviceState;
  readonly #nothing: DeviceState;
  readonly #prompt: CompiledFunction;
  readonly #step: CompiledFunction;
  readonly #draw: CompiledFunction;
  readonly #next: CompiledFunction;

  constructor(
    { config, weights }: T5Model,
    executor: Executor,
  ) {
    this.config = config;
    this.#weights = executor.state(weights);
    this.#nothing = executor.state({});
    this.#prompt = executor.compile(promptStep(config), { name: "t5 prompt" });
    this.#step = executor.compile(decoderStep(config), {
      name: "t5 decoder step",
    });
    this.#draw = executor.compile(weightsStep, { name: "t5 draw" });
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
    const distinct = distinctPrompts(prompts);
    const uniforms = new Float64Array(total * maxTokens);
    settings.forEach(({ random }, setting) => {
      const size = rows * maxTokens;
      for (let i = 0; i < size; i++) {
        uniforms[setting * size + i] = random.uniform();
      }
    });
    const sizes = this.#groupSizes(prompts.length, maxTokens);
    let done = 0;
    const drawing: Drawing = {
      settings,
      rows,
      maxTokens,
      uniforms,
      tokens: new Int32Array(total * maxTokens).fill(this.config.pad_token_id),
      sizes,
      own: this.#ownCache(sizes.most * (maxTokens - 1)),
      prompts: {},
      logits: new Float32Array(sizes.most * this.config.vocab_size),
      asked: new Float32Array(LARGEST_PART * this.config.vocab_size),
      ended: (count) => {
        done += count;
        if (count > 0) onProgress?.({ done, total, message });
      },
    };
    for (const part of evenGroups(distinct, sizes)) {
      drawing.prompts = await this.#encode(
        prompts,
        part.map(({ first }) => first),
        distinct.length === 1 ? 1 : sizes.most,
      );
      const beginnings = part.map(({ rows: own }, row) => ({
        token: this.config.decoder_start_token_id,
        prompt: row,
        parent: null,
        row,
        draws: settings.flatMap((_, i) => own.map((draw) => i * rows + draw)),
      }));
      await this.#grow(drawing, beginnings, 0);
    }
    return settings.map((_, i) =>
      drawing.tokens.slice(i * rows * maxTokens, (i + 1) * rows * maxTokens)
    );
  }

  /** Draws the token at a position after each of a group, and all that comes after it. */
  async #grow(
    drawing: Drawing,
    group: readonly Beginning[],
    position: number,
  ): Promise<void> {
    const { maxTokens, tokens, ended } = drawing;
    await this.#decode(drawing, group, position);
    await this.#drawTokens(drawing, group, position);
    let ends = 0;
    const groups = continued(group, (draw) => {
      const token = tokens[draw * maxTokens + position];
      const isLast = token === this.config.eos_token_id ||
        position + 1 === maxTokens;
      if (!isLast) return token;
      ends++;
      return null;
    }, drawing.sizes);
    ended(ends);
    for (const next of groups) await this.#grow(drawing, next, position + 1);
  }

  /** Computes logits of what comes after each of a group, and their rows of the cache. */
  async #decode(
    { sizes: { most }, own, prompts, maxTokens, logits }: Drawing,
    group: readonly Beginning[],
    position: number,
  ): Promise<void> {
    const { config } = this;
    const width = config.vocab_size;
    const places = PLACES * Math.ceil(Math.max(position, 1) / PLACES);
    const all = relativePositionBuckets(
      config,
      position + 1,
      position + 1,
      false,
    ).slice(-position - 1);
    const buckets = new Int32Array(places + 1);
    const visible = new Float32Array(places + 1);
    all.forEach((bucket, before) => {
      const place = before === position ? places : before;
      buckets[place] = bucket;
      visible[place] = 1;
    });
    for (const { first, count, size } of _parts(group.length)) {
      const ids = new Int32Array(size);
      const prompt = new Int32Array(size);
      const before = new Int32Array(size * places);
      for (let i = 0; i < count; i++) {
        const beginning = group[first + i];
        ids[i] = beginning.token;
        prompt[i] = beginning.prompt;
        let { parent } = beginning;
        for (let place = position - 1; parent !== null; place--) {
          before[i * places + place] = place * most + parent.row;
          parent = parent.parent;
        }
      }
      const { logits: part, ...rows } = await this.#step.run(this.#weights, {
        ...prompts,
        ...own,
        ids: integers([size], ids),
        prompt: integers([size], prompt),
        before: integers([size, places], before),
        buckets: integers([places + 1], buckets),
        visible: floats([places + 1], visible),
      });
      logits.set(
        (part.data as Float32Array).subarray(0, count * width),
        first * width,
      );
      if (position + 1 === maxTokens) continue;
      for (const [name, { data }] of Object.entries(rows)) {
        const width = own[name].shape[1];
        own[name].data.set(
          data.subarray(0, count * width),
          (position * most + first) * width,
        );
      }
    }
  }

  /** Draws a token for each draw of a group. */
  async #drawTokens(
    { settings, rows, uniforms, tokens, maxTokens, logits, asked }: Drawing,
    group: readonly Beginning[],
    position: number,
  ): Promise<void> {
    const width = this.config.vocab_size;
    const logitsOf = (row: number) =>
      logits.subarray(row * width, (row + 1) * width);
    const pairs: { row: number; setting: DrawOptions; draws: number[] }[] = [];
    for (const { row, draws } of group) {
      let last = -1;
      for (const draw of draws) {
        const index = Math.floor(draw / rows);
        if (index !== last) {
          pairs.push({ row, setting: settings[index], draws: [] });
          last = index;
        }
        pairs[pairs.length - 1].draws.push(draw);
      }
    }
    const [certain, chance] = [
      pairs.filter(({ setting }) => setting.temperature === 0),
      pairs.filter(({ setting }) => setting.temperature !== 0),
    ];
    for (const { row, draws } of certain) {
      const token = mostProbableToken(logitsOf(row));
      for (const draw of draws) tokens[draw * maxTokens + position] = token;
    }
    for (const { first, count, size } of _parts(chance.length)) {
      const temperature = new Float32Array(size).fill(1);
      for (let i = 0; i < count; i++) {
        const { row, setting } = chance[first + i];
        asked.set(logitsOf(row), i * width);
        temperature[i] = _within32Bits(setting.temperature);
      }
      const { weights } = await this.#draw.run(this.#nothing, {
        logits: floats([size, width], asked.subarray(0, size * width)),
        temperature: floats([size, 1], temperature),
      });
      const data = weights.data as Float32Array;
      for (let i = 0; i < count; i++) {
        const { setting, draws } = chance[first + i];
        const sampler = tokenSampler(
          data.subarray(i * width, (i + 1) * width),
          setting,
        );
        for (const draw of draws) {
          const at = draw * maxTokens + position;
          tokens[at] = sampler(uniforms[at]);
        }
      }
    }
  }

  /**
   * What the decoder attends to of prompts, and their mask.
   *
   * @param rows Which of the batch.
   * @param places Room for so many; 1 where all draws answer one prompt.
   */
  async #encode(
    { ids, mask, length }: TokenBatch,
    rows: readonly number[],
    places: number,
  ): Promise<HostTensors> {
    const encoded: HostTensors = { mask: _zeros([places, length]) };
    const parts = places === 1
      ? [{ first: 0, count: 1, size: 1 }]
      : _parts(rows.length);
    for (const { first, count, size } of parts) {
      const own = new Int32Array(size * length);
      const visible = new Float32Array(size * length).fill(1);
      for (let i = 0; i < count; i++) {
        const from = rows[first + i] * length;
        own.set(ids.subarray(from, from + length), i * length);
        visible.set(mask.subarray(from, from + length), i * length);
      }
      encoded.mask.data.set(
        visible.subarray(0, count * length),
        first * length,
      );
      const entries = await this.#prompt.run(this.#weights, {
        ids: integers([size, length], own),
        mask: floats([size, length], visible),
      });
      for (const [name, { shape, data }] of Object.entries(entries)) {
        if (places === 1) {
          encoded[name] = entries[name];
          continue;
        }
        encoded[name] ??= _zeros([places, ...shape.slice(1)]);
        const width = data.length / size;
        encoded[name].data.set(
          data.subarray(0, count * width),
          first * width,
        );
      }
    }
    return encoded;
  }

  /** Zeros, for so many rows of the cache. */
  #ownCache(rows: number): HostTensors {
    const width = this.config.num_heads * this.config.d_kv;
    return Object.fromEntries(
      // A table has a row at least, so that what has none before can point at it.
      ownEntries(this.config).map((
        name,
      ) => [name, _zeros([Math.max(rows, 1), width])]),
    );
  }

  /** How many beginnings of a length can be computed together. */
  #groupSizes(promptLength: number, maxTokens: number): GroupSizes {
    const { num_heads, d_kv } = this.config;
    const row = ownEntries(this.config).length * num_heads * d_kv *
      (promptLength + maxTokens) * Float32Array.BYTES_PER_ELEMENT;
    const parts = Math.floor(CACHE_BYTES / row / LARGEST_PART);
    const most = Math.max(1, Math.min(parts, GROUP / LARGEST_PART));
    return { most: most * LARGEST_PART, step: LARGEST_PART };
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
    this.#weights.dispose();
    this.#nothing.dispose();
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

/** Cuts rows into parts of the largest size, and the smallest that holds what is left. */
function _parts(rows: number): Part[] {
  const parts: Part[] = [];
  for (let first = 0; first < rows;) {
    const left = rows - first;
    const size = PARTS.find((size) => size >= left) ?? LARGEST_PART;
    parts.push({ first, count: Math.min(left, size), size });
    first += size;
  }
  return parts;
}

function _zeros(shape: readonly number[]) {
  return floats(
    shape,
    new Float32Array(shape.reduce((product, n) => product * n, 1)),
  );
}

/** A temperature as a 32-bit number that can be divided by: 10^±30 are as good as 0 and ∞. */
function _within32Bits(temperature: number): number {
  return Math.min(Math.max(temperature, 1e-30), 1e30);
}
