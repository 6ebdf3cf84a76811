/**
 * Fine-tunes a T5 on code sequences, with both prompts of the paper in every step.
 *
 * Each step takes a batch of "generate:" examples and one of "fill:" examples; the two
 * have different lengths, so they are two parts of one loss and neither is padded to the
 * other. The run is saved after each epoch and goes on from there.
 *
 * Source: the paper, §3.2.
 *
 * @module
 */

import { digest, runKey, weightsDigest } from "../../core/keys.ts";
import type { OnProgress } from "../../core/progress.ts";
import { Random } from "../../core/random.ts";
import type { HostTensors } from "../../core/tensors.ts";
import type {
  CompiledFunction,
  DeviceState,
  Executor,
} from "../../engine/executor.ts";
import {
  type CodeSequences,
  sequenceCount,
} from "../../language/code_sequences.ts";
import { CodeTokens } from "../../language/code_tokens.ts";
import type { SentenceTokenizer } from "../../language/tokenizer.ts";
import { adafactor, adafactorSlots } from "../../nn/adafactor.ts";
import {
  adamW,
  adamWSlots,
  type Optimizer,
  warmupCosine,
} from "../../nn/optimizers.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import {
  type EpochContext,
  type EpochOf,
  type EpochWork,
  runTraining,
  shuffledBatches,
} from "../training_loop.ts";
import { accumulatedStep, type BatchStep, wholeStep } from "./batch_step.ts";
import { T5Batches } from "./batches.ts";
import {
  initialT5Weights,
  type OptimizerName,
  type T5Config,
} from "./config.ts";
import { T5_PARTS, t5Loss } from "./network.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 2;

/** Settings of a training run. */
export interface T5Training {
  /** At most this many passes over the sequences with the "generate:" prompt. */
  readonly epochs: number;
  /** "generate:" examples of a step. */
  readonly batchSize: number;
  /** "fill:" examples of a step, as a share of `batchSize`. */
  readonly fillShare: number;
  /** Parts that a step's batch is taken in, with the same result in less memory; by default 1. */
  readonly accumulate?: number;
  /** By default AdamW; Adafactor takes `learningRate` alone, and leaves it as it is. */
  readonly optimizer?: OptimizerName;
  readonly learningRate: number;
  /**
   * How much longer AdamW's steps are for embedding and head, by default 1. An embedding
   * starts with a standard deviation of 1, √d_model times that of the matrices, and so needs
   * longer steps: Adafactor, T5's own optimizer, makes them as long as a parameter is large
   * (arXiv:1804.04235, §8).
   */
  readonly embeddingStepFactor?: number;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  /** Largest norm of the gradient. */
  readonly clipNorm: number;
  /** Stop after so many epochs without a lower loss over the tuning sequences. */
  readonly patience: number;
  readonly seed: number;
}

/**
 * The reported run for a space, from scratch; all numbers are ours.
 *
 * @param options `quick`: a training that shows every part at work and reaches nothing;
 *   `pretrained`: a smaller learning rate, usual for fine-tuning with AdamW; `optimizer`:
 *   Adafactor has the rate that T5's authors fine-tuned with (arXiv:1910.10683, §3.1.2).
 */
export function t5Training(
  space: SearchSpace,
  { quick = false, pretrained = false, optimizer = "adamw" }: {
    quick?: boolean;
    pretrained?: boolean;
    optimizer?: OptimizerName;
  } = {},
): T5Training {
  const adamWSettings = {
    learningRate: pretrained ? 3e-4 : 2e-3,
    warmupSteps: 100,
    weightDecay: 0.01,
    clipNorm: 1,
  };
  const { epochs, batchSize, fillShare, embeddingStepFactor } =
    space.settings.t5;
  return {
    epochs: quick ? 2 : epochs,
    batchSize,
    fillShare,
    accumulate: 1,
    optimizer,
    ...(optimizer === "adamw"
      ? {
        ...adamWSettings,
        ...embeddingStepFactor !== 1 && !pretrained
          ? { embeddingStepFactor }
          : {},
      }
      : { learningRate: 1e-3, warmupSteps: 0, weightDecay: 0, clipNorm: 0 }),
    patience: 3,
    seed: 0,
  };
}

