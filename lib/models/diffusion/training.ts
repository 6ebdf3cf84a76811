/**
 * Trains a diffusion: cells are noised by a random number of steps, and the network learns what
 * they were. Adam, a learning rate that falls along a cosine.
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
import { type HostTensors, integers, scalar } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import { adamWSlots, trainingStep, warmupCosine } from "../../nn/optimizers.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import {
  type EpochOf,
  runTraining,
  shuffledBatches,
} from "../training_loop.ts";
import type { DiffusionConfig } from "./config.ts";
import { diffusionLoss, initialDiffusionWeights } from "./network.ts";
import { keptShares, noised, oneHotValues } from "./noise.ts";
import { CellPlaces } from "./places.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** Settings of a training run. */
export interface DiffusionTraining {
  /** About how many; all epochs are whole. */
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Training cells, the first so many of the split. */
  readonly cells: number;
  readonly seed: number;
}

/** The reported run: ours. */
export const DIFFUSION_TRAINING: Omit<DiffusionTraining, "seed"> = {
  steps: 12_000,
  batchSize: 512,
  learningRate: 1e-3,
  cells: Infinity,
};

const WARMUP = 200;
const CLIP_NORM = 1;

/** What an epoch comes to, in nats a cell. */
interface Figures {
  readonly loss: number;
}

/** One epoch of a training run. */
export type DiffusionEpoch = EpochOf<Figures>;

/** A trained model. */
export interface TrainedDiffusion {
  readonly config: DiffusionConfig;
  readonly places: CellPlaces;
  readonly weights: HostTensors;
  readonly history: readonly DiffusionEpoch[];
}

/**
 * Trains a model on training cells of a space.
 *
 * @param sizes Of the model; what its noise is drawn from is the training cells'.
 * @param options `checkpoint`: the file to save to after each epoch and to go on from, if it is
 *   of the same cells, settings and version.
 */
export async function trainDiffusion(
  space: SearchSpace,
  sizes: Omit<DiffusionConfig, "marginals">,
  training: DiffusionTraining,
  { executor, checkpoint, onProgress }: {
    readonly executor: Executor;
    readonly checkpoint?: string;
    readonly onProgress?: OnProgress;
  },
): Promise<TrainedDiffusion> {
  const train = space.split().train.slice(0, training.cells);
  const places = new CellPlaces(space, space.cells(), train);
  const { marginals } = places;
  const config = { ...sizes, marginals };
  const random = Random.fromSeed(training.seed);
  const initial = initialDiffusionWeights(config, random.split("weights"));
  const batches = shuffledBatches(train.length, training.batchSize);
  const kept = keptShares(config.steps);
  const step = executor.compile(
    trainingStep(
      (state, inputs) => diffusionLoss(config, state, inputs),
      Object.keys(initial),
      { clipNorm: CLIP_NORM },
    ),
    { name: "training step of the diffusion" },
  );
  try {
    const { weights, history } = await runTraining<Figures, null>({
      executor,
      saved: {
        path: checkpoint,
        key: runKey({
          space: [space.name, space.version],
          cells: digest(train),
          sizes,
          training: { ...training, cells: train.length },
          version: VERSION,
        }),
      },
      weights: initial,
      slots: adamWSlots(initial),
      memory: null,
      epochs: Math.max(1, Math.round(training.steps / batches.count)),
      batches,
      random,
      learningRate: (at, steps) =>
        warmupCosine(at, {
          peak: training.learningRate,
          warmup: Math.min(WARMUP, steps / 10),
          steps,
        }),
      startEpoch({ state, random }) {
        let sum = 0;
        return {
          async step({ rows, step: at, learningRate }) {
            const clean = Array.from(
              rows,
              (row) =>
                places.trained.subarray(
                  row * places.count,
                  (row + 1) * places.count,
                ),
            );
            const times = clean.map(() => 1 + random.integer(config.steps));
            const { loss } = await step.run(state, {
              clean: oneHotValues(clean, places.values),
              x: oneHotValues(
                clean.map((row, b) =>
                  noised(row, kept[times[b]], marginals, random)
                ),
                places.values,
              ),
              time: integers([rows.length], times),
              learningRate: scalar(learningRate),
              step: scalar(at),
            });
            sum += loss.data[0] * rows.length / train.length;
            return loss.data[0];
          },
          end: () => Promise.resolve({ loss: sum }),
        };
      },
      onProgress,
    });
    return { config, places, weights, history };
  } finally {
    await step.dispose();
  }
}
