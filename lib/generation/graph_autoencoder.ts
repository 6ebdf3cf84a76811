/**
 * Autoencoders of graphs as generators: graphs written from latents that are spread as those of
 * training cells are.
 *
 * The published rows are of 1,000 latents with ten graphs each, which alone keeps uniqueness
 * near 10 % where a decoder is sure of itself; other models' rows are of as many latents as
 * graphs. Both are measured.
 *
 * Source: Lukasik et al. 2021, arXiv:2010.04683, and its code (`utils/util.py`).
 *
 * @module
 */

import { runKey } from "../core/keys.ts";
import { Random } from "../core/random.ts";
import {
  type GraphAutoencoder,
  latentStatistics,
} from "../models/graph_autoencoder.ts";
import type { Autoencoder } from "./generator.ts";

/** Graphs that the published rows have of each latent. */
export const PUBLISHED_DRAWS = 10;

/**
 * A trained model as a generator.
 *
 * @param options `drawsEach`: graphs of each latent; `cells`: training cells whose latents are
 *   the prior.
 */
export function graphAutoencoderGenerator(
  model: GraphAutoencoder,
  { name, drawsEach, cells }: {
    readonly name: string;
    readonly drawsEach: number;
    readonly cells: Uint32Array;
  },
): Autoencoder {
  const { latentDim, nodes } = model.config;
  let prior: ReturnType<typeof latentStatistics> | undefined;
  return {
    name,
    key: runKey({ model: model.key, drawsEach }),
    settings: {
      topK: null,
      topP: null,
      note: drawsEach === 1
        ? "A graph of each latent."
        : `${drawsEach} graphs of each latent.`,
    },
    async reconstruct(cells) {
      // A graph is drawn, as the published test does: one of each cell.
      const graphs = await model.write(
        await model.encode(cells),
        Random.fromSeed(0).split("reconstruction"),
      );
      const ops = new Int32Array(graphs.length * nodes);
      const incoming = new Uint32Array(graphs.length * nodes);
      for (const [i, graph] of graphs.entries()) {
        ops.set(graph.ops, i * nodes);
        incoming.set(graph.incoming, i * nodes);
      }
      return { ops, incoming };
    },
    async sample(count, { random, signal }) {
      signal?.throwIfAborted();
      prior ??= latentStatistics(model, cells);
      const { mean, deviation } = await prior;
      const latents = new Float32Array(count * latentDim);
      for (let graph = 0; graph < count; graph++) {
        const at = graph * latentDim;
        if (graph % drawsEach !== 0) {
          latents.copyWithin(at, at - latentDim, at);
          continue;
        }
        for (let d = 0; d < latentDim; d++) {
          latents[at + d] = mean[d] + deviation[d] * random.normal();
        }
      }
      const graphs = await model.write(latents, random);
      return { samples: graphs, draws: count };
    },
  };
}
