/**
 * Trains a VQ-VAE, and runs a trained one.
 *
 * The codebook starts from encoder outputs; codes that fall out of use are re-seeded
 * from encoder outputs for the first part of the training, else most of the 512 die.
 * Quantization sets in gradually: at first the decoder sees mostly encoder outputs, so
 * that it can teach the encoder what to tell apart before codes are shared out.
 * The run is saved after each epoch and goes on from there.
 *
 * @module
 */

import { type DeviceState, type Executor } from "../../engine/executor.ts";
import { floats, type HostTensors, integers, scalar } from "../../core/tensors.ts";
import type { CodeSequences } from "../../language/code_sequences.ts";
import { usagePerplexity } from "../../metrics/codebook_usage.ts";
import {
  ReconstructionCounter,
  type ReconstructionReport,
} from "../../metrics/reconstruction.ts";
import {
  type AdamWOptions,
  adamWSlots,
  trainingStep,
  warmupCosine,
} from "../../nn/optimizers.ts";
import { Random } from "../../core/random.ts";
import type { Graph } from "../../spaces/graph.ts";
import { type CellTable, cellTable, type SearchSpace } from "../../spaces/space.ts";
import {
  type DecodedCells,
  incomingOfLogits,
  encodeCells,
} from "../../spaces/tensors.ts";
import {
  digest,
  loadCheckpoint,
  type OnProgress,
  runKey,
  saveCheckpoint,
} from "../../core/checkpoints.ts";
import {
  CODEBOOK,
  decodeStep,
  encodeStep,
  initialVqvaeWeights,
  type VqvaeConfig,
  vqvaeLoss,
  type VqvaeWeights,
} from "./network.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

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

/** One epoch of a training run; losses are means over it, in nats per cell. */
export interface VqvaeEpoch {
  readonly epoch: number;
  readonly loss: number;
  readonly reconstruction: number;
  readonly quantization: number;
  /** Codes used in this epoch. */
  readonly usedCodes: number;
  readonly perplexity: number;
  /** Codes re-seeded in this epoch. */
  readonly reseeded: number;
  readonly validation: ReconstructionReport;
  readonly seconds: number;
}

/** A trained VQ-VAE. */
export interface TrainedVqvae {
  readonly config: VqvaeConfig;
  readonly weights: VqvaeWeights;
  readonly history: readonly VqvaeEpoch[];
}

interface Progress {
  step: number;
  history: VqvaeEpoch[];
  /** Uses of each code since the last look for unused ones. */
  recent: number[];
}

/**
 * Trains a VQ-VAE on the training cells of a space.
 *
 * @param options `checkpoint`: the file to save to after each epoch and to go on from, if it
 *   is of the same cells, settings and code.
 */
export async function trainVqvae(
  space: SearchSpace,
  config: VqvaeConfig,
  training: VqvaeTraining,
  {
    executor,
    checkpoint,
    trainIndices,
    onProgress = () => {},
  }: {
    executor: Executor;
    checkpoint?: string;
    /** The cells to train on; by default the training split. */
    trainIndices?: Uint32Array;
    onProgress?: OnProgress;
  },
): Promise<TrainedVqvae> {
  const table = space.cells();
  const split = space.split();
  const train = trainIndices ?? split.train;
  const random = Random.fromSeed(training.seed);
  const initial = initialVqvaeWeights(config, random.split("weights"));
  const parameterNames = Object.keys(initial.parameters);
  const key = runKey({
    space: space.name,
    cells: digest(train),
    config,
    training,
    version: VERSION,
  });
  const saved = checkpoint === undefined
    ? null
    : await loadCheckpoint<Progress>(checkpoint, key);
  const state = executor.state(
    saved?.tensors ?? {
      ...initial.parameters,
      ...initial.statistics,
      ...adamWSlots(initial.parameters),
    },
  );
  const progress: Progress = saved?.progress ??
    { step: 0, history: [], recent: new Array(config.codebookSize).fill(0) };
  const step = executor.compile(
    trainingStep(
      (tensors, inputs) => vqvaeLoss(config, tensors, inputs),
      parameterNames,
      OPTIMIZER,
    ),
    { name: "vqvae training step" },
  );
  const stepsPerEpoch = Math.ceil(train.length / training.batchSize);
  const steps = training.epochs * stepsPerEpoch;
  const model = new Vqvae(config, executor, state);
  if (saved === null) {
    await _initialiseCodebook(config, executor, state, space, train, random);
  }

  for (
    let epoch = progress.history.length;
    epoch < training.epochs;
    epoch++
  ) {
    const started = performance.now();
    const draw = random.split(`epoch ${epoch}`);
    const order = draw.permutation(train.length);
    const counts = new Uint32Array(config.codebookSize);
    const sums = { loss: 0, reconstruction: 0, quantization: 0 };
    let reseeded = 0;
    for (let start = 0; start < train.length; start += training.batchSize) {
      const indices = order.subarray(start, start + training.batchSize)
        .map((i) => train[i]);
      progress.step++;
      const outputs = await step.run(state, {
        ...batchTensors(space, table, indices),
        learningRate: scalar(warmupCosine(progress.step, {
          peak: training.learningRate,
          warmup: training.warmupSteps,
          steps,
        })),
        step: scalar(progress.step),
        hardness: scalar(
          Math.min(1, progress.step / (training.softStart * steps)),
        ),
      });
      for (const name of ["loss", "reconstruction", "quantization"] as const) {
        sums[name] += outputs[name].data[0] * indices.length / train.length;
      }
      for (const code of outputs.codes.data) {
        counts[code]++;
        progress.recent[code]++;
      }
      if (progress.step % training.reseedEvery === 0) {
        if (progress.step < training.reseedUntil * steps) {
          reseeded += await _reseed(
            state,
            progress.recent,
            outputs.z.data,
            draw,
          );
        }
        progress.recent.fill(0);
      }
      onProgress({
        done: progress.step,
        total: steps,
        message: `epoch ${epoch + 1}/${training.epochs}, loss ${
          outputs.loss.data[0].toFixed(3)
        }`,
      });
    }
    progress.history.push({
      epoch: epoch + 1,
      ...sums,
      usedCodes: counts.filter((count) => count > 0).length,
      perplexity: usagePerplexity(counts),
      reseeded,
      validation: await model.reconstruction(space, split.validation),
      seconds: (performance.now() - started) / 1000,
    });
    if (checkpoint !== undefined) {
      await saveCheckpoint(checkpoint, key, {
        tensors: await state.read(),
        progress,
      });
    }
  }
  const weights = {
    parameters: await state.read(parameterNames),
    statistics: await state.read(Object.keys(initial.statistics)),
  };
  await step.dispose();
  await model.dispose();
  state.dispose();
  return { config, weights, history: progress.history };
}

