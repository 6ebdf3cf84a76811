/**
 * A T5 that decodes what comes after beginnings of a tree, group by group, with a key–value
 * cache of one group a length.
 *
 * Shapes: `V` vocabulary; for others see `decoder_step.ts`.
 *
 * @module
 */

import { floats, type HostTensors, integers } from "../../core/tensors.ts";
import type {
  CompiledFunction,
  DeviceState,
  Executor,
} from "../../engine/executor.ts";
import type { TokenBatch } from "../../language/tokenizer.ts";
import type { T5Config } from "./config.ts";
import { decoderStep, ownEntries, promptStep } from "./decoder_step.ts";
import { relativePositionBuckets } from "./network.ts";
import type { Beginning, GroupSizes } from "./sequence_tree.ts";
import { LARGEST_PART, stepParts } from "./step_parts.ts";

/** The most beginnings in a group. */
const GROUP = 2 * LARGEST_PART;
/** The most that the cache of a group may take, unless that of one part takes more. */
const CACHE_BYTES = 2 ** 28;
/** Places for earlier rows in a step come by so many. */
const PLACES = 8;

/** What sequences that are drawn together share. */
export interface DecodingCache {
  readonly promptLength: number;
  readonly maxTokens: number;
  /** It holds a group of each length. */
  readonly sizes: GroupSizes;
  /** Keys and values, those of a length after those of the length before. */
  readonly own: HostTensors;
  /** What the decoder attends to of the prompts that were encoded last. */
  prompts: HostTensors;
  /** Of what comes after each of the group that was decoded last, `[, V]`. */
  readonly logits: Float32Array;
}

/** The steps of a T5 over a tree; its weights stay their owner's. */
export class TreeDecoder {
  readonly #config: T5Config;
  readonly #weights: DeviceState;
  readonly #prompt: CompiledFunction;
  readonly #step: CompiledFunction;
  /** The last one that was given back: a hundred megabytes that need not be made anew. */
  #idle: DecodingCache | null = null;

  constructor(config: T5Config, weights: DeviceState, executor: Executor) {
    this.#config = config;
    this.#weights = weights;
    this.#prompt = executor.compile(promptStep(config), { name: "t5 prompt" });
    this.#step = executor.compile(decoderStep(config), {
      name: "t5 decoder step",
    });
  }

  /**
   * A cache for prompts of a length and sequences of at most so many tokens, the caller's
   * until it is given back. What an earlier use left in it is written over before it is read.
   */
  take(promptLength: number, maxTokens: number): DecodingCache {
    const idle = this.#idle;
    this.#idle = null;
    if (
      idle?.promptLength === promptLength && idle.maxTokens === maxTokens
    ) return idle;
    const { num_heads, d_kv, vocab_size } = this.#config;
    const sizes = this.#groupSizes(promptLength, maxTokens);
    // A table has a row at least, so that what has none before can point at it.
    const rows = Math.max(1, sizes.most * (maxTokens - 1));
    return {
      promptLength,
      maxTokens,
      sizes,
      own: Object.fromEntries(
        ownEntries(this.#config).map((
          name,
        ) => [name, _zeros([rows, num_heads * d_kv])]),
      ),
      prompts: {},
      logits: new Float32Array(sizes.most * vocab_size),
    };
  }

  /** Takes a cache back. */
  giveBack(cache: DecodingCache): void {
    this.#idle = cache;
  }

  /**
   * Encodes prompts into the cache: what the decoder attends to of them, and their mask.
   *
   * @param rows Which of the batch.
   * @param isOnly Whether all draws answer this one prompt.
   */
  async encode(
    cache: DecodingCache,
    { ids, mask, length }: TokenBatch,
    rows: readonly number[],
    isOnly: boolean,
  ): Promise<void> {
    const places = isOnly ? 1 : cache.sizes.most;
    const table = (name: string, shape: readonly number[]) => {
      const last = cache.prompts[name];
      return last?.shape.join() === shape.join() ? last : _zeros(shape);
    };
    const encoded: HostTensors = { mask: table("mask", [places, length]) };
    const parts = isOnly
      ? [{ first: 0, count: 1, size: 1 }]
      : stepParts(rows.length);
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
        if (isOnly) {
          encoded[name] = entries[name];
          continue;
        }
        encoded[name] ??= table(name, [places, ...shape.slice(1)]);
        const width = data.length / size;
        encoded[name].data.set(
          data.subarray(0, count * width),
          first * width,
        );
      }
    }
    cache.prompts = encoded;
  }

  /** Computes logits of what comes after each of a group, and their rows of the cache. */
  async decode(
    { sizes: { most }, own, prompts, maxTokens, logits }: DecodingCache,
    group: readonly Beginning[],
    position: number,
  ): Promise<void> {
    const config = this.#config;
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
    for (const { first, count, size } of stepParts(group.length)) {
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

  /** How many beginnings of a length can be computed together. */
  #groupSizes(promptLength: number, maxTokens: number): GroupSizes {
    const { num_heads, d_kv } = this.#config;
    const row = ownEntries(this.#config).length * num_heads * d_kv *
      (promptLength + maxTokens) * Float32Array.BYTES_PER_ELEMENT;
    const parts = Math.floor(CACHE_BYTES / row / LARGEST_PART);
    const most = Math.max(1, Math.min(parts, GROUP / LARGEST_PART));
    return { most: most * LARGEST_PART, step: LARGEST_PART };
  }

  /** Frees compiled graphs, and the cache that was given back. */
  async dispose(): Promise<void> {
    this.#idle = null;
    await this.#prompt.dispose();
    await this.#step.dispose();
  }
}

function _zeros(shape: readonly number[]) {
  return floats(
    shape,
    new Float32Array(shape.reduce((product, n) => product * n, 1)),
  );
}
