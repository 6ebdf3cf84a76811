/**
 * Trains arch2vec.
 *
 * The run is saved after each epoch and goes on from there.
 *
 * Source: as `network.ts`.
 *
 * @module
 */

import { digest, runKey } from "../../core/keys.ts";
import type { OnProgress } from "../../core/progress.ts";
import { Random } from "../../core/random.ts";
import { floats, scalar, tensorsNamed } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import { adamWSlots, trainingStep } from "../../nn/optimizers.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import { batchTensors } from "../batch_tensors.ts";
import { runTraining, shuffledBatches } from "../training_loop.ts";
import type { Arch2vecConfig } from "./config.ts";
import {
  arch2vecLoss,
  type Arch2vecWeights,
  initialArch2vecWeights,
} from "./network.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** Settings of a training run. */
export interface Arch2vecTraining {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Largest norm of the gradient. */
  readonly clipNorm: number;
  readonly seed: number;
}

/** The settings of arch2vec's code. */
export function arch2vecTraining(
  space: SearchSpace,
  seed: number,
  quick = false,
): Arch2vecTraining {
  return {
    epochs: quick ? 1 : space.settings.arch2vec.epochs,
    batchSize: 32,
    learningRate: 1e-3,
    clipNorm: 5,
    seed,
  };
}

/** A trained model. */
export interface TrainedArch2vec {
  readonly config: Arch2vecConfig;
  readonly weights: Arch2vecWeights;
}

/**
 * Trains arch2vec on the training cells of a space.
 *
 * @param options `checkpoint`: the file to save to after each epoch and to go on from;
 *   `limit`: trains on so many cells at most.
 */
export async function trainArch2vec(
  space: SearchSpace,
  config: Arch2vecConfig,
  training: Arch2vecTraining,
  { executor, checkpoint, limit = Infinity, onProgress }: {
    executor: Executor;
    checkpoint?: string;
    limit?: number;
    onProgress?: OnProgress;
  },
): Promise<TrainedArch2vec> {
  const train = space.split().train.subarray(0, limit);
  const random = Random.fromSeed(training.seed).split("arch2vec");
  const initial = initialArch2vecWeights(config, random.split("weights"));
  await using owned = new AsyncDisposableStack();
  const compile = (trainingMode: boolean) => {
    const step = executor.compile(
      trainingStep(
        (tensors, inputs) =>
          arch2vecLoss(config, tensors, inputs, trainingMode),
        Object.keys(initial.parameters),
        { clipNorm: training.clipNorm },
      ),
      { name: `arch2vec ${trainingMode ? "training" : "frozen"} step` },
    );
    owned.defer(() => step.dispose());
    return step;
  };
  const steps = { training: compile(true), frozen: compile(false) };
  const { weights } = await runTraining({
    executor,
    saved: {
      path: checkpoint,
      key: runKey({
        space: [space.name, space.version],
        cells: digest(train),
        config,
        training,
        version: VERSION,
      }),
    },
    weights: { ...initial.parameters, ...initial.statistics },
    slots: adamWSlots(initial.parameters),
    memory: null,
    epochs: training.epochs,
    batches: shuffledBatches(train.length, training.batchSize),
    random,
    learningRate: () => training.learningRate,
    startEpoch({ epoch, state, random }) {
      const frozen = config.frozenAfterFirstEpoch && epoch > 0;
      return {
        async step({ rows, step, learningRate }) {
          const indices = rows.map((row) => train[row]);
          const inputs = {
            ...batchTensors(space, space.cells(), indices),
            learningRate: scalar(learningRate),
            step: scalar(step),
          };
          const { loss } = frozen
            ? await steps.frozen.run(state, inputs)
            : await steps.training.run(state, {
              ...inputs,
              ..._noise(config, indices.length, random),
            });
          return loss.data[0];
        },
        end: () => Promise.resolve({}),
      };
    },
    onProgress,
    reportEvery: 50,
  });
  return {
    config,
    weights: {
      parameters: tensorsNamed(weights, { like: initial.parameters }),
      statistics: tensorsNamed(weights, { like: initial.statistics }),
    },
  };
}

/** What a step in training mode draws. */
function _noise(config: Arch2vecConfig, cells: number, random: Random) {
  const rows = cells * config.nodes;
  const draw = (length: number, next: () => number) =>
    Float32Array.from({ length }, next);
  return {
    noise: floats(
      [rows, config.latentDim],
      draw(rows * config.latentDim, () => random.normal()),
    ),
    rows: floats([rows], draw(rows, () => random.uniform())),
    columns: floats(
      [config.latentDim],
      draw(config.latentDim, () => random.uniform()),
    ),
  };
}
