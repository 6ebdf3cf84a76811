/**
 * Trains AG-Net's generator on cells without accuracies: each is told from noise that has
 * nothing to do with it, so what is learnt is how often nodes and edges are what they are.
 *
 * Source: as `network.ts`; `Generator.py` and `trainer` of its code.
 *
 * @module
 */

import { digest, runKey } from "../../core/keys.ts";
import type { OnProgress } from "../../core/progress.ts";
import { Random } from "../../core/random.ts";
import { type HostTensors, scalar } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import {
  type AdamWOptions,
  adamWSlots,
  trainingStep,
} from "../../nn/optimizers.ts";
import { cellGraph, type SearchSpace } from "../../spaces/space.ts";
import { type EpochOf, runTraining } from "../training_loop.ts";
import { agNetShape, drawnNoise, scoreTargets } from "./graphs.ts";
import { generatorLoss, initialGenerator } from "./network.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** Adam as all of AG-Net is trained with. */
export const ADAM: AdamWOptions = { beta1: 0.5 };

/** Settings of a training run. */
export interface AgNetTraining {
  /** Parts of the training, after each of which it is saved. */
  readonly ticks: number;
  /** Of a tick. */
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
}

/** Of its code: 500 ticks of 5,000 graphs, as far as whole batches go; a quick one of larger steps. */
export function agNetTraining(seed: number, quick: boolean): AgNetTraining {
  const sizes = quick
    ? { ticks: 2, steps: 10, batchSize: 128, learningRate: 1e-3 }
    : { ticks: 500, steps: 156, batchSize: 32, learningRate: 2e-4 };
  return { ...sizes, seed };
}

/** A trained generator. */
export interface TrainedAgNet {
  readonly weights: HostTensors;
  /** Of each tick: the loss in nats, the mean over nodes and that over edges added up. */
  readonly history: readonly EpochOf<{ readonly loss: number }>[];
}

/**
 * Trains a generator on training cells of a space, drawn anew for each batch.
 *
 * @param options `checkpoint`: the file to save to after each tick and to go on from.
 */
export async function trainAgNet(
  space: SearchSpace,
  training: AgNetTraining,
  { executor, checkpoint, onProgress }: {
    readonly executor: Executor;
    readonly checkpoint?: string;
    readonly onProgress?: OnProgress;
  },
): Promise<TrainedAgNet> {
  const { ticks, steps, batchSize } = training;
  const { train } = space.split();
  const table = space.cells();
  const shape = agNetShape(space);
  const random = Random.fromSeed(training.seed).split("AG-Net");
  const initial = initialGenerator(space.ops.length, random.split("weights"));
  const step = executor.compile(
    trainingStep(
      (state, inputs) => generatorLoss(state, inputs, shape),
      Object.keys(initial),
      ADAM,
    ),
    { name: "AG-Net generator training step" },
  );
  try {
    return await runTraining({
      executor,
      saved: {
        path: checkpoint,
        key: runKey({
          space: [space.name, space.version],
          cells: digest(train),
          training,
          version: VERSION,
        }),
      },
      weights: initial,
      slots: adamWSlots(initial),
      memory: null,
      epochs: ticks,
      batches: {
        count: steps,
        *draw(random) {
          for (let at = 0; at < steps; at++) {
            yield Uint32Array.from(
              { length: batchSize },
              () => train[random.integer(train.length)],
            );
          }
        },
      },
      random,
      learningRate: () => training.learningRate,
      startEpoch({ state, random }) {
        let sum = 0;
        return {
          async step({ rows, step: at, learningRate }) {
            const { loss } = await step.run(state, {
              z: drawnNoise(rows.length, () => random.normal()),
              ...scoreTargets(
                space,
                Array.from(rows, (row) => cellGraph(table, row)),
              ),
              learningRate: scalar(learningRate),
              step: scalar(at),
            });
            sum += loss.data[0];
            return loss.data[0];
          },
          end: () => Promise.resolve({ loss: sum / steps }),
        };
      },
      onProgress,
    });
  } finally {
    await step.dispose();
  }
}
