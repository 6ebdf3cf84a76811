/**
 * Trains SVGe and DGMG, as their code does: Adam, and a tenth of the learning rate once the loss
 * has not fallen for ten epochs.
 *
 * The run is saved after each epoch and goes on from there.
 *
 * Source: as `network.ts`; `main.py` of its code.
 *
 * @module
 */

import { digest, runKey } from "../../core/keys.ts";
import type { OnProgress } from "../../core/progress.ts";
import { Random } from "../../core/random.ts";
import { floats, type HostTensors, scalar } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import { adamWSlots, trainingStep } from "../../nn/optimizers.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import {
  type EpochOf,
  runTraining,
  shuffledBatches,
} from "../training_loop.ts";
import type { SvgeConfig } from "./config.ts";
import { graphTensors } from "./graphs.ts";
import { initialSvgeWeights, svgeLoss } from "./network.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** Settings of a training run. */
export interface SvgeTraining {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Training cells, the first so many of the split. */
  readonly cells: number;
  readonly seed: number;
}

/** Training graphs that the released code keeps. */
export const PUBLISHED_CELLS = 10_000;

const PLATEAU = { patience: 10, factor: 0.1, threshold: 1e-4 };

/** What an epoch comes to, in nats a graph. */
interface Figures {
  readonly loss: number;
  /** Of it: writing the graphs. */
  readonly writing: number;
  readonly learningRate: number;
}

/** One epoch of a training run. */
export type SvgeEpoch = EpochOf<Figures>;

/** A trained model. */
export interface TrainedSvge {
  readonly config: SvgeConfig;
  readonly weights: HostTensors;
  readonly history: readonly SvgeEpoch[];
}

/** What the learning rate depends on. */
interface Memory {
  /** What it is multiplied by. */
  factor: number;
  /** The lowest loss of an epoch; -1 before the first. */
  lowest: number;
  /** Epochs since. */
  waited: number;
}

/**
 * Trains a model on training cells of a space.
 *
 * @param options `checkpoint`: the file to save to after each epoch and to go on from, if it is
 *   of the same cells, settings and version.
 */
export async function trainSvge(
  space: SearchSpace,
  config: SvgeConfig,
  training: SvgeTraining,
  { executor, checkpoint, onProgress }: {
    readonly executor: Executor;
    readonly checkpoint?: string;
    readonly onProgress?: OnProgress;
  },
): Promise<TrainedSvge> {
  const train = space.split().train.slice(0, training.cells);
  const random = Random.fromSeed(training.seed);
  const initial = initialSvgeWeights(config, random.split("weights"));
  const step = executor.compile(
    trainingStep(
      (tensors, inputs) => svgeLoss(config, tensors, inputs),
      Object.keys(initial),
      { clipNorm: 0, weightDecay: 0 },
    ),
    { name: `training step of ${config.kind}` },
  );
  try {
    const { weights, history } = await runTraining<Figures, Memory>({
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
      weights: initial,
      slots: adamWSlots(initial),
      memory: { factor: 1, lowest: -1, waited: 0 },
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
              { length: rows.length * config.latentDim },
              () => random.normal(),
            );
            const outputs = await step.run(state, {
              ...graphTensors(
                space,
                space.cells(),
                rows.map((row) => train[row]),
              ),
              noise: floats([rows.length, config.latentDim], noise),
              learningRate: scalar(rate),
              step: scalar(at),
            });
            for (const name of ["loss", "writing"] as const) {
              sums[name] += outputs[name].data[0] * rows.length / train.length;
            }
            return outputs.loss.data[0];
          },
          end() {
            _lookAtLoss(memory, sums.loss);
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

/** Lowers the learning rate where the loss has not fallen for long: `ReduceLROnPlateau`. */
function _lookAtLoss(memory: Memory, loss: number): void {
  const { patience, factor, threshold } = PLATEAU;
  if (memory.lowest < 0 || loss < memory.lowest * (1 - threshold)) {
    memory.lowest = loss;
    memory.waited = 0;
  } else if (++memory.waited > patience) {
    memory.factor *= factor;
    memory.waited = 0;
  }
}
