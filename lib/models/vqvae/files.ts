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
import { type CodeKind, CODES, type VqvaeConfig } from "./config.ts";
import { shown } from "../../core/shown.ts";

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";
const MODEL_TYPE = "arch-llm-vqvae";

/** The largest that each size of a model may be: far above all that make sense. */
const LARGEST: Readonly<
  Record<
    Exclude<keyof VqvaeConfig, "code" | "commitmentCost" | "quantizationCost">,
    number
  >
> = {
  nodes: 32,
  operations: 256,
  hidden: 4096,
  layers: 64,
  mlpDepth: 64,
  latentDim: 4096,
  codebookSize: 65_536,
};

/** Writes a VQ-VAE. */
export async function saveVqvae(
  directory: string,
  { config, weights }: { config: VqvaeConfig; weights: VqvaeWeights },
): Promise<void> {
  await writeJson(join(directory, CONFIG), {
    model_type: MODEL_TYPE,
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
 * @throws {RangeError} If it is of no VQ-VAE, or tensors are missing, surplus or of another
 *   shape.
 */
export async function loadVqvae(
  directory: string,
): Promise<{ config: VqvaeConfig; weights: VqvaeWeights }> {
  const path = join(directory, CONFIG);
  const config = _configOf(await readJson(path, "VQ-VAE configuration"), path);
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

/** The configuration of a file, field by field. */
function _configOf(file: unknown, path: string): VqvaeConfig {
  const fail = (what: string, got: unknown): never => {
    throw new RangeError(
      `Cannot use the model of ${path}: ${what}, got ${shown(got)}`,
    );
  };
  if (typeof file !== "object" || file === null || Array.isArray(file)) {
    return fail("its configuration must be an object", file);
  }
  const { model_type: type = MODEL_TYPE, code: named, ...rest } = file as Record<
    string,
    unknown
  >;
  if (type !== MODEL_TYPE) fail(`model_type must be ${MODEL_TYPE}`, type);
  const earlier = typeof named === "string" && Object.hasOwn(EARLIER_CODES, named)
    ? EARLIER_CODES[named]
    : named;
  const code = CODES.find((code) => code === earlier) ??
    fail(`code must be one of ${CODES.join(", ")}`, named);
  const costs = { commitmentCost: 0, quantizationCost: 0 };
  const known = [...Object.keys(LARGEST), ...Object.keys(costs)];
  const stray = Object.keys(rest).find((key) => !known.includes(key));
  if (stray !== undefined) fail(`a field must be one of ${known.join(", ")}`, stray);
  const sizes = { ...LARGEST };
  for (const key of Object.keys(sizes) as (keyof typeof sizes)[]) {
    const value = rest[key], most = LARGEST[key];
    sizes[key] = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most
      ? Number(value)
      : fail(`${key} must be a whole number from 1 to ${most}`, value);
  }
  for (const key of Object.keys(costs) as (keyof typeof costs)[]) {
    const value = rest[key];
    costs[key] = typeof value === "number" && value >= 0 && value < Infinity
      ? value
      : fail(`${key} must be a number of at least 0`, value);
  }
  return { code, ...sizes, ...costs };
}
