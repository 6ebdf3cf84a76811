/**
 * A diffusion as a generator: graphs drawn from noise, and the model of a run.
 *
 * In the manner of DiffusionNAG, without what guides it. There is no latent: nothing is
 * reconstructed, and each graph is a draw of its own.
 *
 * Source: as `models/diffusion`.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import type { Executor } from "../engine/executor.ts";
import { DIFFUSION_SIZES } from "../models/diffusion/config.ts";
import { Diffusion } from "../models/diffusion/diffusion.ts";
import {
  DIFFUSION_TRAINING,
  type DiffusionTraining,
  trainDiffusion,
  type TrainedDiffusion,
} from "../models/diffusion/training.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { CellGenerator } from "./generator.ts";

/** A diffusion on a device; disposing frees it. */
export interface DiffusionGenerator extends CellGenerator, AsyncDisposable {}

/**
 * Places a trained diffusion on a device.
 *
 * @param name Names its rows.
 */
export function diffusionGenerator(
  trained: TrainedDiffusion,
  executor: Executor,
  name: string,
): DiffusionGenerator {
  const model = new Diffusion(trained, executor);
  return {
    name,
    key: model.key,
    settings: {
      topK: null,
      topP: null,
      note: `Drawn from noise in ${model.config.steps} steps.`,
    },
    sample: async (count, options) => ({
      samples: await model.sample(count, options),
      draws: count,
    }),
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

const QUICK: Partial<DiffusionTraining> = {
  ...{ steps: 60, batchSize: 64, cells: 2000 },
};
const QUICK_SIZES = { steps: 8, hidden: 64, layers: 1 };

/**
 * The diffusion of a run: trained unless the run has it.
 *
 * @param options `newModel`: where a model is saved, by its name; `quick`: a small one, trained
 *   for a moment.
 */
export async function trainedDiffusion(
  space: SearchSpace,
  { executor, seed, quick, newModel, onProgress }: {
    readonly executor: Executor;
    readonly seed: number;
    readonly quick: boolean;
    readonly newModel: (name: string) => string;
    readonly onProgress?: OnProgress;
  },
): Promise<TrainedDiffusion> {
  return await trainDiffusion(
    space,
    quick ? QUICK_SIZES : DIFFUSION_SIZES,
    { ...DIFFUSION_TRAINING, ...quick ? QUICK : {}, seed },
    {
      executor,
      checkpoint: newModel("diffusion/checkpoint.safetensors"),
      onProgress,
    },
  );
}
