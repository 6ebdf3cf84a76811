/**
 * Fine-tunes a T5 on code sequences, with both prompts of the paper in every step.
 *
 * Each step takes a batch of "generate:" examples and one of "fill:" examples; the two
 * have different lengths, so they are two parts of one loss and neither is padded to the
 * other. The run is saved after each epoch and goes on from there.
 *
 * Shapes: `S` sequences of `N` codes.
 * Source: the paper, §3.2.
 *
 * @module
 */

import { type DeviceState, type Executor } from "../../engine/executor.ts";
import { floats, type HostTensors, integers } from "../../core/tensors.ts";
import { randomPlaces } from "../../language/masking.ts";
import {
  type Example,
  fillExample,
  generateExample,
} from "../../language/sentences.ts";
import {
  type ExampleLengths,
  longestExamples,
  type SentenceTokenizer,
} from "../../language/tokenizer.ts";
import { adafactor, adafactorSlots } from "../../nn/adafactor.ts";
import {
  adamW,
  adamWSlots,
  type Optimizer,
  warmupCosine,
} from "../../nn/optimizers.ts";
import { Random } from "../../core/random.ts";

import { type OptimizerName } from "./config.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import {
  IGNORED_LABEL,
  labelLoss,
  noiseSize,
  shiftRight,
  t5Loss,
} from "./network.ts";
import { accumulatedStep, wholeStep } from "./batch_step.ts";
import {
  type CodeSequences,
  sequenceCount,
  type SequenceLikelihood,
  sequenceRows,
} from "../../language/code_sequences.ts";
import { initialT5Weights, type T5Config } from "./config.ts";
import { loadCheckpoint, saveCheckpoint } from "../../core/checkpoints.ts";
import { digest, runKey, weightsDigest } from "../../core/keys.ts";
import { type OnProgress } from "../../core/progress.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

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
  /** Stop after so many epochs without a lower validation loss. */
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
    epochs: quick ? 3 : epochs,
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

/** One epoch of a training run; losses are means, in nats per token. */
export interface T5Epoch {
  readonly epoch: number;
  readonly generateLoss: number;
  readonly fillLoss: number;
  readonly validationGenerateLoss: number;
  readonly validationFillLoss: number;
  readonly seconds: number;
}

/** A trained T5. */
export interface TrainedT5 {
  readonly config: T5Config;
  readonly weights: HostTensors;
  readonly history: readonly T5Epoch[];
}

interface Progress {
  step: number;
  history: T5Epoch[];
}

/**
 * Encodes examples as the inputs of part `part` of a loss; see `t5Loss`.
 *
 * Inputs that are all alike, as "generate:" is, become one row for all targets, which spares
 * the encoder most of its work. With dropout each has a row, and so a noise, of its own.
 */
export function exampleTensors(
  config: T5Config,
  tokenizer: SentenceTokenizer,
  examples: readonly Example[],
  lengths: ExampleLengths,
  part: number,
): HostTensors {
  const input = tokenizer.encodeBatch(
    examples.map((example) => example.input),
    lengths.input,
  );
  const target = tokenizer.encodeBatch(
    examples.map((example) => example.target),
    lengths.target,
  );
  const labels = target.ids.map((id, i) =>
    target.mask[i] === 1 ? id : IGNORED_LABEL
  );
  const same = config.dropout_rate === 0 &&
    input.ids.every((id, i) => id === input.ids[i % lengths.input]);
  const inputShape = [same ? 1 : examples.length, lengths.input];
  const inputSize = inputShape[0] * inputShape[1];
  const targetShape = [examples.length, lengths.target];
  return {
    [`${part}.ids`]: integers(inputShape, input.ids.slice(0, inputSize)),
    [`${part}.mask`]: floats(
      inputShape,
      Float32Array.from(input.mask.subarray(0, inputSize)),
    ),
    [`${part}.decoderIds`]: integers(
      targetShape,
      shiftRight(labels, lengths.target, config),
    ),
    [`${part}.labels`]: integers(targetShape, labels),
  };
}

/**
 * Trains a T5 on code sequences.
 *
 * @param sequences The training sequences, and those that decide when to stop.
 * @param options `weights`: where to start; by default random ones.
 * @throws {RangeError} If there are no sequences to train on or to validate with, or
 *   `accumulate` is no number of parts.
 */
