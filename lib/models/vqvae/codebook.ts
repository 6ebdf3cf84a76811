/**
 * The codebook during training: filled from encoder outputs at first, and again where codes
 * fall out of use.
 *
 * Shapes: `K` codes, `D` latent width, `M` encoder outputs.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import type { DeviceState, Executor } from "../../engine/executor.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import { batchTensors } from "../batch_tensors.ts";
import type { VqvaeConfig } from "./config.ts";
import { CODEBOOK, encodeStep } from "./network.ts";

/**
 * Fills the codebook with encoder outputs of random training cells.
 *
 * @param state Holds the weights, and the optimizer's slots of the codebook.
 */
export async function fillCodebook(
  config: VqvaeConfig,
  executor: Executor,
  state: DeviceState,
  { space, train, random }: {
    space: SearchSpace;
    train: Uint32Array;
    random: Random;
  },
): Promise<void> {
  const sample = random.permutation(train.length).subarray(0, 2048)
    .map((i) => train[i]);
  const encoder = executor.compile(encodeStep(config, true), {
    name: "vqvae encoder before training",
  });
  const { z } = await encoder.run(
    state,
    batchTensors(space, space.cells(), sample),
  );
  await encoder.dispose();
  const used = new Uint32Array(config.codebookSize);
  await reseedUnused(state, used, z.data, random);
}

/** Standard deviation of the noise that keeps re-seeded codes apart. */
const RESEED_NOISE = 0.01;

/** Encoder outputs among which the place of a re-seeded code is chosen. */
const RESEED_CANDIDATES = 64;

/**
 * Moves each unused code to an encoder output and clears its optimizer slots.
 *
 * Of some random encoder outputs it is the one farthest from all codes: a random one alone
 * would mostly fall on what is frequent and coded already, and what is rare would never
 * get a code of its own.
 *
 * @param used How often each code was used, `[K]`.
 * @param z Encoder outputs, `[M, D]`.
 * @returns How many codes moved.
 */
export async function reseedUnused(
  state: DeviceState,
  used: ArrayLike<number>,
  z: ArrayLike<number>,
  random: Random,
): Promise<number> {
  const names = [
    CODEBOOK,
    `adam.first.${CODEBOOK}`,
    `adam.second.${CODEBOOK}`,
  ];
  const values = await state.read(names);
  const { data: codebook, shape: [, dim] } = values[CODEBOOK];
  const rows = z.length / dim;
  let moved = 0;
  for (let code = 0; code < used.length; code++) {
    if (used[code] > 0) continue;
    moved++;
    let row = 0, farthest = -1;
    for (let candidate = 0; candidate < RESEED_CANDIDATES; candidate++) {
      const at = random.integer(rows);
      const distance = _distanceToNearest(codebook, dim, z, at);
      if (distance > farthest) [row, farthest] = [at, distance];
    }
    for (let d = 0; d < dim; d++) {
      codebook[code * dim + d] = z[row * dim + d] +
        RESEED_NOISE * random.normal();
      for (const slot of names.slice(1)) values[slot].data[code * dim + d] = 0;
    }
  }
  if (moved > 0) state.write(values);
  return moved;
}

/** Squared distance of row `row` of `z` to the nearest code. */
function _distanceToNearest(
  codebook: ArrayLike<number>,
  dim: number,
  z: ArrayLike<number>,
  row: number,
): number {
  let nearest = Infinity;
  for (let start = 0; start < codebook.length; start += dim) {
    let distance = 0;
    for (let d = 0; d < dim && distance < nearest; d++) {
      distance += (z[row * dim + d] - codebook[start + d]) ** 2;
    }
    nearest = Math.min(nearest, distance);
  }
  return nearest;
}