/** The inputs of an encoder or a training step for cells of a table. */
export function batchTensors(
  space: SearchSpace,
  table: CellTable,
  indices: ArrayLike<number>,
): HostTensors {
  const { ops, adjacency } = encodeCells(space, table, indices);
  const nodes = table.nodeCount;
  return {
    operations: floats([indices.length, nodes, space.ops.length], ops),
    adjacency: floats([indices.length, nodes, nodes], adjacency),
  };
}

const BATCH = 512;

/** A VQ-VAE ready to encode and decode. */
export class Vqvae {
  readonly config: VqvaeConfig;
  readonly #state: DeviceState;
  readonly #encode;
  readonly #decode;

  /** @param state Holds the weights, and may hold more. */
  constructor(config: VqvaeConfig, executor: Executor, state: DeviceState) {
    this.config = config;
    this.#state = state;
    this.#encode = executor.compile(encodeStep(config), {
      name: "vqvae encoder",
    });
    this.#decode = executor.compile(decodeStep(config), {
      name: "vqvae decoder",
    });
  }

  /** Places weights on a device. */
  static load(
    { config, weights }: Pick<TrainedVqvae, "config" | "weights">,
    executor: Executor,
  ): Vqvae {
    return new Vqvae(
      config,
      executor,
      executor.state({ ...weights.parameters, ...weights.statistics }),
    );
  }

  /**
   * Encodes cells of a space.
   *
   * @param table What the indices count in; by default the cells of the space.
   * @returns `codes`, `[B·N]`, and encoder outputs `z` before quantization, `[B·N, D]`.
   */
  async encode(
    space: SearchSpace,
    indices: ArrayLike<number>,
    table: CellTable = space.cells(),
  ): Promise<{ codes: Int32Array; z: Float32Array }> {
    const { nodes, latentDim } = this.config;
    const codes = new Int32Array(indices.length * nodes);
    const z = new Float32Array(indices.length * nodes * latentDim);
    const all = Uint32Array.from(indices);
    for (let start = 0; start < all.length; start += BATCH) {
      const outputs = await this.#encode.run(
        this.#state,
        batchTensors(space, table, all.subarray(start, start + BATCH)),
      );
      codes.set(outputs.codes.data as Int32Array, start * nodes);
      z.set(outputs.z.data as Float32Array, start * nodes * latentDim);
    }
    return { codes, z };
  }

  /** Encodes cells that need not be in the table of their space; as `encode` otherwise. */
  encodeGraphs(
    space: SearchSpace,
    graphs: readonly Graph[],
  ): Promise<{ codes: Int32Array; z: Float32Array }> {
    return this.encode(
      space,
      Array.from(graphs.keys()),
      cellTable(graphs, this.config.nodes),
    );
  }

  /** Decodes code sequences, `[B·N]`. */
  async decode(codes: Int32Array): Promise<DecodedCells> {
    const { nodes } = this.config;
    const count = codes.length / nodes;
    const ops = new Int32Array(codes.length);
    const incoming = new Uint32Array(count * nodes);
    for (let start = 0; start < count; start += BATCH) {
      const part = codes.slice(start * nodes, (start + BATCH) * nodes);
      const outputs = await this.#decode.run(this.#state, {
        codes: integers([part.length], part),
      });
      ops.set(outputs.operations.data as Int32Array, start * nodes);
      incoming.set(
        incomingOfLogits(outputs.adjacency.data, nodes),
        start * nodes,
      );
    }
    return { ops, incoming };
  }

  /** Encodes and decodes cells, and counts what comes back. */
  async reconstruction(
    space: SearchSpace,
    indices: ArrayLike<number>,
  ): Promise<ReconstructionReport> {
    const counter = new ReconstructionCounter();
    const { codes } = await this.encode(space, indices);
    counter.add(space.cells(), indices, await this.decode(codes));
    return counter.report();
  }

  /** Frees compiled graphs; the state is the caller's. */
  async dispose(): Promise<void> {
    await this.#encode.dispose();
    await this.#decode.dispose();
  }
}