export async function trainT5(
  sequences: { train: CodeSequences; validation: CodeSequences },
  config: T5Config,
  training: T5Training,
  {
    executor,
    tokenizer,
    weights,
    checkpoint,
    onProgress = () => {},
    onEpoch = () => {},
  }: {
    executor: Executor;
    tokenizer: SentenceTokenizer;
    weights?: HostTensors;
    checkpoint?: string;
    onProgress?: OnProgress;
    onEpoch?: (epoch: T5Epoch) => void;
  },
): Promise<TrainedT5> {
  const { train, validation } = sequences;
  const count = sequenceCount(train);
  for (const [split, { codes }] of Object.entries(sequences)) {
    if (codes.length > 0) continue;
    throw new RangeError(
      `Cannot train a T5: there must be at least one ${split} sequence, got 0`,
    );
  }
  const { accumulate = 1 } = training;
  if (!Number.isInteger(accumulate) || accumulate < 1) {
    throw new RangeError(
      `Cannot train a T5: accumulate must be a whole number from 1 up, got ${accumulate}`,
    );
  }
  const random = Random.fromSeed(training.seed);
  const initial = weights ?? initialT5Weights(config, random.split("weights"));
  const parameterNames = Object.keys(initial);
  const lengths = longestExamples(tokenizer, train);
  const key = runKey({
    config,
    training,
    version: VERSION,
    tokenizer: tokenizer.name,
    train: digest(train.codes),
    validation: digest(validation.codes),
    weights: weights === undefined ? null : weightsDigest(weights),
  });
  const saved = checkpoint === undefined
    ? null
    : await loadCheckpoint<Progress>(checkpoint, key);
  const { slots, optimizer } = _optimizer(training);
  const state = executor.state(
    saved?.tensors ?? {
      ...initial,
      ...slots(initial),
      ...Object.fromEntries(
        parameterNames.map((name) => [BEST + name, initial[name]]),
      ),
    },
  );
  const progress: Progress = saved?.progress ?? { step: 0, history: [] };
  const makeStep = accumulate === 1 ? wholeStep : accumulatedStep;
  const step = makeStep(executor, config, initial, optimizer);
  const evaluate = executor.compile(
    (tensors, inputs) => ({
      outputs: t5Loss(config, tensors, inputs, 2).outputs!,
    }),
    { name: "t5 validation" },
  );
  const steps = training.epochs * Math.ceil(count / training.batchSize);
  const fillRows = Math.max(
    1,
    Math.round(training.fillShare * training.batchSize),
  );
  // Rows of each part of a step's batch; the last part may have fewer.
  const partRows = Math.ceil(training.batchSize / accumulate);
  const partFillRows = Math.ceil(fillRows / accumulate);
  const batch = (
    from: CodeSequences,
    generate: ArrayLike<number>,
    fill: ArrayLike<number>,
    draw: Random,
  ): HostTensors => ({
    ...generate.length === 0 ? {} : exampleTensors(
      config,
      tokenizer,
      sequenceRows(from, generate).map(generateExample),
      lengths.generate,
      0,
    ),
    ...fill.length === 0 ? {} : exampleTensors(
      config,
      tokenizer,
      sequenceRows(from, fill).map((codes) =>
        fillExample(codes, randomPlaces(codes.length, draw))
      ),
      lengths.fill,
      1,
    ),
  });
  const noise = noiseSize(config, {
    rows: partRows + partFillRows,
    inputLength: lengths.fill.input,
    targetLength: lengths.fill.target,
  });
  const parts = (
    generate: Uint32Array,
    fill: Uint32Array,
    draw: Random,
  ): HostTensors[] =>
    Array.from({
      length: Math.ceil(
        Math.max(generate.length / partRows, fill.length / partFillRows),
      ),
    }, (_, i) => ({
      ...batch(
        train,
        generate.subarray(i * partRows, (i + 1) * partRows),
        fill.subarray(i * partFillRows, (i + 1) * partFillRows),
        draw,
      ),
      ...(noise > 0 ? { noise: _noise(noise, draw) } : {}),
    }));

  while (!_finished(progress.history, training)) {
    const epoch = progress.history.length + 1;
    const started = performance.now();
    const draw = random.split(`epoch ${epoch}`);
    const order = draw.permutation(count);
    const fillOrder = draw.permutation(count);
    const means = [0, 0];
    let batches = 0;
    for (let start = 0; start < count; start += training.batchSize) {
      const rows = order.subarray(start, start + training.batchSize);
      const fill = Uint32Array.from(
        { length: Math.ceil(rows.length * fillRows / training.batchSize) },
        (_, i) => fillOrder[(batches * fillRows + i) % count],
      );
      progress.step++;
      const outputs = await step.run(state, parts(rows, fill, draw), {
        learningRate: _learningRate(training, progress.step, steps),
        step: progress.step,
      });
      batches++;
      for (const part of [0, 1]) {
        means[part] += outputs[`${part}.loss`].data[0] * rows.length / count;
      }
      onProgress({
        done: progress.step,
        total: steps,
        message: `epoch ${epoch}/${training.epochs}, loss ${
          outputs.loss.data[0].toFixed(3)
        }`,
      });
    }
    const [validationGenerateLoss, validationFillLoss] = await _validate();
    const lowest = Math.min(
      Infinity,
      ...progress.history.map((past) => past.validationGenerateLoss),
    );
    if (validationGenerateLoss < lowest) await _keepBest(state, parameterNames);
    progress.history.push({
      epoch,
      generateLoss: means[0],
      fillLoss: means[1],
      validationGenerateLoss,
      validationFillLoss,
      seconds: (performance.now() - started) / 1000,
    });
    onEpoch(progress.history.at(-1)!);
    if (checkpoint !== undefined) {
      await saveCheckpoint(checkpoint, key, {
        tensors: await state.read(),
        progress,
      });
    }
  }
  const best = await state.read(parameterNames.map((name) => BEST + name));
  await step.dispose();
  await evaluate.dispose();
  state.dispose();
  return {
    config,
    weights: Object.fromEntries(
      parameterNames.map((name) => [name, best[BEST + name]]),
    ),
    history: progress.history,
  };

  /**
   * Losses over the validation sequences, at most 8,192 of them; masks do not change from
   * epoch to epoch. A batch counts by its sequences.
   */
  async function _validate(): Promise<[number, number]> {
    const size = Math.min(sequenceCount(validation), 8192);
    const draw = random.split("validation masks");
    const means: [number, number] = [0, 0];
    const most = Math.ceil(512 / accumulate);
    for (let start = 0; start < size; start += most) {
      const rows = Uint32Array.from(
        { length: Math.min(most, size - start) },
        (_, i) => start + i,
      );
      const outputs = await evaluate.run(
        state,
        batch(validation, rows, rows, draw),
      );
      for (const part of [0, 1] as const) {
        means[part] += outputs[`${part}.loss`].data[0] * rows.length / size;
      }
    }
    return means;
  }
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

/** Prefix of the weights with the lowest validation loss so far. */
const BEST = "best.";

async function _keepBest(
  state: DeviceState,
  names: readonly string[],
): Promise<void> {
  const values = await state.read(names);
  state.write(
    Object.fromEntries(names.map((name) => [BEST + name, values[name]])),
  );
}

/** Whether all epochs are done, or the last `patience` brought no lower validation loss. */
function _finished(
  history: readonly T5Epoch[],
  { epochs, patience }: T5Training,
): boolean {
  if (history.length >= epochs) return true;
  if (history.length <= patience) return false;
  const losses = history.map((epoch) => epoch.validationGenerateLoss);
  return Math.min(...losses.slice(-patience)) >=
    Math.min(...losses.slice(0, -patience));
}

function _noise(size: number, random: Random) {
  return floats(
    [size],
    Float32Array.from({ length: size }, () => random.uniform()),
  );
}

/** Scores sequences, end token included, under the "generate:" prompt. */
export async function sequenceLikelihood(
  sequences: CodeSequences,
  { config, weights }: Pick<TrainedT5, "config" | "weights">,
  { executor, tokenizer }: { executor: Executor; tokenizer: SentenceTokenizer },
): Promise<SequenceLikelihood> {
  const lengths = longestExamples(tokenizer, sequences).generate;
  const score = executor.compile(
    (state, inputs) => ({
      outputs: { each: labelLoss({ config, state }, inputs, 0).each },
    }),
    { name: "t5 scores" },
  );
  const state = executor.state(weights);
  const count = sequenceCount(sequences);
  const sums = new Array<number>(lengths.target).fill(0);
  for (let start = 0; start < count; start += 512) {
    const rows = Array.from(
      { length: Math.min(512, count - start) },
      (_, i) => start + i,
    );
    const { each } = await score.run(
      state,
      exampleTensors(
        config,
        tokenizer,
        sequenceRows(sequences, rows).map(generateExample),
        lengths,
        0,
      ),
    );
    each.data.forEach((nats, i) => sums[i % lengths.target] += nats);
  }
  await score.dispose();
  state.dispose();
  const perPosition = sums.map((sum) => sum / count);
  return {
    perSequence: perPosition.reduce((sum, nats) => sum + nats, 0),
    perPosition,
  };
}
