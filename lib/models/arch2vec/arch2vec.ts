/**
 * A trained arch2vec at work: cells to latent means, and latent vectors to cells.
 *
 * Shapes: `B` cells, `N` nodes, `D` latent width.
 * Source: as `network.ts`.
 *
 * @module
 */

import { runKey, weightsDigest } from "../../core/keys.ts";
import type { Random } from "../../core/random.ts";
import { floats } from "../../core/tensors.ts";
import type { DeviceState, Executor } from "../../engine/executor.ts";
import {
  ReconstructionCounter,
  type ReconstructionReport,
} from "../../metrics/reconstruction.ts";
import { cutAtOutput, type Graph } from "../../spaces/graph.ts";
import type { CellTable, SearchSpace } from "../../spaces/space.ts";
import { type DecodedCells, decodedGraph } from "../../spaces/tensors.ts";
import { BATCH, batchTensors, decodeInBatches } from "../batch_tensors.ts";
import type { Arch2vecConfig } from "./config.ts";
import {
  arch2vecDecodeStep,
  arch2vecEncodeStep,
  type Arch2vecWeights,
} from "./network.ts";

/** A trained arch2vec, ready to encode and decode; it owns its weights on the device. */
export class Arch2vec implements AsyncDisposable {
  readonly config: Arch2vecConfig;
  /** Identity of the weights: two models with one key encode and decode the same. */
  readonly key: string;
  readonly #state: DeviceState;
  readonly #encode;
  readonly #decode;

  constructor(
    { config, weights }: {
      readonly config: Arch2vecConfig;
      readonly weights: Arch2vecWeights;
    },
    executor: Executor,
  ) {
    this.config = config;
    this.key = runKey({
      config,
      parameters: weightsDigest(weights.parameters),
      statistics: weightsDigest(weights.statistics),
    });
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

  /**
   * Latent means of cells, `[B·N, D]`.
   *
   * @param table What the indices count in; by default the cells of the space.
   */
  async encode(
    space: SearchSpace,
    indices: ArrayLike<number>,
    table: CellTable = space.cells(),
  ): Promise<Float32Array> {
    const size = this.config.nodes * this.config.latentDim;
    const all = Uint32Array.from(indices);
    const means = new Float32Array(all.length * size);
    for (let start = 0; start < all.length; start += BATCH) {
      const { z } = await this.#encode.run(
        this.#state,
        batchTensors(space, table, all.subarray(start, start + BATCH)),
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
    return await decodeInBatches({ count, nodes }, (start, end) => {
      const part = z.subarray(start * size, end * size);
      return this.#decode.run(this.#state, {
        z: floats([part.length / latentDim, latentDim], part),
      });
    });
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
  /** As {@link dispose}, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
