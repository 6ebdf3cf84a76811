/**
 * Arch-LLM and Arch-LLM+ as generators: an opened model, sampled in one way.
 *
 * @module
 */

import { runKey } from "../core/keys.ts";
import type { SamplingOptions } from "../language/decoding.ts";
import { CODE_METHODS } from "../models/vqvae/config.ts";
import { type Aim, sampleWithAim } from "./aimed_sampling.ts";
import type { CellModel } from "./cell_model.ts";
import { sampleCells } from "./cell_sampling.ts";
import type { Autoencoder } from "./generator.ts";

/** How to sample: how to choose tokens, and what to aim at, if not at independent draws. */
export interface ArchLlmSetting extends SamplingOptions {
  readonly aim?: Aim;
}

/** A generator of an opened model; the model stays its owner's. */
export interface ArchLlmGenerator extends Autoencoder {
  readonly setting: ArchLlmSetting;
}

/** Samples an opened model in one way. */
export function archLlmGenerator(
  model: CellModel,
  setting: ArchLlmSetting,
): ArchLlmGenerator {
  const { space, vqvae } = model;
  const { aim, ...choice } = setting;
  const { temperature, topK = null, topP = null } = choice;
  const method = CODE_METHODS[vqvae.config.code];
  return {
    name: `${
      aim === undefined ? method : `${method}, ${aim},`
    } t=${temperature}`,
    key: runKey({ model: model.key, temperature, topK, topP, aim }),
    setting,
    settings: { temperature, topK, topP },
    reconstruct: async (cells) =>
      await vqvae.decode((await vqvae.encode(space, cells)).codes),
    sample: async (count, options) =>
      aim === undefined
        ? {
          ...await sampleCells(model, count, { ...choice, ...options }),
          draws: count,
        }
        : await sampleWithAim(model, aim, count, { ...choice, ...options }),
  };
}
