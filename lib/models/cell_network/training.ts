/**
 * Trains the network of a cell on images.
 *
 * Momentum, cosine and augmentation are the published ones; what a recipe makes smaller is the
 * number of epochs, images, channels and cells (EcoNAS, Zhou et al. 2020, arXiv:2001.01233, has
 * what such reductions cost). The run is saved after each epoch and goes on from there.
 *
 * @module
 */

import { sha256 } from "../../core/files.ts";
import { runKey } from "../../core/keys.ts";
import type { OnProgress } from "../../core/progress.ts";
import { Random } from "../../core/random.ts";
import {
  floats,
  type HostTensors,
  integers,
  scalar,
} from "../../core/tensors.ts";
import type {
  CompiledFunction,
  DeviceState,
  Executor,
} from "../../engine/executor.ts";
import { tf } from "../../engine/tensorflow.ts";
import { softmaxCrossEntropy } from "../../nn/losses.ts";
import {
  type MomentumOptimizer,
  nesterov,
  rmsProp,
} from "../../nn/momentum.ts";
import { trainingStep } from "../../nn/optimizers.ts";
import type { NetworkPlan, NetworkTraining } from "../../spaces/network.ts";
import { type EpochOf, runTraining } from "../training_loop.ts";
import {
  type Augmentation,
  type ChannelStatistics,
  channelStatistics,
  imageBatch,
  type Images,
  type ImageSet,
} from "./images.ts";
import {
  inferenceLogits,
  initialNetworkWeights,
  trainingLogits,
} from "./network.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** Settings of a training. */
export interface CellTraining extends NetworkTraining, Augmentation {
  readonly seed: number;
}

/**
 * Steps of a short training that running statistics reach back over at most, as a share of all:
 * those of the published 10⁴ steps would still be those of the first weights.
 */
const STATISTICS_SHARE = 0.1;

const MOMENTUM = 0.9;

/** The optimizer of a training. */
export function networkOptimizer(
  { optimizer, weightDecay }: Pick<
    NetworkTraining,
    "optimizer" | "weightDecay"
  >,
): MomentumOptimizer {
  return optimizer === "nesterov"
    ? nesterov({ momentum: MOMENTUM, weightDecay })
    : rmsProp({ momentum: MOMENTUM, decay: 0.9, epsilon: 1, weightDecay });
}

/** What an epoch comes to: means over its images. */
interface Figures {
  readonly loss: number;
  /** Share of images that the network names rightly as it is trained on them. */
  readonly train: number;
}

/** An epoch of a training. */
export type CellEpoch = EpochOf<Figures>;

/** A trained network. */
export interface TrainedNetwork {
  /** Parameters and running statistics, by name. */
  readonly weights: HostTensors;
  readonly history: readonly CellEpoch[];
  /** Shares of images named rightly. */
  readonly validation: number;
  readonly test: number;
}

/** The loss of a step is no number, or without bounds. */
export class DivergedError extends Error {}

/**
 * Trains a network, and measures it.
 *
 * An epoch takes the images in random order; those that fill no batch at its end are left out.
 *
 * @param options `checkpoint`: the file to save to after each epoch and to go on from, if it is
 *   of the same plan, images, settings and version.
 * @throws {DivergedError} If the loss is no number.
 * @throws {RangeError} If there are fewer images than a batch takes.
 */
