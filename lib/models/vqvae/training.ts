/**
 * Trains a VQ-VAE.
 *
 * The codebook starts from encoder outputs; codes that fall out of use are re-seeded
 * from encoder outputs for the first part of the training, else most of the 512 die.
 * Quantization sets in gradually: at first the decoder sees mostly encoder outputs, so
 * that it can teach the encoder what to tell apart before codes are shared out.
 * The run is saved after each epoch and goes on from there.
 *
 * @module
 */

import { join } from "node:path";
import { CHECKPOINT } from "../../core/checkpoints.ts";
import { digest, runKey } from "../../core/keys.ts";
import type { OnProgress } from "../../core/progress.ts";
import { Random } from "../../core/random.ts";
import { scalar, tensorsNamed } from "../../core/tensors.ts";
import type { CompiledFunction, Executor } from "../../engine/executor.ts";
import { usagePerplexity, usedCodes } from "../../metrics/codebook_usage.ts";
import type { ReconstructionReport } from "../../metrics/reconstruction.ts";
import {
  type AdamWOptions,
  adamWSlots,
  trainingStep,
  warmupCosine,
} from "../../nn/optimizers.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import { batchTensors } from "../batch_tensors.ts";
import {
  type EpochContext,
  type EpochOf,
  type EpochWork,
  runTraining,
  shuffledBatches,
} from "../training_loop.ts";
import { fillCodebook, reseedUnused } from "./codebook.ts";
import type { VqvaeConfig } from "./config.ts";
import { withDistinctRows } from "./distinct_rows.ts";
import { saveVqvae } from "./files.ts";
import {
  CODEBOOK,
  initialVqvaeWeights,
  vqvaeLoss,
  type VqvaeWeights,
} from "./network.ts";
import { VqvaeFunctions } from "./vqvae.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 2;

/** Settings of a training run. */
export interface VqvaeTraining {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** Share of the steps over which quantization sets in; 0: it is there from the start. */
  readonly softStart: number;
  /** Steps between looks for unused codes. */
  readonly reseedEvery: number;
  /** Share of the steps after which codes are left alone. */
  readonly reseedUntil: number;
  readonly seed: number;
}

/**
 * The reported run for a space; where the paper is silent, the numbers are ours.
 *
 * @param quick A training that shows every part at work and reaches nothing.
 */
export function vqvaeTraining(
  space: SearchSpace,
  quick = false,
): VqvaeTraining {
  const { epochs, quickEpochs, batchSize } = space.settings.vqvae;
  return {
    epochs: quick ? quickEpochs : epochs,
    batchSize,
    learningRate: 1e-2,
    warmupSteps: 50,
    softStart: 0.3,
    reseedEvery: 100,
    reseedUntil: 0.8,
    seed: 0,
  };
}

const OPTIMIZER: AdamWOptions = {
  beta2: 0.99,
  clipNorm: 0,
  decays: (name, rank) => rank >= 2 && name !== CODEBOOK,
  weightDecay: 1e-4,
};

/** What an epoch comes to; losses are means over it, in nats per cell. */
interface Figures {
  readonly loss: number;
  readonly reconstruction: number;
  readonly quantization: number;
  /**
   * Codes that the batches of this epoch were quantized to in training mode, and their
   * perplexity; fewer are in use once it is trained.
   */
  readonly usedInTraining: number;
  readonly perplexityInTraining: number;
  /** Codes re-seeded in this epoch. */
  readonly reseeded: number;
  readonly validation: ReconstructionReport;
}

/** One epoch of a training run. */
export type VqvaeEpoch = EpochOf<Figures>;

/** A trained VQ-VAE. */
export interface TrainedVqvae {
  readonly config: VqvaeConfig;
  readonly weights: VqvaeWeights;
  readonly history: readonly VqvaeEpoch[];
}

/** What the next step depends on beside the weights. */
interface Memory {
  /** Uses of each code since the last look for unused ones. */
  readonly recent: number[];
}

/**
 * Trains a VQ-VAE on the training cells of a space.
 *
 * @param options `checkpoint`: the file to save to after each epoch and to go on from, if it
 *   is of the same cells, settings and version.
 */
