/**
 * The methods that notebook 7 compares, under the names of its tables.
 *
 * Budgets are those of the paper's tables: 192 queries for searches by rounds, 400 for
 * Algorithm 1, and for those that cost nothing but queries.
 *
 * @module
 */

import { runKey } from "../core/keys.ts";
import type { Executor } from "../engine/executor.ts";
import type { CellModel } from "../generation/cell_model.ts";
import { CODE_METHODS, type CodeKind, CODES } from "../models/vqvae/config.ts";
import {
  algorithm1,
  type Algorithm1Options,
  algorithm1Queries,
  ALGORITHM_1,
} from "./algorithm1.ts";
import { archLlmOptions, archLlmSearch } from "./arch_llm_search.ts";
import { bananas } from "./bananas.ts";
import {
  bayesianOptimisation,
  latentBayesianOptimisation,
} from "./bayesian_optimisation.ts";
import type { KeyedWriter } from "./cell_writer.ts";
import type { LatentVectors } from "./latents.ts";
import { localSearch } from "./local_search.ts";
import type { NamedMethod } from "./method.ts";
import { randomSearch } from "./random_search.ts";
import { regularisedEvolution } from "./regularised_evolution.ts";
import { modelWriter, VERSION as WRITER_VERSION } from "./writer.ts";

/** Queries of AG-Net's protocol (arXiv:2203.08734, §4). */
export const ROUNDS_BUDGET = 192;
/** Queries of the paper's Algorithm 1. */
export const LONG_BUDGET = algorithm1Queries(ALGORITHM_1);

/** The name of the search that asks a predictor which of the model's cells to query. */
export const ARCH_LLM_SEARCH = "Arch-LLM+ search";
const RANDOM_SEARCH = "Random search";
const EVOLUTION = "Regularised evolution";
const LOCAL_SEARCH = "Local search";
const PATHS_AND_SUBTREES = "Bayesian optimisation, paths and subtrees";
const BANANAS = "BANANAS";

/** How much notebook 7 runs. */
export interface SearchStudy {
  /** One a trial of each method. */
  readonly seeds: readonly number[];
  /** Queries of a trial at most; infinite where budgets stay as they are. */
  readonly mostQueries: number;
}

/** Ten trials, as in the paper; a quick run only shows every part at work. */
export function searchStudy(seed: number, quick: boolean): SearchStudy {
  return {
    seeds: Array.from({ length: quick ? 2 : 10 }, (_, i) => seed + i),
    mostQueries: quick ? 48 : Infinity,
  };
}

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

/** The most queries of a trial of any method here: a table needs as many cells. */
export const MOST_QUERIES: number = Math.max(
  ROUNDS_BUDGET,
  LONG_BUDGET,
  ...ALGORITHM_1_SETTINGS.map(algorithm1Queries),
);

/** The methods whose anytime curves are drawn. */
export const DRAWN_METHODS: readonly string[] = [
  RANDOM_SEARCH,
  EVOLUTION,
  LOCAL_SEARCH,
  PATHS_AND_SUBTREES,
  BANANAS,
  algorithm1Name("arch-llm"),
  ARCH_LLM_SEARCH,
];

/** The methods whose queried cells are drawn. */
export const SCATTERED_METHODS: readonly string[] = [
  RANDOM_SEARCH,
  algorithm1Name("arch-llm"),
  ARCH_LLM_SEARCH,
];

/** Algorithm 1 with the paper's code, under each of {@link ALGORITHM_1_SETTINGS}. */
export function algorithm1Variants(
  model: CellModel,
  executor: Executor,
): NamedMethod[] {
  return ALGORITHM_1_SETTINGS.map((options) =>
    _algorithm1(model, "arch-llm", executor, options)
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
 * @param models Of one space.
 * @param latents arch2vec's latent vectors.
 */
export function comparedMethods(
  models: Readonly<Record<CodeKind, CellModel>>,
  latents: LatentVectors,
  executor: Executor,
): NamedMethod[] {
  const model = models["arch-llm-plus"];
  const writer = _writer(
    model,
    model.space.settings.search.writerTemperature,
    executor,
  );
  return [
    { name: RANDOM_SEARCH, budget: LONG_BUDGET, ...randomSearch() },
    { name: EVOLUTION, budget: LONG_BUDGET, ...regularisedEvolution() },
    { name: LOCAL_SEARCH, budget: LONG_BUDGET, ...localSearch() },
    {
      name: "Bayesian optimisation, one-hot",
      budget: ROUNDS_BUDGET,
      ...bayesianOptimisation(["one-hot"]),
    },
    {
      name: "Bayesian optimisation, paths",
      budget: ROUNDS_BUDGET,
      ...bayesianOptimisation(["paths"]),
    },
    {
      name: PATHS_AND_SUBTREES,
      budget: ROUNDS_BUDGET,
      ...bayesianOptimisation(["paths", "subtrees"]),
    },
    {
      name: "Bayesian optimisation, arch2vec",
      budget: ROUNDS_BUDGET,
      ...latentBayesianOptimisation(_onDevice(latents, executor)),
    },
    { name: BANANAS, budget: ROUNDS_BUDGET, ...bananas(executor) },
    ...CODES.map((code) => _algorithm1(models[code], code, executor)),
    {
      name: ARCH_LLM_SEARCH,
      budget: ROUNDS_BUDGET,
      ...archLlmSearch(writer, archLlmOptions(model.space)),
    },
  ];
}

function _algorithm1(
  model: CellModel,
  code: CodeKind,
  executor: Executor,
  options: Algorithm1Options = ALGORITHM_1,
): NamedMethod {
  return {
    name: algorithm1Name(code, options),
    budget: algorithm1Queries(options),
    ...algorithm1(_writer(model, TEMPERATURE, executor), options),
  };
}

function _writer(
  model: CellModel,
  temperature: number,
  executor: Executor,
): KeyedWriter {
  return _onDevice({
    writer: modelWriter(model, { temperature }),
    key: runKey({ version: WRITER_VERSION, model: model.key, temperature }),
  }, executor);
}

/** What a model gives differs in its last digits from device to device. */
function _onDevice<T extends { readonly key: string }>(
  model: T,
  { description }: Executor,
): T {
  return { ...model, key: runKey({ model: model.key, device: description }) };
}
