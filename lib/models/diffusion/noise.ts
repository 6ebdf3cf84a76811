/**
 * The noise of a diffusion: how much of a cell is left after each step, and noised values.
 *
 * A step keeps a value with probability `α_t` and else draws it anew from the marginals of its
 * place, so `ᾱ_t = α_1 … α_t` of the values are left as they were after `t` steps.
 *
 * Shapes: `B` cells, `P` places, `V` values, `T` steps.
 * Source: Vignac et al. 2023, arXiv:2209.14734, §3 and §4.1; Nichol & Dhariwal 2021,
 * arXiv:2102.09672, eq. 17, for the cosine.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import { floats, type HostTensor } from "../../core/tensors.ts";

/** Keeps the first steps from being too small. */
const OFFSET = 0.008;

/** `ᾱ_0 … ᾱ_T`: 1 at the start, and falling to 0 as a cosine does. */
export function keptShares(steps: number): number[] {
  const at = (t: number) =>
    Math.cos((t / steps + OFFSET) / (1 + OFFSET) * Math.PI / 2) ** 2;
  return Array.from(
    { length: steps + 1 },
    (_, t) => t === steps ? 0 : at(t) / at(0),
  );
}

/** Draws a value from the marginals of a place. */
export function drawnValue(shares: readonly number[], random: Random): number {
  let left = random.uniform();
  const drawn = shares.findIndex((share) => (left -= share) < 0);
  // Shares can add up to a little less than 1.
  return drawn < 0 ? shares.findLastIndex((share) => share > 0) : drawn;
}

/**
 * Noises the values of a cell.
 *
 * @param values `[P]`.
 * @param kept The share that is kept, `ᾱ_t`.
 * @param marginals `[P][V]`.
 * @returns `[P]`.
 */
export function noised(
  values: ArrayLike<number>,
  kept: number,
  marginals: readonly (readonly number[])[],
  random: Random,
): number[] {
  return marginals.map((shares, place) =>
    random.uniform() < kept ? values[place] : drawnValue(shares, random)
  );
}

/** Values as one-hot rows, `[B, P, V]`. */
export function oneHotValues(
  rows: readonly ArrayLike<number>[],
  values: number,
): HostTensor {
  const [batch, places] = [rows.length, rows[0].length];
  const data = new Float32Array(batch * places * values);
  rows.forEach((row, b) => {
    for (let place = 0; place < places; place++) {
      data[(b * places + place) * values + row[place]] = 1;
    }
  });
  return floats([batch, places, values], data);
}
