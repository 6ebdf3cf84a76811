/**
 * Training steps of the project's models at full size, on data drawn at random.
 *
 * Speed is measured on them, and one device is held against another.
 *
 * @module
 */

import { Random } from "../core/random.ts";
import { floats, type HostTensors, integers, scalar } from "../core/tensors.ts";
import type { Executor } from "../engine/executor.ts";
import { arch2vecConfig } from "../models/arch2vec/config.ts";
import {
  arch2vecLoss,
  initialArch2vecWeights,
} from "../models/arch2vec/network.ts";
import {
  arch2vecNoise,
  arch2vecTraining,
} from "../models/arch2vec/training.ts";
import { batchTensors } from "../models/batch_tensors.ts";
import { initialT5Weights, type T5Config } from "../models/t5/config.ts";
import { t5Loss } from "../models/t5/network.ts";
import { vqvaeConfig } from "../models/vqvae/config.ts";
import { withDistinctRows } from "../models/vqvae/distinct_rows.ts";
import {
  CODEBOOK,
  initialVqvaeWeights,
  vqvaeLoss,
} from "../models/vqvae/network.ts";
import { vqvaeTraining } from "../models/vqvae/training.ts";
import {
  type AdamWOptions,
  adamWSlots,
  trainingStep,
} from "../nn/optimizers.ts";
import type { SearchSpace } from "../spaces/space.ts";

/** A model in training. */
export interface TrainingSteps {
  /** Takes a step with the next batch; returns its loss. */
  run(): Promise<number>;
  /** AdamW's first moments by parameter: after one step a tenth of the gradient. */
  moments(): Promise<HostTensors>;
  dispose(): Promise<void>;
}

/** Takes steps on an executor, with a new batch from `batch` each time. */
function trainingSteps(
  executor: Executor,
  weights: HostTensors,
  trained: HostTensors,
  loss: Parameters<typeof trainingStep>[0],
  options: AdamWOptions,
  batch: () => HostTensors,
): TrainingSteps {
  const state = executor.state({ ...weights, ...adamWSlots(trained) });
  const step = executor.compile(
    trainingStep(loss, Object.keys(trained), options),
    { name: "benchmark" },
  );
  const learningRate = scalar(1e-3);
  let count = 0;
  return {
    async run() {
      const inputs = { ...batch(), learningRate, step: scalar(++count) };
      return (await step.run(state, inputs)).loss.data[0];
    },
    moments: () =>
      state.read(Object.keys(trained).map((name) => `adam.first.${name}`)),
    async dispose() {
      await step.dispose();
      state.dispose();
    },
  };
}

/** Settings of AdamW in the steps, which other sides take too. */
export const T5_OPTIMIZER = { beta2: 0.999, weightDecay: 0.01 } as const;
export const VQVAE_OPTIMIZER = { beta2: 0.99, weightDecay: 1e-4 } as const;

/** A T5's steps on "generate:" rows, as many tokens in as out. */
export function t5Steps(
  executor: Executor,
  config: T5Config,
  { rows, length }: { readonly rows: number; readonly length: number },
): TrainingSteps {
  const random = Random.fromSeed(0);
  const weights = initialT5Weights(config, random);
  const shape = [rows, length];
  const tokens = () =>
    integers(
      shape,
      Int32Array.from(
        { length: rows * length },
        () => 2 + random.integer(config.vocab_size - 2),
      ),
    );
  const batch = {
    "generate.ids": tokens(),
    "generate.mask": floats(shape, new Float32Array(rows * length).fill(1)),
    "generate.decoderIds": tokens(),
    "generate.labels": tokens(),
  };
  return trainingSteps(
    executor,
    weights,
    weights,
    (state, inputs) => t5Loss(config, state, inputs, ["generate"]),
    T5_OPTIMIZER,
    () => batch,
  );
}

/** A VQ-VAE's steps on cells of a space, by default as many a step as its training takes. */
export function vqvaeSteps(
  executor: Executor,
  space: SearchSpace,
  rows: number = vqvaeTraining(space).batchSize,
): TrainingSteps {
  const config = vqvaeConfig(space);
  const random = Random.fromSeed(0);
  const { parameters, statistics } = initialVqvaeWeights(config, random);
  const codebook = parameters[CODEBOOK];
  parameters[CODEBOOK] = floats(
    codebook.shape,
    codebook.data.map(() => random.normal()),
  );
  return trainingSteps(
    executor,
    { ...parameters, ...statistics },
    parameters,
    (state, inputs) => vqvaeLoss(config, state, inputs),
    {
      ...VQVAE_OPTIMIZER,
      decays: (name, rank) => rank >= 2 && name !== CODEBOOK,
    },
    () => ({
      ...withDistinctRows(config, _drawnCells(space, rows, random)),
      hardness: scalar(1),
    }),
  );
}

/** arch2vec's steps on cells of a space, by default as many a step as its training takes. */
export function arch2vecSteps(
  executor: Executor,
  space: SearchSpace,
  rows: number = arch2vecTraining(space, 0).batchSize,
): TrainingSteps {
  const config = arch2vecConfig(space);
  const { clipNorm } = arch2vecTraining(space, 0);
  const random = Random.fromSeed(0);
  const { parameters, statistics } = initialArch2vecWeights(config, random);
  return trainingSteps(
    executor,
    { ...parameters, ...statistics },
    parameters,
    (state, inputs) => arch2vecLoss(config, state, inputs, true),
    { clipNorm },
    () => ({
      ..._drawnCells(space, rows, random),
      ...arch2vecNoise(config, rows, random),
    }),
  );
}

function _drawnCells(
  space: SearchSpace,
  rows: number,
  random: Random,
): HostTensors {
  const cells = space.cells();
  const indices = Uint32Array.from(
    { length: rows },
    () => random.integer(cells.count),
  );
  return batchTensors(space, cells, indices);
}
