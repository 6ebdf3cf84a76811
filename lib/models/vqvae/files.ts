/**
 * A VQ-VAE on disk: a `config.json` beside a `model.safetensors`.
 *
 * What is read is checked tensor by tensor against the configuration.
 *
 * @module
 */

import { join } from "node:path";
import { ConfigFields } from "../../core/config_fields.ts";
import { readJson, writeJson } from "../../core/files.ts";
import { Random } from "../../core/random.ts";
import {
  readWeights,
  storable,
  writeSafetensors,
} from "../../core/safetensors.ts";
import { parseStrictJson } from "../../core/strict_json.ts";
import { type HostTensors, tensorsNamed } from "../../core/tensors.ts";
import { type CodeKind, CODES, type VqvaeConfig } from "./config.ts";
import { initialVqvaeWeights, type VqvaeWeights } from "./network.ts";

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";
const MODEL_TYPE = "arch-llm-vqvae";

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

/** Far above every model here; below it nothing that is made by a size fills the memory. */
const MOST = {
  rows: 64,
  width: 1024,
  layers: 64,
  codes: 2 ** 16,
  encoder: 2 ** 24,
};

/**
 * Reads a VQ-VAE.
 *
 * @throws {Error} If a file cannot be read.
 * @throws {RangeError} If a field of the configuration is not as it must be, or tensors are
 *   missing, surplus or of another shape.
 */
export async function loadVqvae(
  directory: string,
): Promise<{ config: VqvaeConfig; weights: VqvaeWeights }> {
  const path = join(directory, CONFIG);
  const file = await readJson(path, "VQ-VAE configuration", parseStrictJson);
  const config = vqvaeConfigOf(file, path);
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

/**
 * A VQ-VAE's configuration from its file.
 *
 * @param path Of the file, for errors.
 * @throws {RangeError} If it is of no VQ-VAE, or a field is not as it must be.
 */
export function vqvaeConfigOf(file: unknown, path: string): VqvaeConfig {
  const fields = new ConfigFields(file, path);
  fields.oneOf("model_type", [MODEL_TYPE], undefined);
  const code = fields.choice("code", [
    ...CODES,
    ...Object.keys(EARLIER_CODES),
  ]);
  const weight = (name: string) =>
    fields.real(name, "a number in [0, 1000]", (w) => w >= 0 && w <= 1000);
  const width = (name: string) => fields.whole(name, [1, MOST.width]);
  const [hidden, layers, mlpDepth] = [
    width("hidden"),
    fields.whole("layers", [1, MOST.layers]),
    fields.whole("mlpDepth", [1, MOST.layers]),
  ];
  if (hidden ** 2 * layers * mlpDepth > MOST.encoder) {
    throw new RangeError(
      `Cannot use the model of ${path}: hidden² · layers · mlpDepth must be at most ${MOST.encoder}, got ${hidden}² · ${layers} · ${mlpDepth}`,
    );
  }
  // In the order in which it is written, which keys of results hang on.
  return {
    code: EARLIER_CODES[code] ?? code as CodeKind,
    hidden,
    layers,
    mlpDepth,
    latentDim: width("latentDim"),
    codebookSize: fields.whole("codebookSize", [1, MOST.codes]),
    commitmentCost: weight("commitmentCost"),
    quantizationCost: weight("quantizationCost"),
    nodes: fields.whole("nodes", [1, MOST.rows]),
    operations: fields.whole("operations", [1, MOST.rows]),
  };
}
