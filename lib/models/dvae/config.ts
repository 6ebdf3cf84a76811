/**
 * Configuration of D-VAE, a variational autoencoder of directed acyclic graphs.
 *
 * Source: Zhang et al. 2019, arXiv:1904.11088, and its code (muhanzhang/D-VAE, `models.py`).
 *
 * @module
 */

import type { SearchSpace } from "../../spaces/space.ts";

/** Sizes of a model, and the types that a graph begins and ends with. */
export interface DvaeConfig {
  /** `N`: most vertices of a graph. */
  readonly nodes: number;
  /** `T`: types of vertices, the operations of the space. */
  readonly types: number;
  /** `H`: state of a vertex, and of a graph. */
  readonly stateDim: number;
  /** `L`. */
  readonly latentDim: number;
  /** Type of the first vertex, by which vertices that fill a graph up are told, too. */
  readonly first: number;
  /** Type of the last vertex. */
  readonly last: number;
}

/** The published sizes. */
export function dvaeConfig(space: SearchSpace): DvaeConfig {
  return {
    nodes: space.nodeCount,
    types: space.ops.length,
    stateDim: 501,
    latentDim: 56,
    first: space.ops.indexOf("input"),
    last: space.ops.indexOf("output"),
  };
}
