/**
 * The methods that notebook 7 compares, under the names of its tables.
 *
 * Budgets are those of the paper's tables: 400 queries, and 192 for the searches by rounds
 * that stand beside the best one with another encoding or predictor.
 *
 * @module
 */

import { runKey } from "../core/keys.ts";
import type { Executor } from "../engine/executor.ts";
import type { CellModel } from "../generation/cell_model.ts";
import { CODE_METHODS, type CodeKind, CODES } from "../models/vqvae/config.ts";
import type { SearchSpace } from "../spaces/space.ts";
import {
  algorithm1,
  type Algorithm1Options,
  algorithm1Queries,
  ALGORITHM_1,
  FEW_MASKS,
} from "./algorithm1.ts";
import { archLlmOptions, archLlmSearch } from "./arch_llm_search.ts";
import { bananas } from "./bananas.ts";
import type { KeyedWriter } from "./cell_writer.ts";
import {
  gaussianProcessSearch,
  latentGaussianProcessSearch,
} from "./gaussian_process_search.ts";
import type { LatentVectors } from "./latents.ts";
import {
  ALL_NEIGHBOURS,
  FIRST_IMPROVEMENT,
  localSearch,
} from "./local_search.ts";
import type { NamedMethod } from "./method.ts";
import { randomSearch } from "./random_search.ts";
import { regularisedEvolution } from "./regularised_evolution.ts";
import { rewriteWriter } from "./rewrite_writer.ts";
import { modelWriter, VERSION as WRITER_VERSION } from "./writer.ts";

/** Queries of AG-Net's protocol (arXiv:2203.08734, §4). */
export const ROUNDS_BUDGET = 192;
/** Queries of the paper's Algorithm 1, and the most that methods are compared at. */
export const LONG_BUDGET = algorithm1Queries(ALGORITHM_1);

/** The name of the search that asks a predictor which of the model's cells to query. */
export const ARCH_LLM_SEARCH = "Arch-LLM+ search";
/** The name of the same search with random rewrites in the place of the language model. */
export const CONTROL = "Control without a language model";
const RANDOM_SEARCH = "Random search";
const FIRST_BETTER = "Local search, first improvement";
const PATHS_AND_SUBTREES = "Gaussian process, paths and subtrees";
const BANANAS = "BANANAS";
const ARCH2VEC = "Gaussian process, arch2vec";

/** A method as it is compared with others. */
export interface ComparedMethod extends NamedMethod {
  /** The papers or code that its settings come from, and which are ours. */
  readonly source: string;
  /** Whether it depends on a model that the run trained. */
  readonly trained?: true;
}

/** The trained models that methods are made with. */
export interface MethodMeans {
  readonly models: Readonly<Partial<Record<CodeKind, CellModel>>>;
  /** arch2vec's latent vectors; null where there is no such model. */
  readonly latents: LatentVectors | null;
}

/** How much notebook 7 runs. */
export interface SearchStudy {
  /** One a trial of each method. */
  readonly seeds: readonly number[];
  /** Of the trials that compare settings, in which none of {@link seeds} is used up. */
  readonly tuningSeeds: readonly number[];
  /** Queries of a trial at most; infinite where budgets stay as they are. */
  readonly mostQueries: number;
}

/** The first seed of reported trials: those below it served to choose settings. */
const FIRST_SEED = 1000;

/**
 * The trials that are reported, with seeds that no setting was chosen with. A quick run only
 * shows every part at work.
 *
 * @param settings `trials`: of each method on each data set.
 */
