/**
 * Trains arch2vec, and samples cells from its prior.
 *
 * The run is saved after each epoch and goes on from there.
 *
 * Source: as `arch2vec.ts`.
 *
 * @module
 */

import { type DeviceState, type Executor } from "../../engine/executor.ts";
import { floats, scalar } from "../../core/tensors.ts";
import {
  ReconstructionCounter,
  type ReconstructionReport,
} from "../../metrics/reconstruction.ts";
import { adamWSlots, trainingStep } from "../../nn/optimizers.ts";
import { Random } from "../../core/random.ts";
import { cutAtOutput, type Graph } from "../../spaces/graph.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import {
  type DecodedCells,
  decodedGraph,
  incomingOfLogits,
} from "../../spaces/tensors.ts";
import {
  type Arch2vecConfig,
  arch2vecDecodeStep,
  arch2vecEncodeStep,
  arch2vecLoss,
  type Arch2vecWeights,
  initialArch2vecWeights,
} from "./network.ts";
import { loadCheckpoint, saveCheckpoint } from "../../core/checkpoints.ts";
import { digest, runKey } from "../../core/keys.ts";
import { type OnProgress } from "../../core/progress.ts";
import { batchTensors } from "../vqvae/training.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** Settings of a training run. */
export interface Arch2vecTraining {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Largest norm of the gradient. */
  readonly clipNorm: number;
  readonly seed: number;
}

/** The settings of arch2vec's code. */
export function arch2vecTraining(
  space: SearchSpace,
  seed: number,
  quick = false,
): Arch2vecTraining {
  return {
    epochs: quick ? 1 : space.settings.arch2vec.epochs,
    batchSize: 32,
    learningRate: 1e-3,
    clipNorm: 5,
    seed,
  };
}

interface Progress {
  step: number;
  epochs: number;
}

/** A trained model. */
export interface TrainedArch2vec {
  readonly config: Arch2vecConfig;
  readonly weights: Arch2vecWeights;
}

/**
 * Trains arch2vec on the training cells of a space.
 *
 * @param options `checkpoint`: the file to save to after each epoch and to go on from;
 *   `limit`: trains on so many cells at most.
 */
export async function trainArch2vec(
  space: SearchSpace,
  config: Arch2vecConfig,
  training: Arch2vecTraining,
  { executor, checkpoint, limit = Infinity, onProgress = () => {} }: {
    executor: Executor;
    checkpoint?: string;
    limit?: number;
    onProgress?: OnProgress;
  },
): Promise<TrainedArch2vec> {
  const train = space.split().train.subarray(0, limit);
  const random = Random.fromSeed(training.seed).split("arch2vec");
  const initial = initialArch2vecWeights(config, random.split("weights"));
  const names = Object.keys(initial.parameters);
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
  const progress: Progress = saved?.progress ?? { step: 0, epochs: 0 };
  const compile = (trainingMode: boolean) =>
    executor.compile(
      trainingStep(
        (tensors, inputs) =>
          arch2vecLoss(config, tensors, inputs, trainingMode),
        names,
        { clipNorm: training.clipNorm },
      ),
      { name: `arch2vec ${trainingMode ? "training" : "frozen"} step` },
    );
  const steps = { training: compile(true), frozen: compile(false) };
  const perEpoch = Math.ceil(train.length / training.batchSize);
  for (; progress.epochs < training.epochs; progress.epochs++) {
    const draw = random.split(`epoch ${progress.epochs}`);
    const order = draw.permutation(train.length);
    const frozen = config.frozenAfterFirstEpoch && progress.epochs > 0;
    for (let start = 0; start < train.length; start += training.batchSize) {
      const indices = order.subarray(start, start + training.batchSize)
        .map((i) => train[i]);
      progress.step++;
      const inputs = {
        ...batchTensors(space, space.cells(), indices),
        learningRate: scalar(training.learningRate),
        step: scalar(progress.step),
      };
      const { loss } = frozen
        ? await steps.frozen.run(state, inputs)
        : await steps.training.run(state, {
          ...inputs,
          ..._noise(config, indices.length, draw),
        });
      if (progress.step % 50 === 0) {
        onProgress({
          done: progress.step,
          total: training.epochs * perEpoch,
          message: `epoch ${progress.epochs + 1}/${training.epochs}, loss ${
            loss.data[0].toFixed(4)
          }`,
        });
      }
    }
    if (checkpoint !== undefined) {
      await saveCheckpoint(checkpoint, key, {
        tensors: await state.read(),
        progress: { ...progress, epochs: progress.epochs + 1 },
      });
    }
  }
  const weights = {
    parameters: await state.read(names),
    statistics: await state.read(Object.keys(initial.statistics)),
  };
  for (const step of Object.values(steps)) await step.dispose();
  state.dispose();
  return { config, weights };
}