/** What an epoch comes to; losses are means, in nats per token. */
interface Figures {
  readonly generateLoss: number;
  readonly fillLoss: number;
  readonly tuningGenerateLoss: number;
  readonly tuningFillLoss: number;
}

/** One epoch of a training run. */
export type T5Epoch = EpochOf<Figures>;

/** The sequences of a training, as `SplitSequences` of the VQ-VAE has them. */
export interface FittedSequences {
  /** What it learns from. */
  readonly fitting: CodeSequences;
  /** What its best epoch is chosen on. */
  readonly tuning: CodeSequences;
}

/** A trained T5. */
export interface TrainedT5 {
  readonly config: T5Config;
  readonly weights: HostTensors;
  readonly history: readonly T5Epoch[];
}

/**
 * Trains a T5 on code sequences.
 *
 * @param sequences `fitting`: those that it learns from; `tuning`: those that decide which
 *   epoch is the best and when to stop.
 * @param options `weights`: where to start; by default random ones.
 * @throws {RangeError} If there are no sequences to learn from or to choose on, or
 *   `accumulate` is no number of parts.
 */
export async function trainT5(
  sequences: FittedSequences,
  config: T5Config,
  training: T5Training,
  { executor, tokenizer, weights, checkpoint, onProgress, onEpoch }: {
    executor: Executor;
    tokenizer: SentenceTokenizer;
    weights?: HostTensors;
    checkpoint?: string;
    onProgress?: OnProgress;
    onEpoch?: (epoch: T5Epoch) => void;
  },
): Promise<TrainedT5> {
  _check(sequences, training);
  const { fitting, tuning } = sequences;
  const random = Random.fromSeed(training.seed);
  const initial = weights ?? initialT5Weights(config, random.split("weights"));
  const tokens = new CodeTokens(tokenizer, fitting);
  const { slots, optimizer } = _optimizer(training);
  await using owned = new AsyncDisposableStack();
  const makeStep = _parts(training) === 1 ? wholeStep : accumulatedStep;
  const step = makeStep(executor, config, initial, optimizer);
  owned.defer(() => step.dispose());
  const evaluate = executor.compile(
    (tensors, inputs) => ({
      outputs: t5Loss(config, tensors, inputs).outputs!,
    }),
    { name: "t5 losses" },
  );
  owned.defer(() => evaluate.dispose());
  const trained = await runTraining<Figures, null>({
    executor,
    saved: {
      path: checkpoint,
      key: runKey({
        config,
        training,
        version: VERSION,
        tokenizer: tokenizer.name,
        fitting: digest(fitting.codes),
        tuning: digest(tuning.codes),
        weights: weights === undefined ? null : weightsDigest(weights),
      }),
    },
    weights: initial,
    slots: slots(initial),
    memory: null,
    epochs: training.epochs,
    batches: shuffledBatches(sequenceCount(fitting), training.batchSize),
    random,
    drawsFrom: 1,
    learningRate: (step, steps) => _learningRate(training, step, steps),
    startEpoch: (context) =>
      _epoch(context, {
        training,
        count: sequenceCount(fitting),
        batches: new T5Batches(config, tokens, fitting),
        step,
        tune: (state) =>
          _losses(evaluate, state, {
            count: sequenceCount(tuning),
            batches: new T5Batches(config, tokens, tuning),
            rows: Math.ceil(TUNING_BATCH / _parts(training)),
            random: random.split("tuning masks"),
          }),
      }),
    best: {
      figure: (epoch) => epoch.tuningGenerateLoss,
      patience: training.patience,
    },
    onProgress,
    onEpoch,
  });
  return { config, ...trained };
}

function _check(
  sequences: FittedSequences,
  training: T5Training,
): void {
  for (const part of ["fitting", "tuning"] as const) {
    if (sequences[part].codes.length > 0) continue;
    throw new RangeError(
      `Cannot train a T5: there must be at least one ${part} sequence, got 0`,
    );
  }
  const parts = _parts(training);
  if (!Number.isInteger(parts) || parts < 1) {
    throw new RangeError(
      `Cannot train a T5: accumulate must be a whole number from 1 up, got ${parts}`,
    );
  }
}

/** Parts that a step's batch is taken in. */
function _parts({ accumulate = 1 }: T5Training): number {
  return accumulate;
}

