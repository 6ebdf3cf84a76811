/**
 * A trained D-VAE at work: cells to latents, and latents to graphs.
 *
 * @module
 */

import { runKey, weightsDigest } from "../../core/keys.ts";
import type { Random } from "../../core/random.ts";
import type {
  CompiledFunction,
  DeviceState,
  Executor,
} from "../../engine/executor.ts";
import { cutAtOutput, type Graph } from "../../spaces/graph.ts";
import {
  cellGraph,
  type CellTable,
  type SearchSpace,
} from "../../spaces/space.ts";
import { batchTensors } from "../batch_tensors.ts";
import {
  encodeInBatches,
  type GraphAutoencoder,
  writeInBatches,
  writingInputs,
  writtenGraphs,
} from "../graph_autoencoder.ts";
import type { DvaeConfig } from "./config.ts";
import { encode, graphInputs, writeGraphs } from "./network.ts";
import type { TrainedDvae } from "./training.ts";

/**
 * Share of cells that the decoder can write, a fraction in [0, 1]: it links to the last vertex
 * those that have led nowhere, and no others.
 *
 * @param cells Indices of the table, at least one.
 */
export function writableShare(
  table: CellTable,
  cells: ArrayLike<number>,
): number {
  const writable = Array.from(cells).filter((cell) => {
    const { incoming } = cellGraph(table, cell);
    const before = incoming.subarray(0, -1).reduce((all, of) => all | of, 0);
    return (incoming.at(-1)! & before) === 0;
  });
  return writable.length / cells.length;
}

/** A trained model on a device; it owns its weights there. */
export class Dvae implements GraphAutoencoder {
  readonly config: DvaeConfig;
  readonly key: string;
  readonly #space: SearchSpace;
  readonly #state: DeviceState;
  readonly #encode: CompiledFunction;
  readonly #write: CompiledFunction;

  constructor(
    space: SearchSpace,
    { config, weights }: Pick<TrainedDvae, "config" | "weights">,
    executor: Executor,
  ) {
    this.config = config;
    this.key = runKey({ config, weights: weightsDigest(weights) });
    this.#space = space;
    this.#state = executor.state(weights);
    this.#encode = executor.compile((state, inputs) => {
      const { mean } = encode(config, state, graphInputs(inputs));
      return { outputs: { mean } };
    }, { name: "encoder of dvae" });
    this.#write = executor.compile((state, inputs) => {
      const { types, adjacency } = writeGraphs(config, state, inputs);
      return { outputs: { types, adjacency } };
    }, { name: "decoder of dvae" });
  }

  encode(indices: ArrayLike<number>): Promise<Float32Array> {
    return encodeInBatches(
      indices,
      this.config,
      (cells) =>
        this.#encode.run(
          this.#state,
          batchTensors(this.#space, this.#space.cells(), cells),
        ),
    );
  }

  write(latents: Float32Array, random: Random): Promise<Graph[]> {
    return writeInBatches(latents, this.config, async (batch) => {
      const inputs = writingInputs(this.config, batch, random);
      const written = await this.#write.run(this.#state, inputs);
      return writtenGraphs(written)
        .map((graph) => cutAtOutput(graph, this.config.last));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state.dispose();
    await this.#encode.dispose();
    await this.#write.dispose();
  }
}