/**
 * Encodes both splits of a space.
 *
 * @param limit At most so many cells of each split; the splits' order is random, so the
 *   first ones are a fair sample.
 */
export async function encodeSplits(
  vqvae: Vqvae,
  space: SearchSpace,
  limit = Infinity,
): Promise<{ train: CodeSequences; validation: CodeSequences }> {
  const { nodes: length, codebookSize } = vqvae.config;
  const encode = async (indices: Uint32Array) => ({
    codes: (await vqvae.encode(space, indices.subarray(0, limit))).codes,
    length,
    codebookSize,
  });
  const { train, validation } = space.split();
  return { train: await encode(train), validation: await encode(validation) };
}

/** Fills the codebook with encoder outputs of random training cells. */
async function _initialiseCodebook(
  config: VqvaeConfig,
  executor: Executor,
  state: DeviceState,
  space: SearchSpace,
  train: Uint32Array,
  random: Random,
): Promise<void> {
  const draw = random.split("codebook");
  const sample = draw.permutation(train.length).subarray(0, 2048)
    .map((i) => train[i]);
  const encoder = executor.compile(encodeStep(config, true), {
    name: "vqvae encoder before training",
  });
  const { z } = await encoder.run(
    state,
    batchTensors(space, space.cells(), sample),
  );
  await encoder.dispose();
  const used = new Uint32Array(config.codebookSize);
  await _reseed(state, used, z.data, draw);
}

/** Standard deviation of the noise that keeps re-seeded codes apart. */
const RESEED_NOISE = 0.01;

/** Encoder outputs among which the place of a re-seeded code is chosen. */
const RESEED_CANDIDATES = 64;

/**
 * Moves each unused code to an encoder output and clears its optimizer slots.
 *
 * Of some random encoder outputs it is the one farthest from all codes: a random one alone
 * would mostly fall on what is frequent and coded already, and what is rare would never
 * get a code of its own.
 *
 * @param used How often each code was used, `[K]`.
 * @param z Encoder outputs, `[M, D]`.
 * @returns How many codes moved.
 */
async function _reseed(
  state: DeviceState,
  used: ArrayLike<number>,
  z: ArrayLike<number>,
  random: Random,
): Promise<number> {
  const names = [
    CODEBOOK,
    `adam.first.${CODEBOOK}`,
    `adam.second.${CODEBOOK}`,
  ];
  const values = await state.read(names);
  const { data: codebook, shape: [, dim] } = values[CODEBOOK];
  const rows = z.length / dim;
  let moved = 0;
  for (let code = 0; code < used.length; code++) {
    if (used[code] > 0) continue;
    moved++;
    let row = 0, farthest = -1;
    for (let candidate = 0; candidate < RESEED_CANDIDATES; candidate++) {
      const at = random.integer(rows);
      const distance = _distanceToNearest(codebook, dim, z, at);
      if (distance > farthest) [row, farthest] = [at, distance];
    }
    for (let d = 0; d < dim; d++) {
      codebook[code * dim + d] = z[row * dim + d] +
        RESEED_NOISE * random.normal();
      for (const slot of names.slice(1)) values[slot].data[code * dim + d] = 0;
    }
  }
  if (moved > 0) state.write(values);
  return moved;
}

/** Squared distance of row `row` of `z` to the nearest code. */
function _distanceToNearest(
  codebook: ArrayLike<number>,
  dim: number,
  z: ArrayLike<number>,
  row: number,
): number {
  let nearest = Infinity;
  for (let start = 0; start < codebook.length; start += dim) {
    let distance = 0;
    for (let d = 0; d < dim && distance < nearest; d++) {
      distance += (z[row * dim + d] - codebook[start + d]) ** 2;
    }
    nearest = Math.min(nearest, distance);
  }
  return nearest;
}
