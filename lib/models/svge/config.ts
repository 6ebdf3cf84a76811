/**
 * Configurations of SVGe and DGMG, autoencoders of graphs that are written node by node.
 *
 * Source: SVGe (Lukasik et al. 2021, arXiv:2010.04683), its code, which has DGMG (Li et al. 2018,
 * arXiv:1803.03324) as an autoencoder beside it.
 *
 * @module
 */

import type { SearchSpace } from "../../spaces/space.ts";

/** Which of the two. */
export type SvgeKind = "svge" | "dgmg";

/** Sizes and quirks of a model. */
export interface SvgeConfig {
  readonly kind: SvgeKind;
  /** `N`: most nodes of a graph. */
  readonly nodes: number;
  /** `T`: types of nodes, the operations of the space. */
  readonly types: number;
  /** `S`: state of a node. */
  readonly stateDim: number;
  /** `L`: of a graph, and the latent. */
  readonly latentDim: number;
  /** Message layers of the encoder, and of each step of the decoder. */
  readonly layers: number;
}

/** The published sizes. */
export function svgeConfig(space: SearchSpace, kind: SvgeKind): SvgeConfig {
  return {
    kind,
    nodes: space.nodeCount,
    types: space.ops.length,
    stateDim: 250,
    latentDim: 56,
    layers: 2,
  };
}

/** The ways that a decoder writes a graph: from the input on, and from the output back. */
export const VIEWS = ["forward", "backward"] as const;

/** One of {@link VIEWS}. */
export type View = typeof VIEWS[number];

/** The views that a kind learns from. */
export function viewsOf({ kind }: Pick<SvgeConfig, "kind">): readonly View[] {
  return kind === "svge" ? VIEWS : ["forward"];
}
