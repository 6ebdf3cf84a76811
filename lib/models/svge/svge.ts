/**
 * A trained SVGe or DGMG at work: cells to latents, and latents to graphs.
 *
 * Shapes: `B` graphs, `N` nodes, `L` latent.
 *
 * @module
 */

import { runKey, weightsDigest } from "../../core/keys.ts";
import type { Random } from "../../core/random.ts";
import { floats } from "../../core/tensors.ts";
import type {
  CompiledFunction,
  DeviceState,
  Executor,
} from "../../engine/executor.ts";
import { cutAtOutput, type Graph } from "../../spaces/graph.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import { BATCH } from "../batch_tensors.ts";
import { type SvgeConfig, type View, viewsOf } from "./config.ts";
import { graphTensors, mergedViews } from "./graphs.ts";
import { encode, graphInputs, writeGraphs } from "./network.ts";
import type { TrainedSvge } from "./training.ts";

/** Mean and standard deviation of latents, `[L]` each. */
export interface LatentStatistics {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** A trained model on a device; it owns its weights there. */
export class Svge implements AsyncDisposable {
  readonly config: SvgeConfig;
  /** Identity of the weights. */
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

  /** Means of the latents of cells, `[B, L]`. */
  async encode(indices: ArrayLike<number>): Promise<Float32Array> {
    const all = Uint32Array.from(indices);
    const { latentDim } = this.config;
    const means = new Float32Array(all.length * latentDim);
    for (let start = 0; start < all.length; start += BATCH) {
      const rows = all.subarray(start, start + BATCH);
      // A short batch is filled up: another shape would be compiled anew.
      const filled = new Uint32Array(BATCH).fill(rows[0]);
      filled.set(rows);
      const { "forward.types": types, "forward.adjacency": adjacency } =
        graphTensors(this.#space, this.#space.cells(), filled);
      const { mean } = await this.#encode.run(this.#state, {
        "forward.types": types,
        "forward.adjacency": adjacency,
      });
      means.set(
        mean.data.subarray(0, rows.length * latentDim) as Float32Array,
        start * latentDim,
      );
    }
    return means;
  }

  /** Statistics of the latents of cells, as the prior of a sampling has them. */
  async statistics(indices: ArrayLike<number>): Promise<LatentStatistics> {
    const { latentDim } = this.config;
    const latents = await this.encode(indices);
    const count = latents.length / latentDim;
    const sums = new Float64Array(latentDim),
      squares = new Float64Array(latentDim);
    latents.forEach((value, i) => {
      sums[i % latentDim] += value;
      squares[i % latentDim] += value * value;
    });
    return {
      mean: Float32Array.from(sums, (sum) => sum / count),
      deviation: Float32Array.from(sums, (sum, i) =>
        Math.sqrt(
          Math.max(0, squares[i] - sum * sum / count) / Math.max(1, count - 1),
        )),
    };
  }

  /**
   * Writes a graph for each latent.
   *
   * @param latents `[B, L]`.
   */
  async write(latents: Float32Array, random: Random): Promise<Graph[]> {
    const { latentDim, kind } = this.config;
    const count = latents.length / latentDim;
    const graphs: Graph[] = [];
    const [input, output] = ["input", "output"]
      .map((name) => this.#space.ops.indexOf(name));
    for (let start = 0; start < count; start += BATCH) {
      const batch = new Float32Array(BATCH * latentDim);
      const rows = Math.min(BATCH, count - start);
      batch.set(
        latents.subarray(start * latentDim, (start + rows) * latentDim),
      );
      const forward = await this.#written("forward", batch, random);
      const backward = kind === "svge"
        ? await this.#written("backward", batch, random)
        : null;
      for (let i = 0; i < rows; i++) {
        const graph = cutAtOutput(forward[i], output);
        graphs.push(
          backward === null
            ? graph
            : mergedViews(graph, cutAtOutput(backward[i], input)),
        );
      }
    }
    return graphs;
  }

  async #written(
    view: View,
    latents: Float32Array,
    random: Random,
  ): Promise<Graph[]> {
    const { nodes, types, latentDim } = this.config;
    const drawn = (size: number, draw: () => number) =>
      Float32Array.from({ length: size }, draw);
    const outputs = await this.#write.get(view)!.run(this.#state, {
      z: floats([BATCH, latentDim], latents),
      typeNoise: floats(
        [BATCH, nodes, types],
        drawn(BATCH * nodes * types, () => _gumbel(random)),
      ),
      edgeNoise: floats(
        [BATCH, nodes, nodes],
        drawn(BATCH * nodes * nodes, () => random.uniform()),
      ),
    });
    return Array.from({ length: BATCH }, (_, graph) => {
      const incoming = new Uint32Array(nodes);
      const start = graph * nodes * nodes;
      for (let target = 0; target < nodes; target++) {
        for (let source = 0; source < target; source++) {
          if (outputs.adjacency.data[start + source * nodes + target] === 1) {
            incoming[target] |= 1 << source;
          }
        }
      }
      return {
        ops: Uint8Array.from(
          outputs.types.data.subarray(graph * nodes, (graph + 1) * nodes),
        ),
        incoming,
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state.dispose();
    await this.#encode.dispose();
    for (const write of this.#write.values()) await write.dispose();
  }
}

/** A draw from Gumbel's distribution: of logits with such noise the largest is a draw from their softmax. */
function _gumbel(random: Random): number {
  return -Math.log(-Math.log(1 - random.uniform() * (1 - 1e-9)) + 1e-30);
}
