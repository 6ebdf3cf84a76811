/**
 * A trained diffusion at work: cells drawn from noise, step by step.
 *
 * Shapes: `B` cells, `P` places, `V` values, `T` steps.
 *
 * @module
 */

import { runKey, weightsDigest } from "../../core/keys.ts";
import type { Random } from "../../core/random.ts";
import {
  floats,
  type HostTensor,
  type HostTensors,
  integers,
  scalar,
} from "../../core/tensors.ts";
import type {
  CompiledFunction,
  DeviceState,
  Executor,
} from "../../engine/executor.ts";
import type { Graph } from "../../spaces/graph.ts";
import { BATCH } from "../batch_tensors.ts";
import type { DiffusionConfig } from "./config.ts";
import { stepBack } from "./network.ts";
import { drawnValue, keptShares, oneHotValues } from "./noise.ts";
import type { CellPlaces } from "./places.ts";
import { type TrainedDiffusion, VERSION } from "./training.ts";

/**
 * Draws cells from noise.
 *
 * @param batch `B`.
 * @param step Takes the inputs of `stepBack` and gives its `x`.
 * @returns Values, `B` rows of `[P]`.
 */
export async function drawnValues(
  { marginals, steps }: DiffusionConfig,
  batch: number,
  random: Random,
  step: (inputs: HostTensors, time: number) => Promise<{ x: HostTensor }>,
): Promise<number[][]> {
  const [places, values] = [marginals.length, marginals[0].length];
  const left = keptShares(steps);
  let x = oneHotValues(
    Array.from(
      { length: batch },
      () => marginals.map((shares) => drawnValue(shares, random)),
    ),
    values,
  );
  for (let time = steps; time > 0; time--) {
    const noise = Float32Array.from(
      { length: batch * places * values },
      // Never 0, which would be divided by.
      () => 1e-12 - Math.log(1 - random.uniform()),
    );
    ({ x } = await step({
      x,
      time: integers([batch], new Int32Array(batch).fill(time)),
      kept: scalar(left[time] / left[time - 1]),
      keptBefore: scalar(left[time - 1]),
      noise: floats([batch, places, values], noise),
    }, time));
  }
  return Array.from(
    { length: batch },
    (_, b) =>
      marginals.map((_, place) =>
        x.data.subarray(
          (b * places + place) * values,
          (b * places + place + 1) * values,
        ).indexOf(1)
      ),
  );
}

/** A trained model on a device; it owns its weights there. */
export class Diffusion implements AsyncDisposable {
  readonly config: DiffusionConfig;
  /** Identity of the weights. */
  readonly key: string;
  readonly #places: CellPlaces;
  readonly #state: DeviceState;
  readonly #step: CompiledFunction;

  constructor(
    { config, places, weights }: Omit<TrainedDiffusion, "history">,
    executor: Executor,
  ) {
    this.config = config;
    this.key = runKey({
      config,
      weights: weightsDigest(weights),
      version: VERSION,
    });
    this.#places = places;
    this.#state = executor.state(weights);
    this.#step = executor.compile(
      (state, inputs) => ({ outputs: stepBack(config, state, inputs) }),
      { name: "step of the diffusion" },
    );
  }

  /** Draws graphs, batch by batch; some may be no cells. */
  async sample(
    count: number,
    { random, signal }: {
      readonly random: Random;
      readonly signal?: AbortSignal;
    },
  ): Promise<Graph[]> {
    const graphs: Graph[] = [];
    while (graphs.length < count) {
      signal?.throwIfAborted();
      const drawn = await drawnValues(
        this.config,
        BATCH,
        random,
        async (inputs) => {
          const { x } = await this.#step.run(this.#state, inputs);
          return { x };
        },
      );
      graphs.push(
        ...drawn.slice(0, count - graphs.length)
          .map((values) => this.#places.graph(values)),
      );
    }
    return graphs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state.dispose();
    await this.#step.dispose();
  }
}
