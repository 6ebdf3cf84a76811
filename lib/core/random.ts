/**
 * Seeded random numbers: the one source of chance in the project.
 *
 * A generator is passed to whatever draws; none is global. `split` derives an
 * independent generator for a named use, so that adding draws in one place leaves
 * those of every other place as they were. The state can be saved and restored,
 * which is what lets a run that was killed go on with the same draws.
 *
 * Source: xoroshiro128+ (Blackman & Vigna 2018) as implemented by `pure-rand`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import {
  xoroshiro128plus,
  xoroshiro128plusFromState,
} from "pure-rand/generator/xoroshiro128plus";

type Generator = ReturnType<typeof xoroshiro128plus>;

/** A seeded pseudo-random generator. */
export class Random {
  readonly #generator: Generator;

  private constructor(generator: Generator) {
    this.#generator = generator;
  }

  /**
   * Starts a generator.
   *
   * @param seed Any integer; only its low 32 bits count.
   * @throws {RangeError} If `seed` is not an integer.
   */
  static fromSeed(seed: number): Random {
    if (!Number.isInteger(seed)) {
      throw new RangeError(
        `Cannot seed a generator: seed must be an integer, got ${seed}`,
      );
    }
    return new Random(xoroshiro128plus(seed | 0));
  }

  /** Restores a generator from what `state` returned. */
  static fromState(state: readonly number[]): Random {
    return new Random(xoroshiro128plusFromState(state));
  }

  /** The whole state: numbers that `fromState` takes. */
  get state(): readonly number[] {
    return this.#generator.getState();
  }

  /**
   * Derives an independent generator for one use; this one does not advance.
   *
   * The same state and label give the same generator.
   */
  split(label: string): Random {
    const digest = createHash("sha256")
      .update(`${this.state.join(",")}/${label}`).digest();
    return new Random(xoroshiro128plus(digest.readInt32LE(0)));
  }

  /** An integer in `[0, 2³²)`. */
  uint32(): number {
    return this.#generator.next() >>> 0;
  }

  /** A number in `[0, 1)` with 32 random bits. */
  uniform(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /**
   * An integer in `[0, count)`, each equally likely.
   *
   * @param count From 1 to 2³².
   */
  integer(count: number): number {
    // Draws above the largest multiple of `count` are rejected: no modulo bias.
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % count);
    let draw = this.uint32();
    while (draw >= limit) draw = this.uint32();
    return draw % count;
  }

  /** A draw from the standard normal distribution (Box–Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles an array in place (Fisher–Yates) and returns it. */
  shuffle<T extends { length: number; [index: number]: unknown }>(
    array: T,
  ): T {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [array[i], array[j]] = [array[j], array[i]];
    }
    return array;
  }

  /** A random ordering of `0 … count − 1`. */
  permutation(count: number): Uint32Array {
    return this.shuffle(Uint32Array.from({ length: count }, (_, i) => i));
  }
}
