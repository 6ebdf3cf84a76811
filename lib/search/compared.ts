/**
 * The methods that notebook 7 compares, under the names of its tables.
 *
 * Budgets are those of the paper's tables: 192 queries for searches by rounds, 400 for
 * Algorithm 1, and for those that cost nothing but queries.
 *
 * @module
 */

import type { Executor } from "../engine/executor.ts";
import type { CellModel } from "../generation/cell_model.ts";
import { CODE_METHODS, type CodeKind, CODES } from "../models/vqvae/network.ts";
import {
  algorithm1,
  type Algorithm1Options,
  algorithm1Queries,
  ALGORITHM_1,
} from "./algorithm1.ts";
import { bananas } from "./bananas.ts";
import {
  archLlmSearch,
  bayesianOptimisation,
  type CellVectors,
  encodingVectors,
} from "./bayesian.ts";
import type { FeatureKind } from "../analysis/features.ts";
import { localSearch, randomSearch, regularisedEvolution } from "./methods.ts";
import type { NamedMethod } from "./trials.ts";
import { modelWriter } from "./writer.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** Queries of AG-Net's protocol (arXiv:2203.08734, §4). */
export const ROUNDS_BUDGET = 192;
/** Queries of the paper's Algorithm 1. */
export const LONG_BUDGET = algorithm1Queries(ALGORITHM_1);

/** The name of the search that asks a predictor which of the model's cells to query. */
export const ARCH_LLM_SEARCH = "Arch-LLM+ search";

/** Temperature at which Algorithm 1 has its model write. */
const TEMPERATURE = 1;

/**
 * Other settings of Algorithm 1: the same number of queries spent otherwise, and the
 * default with one number changed.
 */
export const ALGORITHM_1_SETTINGS: readonly Algorithm1Options[] = [
  ALGORITHM_1,
  { ...ALGORITHM_1, population: 80, kept: 16, iterations: 5 },
  { ...ALGORITHM_1, population: 50, kept: 15, iterations: 10 },
  { ...ALGORITHM_1, population: 40, kept: 10, iterations: 12 },
  { ...ALGORITHM_1, kept: 10 },
  { ...ALGORITHM_1, iterations: 2 },
  { ...ALGORITHM_1, iterations: 8 },
  { ...ALGORITHM_1, masked: 1 },
  { ...ALGORITHM_1, masked: 4 },
  { ...ALGORITHM_1, masked: 7 },
];

/** Algorithm 1 with the paper's code, under each of {@link ALGORITHM_1_SETTINGS}. */
export async function algorithm1Variants(
  model: CellModel,
  executor: Executor,
): Promise<NamedMethod[]> {
  const source = await _key(executor);
  return ALGORITHM_1_SETTINGS.map((options) =>
    _algorithm1(model, "arch-llm", source, options)
  );
}

/** The name of Algorithm 1 with a code, under its default settings or others. */
export function algorithm1Name(
  code: CodeKind,
  { population, kept, iterations, masked }: Algorithm1Options = ALGORITHM_1,
): string {
  const same = population === ALGORITHM_1.population &&
    kept === ALGORITHM_1.kept && iterations === ALGORITHM_1.iterations &&
    masked === ALGORITHM_1.masked;
  const setting = same
    ? ""
    : ` (${population}, ${kept}, ${iterations}, ${masked})`;
  return `${CODE_METHODS[code]}, Algorithm 1${setting}`;
}

/**
 * All methods, in the order of the tables: rivals first.
 *
 * @param latents arch2vec's latent vectors, and a key that tells its weights from others.
 */
export async function comparedMethods(
  models: Readonly<Record<CodeKind, CellModel>>,
  latents: { readonly vectors: CellVectors; readonly key: string },
  executor: Executor,
): Promise<NamedMethod[]> {
  const key = await _key(executor);
  const writer = modelWriter(models["arch-llm-plus"], {
    temperature: models["arch-llm-plus"].space.settings.search.writerTemperature,
  });
  const process = (
    name: string,
    features: readonly FeatureKind[],
  ): NamedMethod => ({
    name: `Bayesian optimisation, ${name}`,
    search: (oracle, random) =>
      bayesianOptimisation(
        oracle,
        random,
        encodingVectors(oracle.space, features),
      ),
    budget: ROUNDS_BUDGET,
    key,
  });
  return [
    { name: "Random search", search: randomSearch, budget: LONG_BUDGET, key },
    {
      name: "Regularised evolution",
      search: (oracle, random) => regularisedEvolution(oracle, random),
      budget: LONG_BUDGET,
      key,
    },
    { name: "Local search", search: localSearch, budget: LONG_BUDGET, key },
    process("one-hot", ["one-hot"]),
    process("paths", ["paths"]),
    process("paths and subtrees", ["paths", "subtrees"]),
    {
      name: "Bayesian optimisation, arch2vec",
      search: (oracle, random) =>
        bayesianOptimisation(oracle, random, latents.vectors),
      budget: ROUNDS_BUDGET,
      key: `${key} ${latents.key}`,
    },
    {
      name: "BANANAS",
      search: (oracle, random) => bananas(oracle, random, executor),
      budget: ROUNDS_BUDGET,
      key,
    },
    ...CODES.map((code) => _algorithm1(models[code], code, key)),
    {
      name: ARCH_LLM_SEARCH,
      search: (oracle, random) => archLlmSearch(oracle, random, writer),
      budget: ROUNDS_BUDGET,
      key: `${key} ${models["arch-llm-plus"].key}`,
    },
  ];
}

/** Identity of the code of all methods and of the device that it runs on. */
async function _key(executor: Executor): Promise<string> {
  const source = `version ${VERSION}`;
  return `${source} ${executor.description}`;
}

function _algorithm1(
  model: CellModel,
  code: CodeKind,
  source: string,
  options: Algorithm1Options = ALGORITHM_1,
): NamedMethod {
  const writer = modelWriter(model, { temperature: TEMPERATURE });
  return {
    name: algorithm1Name(code, options),
    search: (oracle, random) => algorithm1(oracle, random, writer, options),
    budget: algorithm1Queries(options),
    key: `${source} ${model.key}`,
  };
}
