/**
 * Searches of other papers, beside those that notebook 7 always runs.
 *
 * They are the rows of the paper's Tables 3 and 4 that it took from elsewhere, and those that
 * readers would look for beside them. They take longer than the others: a run has them only where
 * it is asked to. A further one is a line in {@link rivalSearches}; a model that it needs is
 * trained when it is opened.
 *
 * SGNAS has no search here: its one supernet and its generator of cells for a given number of
 * FLOPs ask for no cell's accuracy, so there are no queries to compare at. Its row stays quoted.
 *
 * @module
 */

import { suitsAgNet, trainedAgNet } from "../../generation/ag_net.ts";
import {
  type ContenderTraining,
  openArch2vec,
} from "../../generation/arch2vec.ts";
import { trainedDiffusion } from "../../generation/diffusion.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import {
  type ComparedMethod,
  LONG_BUDGET,
  ROUNDS_BUDGET,
} from "../compared.ts";
import { gaussianProcessSearch } from "../gaussian_process_search.ts";
import type { SearchMethod } from "../method.ts";
import { ROUNDS } from "../rounds.ts";
import { agNet } from "./ag_net.ts";
import { arch2vecRl } from "./arch2vec_rl.ts";
import { oneHotFeatures, pooledLatents } from "./candidates.ts";
import { guidedDiffusion } from "./diffusion_search.ts";
import { DNGO_AS_PUBLISHED, dngoSearch } from "./dngo_search.ts";
import { nao } from "./nao.ts";
import { weakPredictors } from "./weak_predictors.ts";

/** Where and how models of searches are trained. */
export interface RivalTraining extends ContenderTraining {
  readonly seed: number;
}

/** A search of another paper, before its model is there. */
export interface RivalSearch extends Omit<ComparedMethod, keyof SearchMethod> {
  /**
   * Makes the search. A model that it needs is trained, or taken from where it was before.
   *
   * @param owner Frees what is placed on the device.
   * @throws {Error} If a file of a model cannot be read or written.
   */
  open(
    training: RivalTraining,
    owner: AsyncDisposableStack,
  ): SearchMethod | Promise<SearchMethod>;
}

/** The searches of a space, in the order of the tables. */
export function rivalSearches(space: SearchSpace): RivalSearch[] {
  const dngo = { ...DNGO_AS_PUBLISHED, ...space.settings.search.dngo };
  return [
    {
      name: "BO (DNGO)",
      budget: ROUNDS_BUDGET,
      source:
        "Snoek et al. 2015 (arXiv:1502.05700) on operations and edges; settings: arch2vec's code",
      open: ({ executor }) => dngoSearch(oneHotFeatures(space), executor, dngo),
    },
    {
      name: "NAO",
      budget: ROUNDS_BUDGET,
      source:
        "Luo et al. 2018 (arXiv:1808.07233); network and sequences as in its port to NAS-Bench-101 (SemiNAS), rounds as in AG-Net, training steps ours",
      open: ({ executor }) => nao(executor),
    },
    {
      name: "Weak predictors",
      budget: LONG_BUDGET,
      source:
        "in the manner of WeakNAS (Wu et al. 2021, arXiv:2102.10490), its code's 100 best, 10 a round and epochs; width of the network and 16 cells to begin with ours",
      open: ({ executor }) => weakPredictors(oneHotFeatures(space), executor),
    },
    ...space.cost === undefined ? [] : [{
      name: "Gaussian process, parameters as prior",
      budget: LONG_BUDGET,
      source:
        "ours: paths and subtrees, and a straight line over the logarithm of the network's parameters, which no training is needed for",
      open: () =>
        gaussianProcessSearch(["paths", "subtrees"], ROUNDS, {
          key: "logarithm of parameters",
          of: ({ graph }) => Math.log(1 + space.cost!(graph).parameters),
        }),
    }],
    {
      name: "arch2vec-BO",
      budget: LONG_BUDGET,
      source: "Yan et al. 2020 (arXiv:2006.06936), §4.2; its code",
      trained: true,
      open: async (training, owner) => {
        const model = owner.use(await openArch2vec(space, training));
        return dngoSearch(pooledLatents(model, space), training.executor, dngo);
      },
    },
    {
      name: "arch2vec-RL",
      budget: LONG_BUDGET,
      source: "Yan et al. 2020 (arXiv:2006.06936), §4.2; its code",
      trained: true,
      open: async (training, owner) => {
        const model = owner.use(await openArch2vec(space, training));
        return arch2vecRl(pooledLatents(model, space), training.executor);
      },
    },
    ...!suitsAgNet(space) ? [] : [{
      name: "AG-Net",
      budget: ROUNDS_BUDGET,
      source: "Lukasik et al. 2022 (arXiv:2203.08734), its code",
      trained: true as const,
      open: async (training: RivalTraining) => {
        const { weights } = await trainedAgNet(space, training);
        return agNet(space, weights, training.executor);
      },
    }],
    {
      name: "Diffusion, guided",
      budget: ROUNDS_BUDGET,
      source:
        "in the manner of DiffusionNAG (An et al. 2023, arXiv:2305.16943): discrete, its predictor trained on the queries alone, where the published one learns from other tasks' labels; rounds as in AG-Net, scale of the guidance chosen with seeds 0 to 3",
      trained: true,
      open: async (training) =>
        guidedDiffusion(
          await trainedDiffusion(space, training),
          training.executor,
        ),
    },
  ];
}
