/**
 * A trained VQ-VAE at work: cells to codes, and codes to cells.
 *
 * Shapes: `B` cells, `N` nodes, `D` latent width.
 *
 * @module
 */

import { integers } from "../../core/tensors.ts";
import type { DeviceState, Executor } from "../../engine/executor.ts";
import type { CodeSequences } from "../../language/code_sequences.ts";
import {
  ReconstructionCounter,
  type ReconstructionReport,
} from "../../metrics/reconstruction.ts";
import type { Graph } from "../../spaces/graph.ts";
import {
  cellGraph,
  type CellTable,
  cellTable,
  type SearchSpace,
} from "../../spaces/space.ts";
import { cellSplit, fittingCells } from "../../spaces/split.ts";
import { type DecodedCells, decodedGraph } from "../../spaces/tensors.ts";
import { BATCH, batchTensors, decodeInBatches } from "../batch_tensors.ts";
import type { VqvaeConfig } from "./config.ts";
import { loadVqvae } from "./files.ts";
import { decodeStep, encodeStep, type VqvaeWeights } from "./network.ts";

/** Encoder and decoder, compiled; the weights are those of the state that is passed. */
export class VqvaeFunctions {
  readonly config: VqvaeConfig;
  readonly #encode;
  readonly #decode;

  constructor(config: VqvaeConfig, executor: Executor) {
    this.config = config;
    this.#encode = executor.compile(encodeStep(config), {
      name: "vqvae encoder",
    });
    this.#decode = executor.compile(decodeStep(config), {
      name: "vqvae decoder",
    });
  }

  /** As {@link Vqvae.encode}. */
  async encode(
    state: DeviceState,
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
        state,
        batchTensors(space, table, all.subarray(start, start + BATCH)),
      );
      codes.set(outputs.codes.data as Int32Array, start * nodes);
      z.set(outputs.z.data as Float32Array, start * nodes * latentDim);
    }
    return { codes, z };
  }

  /** As {@link Vqvae.decode}. */
  async decode(state: DeviceState, codes: Int32Array): Promise<DecodedCells> {
    const { nodes } = this.config;
    const count = codes.length / nodes;
    return await decodeInBatches({ count, nodes }, (start, end) => {
      const part = codes.slice(start * nodes, end * nodes);
      return this.#decode.run(state, { codes: integers([part.length], part) });
    });
  }

  /** As {@link Vqvae.reconstruction}. */
  async reconstruction(
    state: DeviceState,
    space: SearchSpace,
    indices: ArrayLike<number>,
  ): Promise<ReconstructionReport> {
    const counter = new ReconstructionCounter();
    const { codes } = await this.encode(state, space, indices);
    counter.add(space.cells(), indices, await this.decode(state, codes));
    return counter.report();
  }

  /** Frees the compiled graphs. */
  async dispose(): Promise<void> {
    await this.#encode.dispose();
    await this.#decode.dispose();
  }
}

/** A cell's codes, and what they are decoded to. */
export interface RoundTrip {
  readonly codes: Int32Array;
  readonly graph: Graph;
}

/** A VQ-VAE ready to encode and decode; it owns its weights on the device. */
export class Vqvae implements AsyncDisposable {
  readonly #functions: VqvaeFunctions;
  readonly #state: DeviceState;

  /** @param state Holds the weights; it is the model's from here on, which frees it. */
  constructor(config: VqvaeConfig, executor: Executor, state: DeviceState) {
    this.#functions = new VqvaeFunctions(config, executor);
    this.#state = state;
  }

  /** Places weights on a device. */
  static load(
    { config, weights }: {
      readonly config: VqvaeConfig;
      readonly weights: VqvaeWeights;
    },
    executor: Executor,
  ): Vqvae {
    return new Vqvae(
      config,
      executor,
      executor.state({ ...weights.parameters, ...weights.statistics }),
    );
  }

  /**
   * Opens one that was saved.
   *
   * @throws {Error} If its folder cannot be read.
   */
  static async open(directory: string, executor: Executor): Promise<Vqvae> {
    return Vqvae.load(await loadVqvae(directory), executor);
  }

  get config(): VqvaeConfig {
    return this.#functions.config;
  }

  /**
   * Encodes cells of a space.
   *
   * @param table What the indices count in; by default the cells of the space.
   * @returns `codes`, `[B·N]`, and encoder outputs `z` before quantization, `[B·N, D]`.
   */
  encode(
    space: SearchSpace,
    indices: ArrayLike<number>,
    table?: CellTable,
  ): Promise<{ codes: Int32Array; z: Float32Array }> {
    return this.#functions.encode(this.#state, space, indices, table);
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
  decode(codes: Int32Array): Promise<DecodedCells> {
    return this.#functions.decode(this.#state, codes);
  }

  /**
   * Writes a cell of a space in codes and reads it back.
   *
   * @param cell Its index.
   * @returns `codes`, `[N]`; `graph` is cut to as many nodes as the cell has.
   */
  async roundTrip(space: SearchSpace, cell: number): Promise<RoundTrip> {
    const { codes } = await this.encode(space, [cell]);
    const { ops, incoming } = decodedGraph(
      await this.decode(codes),
      0,
      this.config.nodes,
    );
    const nodes = cellGraph(space.cells(), cell).ops.length;
    return {
      codes,
      graph: { ops: ops.slice(0, nodes), incoming: incoming.slice(0, nodes) },
    };
  }

  /** Encodes and decodes cells, and counts what comes back. */
  reconstruction(
    space: SearchSpace,
    indices: ArrayLike<number>,
  ): Promise<ReconstructionReport> {
    return this.#functions.reconstruction(this.#state, space, indices);
  }

  /** Frees weights and compiled graphs. */
  async dispose(): Promise<void> {
    this.#state.dispose();
    await this.#functions.dispose();
  }

  /** As {@link dispose}, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Code sequences of the cells of a space, by what these are for, as in `CellSplit`. */
export interface SplitSequences {
  readonly train: CodeSequences;
  /** Of the training cells but the tuning cells: a view of the first of `train`. */
  readonly fitting: CodeSequences;
  /** A view of the last of `train`. */
  readonly tuning: CodeSequences;
  readonly validation: CodeSequences;
}

/**
 * Encodes the cells of a space.
 *
 * @param limit At most so many training and so many validation cells; their order is random,
 *   so the first ones are a fair sample.
 */
export async function encodeSplits(
  vqvae: Vqvae,
  space: SearchSpace,
  limit = Infinity,
): Promise<SplitSequences> {
  const { nodes: length, codebookSize } = vqvae.config;
  const { train, validation } = space.split();
  const split = cellSplit(
    train.subarray(0, limit),
    validation.subarray(0, limit),
  );
  const sequences = (codes: Int32Array) => ({ codes, length, codebookSize });
  const encode = async (cells: Uint32Array) =>
    (await vqvae.encode(space, cells)).codes;
  const codes = await encode(split.train);
  const fitted = length * fittingCells(split).length;
  return {
    train: sequences(codes),
    fitting: sequences(codes.subarray(0, fitted)),
    tuning: sequences(codes.subarray(fitted)),
    validation: sequences(await encode(split.validation)),
  };
}
