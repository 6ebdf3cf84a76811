/**
 * A VQ-VAE on disk: a `config.json` beside a `model.safetensors`.
 *
 * What is read is checked tensor by tensor against the configuration.
 *
 * @module
 */

import { join } from "node:path";
import { readJson, writeJson } from "../../core/files.ts";
import { Random } from "../../core/random.ts";
import {
  readWeights,
  storable,
  writeSafetensors,
} from "../../core/safetensors.ts";
import { type HostTensors, tensorsNamed } from "../../core/tensors.ts";
import { initialVqvaeWeights, type VqvaeWeights } from "./network.ts";
import type { CodeKind, VqvaeConfig } from "./config.ts";

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";

/** Writes a VQ-VAE. */
export async function saveVqvae(
  directory: string,
  { config, weights }: { config: VqvaeConfig; weights: VqvaeWeights },
): Promise<void> {
  await writeJson(join(directory, CONFIG), {
    model_type: "arch-llm-vqvae",
    ...config,
  });
  await writeSafetensors(
    join(directory, WEIGHTS),
    storable({ ...weights.parameters, ...weights.statistics }),
  );
}

/** Codes by the names that the first runs of record wrote. */
const EARLIER_CODES: Readonly<Record<string, CodeKind>> = {
  printed: "arch-llm",
  positional: "arch-llm-plus",
};

/**
 * Reads a VQ-VAE.
 *
 * @throws {Error} If a file cannot be read.
 * @throws {RangeError} If tensors are missing, surplus or of another shape.
 */
export async function loadVqvae(
  directory: string,
): Promise<{ config: VqvaeConfig; weights: VqvaeWeights }> {
  const { model_type: _, ...stored } = await readJson<
    VqvaeConfig & { model_type: string }
  >(join(directory, CONFIG), "VQ-VAE configuration");
  const config = { ...stored, code: EARLIER_CODES[stored.code] ?? stored.code };
  const blank = initialVqvaeWeights(config, Random.fromSeed(0));
  const shapes = (tensors: HostTensors) =>
    Object.entries(tensors).map(([name, { shape }]) => [name, shape] as const);
  const all = await readWeights(
    directory,
    [WEIGHTS],
    new Map([...shapes(blank.parameters), ...shapes(blank.statistics)]),
  );
  return {
    config,
    weights: {
      parameters: tensorsNamed(all, { like: blank.parameters }),
      statistics: tensorsNamed(all, { like: blank.statistics }),
    },
  };
}
