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
import { floats, type HostTensors } from "../../core/tensors.ts";
import type { DeviceState, Executor } from "../../engine/executor.ts";
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
import { drawLatents } from "./prior.ts";

/** A trained arch2vec, ready to encode and decode; it owns its weights on the device. */
export class Arch2vec implements AsyncDisposable {
  readonly config: Arch2vecConfig;
  /** Identity of the weights: two models with one key encode and decode the same. */
  readonly key: string;
  readonly #prior: HostTensors;
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
      prior: weightsDigest(weights.prior),
    });
    this.#prior = weights.prior;
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

  /**
   * Samples cells from the prior.
   *
   * A decode ends at its first output row where cells vary in size, unless the model decodes
   * all rows.
   */
  async sample(
    space: SearchSpace,
    count: number,
    { random }: { random: Random },
  ): Promise<Graph[]> {
    const { nodes, quirks } = this.config;
    const cut = space.variableSize && !quirks.wholeDecodes;
    const decoded = await this.decode(drawLatents(this.#prior, count, random));
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