/** What a step in training mode draws. */
function _noise(config: Arch2vecConfig, cells: number, random: Random) {
  const rows = cells * config.nodes;
  const draw = (length: number, next: () => number) =>
    Float32Array.from({ length }, next);
  return {
    noise: floats(
      [rows, config.latentDim],
      draw(rows * config.latentDim, () => random.normal()),
    ),
    rows: floats([rows], draw(rows, () => random.uniform())),
    columns: floats(
      [config.latentDim],
      draw(config.latentDim, () => random.uniform()),
    ),
  };
}

const BATCH = 512;

/** A trained arch2vec, ready to encode and decode. */
export class Arch2vec {
  readonly config: Arch2vecConfig;
  readonly #state: DeviceState;
  readonly #encode;
  readonly #decode;

  constructor({ config, weights }: TrainedArch2vec, executor: Executor) {
    this.config = config;
    this.#state = executor.state({
      ...weights.parameters,
      ...weights.statistics,
    });
    this.#encode = executor.compile(arch2vecEncodeStep(config), {
      name: "arch2vec encoder",
    });
    this.#decode = executor.compile(arch2vecDecodeStep(config), {
      name: "arch2vec decoder",
    });
  }

  /** Latent means of cells, `[B·N, D]`. */
  async encode(
    space: SearchSpace,
    indices: ArrayLike<number>,
  ): Promise<Float32Array> {
    const size = this.config.nodes * this.config.latentDim;
    const all = Uint32Array.from(indices);
    const means = new Float32Array(all.length * size);
    for (let start = 0; start < all.length; start += BATCH) {
      const { z } = await this.#encode.run(
        this.#state,
        batchTensors(space, space.cells(), all.subarray(start, start + BATCH)),
      );
      means.set(z.data as Float32Array, start * size);
    }
    return means;
  }

  /** Decodes latent vectors, `[B·N, D]`: the most probable operations, edges where z · z > 0. */
  async decode(z: Float32Array): Promise<DecodedCells> {
    const { nodes, latentDim } = this.config;
    const size = nodes * latentDim;
    const count = z.length / size;
    const ops = new Int32Array(count * nodes);
    const incoming = new Uint32Array(count * nodes);
    for (let start = 0; start < count; start += BATCH) {
      const part = z.subarray(start * size, (start + BATCH) * size);
      const decoded = await this.#decode.run(this.#state, {
        z: floats([part.length / latentDim, latentDim], part),
      });
      ops.set(decoded.operations.data as Int32Array, start * nodes);
      incoming.set(
        incomingOfLogits(decoded.adjacency.data, nodes),
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
    const decoded = await this.decode(await this.encode(space, indices));
    counter.add(space.cells(), indices, decoded);
    return counter.report();
  }

  /**
   * Samples cells from the prior: a normal distribution for each node and dimension, with
   * the mean and the deviation of the training cells' latent means.
   *
   * @param options `cut`: whether a decode ends at its first output row; by default where
   *   cells vary in size.
   */
  async sample(
    space: SearchSpace,
    count: number,
    { random, cut = space.variableSize }: { random: Random; cut?: boolean },
  ): Promise<Graph[]> {
    const { nodes, latentDim } = this.config;
    const size = nodes * latentDim;
    const means = await this.encode(space, space.split().train);
    const cells = means.length / size;
    const sums = new Float64Array(size);
    const squares = new Float64Array(size);
    means.forEach((value, i) => {
      sums[i % size] += value;
      squares[i % size] += value * value;
    });
    const prior = Array.from(sums, (sum, i) => {
      const mean = sum / cells;
      const variance = Math.max(0, squares[i] / cells - mean * mean);
      return { mean, deviation: Math.sqrt(variance) };
    });
    const z = Float32Array.from({ length: count * size }, (_, i) => {
      const { mean, deviation } = prior[i % size];
      return mean + deviation * random.normal();
    });
    const decoded = await this.decode(z);
    const output = space.ops.indexOf("output");
    return Array.from({ length: count }, (_, b) => {
      const graph = decodedGraph(decoded, b, nodes);
      return cut ? cutAtOutput(graph, output) : graph;
    });
  }

  /** Frees weights and compiled graphs. */
  async dispose(): Promise<void> {
    this.#state.dispose();
    await this.#encode.dispose();
    await this.#decode.dispose();
  }
}
