/**
 * Trains an autoencoder of graphs, as the codes of SVGe and D-VAE do: Adam, and a tenth of the
 * learning rate once the loss has not fallen for ten epochs.
 *
 * The run is saved after each epoch and goes on from there.
 *
 * @module
 */

import { digest, runKey } from "../core/keys.ts";
import type { OnProgress } from "../core/progress.ts";
import { Random } from "../core/random.ts";
import { floats, type HostTensors, scalar } from "../core/tensors.ts";
import type { Executor } from "../engine/executor.ts";
import { adamWSlots, type Loss, trainingStep } from "../nn/optimizers.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { lookAtLoss, newPlateau, type Plateau } from "./plateau.ts";
import { type EpochOf, runTraining, shuffledBatches } from "./training_loop.ts";

/** Settings of a training run. */
export interface GraphTraining {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Training cells, the first so many of the split. */
  readonly cells: number;
  readonly seed: number;
}

/** Training graphs that the released code of SVGe keeps. */
export const PUBLISHED_CELLS = 10_000;

/** What an epoch comes to, in nats a graph. */
interface Figures {
  readonly loss: number;
  /** Of it: writing the graphs. */
  readonly writing: number;
  readonly learningRate: number;
}

/** One epoch of a training run. */
export type GraphEpoch = EpochOf<Figures>;

/** A trained model. */
export interface TrainedGraphAutoencoder<Config> {
  readonly config: Config;
  readonly weights: HostTensors;
  readonly history: readonly GraphEpoch[];
}

/** What is trained. */
export interface TrainableGraphAutoencoder<Config> {
  readonly name: string;
  readonly version: number;
  readonly config: Config;
  /** `L`. */
  readonly latentDim: number;
  initialWeights(random: Random): HostTensors;
  /** Whether a weight takes part; by default all do. */
  isTrained?(name: string): boolean;
  /** Training cells as tensors. */
  inputs(cells: ArrayLike<number>): HostTensors;
  /** With an output `writing`; its inputs are those and `noise`, `[B, L]`, normal. */
  readonly loss: Loss;
}

/** Where a model is trained. */
export interface GraphTrainingOptions {
  readonly executor: Executor;
  /**
   * The file to save to after each epoch and to go on from, if it is of the same cells, settings
   * and version.
   */
  readonly checkpoint?: string;
  readonly onProgress?: OnProgress;
}

/** Trains a model on training cells of a space. */
export async function trainGraphAutoencoder<Config>(
  space: SearchSpace,
  model: TrainableGraphAutoencoder<Config>,
  training: GraphTraining,
  { executor, checkpoint, onProgress }: GraphTrainingOptions,
): Promise<TrainedGraphAutoencoder<Config>> {
  const { config, version, latentDim, isTrained = () => true } = model;
  const train = space.split().train.slice(0, training.cells);
  const random = Random.fromSeed(training.seed);
  const initial = model.initialWeights(random.split("weights"));
  const trained = Object.fromEntries(
    Object.entries(initial).filter(([name]) => isTrained(name)),
  );
  const step = executor.compile(
    trainingStep(model.loss, Object.keys(trained), {
      clipNorm: 0,
      weightDecay: 0,
    }),
    { name: `training step of ${model.name}` },
  );
  try {
    const { weights, history } = await runTraining<Figures, Plateau>({
      executor,
      saved: {
        path: checkpoint,
        key: runKey({
          space: [space.name, space.version],
          cells: digest(train),
          config,
          training,
          version,
        }),
      },
      weights: initial,
      slots: adamWSlots(trained),
      memory: newPlateau(),
      epochs: training.epochs,
      batches: shuffledBatches(train.length, training.batchSize),
      random,
      learningRate: () => training.learningRate,
      startEpoch({ state, random, memory }) {
        const sums = { loss: 0, writing: 0 };
        const rate = training.learningRate * memory.factor;
        return {
          async step({ rows, step: at }) {
            const noise = Float32Array.from(
              { length: rows.length * latentDim },
              () => random.normal(),
            );
            const outputs = await step.run(state, {
              ...model.inputs(rows.map((row) => train[row])),
              noise: floats([rows.length, latentDim], noise),
              learningRate: scalar(rate),
              step: scalar(at),
            });
            for (const name of ["loss", "writing"] as const) {
              sums[name] += outputs[name].data[0] * rows.length / train.length;
            }
            return outputs.loss.data[0];
          },
          end() {
            lookAtLoss(memory, sums.loss);
            return Promise.resolve({ ...sums, learningRate: rate });
          },
        };
      },
      onProgress,
    });
    return { config, weights, history };
  } finally {
    await step.dispose();
  }
}
