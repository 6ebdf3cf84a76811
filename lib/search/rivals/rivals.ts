/**
 * Searches of other papers, beside those that notebook 7 always runs.
 *
 * They are the rows of the paper's Tables 3 and 4 that it took from elsewhere, and those that
 * readers would look for beside them. They take longer than the others: a run has them only where
 * it is asked to.
 *
 * @module
 */

import type { HostTensors } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import { Arch2vec } from "../../models/arch2vec/arch2vec.ts";
import type { TrainedArch2vec } from "../../models/arch2vec/training.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import {
  type ComparedMethod,
  LONG_BUDGET,
  ROUNDS_BUDGET,
} from "../compared.ts";
import { gaussianProcessSearch } from "../gaussian_process_search.ts";
import { ROUNDS } from "../rounds.ts";
import { agNet } from "./ag_net.ts";
import { arch2vecRl } from "./arch2vec_rl.ts";
import { oneHotFeatures, pooledLatents } from "./candidates.ts";
import { DNGO_AS_PUBLISHED, dngoSearch } from "./dngo_search.ts";
import { nao } from "./nao.ts";
import { weakPredictors } from "./weak_predictors.ts";

/** The trained models that they are made with. */
export interface RivalMeans {
  /** Null where there is none: what needs it is left out. */
  readonly arch2vec: Arch2vec | null;
  /** AG-Net's generator; as for arch2vec. */
  readonly generator: HostTensors | null;
}

/** The searches, in the order of the tables. */
export function rivalMethods(
  space: SearchSpace,
  { arch2vec, generator }: RivalMeans,
  executor: Executor,
): ComparedMethod[] {
  const dngo = { ...DNGO_AS_PUBLISHED, ...space.settings.search.dngo };
  return [
    {
      name: "BO (DNGO)",
      budget: ROUNDS_BUDGET,
      source:
        "Snoek et al. 2015 (arXiv:1502.05700) on operations and edges; settings: arch2vec's code",
      ...dngoSearch(oneHotFeatures(space), executor, dngo),
    },
    {
      name: "NAO",
      budget: ROUNDS_BUDGET,
      source:
        "Luo et al. 2018 (arXiv:1808.07233); network and sequences as in its port to NAS-Bench-101 (SemiNAS), rounds as in AG-Net, training steps ours",
      ...nao(executor),
    },
    {
      name: "Weak predictors",
      budget: LONG_BUDGET,
      source:
        "in the manner of WeakNAS (Wu et al. 2021, arXiv:2102.10490), its code's 100 best, 10 a round and epochs; width of the network and 16 cells to begin with ours",
      ...weakPredictors(oneHotFeatures(space), executor),
    },
    ...space.cost === undefined ? [] : [{
      name: "Gaussian process, parameters as prior",
      budget: LONG_BUDGET,
      source:
        "ours: paths and subtrees, and a straight line over the logarithm of the network's parameters, which no training is needed for",
      ...gaussianProcessSearch(["paths", "subtrees"], ROUNDS, {
        key: "logarithm of parameters",
        of: ({ graph }) => Math.log(1 + space.cost!(graph).parameters),
      }),
    }],
    ...arch2vec === null ? [] : [{
      name: "arch2vec-BO",
      budget: LONG_BUDGET,
      source: "Yan et al. 2020 (arXiv:2006.06936), §4.2; its code",
      trained: true as const,
      ...dngoSearch(pooledLatents(arch2vec, space), executor, dngo),
    }, {
      name: "arch2vec-RL",
      budget: LONG_BUDGET,
      source: "Yan et al. 2020 (arXiv:2006.06936), §4.2; its code",
      trained: true as const,
      ...arch2vecRl(pooledLatents(arch2vec, space), executor),
    }],
    ...generator === null ? [] : [{
      name: "AG-Net",
      budget: ROUNDS_BUDGET,
      source:
        "Lukasik et al. 2022 (arXiv:2203.08734), its code; the generator trained on fewer graphs",
      trained: true as const,
      ...agNet(space, generator, executor),
    }],
  ];
}

/** The searches, with the models that they are made with; disposing frees those. */
export interface OpenedRivals extends AsyncDisposable {
  readonly methods: readonly ComparedMethod[];
}

/** Places the models on a device and makes the searches. */
export function openRivals(
  space: SearchSpace,
  models: {
    readonly arch2vec: TrainedArch2vec;
    readonly generator: HostTensors | null;
  },
  executor: Executor,
): OpenedRivals {
  const arch2vec = new Arch2vec(models.arch2vec, executor);
  return {
    methods: rivalMethods(
      space,
      { arch2vec, generator: models.generator },
      executor,
    ),
    [Symbol.asyncDispose]: () => arch2vec.dispose(),
  };
}
