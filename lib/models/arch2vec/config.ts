/**
 * What an arch2vec model is: its shape, and what its code does beside its paper.
 *
 * Its published code differs from its paper in ways that decide its figures; each is an
 * option here, by default as in the code. Nothing here needs TensorFlow.js.
 *
 * Source: Yan et al. 2020, arXiv:2006.06936, §3, and its code, MSU-MLSys-Lab/arch2vec.
 *
 * @module
 */

import type { SearchSpace } from "../../spaces/space.ts";

/** The shape of an arch2vec model, and what its code does beside its paper. */
export interface Arch2vecConfig {
  readonly nodes: number;
  readonly operations: number;
  readonly hidden: number;
  readonly layers: number;
  readonly latentDim: number;
  /** Of the latent vectors, in training. */
  readonly dropoutRate: number;
  /** Operations by one binary cross-entropy a column instead of a softmax. */
  readonly sigmoidOperations: boolean;
  /** The edges' loss is a mean over all `N²` entries, those that hold no edge included. */
  readonly dilutedEdges: boolean;
  /** The divergence is divided by `B·N` once more. */
  readonly scaledDivergence: boolean;
  /**
   * After the first epoch the model is never set back to training mode: no dropout, the
   * mean in place of a sample, running statistics as they were.
   */
  readonly frozenAfterFirstEpoch: boolean;
}

/** The model as its code has it. */
export function arch2vecConfig(space: SearchSpace): Arch2vecConfig {
  return {
    nodes: space.nodeCount,
    operations: space.ops.length,
    hidden: 128,
    layers: 4,
    latentDim: 16,
    dropoutRate: 0.3,
    sigmoidOperations: true,
    dilutedEdges: true,
    scaledDivergence: true,
    frozenAfterFirstEpoch: true,
  };
}

/**
 * The model without what its code does beside its paper, but for the small weight of the
 * divergence: at its full weight, beside losses that are means, every posterior becomes the
 * prior and nothing is reconstructed.
 */
export function repairedArch2vecConfig(space: SearchSpace): Arch2vecConfig {
  return {
    ...arch2vecConfig(space),
    sigmoidOperations: false,
    dilutedEdges: false,
    frozenAfterFirstEpoch: false,
  };
}
