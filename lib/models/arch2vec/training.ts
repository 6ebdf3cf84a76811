/**
 * Trains arch2vec.
 *
 * The run is saved after each epoch and goes on from there. At the end of the last one the
 * prior is fitted to the training cells.
 *
 * Source: as `network.ts`.
 *
 * @module
 */

import { digest, runKey } from "../../core/keys.ts";
import type { OnProgress } from "../../core/progress.ts";
import { Random } from "../../core/random.ts";
import {
  floats,
  type HostTensors,
  scalar,
  tensorsNamed,
} from "../../core/tensors.ts";
import type { Executor, StepFunction } from "../../engine/executor.ts";
import { adamWSlots, trainingStep } from "../../nn/optimizers.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import { BATCH, batchTensors } from "../batch_tensors.ts";
import {
  type Batches,
  runTraining,
  shuffledBatches,
} from "../training_loop.ts";
import type { Arch2vecConfig } from "./config.ts";
import {
  arch2vecEncodeStep,
  arch2vecLoss,
  type Arch2vecWeights,
  initialArch2vecWeights,
} from "./network.ts";
import { PriorCounter } from "./prior.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 3;

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
  const { quirks } = config;
  const shuffled = shuffledBatches(train.length, training.batchSize);
  await using owned = new AsyncDisposableStack();
  const compile = (step: StepFunction, name: string) => {
    const compiled = executor.compile(step, { name: `arch2vec ${name}` });
    owned.defer(() => compiled.dispose());
    return compiled;
  };
  const lossStep = (trainingMode: boolean) =>
    trainingStep(
      (tensors, inputs) => arch2vecLoss(config, tensors, inputs, trainingMode),
      Object.keys(initial.parameters),
      { clipNorm: training.clipNorm },
    );
  const steps = {
    training: compile(lossStep(true), "training step"),
    frozen: compile(lossStep(false), "frozen step"),
    encode: compile(arch2vecEncodeStep(config), "prior"),
  };
  const inputsOf = (indices: ArrayLike<number>) =>
    batchTensors(space, space.cells(), indices);
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
    weights: { ...initial.parameters, ...initial.statistics, ...initial.prior },
    slots: adamWSlots(initial.parameters),
    memory: null,
    epochs: training.epochs,
    batches: quirks.oneShuffle
      ? _sameBatches(shuffled, random.split("order"))
      : shuffled,
    random,
    learningRate: () => training.learningRate,
    startEpoch({ epoch, state, random }) {
      const frozen = quirks.frozenAfterFirstEpoch && epoch > 0;
      const last = epoch === training.epochs - 1;
      const gathered = new PriorCounter(config);
      return {
        async step({ rows, step, learningRate }) {
          const indices = rows.map((row) => train[row]);
          const inputs = {
            ...inputsOf(indices),
            learningRate: scalar(learningRate),
            step: scalar(step),
          };
          const { loss, latents } = frozen
            ? await steps.frozen.run(state, inputs)
            : await steps.training.run(state, {
              ...inputs,
              ...arch2vecNoise(config, indices.length, random),
            });
          if (last && quirks.priorOfLastEpoch) gathered.add(latents.data);
          return loss.data[0];
        },
        async end() {
          if (!last) return {};
          if (!quirks.priorOfLastEpoch) {
            for (let start = 0; start < train.length; start += BATCH) {
              const cells = train.subarray(start, start + BATCH);
              const { z } = await steps.encode.run(state, inputsOf(cells));
              gathered.add(z.data);
            }
          }
          state.write(gathered.prior());
          return {};
        },
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
      prior: tensorsNamed(weights, { like: initial.prior }),
    },
  };
}

/** Batches drawn once, for every epoch. */
function _sameBatches(batches: Batches, random: Random): Batches {
  const drawn = [...batches.draw(random)];
  return { count: batches.count, draw: () => drawn };
}

/** What a step in training mode draws: inputs of `arch2vecLoss`. */
export function arch2vecNoise(
  config: Arch2vecConfig,
  cells: number,
  random: Random,
): HostTensors {
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
