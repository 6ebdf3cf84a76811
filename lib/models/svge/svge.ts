/**
 * A trained SVGe or DGMG at work: cells to latents, and latents to graphs.
 *
 * Shapes: `B` graphs, `L` latent.
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
import type { SearchSpace } from "../../spaces/space.ts";
import {
  encodeInBatches,
  type GraphAutoencoder,
  writeInBatches,
  writingInputs,
  writtenGraphs,
} from "../graph_autoencoder.ts";
import { type SvgeConfig, type View, viewsOf } from "./config.ts";
import { graphTensors, mergedViews } from "./graphs.ts";
import { encode, graphInputs, writeGraphs } from "./network.ts";
import type { TrainedSvge } from "./training.ts";

/** A trained model on a device; it owns its weights there. */
export class Svge implements GraphAutoencoder {
  readonly config: SvgeConfig;
  readonly key: string;
  readonly #space: SearchSpace;
  readonly #state: DeviceState;
  readonly #encode: CompiledFunction;
  readonly #write = new Map<View, CompiledFunction>();

  constructor(
    space: SearchSpace,
    { config, weights }: Pick<TrainedSvge, "config" | "weights">,
    executor: Executor,
  ) {
    this.config = config;
    this.key = runKey({ config, weights: weightsDigest(weights) });
    this.#space = space;
    this.#state = executor.state(weights);
    this.#encode = executor.compile((state, inputs) => {
      const { mean } = encode(config, state, graphInputs(inputs, "forward"));
      return { outputs: { mean } };
    }, { name: `encoder of ${config.kind}` });
    const [input, output] = ["input", "output"]
      .map((name) => space.ops.indexOf(name));
    for (const view of viewsOf(config)) {
      const [first, last] = view === "forward"
        ? [input, output]
        : [output, input];
      this.#write.set(
        view,
        executor.compile(
          (state, inputs) => ({
            outputs: writeGraphs(config, state, inputs, {
              first,
              // DGMG may go on; what has more nodes than a cell is none.
              last: config.kind === "svge" ? last : null,
            }),
          }),
          { name: `decoder of ${config.kind}, ${view}` },
        ),
      );
    }
  }

  encode(indices: ArrayLike<number>): Promise<Float32Array> {
    return encodeInBatches(indices, this.config, (cells) => {
      const { "forward.types": types, "forward.adjacency": adjacency } =
        graphTensors(this.#space, this.#space.cells(), cells);
      return this.#encode.run(this.#state, {
        "forward.types": types,
        "forward.adjacency": adjacency,
      });
    });
  }

  write(latents: Float32Array, random: Random): Promise<Graph[]> {
    const [input, output] = ["input", "output"]
      .map((name) => this.#space.ops.indexOf(name));
    return writeInBatches(latents, this.config, async (batch) => {
      const forward = (await this.#written("forward", batch, random))
        .map((graph) => cutAtOutput(graph, output));
      if (this.config.kind === "dgmg") return forward;
      const backward = await this.#written("backward", batch, random);
      return forward.map((graph, i) =>
        mergedViews(graph, cutAtOutput(backward[i], input))
      );
    });
  }

  async #written(
    view: View,
    latents: Float32Array,
    random: Random,
  ): Promise<Graph[]> {
    const inputs = writingInputs(this.config, latents, random);
    return writtenGraphs(
      await this.#write.get(view)!.run(this.#state, inputs),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state.dispose();
    await this.#encode.dispose();
    for (const write of this.#write.values()) await write.dispose();
  }
}
