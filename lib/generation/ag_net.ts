/**
 * AG-Net as a generator: its networks before any search, trained on cells without accuracies.
 *
 * Graphs are drawn as in its search, from noise that is uniform; nothing encodes a cell.
 *
 * Source: Lukasik et al. 2022, arXiv:2203.08734, and its code, jovitalukasik/AG-Net.
 *
 * @module
 */

import { runKey, weightsDigest } from "../core/keys.ts";
import type { Executor } from "../engine/executor.ts";
import {
  agNetShape,
  drawnGraphs,
  drawnNoise,
  searchedNoise,
} from "../models/ag_net/graphs.ts";
import { generatedScores } from "../models/ag_net/network.ts";
import {
  agNetTraining,
  trainAgNet,
  type TrainedAgNet,
  VERSION,
} from "../models/ag_net/training.ts";
import { BATCH } from "../models/batch_tensors.ts";
import type { Graph } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { ContenderTraining } from "./arch2vec.ts";
import type { CellGenerator } from "./generator.ts";

/** A generator on a device; disposing frees it. */
export interface AgNetGenerator extends CellGenerator, AsyncDisposable {}

/** Whether AG-Net's code can make cells of a space: they have one input there. */
export function suitsAgNet({ inputs }: SearchSpace): boolean {
  return inputs === 1;
}

/** The generator of a run: trained unless the run has it. */
export function trainedAgNet(
  space: SearchSpace,
  { executor, seed, quick, newModel, onProgress }:
    & ContenderTraining
    & { readonly seed: number },
): Promise<TrainedAgNet> {
  return trainAgNet(space, agNetTraining(seed, quick), {
    executor,
    checkpoint: newModel("ag-net/checkpoint.safetensors"),
    onProgress,
  });
}

/**
 * Places a trained generator on a device.
 *
 * @param name Names its rows.
 */
export function agNetGenerator(
  space: SearchSpace,
  { weights }: TrainedAgNet,
  executor: Executor,
  name: string,
): AgNetGenerator {
  const shape = agNetShape(space);
  const state = executor.state(weights);
  const draw = executor.compile((state, { z }) => {
    const { types, edges } = generatedScores(state, z, shape);
    return { outputs: { types, edges } };
  }, { name: "AG-Net generator" });
  return {
    name,
    key: runKey({
      model: "AG-Net",
      version: VERSION,
      weights: weightsDigest(weights),
    }),
    settings: { topK: null, topP: null },
    async sample(count, { random, signal }) {
      const samples: Graph[] = [];
      while (samples.length < count) {
        signal?.throwIfAborted();
        const z = drawnNoise(BATCH, () => searchedNoise(random));
        const { types, edges } = await draw.run(state, { z });
        samples.push(...drawnGraphs({ types, edges }, space, random));
      }
      return { samples: samples.slice(0, count), draws: count };
    },
    async [Symbol.asyncDispose]() {
      state.dispose();
      await draw.dispose();
    },
  };
}