export async function trainVqvae(
  space: SearchSpace,
  config: VqvaeConfig,
  training: VqvaeTraining,
  { executor, checkpoint, trainIndices, onProgress }: {
    executor: Executor;
    checkpoint?: string;
    /** The cells to train on; by default the training split. */
    trainIndices?: Uint32Array;
    onProgress?: OnProgress;
  },
): Promise<TrainedVqvae> {
  const split = space.split();
  const train = trainIndices ?? split.train;
  const random = Random.fromSeed(training.seed);
  const initial = initialVqvaeWeights(config, random.split("weights"));
  const batches = shuffledBatches(train.length, training.batchSize);
  await using owned = new AsyncDisposableStack();
  const step = executor.compile(
    trainingStep(
      (tensors, inputs) => vqvaeLoss(config, tensors, inputs),
      Object.keys(initial.parameters),
      OPTIMIZER,
    ),
    { name: "vqvae training step" },
  );
  owned.defer(() => step.dispose());
  const functions = new VqvaeFunctions(config, executor);
  owned.defer(() => functions.dispose());
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
    weights: { ...initial.parameters, ...initial.statistics },
    slots: adamWSlots(initial.parameters),
    memory: { recent: new Array(config.codebookSize).fill(0) },
    epochs: training.epochs,
    batches,
    random,
    learningRate: (step, steps) =>
      warmupCosine(step, {
        peak: training.learningRate,
        warmup: training.warmupSteps,
        steps,
      }),
    prepare: (state) =>
      fillCodebook(config, executor, state, {
        space,
        train,
        random: random.split("codebook"),
      }),
    startEpoch: (context) =>
      _epoch(context, {
        space,
        train,
        validation: split.validation,
        training,
        steps: training.epochs * batches.count,
        run: step,
        functions,
      }),
    onProgress,
  });
  return {
    config,
    weights: {
      parameters: tensorsNamed(weights, { like: initial.parameters }),
      statistics: tensorsNamed(weights, { like: initial.statistics }),
    },
    history,
  };
}

/**
 * Trains a VQ-VAE and saves it to a folder, with a checkpoint beside it on the way.
 *
 * @param directory Where it is saved, and goes on from.
 */
export async function trainVqvaeTo(
  directory: string,
  space: SearchSpace,
  config: VqvaeConfig,
  training: VqvaeTraining,
  options: { executor: Executor; onProgress?: OnProgress },
): Promise<TrainedVqvae> {
  const trained = await trainVqvae(space, config, training, {
    ...options,
    checkpoint: join(directory, CHECKPOINT),
  });
  await saveVqvae(directory, trained);
  return trained;
}

/** What an epoch is made of. */
interface EpochParts {
  readonly space: SearchSpace;
  /** Cells to train on, and those to reconstruct. */
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly training: VqvaeTraining;
  /** Of the whole training. */
  readonly steps: number;
  readonly run: CompiledFunction;
  readonly functions: VqvaeFunctions;
}

function _epoch(
  { state, random, memory: { recent } }: EpochContext<Memory>,
  { space, train, validation, training, steps, run, functions }: EpochParts,
): EpochWork<Figures> {
  const { softStart, reseedEvery, reseedUntil } = training;
  const counts = new Uint32Array(functions.config.codebookSize);
  const sums = { loss: 0, reconstruction: 0, quantization: 0 };
  let reseeded = 0;
  return {
    async step({ rows, step, learningRate }) {
      const indices = rows.map((row) => train[row]);
      const outputs = await run.run(state, {
        ...withDistinctRows(
          functions.config,
          batchTensors(space, space.cells(), indices),
        ),
        learningRate: scalar(learningRate),
        step: scalar(step),
        hardness: scalar(Math.min(1, step / (softStart * steps))),
      });
      for (const name of ["loss", "reconstruction", "quantization"] as const) {
        sums[name] += outputs[name].data[0] * indices.length / train.length;
      }
      for (const code of outputs.codes.data) {
        counts[code]++;
        recent[code]++;
      }
      if (step % reseedEvery === 0) {
        if (step < reseedUntil * steps) {
          reseeded += await reseedUnused(
            state,
            recent,
            outputs.z.data,
            random,
          );
        }
        recent.fill(0);
      }
      return outputs.loss.data[0];
    },
    end: async () => ({
      ...sums,
      usedInTraining: usedCodes(counts),
      perplexityInTraining: usagePerplexity(counts),
      reseeded,
      validation: await functions.reconstruction(state, space, validation),
    }),
  };
}
