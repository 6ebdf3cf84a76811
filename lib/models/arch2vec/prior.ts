/**
 * The prior that arch2vec samples: a normal distribution for each node and dimension.
 *
 * Its paper trains towards the standard normal distribution; its code samples one that has
 * the mean and deviation of latent means of training cells.
 *
 * Shapes: `B` cells, `N` nodes, `D` latent width.
 * Source: MSU-MLSys-Lab/arch2vec, `models/pretraining_*.py`, `z_mean` and `z_std`.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import { floats, type HostTensors } from "../../core/tensors.ts";
import type { Arch2vecConfig } from "./config.ts";

const MEAN = "prior.mean";
const DEVIATION = "prior.deviation";

type LatentShape = Pick<Arch2vecConfig, "nodes" | "latentDim">;

/** The standard normal distribution: what a model has before it is trained. */
export function standardPrior({ nodes, latentDim }: LatentShape): HostTensors {
  const size = nodes * latentDim;
  return {
    [MEAN]: floats([nodes, latentDim], new Float32Array(size)),
    [DEVIATION]: floats([nodes, latentDim], new Float32Array(size).fill(1)),
  };
}

/** Gathers latent means of cells, and fits the prior to them. */
export class PriorCounter {
  readonly #shape: readonly [number, number];
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  #cells = 0;

  constructor({ nodes, latentDim }: LatentShape) {
    this.#shape = [nodes, latentDim];
    this.#sums = new Float64Array(nodes * latentDim);
    this.#squares = new Float64Array(nodes * latentDim);
  }

  /** @param latents Latent means of `B` cells, `[B·N, D]`. */
  add(latents: ArrayLike<number>): void {
    const size = this.#sums.length;
    for (let i = 0; i < latents.length; i++) {
      this.#sums[i % size] += latents[i];
      this.#squares[i % size] += latents[i] ** 2;
    }
    this.#cells += latents.length / size;
  }

  /** Mean and deviation of what was added, `[N, D]` each; at least two cells. */
  prior(): HostTensors {
    const cells = this.#cells;
    const mean = this.#sums.map((sum) => sum / cells);
    const deviation = this.#squares.map((sum, i) =>
      Math.sqrt(Math.max(0, sum - cells * mean[i] ** 2) / (cells - 1))
    );
    return {
      [MEAN]: floats([...this.#shape], Float32Array.from(mean)),
      [DEVIATION]: floats([...this.#shape], Float32Array.from(deviation)),
    };
  }
}

/** Draws the latent vectors of `count` cells, `[count·N, D]`. */
export function drawLatents(
  prior: HostTensors,
  count: number,
  random: Random,
): Float32Array {
  const mean = prior[MEAN].data, deviation = prior[DEVIATION].data;
  return Float32Array.from(
    { length: count * mean.length },
    (_, i) =>
      mean[i % mean.length] + deviation[i % mean.length] * random.normal(),
  );
}