export function searchStudy(
  { trials, quick }: { readonly trials: number; readonly quick: boolean },
): SearchStudy {
  const seeds = (count: number, first: number) =>
    Array.from({ length: count }, (_, i) => first + i);
  return {
    seeds: seeds(trials, FIRST_SEED),
    tuningSeeds: seeds(quick ? 2 : 10, 0),
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
  FEW_MASKS,
  { ...ALGORITHM_1, masked: 4 },
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
  FIRST_BETTER,
  PATHS_AND_SUBTREES,
  BANANAS,
  algorithm1Name("arch-llm"),
  CONTROL,
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

/** What the names of all forms of Algorithm 1 with a code begin with. */
export function algorithm1Start(code: CodeKind): string {
  return `${CODE_METHODS[code]}, Algorithm 1`;
}

/** The name of Algorithm 1 with a code, under its default settings or others. */
export function algorithm1Name(
  code: CodeKind,
  { population, kept, iterations, masked }: Algorithm1Options = ALGORITHM_1,
): string {
  const masks = masked === null ? "any masks" : `${masked} masks at most`;
  const same = population === ALGORITHM_1.population &&
    kept === ALGORITHM_1.kept && iterations === ALGORITHM_1.iterations;
  const sizes = same ? "" : ` (${population}, ${kept}, ${iterations})`;
  return `${algorithm1Start(code)}${sizes}, ${masks}`;
}

/**
 * The methods, in the order of the tables: rivals first. Those are left out whose model is not
 * there.
 *
 * @param means Models of the space.
 */
export function comparedMethods(
  space: SearchSpace,
  { models, latents }: MethodMeans,
  executor: Executor,
): ComparedMethod[] {
  const { writerTemperature } = space.settings.search;
  const best = models["arch-llm-plus"];
  return [
    {
      name: RANDOM_SEARCH,
      budget: LONG_BUDGET,
      source: "none needed",
      ...randomSearch(),
    },
    {
      name: "Regularised evolution",
      budget: LONG_BUDGET,
      source:
        "Real et al. 2019 (arXiv:1802.01548); population and sample: NAS-Bench-201's authors (arXiv:2001.00326)",
      ...regularisedEvolution(),
    },
    {
      name: "Local search, all neighbours",
      budget: LONG_BUDGET,
      source: "White et al. 2021 (arXiv:2005.02960), algorithm 1; as in NASLib",
      ...localSearch(ALL_NEIGHBOURS),
    },
    {
      name: FIRST_BETTER,
      budget: LONG_BUDGET,
      source: "naszilla, defaults of local_search",
      ...localSearch(FIRST_IMPROVEMENT),
    },
    ...(["one-hot", "paths"] as const).map((features) => ({
      name: `Gaussian process, ${features}`,
      budget: ROUNDS_BUDGET,
      source: GAUSSIAN_PROCESS_SOURCE,
      ...gaussianProcessSearch([features]),
    })),
    {
      name: PATHS_AND_SUBTREES,
      budget: LONG_BUDGET,
      source: GAUSSIAN_PROCESS_SOURCE,
      ...gaussianProcessSearch(["paths", "subtrees"]),
    },
    ...latents === null ? [] : [{
      name: ARCH2VEC,
      budget: ROUNDS_BUDGET,
      source:
        `${GAUSSIAN_PROCESS_SOURCE}; vectors: arch2vec (arXiv:2006.06936)`,
      trained: true as const,
      ...latentGaussianProcessSearch(_onDevice(latents, executor)),
    }],
    {
      name: BANANAS,
      budget: ROUNDS_BUDGET,
      source:
        "White et al. 2021 (arXiv:1910.11858), §5; steps of training and full batches ours, rounds as in AG-Net",
      ...bananas(executor),
    },
    ...CODES.flatMap((code) => {
      const model = models[code];
      return model === undefined
        ? []
        : ALGORITHM_1_FORMS.map((options) =>
          _algorithm1(model, code, executor, options)
        );
    }),
    {
      name: CONTROL,
      budget: LONG_BUDGET,
      source: `ours: all settings of the ${ARCH_LLM_SEARCH}`,
      ...archLlmSearch(rewriteWriter(space), archLlmOptions(space)),
    },
    ...best === undefined ? [] : [{
      name: ARCH_LLM_SEARCH,
      budget: LONG_BUDGET,
      source:
        "ours; 16 cells to begin with as in AG-Net (arXiv:2203.08734), §4",
      trained: true as const,
      ...archLlmSearch(
        _writer(best, writerTemperature, executor),
        archLlmOptions(space),
      ),
    }],
  ];
}

/** The forms of Algorithm 1 that are compared. */
const ALGORITHM_1_FORMS = [ALGORITHM_1, FEW_MASKS];

/** The model that each method is made with that needs one, by name. */
export const METHOD_MODELS: ReadonlyMap<string, CodeKind | "arch2vec"> =
  new Map([
    [ARCH2VEC, "arch2vec"],
    ...CODES.flatMap((code) =>
      ALGORITHM_1_FORMS.map((
        options,
      ): [string, CodeKind] => [algorithm1Name(code, options), code])
    ),
    [ARCH_LLM_SEARCH, "arch-llm-plus"],
  ]);

/** Where the settings of our Gaussian processes come from. */
const GAUSSIAN_PROCESS_SOURCE =
  "ours; rounds as in AG-Net (arXiv:2203.08734), §4, neighbours of the best as in BANANAS (arXiv:1910.11858)";

function _algorithm1(
  model: CellModel,
  code: CodeKind,
  executor: Executor,
  options: Algorithm1Options,
): ComparedMethod {
  return {
    name: algorithm1Name(code, options),
    budget: algorithm1Queries(options),
    source: options.masked === null
      ? "Arch-LLM, §3.3; n, m and T ours"
      : "Arch-LLM, §3.3; n, m, T and number of masks ours",
    trained: true,
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