/** What an epoch is made of. */
interface EpochParts {
  readonly training: T5Training;
  /** Sequences that it learns from. */
  readonly count: number;
  readonly batches: T5Batches;
  readonly step: BatchStep;
  /** Losses over the tuning sequences. */
  tune(state: DeviceState): Promise<PromptLosses>;
}

/** Nats per token. */
interface PromptLosses {
  generate: number;
  fill: number;
}

/** Each step takes the next rows to generate, and beside them some of its own order to fill in. */
function _epoch(
  { state, random }: EpochContext<null>,
  { training, count, batches, step: batchStep, tune }: EpochParts,
): EpochWork<Figures> {
  const { batchSize, fillShare } = training;
  const fillRows = Math.max(1, Math.round(fillShare * batchSize));
  const partRows = {
    generate: Math.ceil(batchSize / _parts(training)),
    fill: Math.ceil(fillRows / _parts(training)),
  };
  const fillOrder = random.permutation(count);
  const losses: PromptLosses = { generate: 0, fill: 0 };
  let done = 0;
  return {
    async step({ rows, step, learningRate }) {
      const fill = Uint32Array.from(
        { length: Math.ceil(rows.length * fillRows / batchSize) },
        (_, i) => fillOrder[(done * fillRows + i) % count],
      );
      const parts = batches.parts({ generate: rows, fill }, partRows, random);
      const outputs = await batchStep.run(state, parts, { learningRate, step });
      for (const part of T5_PARTS) {
        losses[part] += outputs[`${part}.loss`].data[0] * rows.length / count;
      }
      done++;
      return outputs.loss.data[0];
    },
    async end() {
      const tuning = await tune(state);
      return {
        generateLoss: losses.generate,
        fillLoss: losses.fill,
        tuningGenerateLoss: tuning.generate,
        tuningFillLoss: tuning.fill,
      };
    },
  };
}

/** Tuning sequences that a training looks at, at most. */
const MOST_TUNED = 8192;

/** Tuning sequences of a batch, where it is not taken in parts. */
const TUNING_BATCH = 512;

/**
 * Losses over sequences that are not learned from.
 *
 * @param options `rows`: sequences of a batch, which counts by them; `random`: draws the
 *   masks, and is the same in every epoch.
 */
async function _losses(
  evaluate: CompiledFunction,
  state: DeviceState,
  { count, batches, rows: most, random }: {
    count: number;
    batches: T5Batches;
    rows: number;
    random: Random;
  },
): Promise<PromptLosses> {
  const size = Math.min(count, MOST_TUNED);
  const losses: PromptLosses = { generate: 0, fill: 0 };
  for (let start = 0; start < size; start += most) {
    const rows = Uint32Array.from(
      { length: Math.min(most, size - start) },
      (_, i) => start + i,
    );
    const outputs = await evaluate.run(
      state,
      batches.whole({ generate: rows, fill: rows }, random),
    );
    for (const part of T5_PARTS) {
      losses[part] += outputs[`${part}.loss`].data[0] * rows.length / size;
    }
  }
  return losses;
}

/** The embedding of both stacks, and the head if it is not the same. */
const EMBEDDINGS = ["shared.weight", "lm_head.weight"];

/** The optimizer of a training run, and its slots for parameters. */
function _optimizer(
  {
    optimizer,
    weightDecay,
    clipNorm,
    embeddingStepFactor = 1,
  }: T5Training,
): { slots: (parameters: HostTensors) => HostTensors; optimizer: Optimizer } {
  if (optimizer === "adafactor") {
    return { slots: adafactorSlots, optimizer: adafactor() };
  }
  return {
    slots: adamWSlots,
    optimizer: adamW({
      weightDecay,
      clipNorm,
      stepFactor: (name) => EMBEDDINGS.includes(name) ? embeddingStepFactor : 1,
    }),
  };
}

/** The learning rate of a step, 1 at the first, out of `steps`. */
function _learningRate(
  { optimizer, learningRate, warmupSteps }: T5Training,
  step: number,
  steps: number,
): number {
  return optimizer === "adafactor"
    ? learningRate
    : warmupCosine(step, { peak: learningRate, warmup: warmupSteps, steps });
}