export async function trainNetwork(
  plan: NetworkPlan,
  images: ImageSet,
  training: CellTraining,
  { executor, checkpoint, onProgress, onEpoch }: {
    readonly executor: Executor;
    readonly checkpoint?: string;
    readonly onProgress?: OnProgress;
    readonly onEpoch?: (epoch: CellEpoch) => void;
  },
): Promise<TrainedNetwork> {
  const { batchSize, epochs } = training;
  const count = Math.floor(images.train.labels.length / batchSize);
  if (count === 0) {
    throw new RangeError(
      `Cannot train the network: batch_size must be at most the ${images.train.labels.length} images, got ${batchSize}`,
    );
  }
  const random = Random.fromSeed(training.seed);
  const initial = initialNetworkWeights(
    plan,
    training.initial,
    random.split("weights"),
  );
  const { optimizer, slots } = networkOptimizer(training);
  const statistics = channelStatistics(images.train, images.channels);
  const statisticsRate = Math.max(
    training.statisticsRate,
    Math.min(1, 1 / (STATISTICS_SHARE * epochs * count)),
  );
  await using owned = new AsyncDisposableStack();
  const compiled = (
    fn: Parameters<Executor["compile"]>[0],
    name: string,
  ): CompiledFunction => {
    const made = executor.compile(fn, { name });
    owned.defer(() => made.dispose());
    return made;
  };
  const step = compiled(
    networkStep(plan, Object.keys(initial.parameters), optimizer),
    "training step of a cell's network",
  );
  const { weights, history } = await runTraining<
    Figures,
    Record<string, never>
  >({
    executor,
    saved: {
      path: checkpoint,
      key: runKey({
        plan: JSON.stringify(plan),
        images: [images.name, sha256(images.train.pixels)],
        training,
        version: VERSION,
      }),
    },
    weights: { ...initial.parameters, ...initial.statistics },
    slots: slots(initial.parameters),
    memory: {},
    epochs,
    batches: {
      count,
      draw(random) {
        const order = random.permutation(images.train.labels.length);
        return Array.from(
          { length: count },
          (_, i) => order.subarray(i * batchSize, (i + 1) * batchSize),
        );
      },
    },
    random,
    learningRate: (step, steps) =>
      training.learningRate * (1 + Math.cos(Math.PI * (step - 1) / steps)) / 2,
    startEpoch({ state, random }) {
      const change = { ...training, random };
      let loss = 0, right = 0;
      return {
        async step({ rows, step: at, learningRate }) {
          const outputs = await step.run(state, {
            ..._inputs(images.train, rows, images, statistics, change),
            learningRate: scalar(learningRate),
            step: scalar(at),
            statisticsRate: scalar(statisticsRate),
          });
          const [value] = outputs.loss.data;
          if (!Number.isFinite(value)) {
            throw new DivergedError(
              `Cannot train the network: its loss must be a number, got ${value} at step ${at}`,
            );
          }
          loss += value / count;
          right += outputs.right.data[0];
          return value;
        },
        end: () =>
          Promise.resolve({ loss, train: right / (count * batchSize) }),
      };
    },
    onProgress,
    onEpoch,
  });
  const state = executor.state(weights);
  owned.defer(() => state.dispose());
  const inference = compiled(
    (state, { images, labels }) => ({
      outputs: { hits: _hits(inferenceLogits(plan, state, images), labels) },
    }),
    "inference of a cell's network",
  );
  const accuracy = (part: Images) =>
    _accuracy(part, { images, statistics, batchSize, state, inference });
  return {
    weights,
    history,
    validation: await accuracy(images.validation),
    test: await accuracy(images.test),
  };
}

/**
 * A step of a training: inputs `images`, `[B, S, S, C]`, `labels`, `[B]`, and the scalars
 * `statisticsRate`, `learningRate` and `step`; outputs `loss` and `right`, the number of images
 * named rightly.
 *
 * @param parameters Names of what is trained.
 */
export function networkStep(
  plan: NetworkPlan,
  parameters: readonly string[],
  optimizer: MomentumOptimizer["optimizer"],
): ReturnType<typeof trainingStep> {
  return trainingStep(
    (tensors, { images, labels, statisticsRate }) => {
      const { logits, statistics } = trainingLogits(
        plan,
        tensors,
        images,
        statisticsRate,
      );
      return {
        loss: tf.mean(softmaxCrossEntropy(logits, labels)),
        outputs: { right: tf.sum(_hits(logits, labels)) },
        state: statistics,
      };
    },
    parameters,
    optimizer,
  );
}

/** 1 for each image that is named rightly, else 0. */
function _hits(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  return tf.cast(
    tf.equal(tf.cast(tf.argMax(logits, 1), "int32"), labels),
    "float32",
  );
}

function _inputs(
  part: Images,
  rows: Uint32Array,
  shape: ImageSet,
  statistics: ChannelStatistics,
  change: Parameters<typeof imageBatch>[2]["change"],
  count: number = rows.length,
): HostTensors {
  const { size, channels } = shape;
  const labels = new Int32Array(count);
  rows.forEach((row, i) => labels[i] = part.labels[row]);
  return {
    images: floats(
      [count, size, size, channels],
      imageBatch(part, rows, { count, shape, statistics, change }),
    ),
    labels: integers([count], labels),
  };
}

/** Share of images that a network names rightly. */
async function _accuracy(
  part: Images,
  { images, statistics, batchSize, state, inference }: {
    readonly images: ImageSet;
    readonly statistics: ChannelStatistics;
    readonly batchSize: number;
    readonly state: DeviceState;
    readonly inference: CompiledFunction;
  },
): Promise<number> {
  const count = part.labels.length;
  let right = 0;
  for (let start = 0; start < count; start += batchSize) {
    const rows = Uint32Array.from(
      { length: Math.min(batchSize, count - start) },
      (_, i) => start + i,
    );
    const { hits } = await inference.run(
      state,
      _inputs(part, rows, images, statistics, null, batchSize),
    );
    // The rest of the last batch is black.
    for (const hit of hits.data.subarray(0, rows.length)) right += hit;
  }
  return right / count;
}
