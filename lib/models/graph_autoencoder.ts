/**
 * A trained autoencoder of graphs at work, whichever it is: cells to latents, and latents to
 * graphs that are drawn.
 *
 * Shapes: `B` graphs, `N` nodes, `T` types, `L` latent.
 *
 * @module
 */

import type { Random } from "../core/random.ts";
import { floats, type HostTensors } from "../core/tensors.ts";
import type { Graph } from "../spaces/graph.ts";
import { BATCH } from "./batch_tensors.ts";

/** A trained model on a device; it owns its weights there. */
export interface GraphAutoencoder extends AsyncDisposable {
  /** Identity of the weights. */
  readonly key: string;
  readonly config: GraphSizes;
  /** Means of the latents of cells, `[B, L]`. */
  encode(cells: ArrayLike<number>): Promise<Float32Array>;
  /** Writes a graph for each latent, `[B, L]`. */
  write(latents: Float32Array, random: Random): Promise<Graph[]>;
}

/** What every such model has a size of. */
export interface GraphSizes {
  /** `N`: most nodes of a graph. */
  readonly nodes: number;
  /** `T`: types of nodes, the operations of the space. */
  readonly types: number;
  /** `L`. */
  readonly latentDim: number;
}

/** Mean and standard deviation of latents, `[L]` each. */
export interface LatentStatistics {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Statistics of the latents of cells, as the prior of a sampling has them. */
export async function latentStatistics(
  model: GraphAutoencoder,
  cells: ArrayLike<number>,
): Promise<LatentStatistics> {
  const { latentDim } = model.config;
  const latents = await model.encode(cells);
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
 * Encodes cells batch by batch.
 *
 * @param encode Gives `mean`, `[BATCH, L]`, of so many cells.
 * @returns `[B, L]`.
 */
export async function encodeInBatches(
  cells: ArrayLike<number>,
  { latentDim }: GraphSizes,
  encode: (cells: Uint32Array) => Promise<HostTensors>,
): Promise<Float32Array> {
  const all = Uint32Array.from(cells);
  const means = new Float32Array(all.length * latentDim);
  for (let start = 0; start < all.length; start += BATCH) {
    const rows = all.subarray(start, start + BATCH);
    // A short batch is filled up: another shape would be compiled anew.
    const filled = new Uint32Array(BATCH).fill(rows[0]);
    filled.set(rows);
    const { mean } = await encode(filled);
    means.set(
      mean.data.subarray(0, rows.length * latentDim) as Float32Array,
      start * latentDim,
    );
  }
  return means;
}

/**
 * Writes graphs batch by batch.
 *
 * @param latents `[B, L]`.
 * @param write Gives a graph for each latent of `[BATCH, L]`.
 */
export async function writeInBatches(
  latents: Float32Array,
  { latentDim }: GraphSizes,
  write: (latents: Float32Array) => Promise<Graph[]>,
): Promise<Graph[]> {
  const count = latents.length / latentDim;
  const graphs: Graph[] = [];
  for (let start = 0; start < count; start += BATCH) {
    const batch = new Float32Array(BATCH * latentDim);
    const rows = Math.min(BATCH, count - start);
    batch.set(latents.subarray(start * latentDim, (start + rows) * latentDim));
    graphs.push(...(await write(batch)).slice(0, rows));
  }
  return graphs;
}

/**
 * Inputs of a decoder that draws: `z`, `[BATCH, L]`; `typeNoise`, `[BATCH, N, T]`, Gumbel's;
 * `edgeNoise`, `[BATCH, N, N]`, uniform in [0, 1).
 */
export function writingInputs(
  { nodes, types, latentDim }: GraphSizes,
  latents: Float32Array,
  random: Random,
): HostTensors {
  const drawn = (size: number, draw: () => number) =>
    Float32Array.from({ length: size }, draw);
  return {
    z: floats([BATCH, latentDim], latents),
    typeNoise: floats(
      [BATCH, nodes, types],
      drawn(BATCH * nodes * types, () => _gumbel(random)),
    ),
    edgeNoise: floats(
      [BATCH, nodes, nodes],
      drawn(BATCH * nodes * nodes, () => random.uniform()),
    ),
  };
}

/** Graphs of `types`, `[B, N]`, and `adjacency`, `[B, N, N]`, all `N` nodes of each. */
export function writtenGraphs({ types, adjacency }: HostTensors): Graph[] {
  const [batch, nodes] = types.shape;
  return Array.from({ length: batch }, (_, graph) => {
    const incoming = new Uint32Array(nodes);
    const start = graph * nodes * nodes;
    for (let target = 0; target < nodes; target++) {
      for (let source = 0; source < target; source++) {
        if (adjacency.data[start + source * nodes + target] === 1) {
          incoming[target] |= 1 << source;
        }
      }
    }
    return {
      ops: Uint8Array.from(
        types.data.subarray(graph * nodes, (graph + 1) * nodes),
      ),
      incoming,
    };
  });
}

/** A draw from Gumbel's distribution: of logits with such noise the largest is a draw from their softmax. */
function _gumbel(random: Random): number {
  return -Math.log(-Math.log(1 - random.uniform() * (1 - 1e-9)) + 1e-30);
}
