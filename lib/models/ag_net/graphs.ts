/**
 * Cells as AG-Net's generator learns them, and as its scores are drawn.
 *
 * Shapes: `B` cells, `N` nodes, `K` types, `E` edges, `G` noise.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import {
  floats,
  type HostTensor,
  type HostTensors,
  integers,
} from "../../core/tensors.ts";
import {
  cutAtOutput,
  type Graph,
  graphOf,
  hasEdge,
} from "../../spaces/graph.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import { type AgNetShape, NOISE } from "./network.ts";

/** Noise of a search is uniform within ± this; in training it is normal. */
export const NOISE_LIMIT = 3;

/** Draws a number of noise as a search does. */
export function searchedNoise(random: Random): number {
  return NOISE_LIMIT * (2 * random.uniform() - 1);
}

/** What the generator of a space makes. */
export function agNetShape(space: SearchSpace): AgNetShape {
  return {
    nodes: space.nodeCount,
    inputType: space.ops.indexOf("input"),
    mixedContext: true,
  };
}

/** Noise, `[B, G]`. */
export function drawnNoise(batch: number, draw: () => number): HostTensor {
  return floats(
    [batch, NOISE],
    Float32Array.from({ length: batch * NOISE }, draw),
  );
}

/** What scores are to tell: `types` of nodes, `[B, N]`, those after the last are outputs, and `edges`, `[B, E]`. */
export function scoreTargets(
  { nodeCount, ops }: SearchSpace,
  graphs: readonly Graph[],
): HostTensors {
  const output = ops.indexOf("output");
  const types = graphs.flatMap((graph) =>
    Array.from({ length: nodeCount }, (_, node) => graph.ops[node] ?? output)
  );
  const edges = graphs.flatMap((graph) =>
    _pairs(nodeCount).map(([from, to]) =>
      to < graph.ops.length && hasEdge(graph, from, to) ? 1 : 0
    )
  );
  return {
    types: integers([graphs.length, nodeCount], types),
    edges: floats([graphs.length, edges.length / graphs.length], edges),
  };
}

/** All edges that there can be, by target, then by source. */
function _pairs(nodes: number): [from: number, to: number][] {
  return Array.from({ length: nodes }, (_, to) => to).flatMap((to) =>
    Array.from({ length: to }, (_, from): [number, number] => [from, to])
  );
}

/**
 * Draws a graph for each row of scores, cut at its first output; the last node is one.
 *
 * @param scores `types`, `[B, N, K]`, and `edges`, `[B, E]`, both logits.
 */
export function drawnGraphs(
  { types, edges }: { readonly types: HostTensor; readonly edges: HostTensor },
  space: SearchSpace,
  random: Random,
): Graph[] {
  const [batch, nodes, kinds] = types.shape;
  const [, pairs] = edges.shape;
  return Array.from({ length: batch }, (_, row) =>
    _drawnGraph(
      types.data.subarray(row * nodes * kinds, (row + 1) * nodes * kinds),
      edges.data.subarray(row * pairs, (row + 1) * pairs),
      space,
      random,
    ));
}

function _drawnGraph(
  types: ArrayLike<number>,
  edges: ArrayLike<number>,
  { nodeCount, ops: names }: SearchSpace,
  random: Random,
): Graph {
  const output = names.indexOf("output");
  const ops = Array.from({ length: nodeCount }, (_, node) => {
    if (node === nodeCount - 1) return output;
    const logits = Array.from(
      names,
      (_, op) => types[node * names.length + op],
    );
    const highest = Math.max(...logits);
    const shares = logits.map((logit) => Math.exp(logit - highest));
    let left = random.uniform() *
      shares.reduce((sum, share) => sum + share, 0);
    const drawn = shares.findIndex((share) => (left -= share) < 0);
    return drawn < 0 ? names.length - 1 : drawn;
  });
  const pairs = _pairs(nodeCount)
    .filter((_, at) => random.uniform() < 1 / (1 + Math.exp(-edges[at])));
  return cutAtOutput(graphOf(ops, pairs), output);
}
