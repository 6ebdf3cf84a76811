/**
 * The versions of everything that trials depend on: what tells the results of one search
 * from those of another, where only the whole of them matters.
 *
 * @module
 */

import { VERSION as FEATURES } from "../analysis/features.ts";
import { VERSION as GAUSSIAN_PROCESS } from "../analysis/gaussian_process.ts";
import { VERSION as ALGORITHM_1 } from "./algorithm1.ts";
import { VERSION as ARCH_LLM_SEARCH } from "./arch_llm_search.ts";
import { VERSION as BANANAS } from "./bananas.ts";
import { VERSION as BAYESIAN_OPTIMISATION } from "./bayesian_optimisation.ts";
import { VERSION as LOCAL_SEARCH } from "./local_search.ts";
import { VERSION as NEIGHBOURS } from "./neighbours.ts";
import { VERSION as RANDOM_SEARCH } from "./random_search.ts";
import { VERSION as REGULARISED_EVOLUTION } from "./regularised_evolution.ts";
import { VERSION as ROUNDS } from "./rounds.ts";
import { VERSION as TRIALS } from "./trials.ts";
import { VERSION as UNSEEN_CELLS } from "./unseen_cells.ts";
import { VERSION as WRITER } from "./writer.ts";

/** Version by module. */
export const SEARCH_VERSIONS: Readonly<Record<string, number>> = {
  features: FEATURES,
  gaussianProcess: GAUSSIAN_PROCESS,
  algorithm1: ALGORITHM_1,
  archLlmSearch: ARCH_LLM_SEARCH,
  bananas: BANANAS,
  bayesianOptimisation: BAYESIAN_OPTIMISATION,
  localSearch: LOCAL_SEARCH,
  neighbours: NEIGHBOURS,
  randomSearch: RANDOM_SEARCH,
  regularisedEvolution: REGULARISED_EVOLUTION,
  rounds: ROUNDS,
  trials: TRIALS,
  unseenCells: UNSEEN_CELLS,
  writer: WRITER,
};
