/**
 * Drawing a token for each of many draws, from the logits of what they begin with.
 *
 * A row of logits serves all draws of a setting that begin alike; the weights of a setting
 * are computed on the device, and only the choice among them is made here.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import { floats } from "../../core/tensors.ts";
import type {
  CompiledFunction,
  DeviceState,
  Executor,
} from "../../engine/executor.ts";
import {
  mostProbableToken,
  type SamplingOptions,
  tokenSampler,
} from "../../language/decoding.ts";
import { weightsStep } from "./decoder_step.ts";
import type { Beginning } from "./sequence_tree.ts";
import { stepParts } from "./step_parts.ts";

/** How to draw, and with which random numbers. */
export interface DrawOptions extends SamplingOptions {
  readonly random: Random;
}

/** Draws that begin alike and are of one setting. */
interface Pair {
  readonly row: number;
  readonly setting: DrawOptions;
  readonly draws: number[];
}

/** Draws of several settings and the tokens that come of them; draw `d` is of setting `⌊d / rows⌋`. */
export class TokenDraws {
  /** Padding until drawn, `[settings · rows, maxTokens]`. */
  readonly tokens: Int32Array;
  readonly #settings: readonly DrawOptions[];
  readonly #rows: number;
  readonly #maxTokens: number;
  /** A uniform draw for each token. */
  readonly #uniforms: Float64Array;
  readonly #step: DrawStep;

  /**
   * @param rows Draws of a setting; each takes `maxTokens` numbers of its setting's `random`,
   *   whatever comes of it.
   */
  constructor(
    step: DrawStep,
    settings: readonly DrawOptions[],
    { rows, maxTokens, padding }: {
      readonly rows: number;
      readonly maxTokens: number;
      readonly padding: number;
    },
  ) {
    this.#step = step;
    this.#settings = settings;
    this.#rows = rows;
    this.#maxTokens = maxTokens;
    const size = rows * maxTokens;
    this.tokens = new Int32Array(settings.length * size).fill(padding);
    this.#uniforms = new Float64Array(settings.length * size);
    settings.forEach(({ random }, setting) => {
      for (let i = 0; i < size; i++) {
        this.#uniforms[setting * size + i] = random.uniform();
      }
    });
  }

  /**
   * Draws the token at a position for each draw of a group.
   *
   * @param logits Of each of the group, `[, V]`.
   */
  async draw(
    group: readonly Beginning[],
    position: number,
    logits: Float32Array,
  ): Promise<void> {
    const pairs = this.#pairs(group);
    const width = this.#step.width;
    const logitsOf = (row: number) =>
      logits.subarray(row * width, (row + 1) * width);
    const chance: Pair[] = [];
    for (const pair of pairs) {
      if (pair.setting.temperature !== 0) {
        chance.push(pair);
        continue;
      }
      const token = mostProbableToken(logitsOf(pair.row));
      for (const draw of pair.draws) {
        this.tokens[draw * this.#maxTokens + position] = token;
      }
    }
    for (const { first, count, size } of stepParts(chance.length)) {
      const part = chance.slice(first, first + count);
      const weights = await this.#step.weights(
        part.map(({ row, setting: { temperature } }) => ({
          logits: logitsOf(row),
          temperature,
        })),
        size,
      );
      for (const [i, { setting, draws }] of part.entries()) {
        const sampler = tokenSampler(
          weights.subarray(i * width, (i + 1) * width),
          setting,
        );
        for (const draw of draws) {
          const at = draw * this.#maxTokens + position;
          this.tokens[at] = sampler(this.#uniforms[at]);
        }
      }
    }
  }

  /** Draws ascend, so those of a setting stand together. */
  #pairs(group: readonly Beginning[]): Pair[] {
    const pairs: Pair[] = [];
    for (const { row, draws } of group) {
      let last = -1;
      for (const draw of draws) {
        const index = Math.floor(draw / this.#rows);
        if (index !== last) {
          pairs.push({ row, setting: this.#settings[index], draws: [] });
          last = index;
        }
        pairs[pairs.length - 1].draws.push(draw);
      }
    }
    return pairs;
  }
}

/** The device's part in drawing. */
export class DrawStep {
  /** `V`. */
  readonly width: number;
  readonly #nothing: DeviceState;
  readonly #step: CompiledFunction;

  constructor(width: number, executor: Executor) {
    this.width = width;
    this.#nothing = executor.state({});
    this.#step = executor.compile(weightsStep, { name: "t5 draw" });
  }

  /**
   * What tokens weigh in draws.
   *
   * @param asked Logits `[V]` and temperatures above 0, at most `size`.
   * @returns `[size, V]`; the highest of a row is 1.
   */
  async weights(
    asked: readonly { logits: Float32Array; temperature: number }[],
    size: number,
  ): Promise<Float32Array> {
    const all = new Float32Array(size * this.width);
    const temperatures = new Float32Array(size).fill(1);
    for (const [i, { logits, temperature }] of asked.entries()) {
      all.set(logits, i * this.width);
      temperatures[i] = _within32Bits(temperature);
    }
    const { weights } = await this.#step.run(this.#nothing, {
      logits: floats([size, this.width], all),
      temperature: floats([size, 1], temperatures),
    });
    return weights.data as Float32Array;
  }

  /** Frees compiled graphs. */
  async dispose(): Promise<void> {
    await this.#step.dispose();
    this.#nothing.dispose();
  }
}

/** A temperature as a 32-bit number that can be divided by: 10^±30 are as good as 0 and ∞. */
function _within32Bits(temperature: number): number {
  return Math.min(Math.max(temperature, 1e-30), 1e30);
}
