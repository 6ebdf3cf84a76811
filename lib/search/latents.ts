/**
 * arch2vec's latent means as vectors of cells, for a search in its continuous space.
 *
 * Source: Yan et al. 2020, arXiv:2006.06936, §4.2, where Bayesian optimisation works on them.
 *
 * @module
 */


import { type Arch2vec } from "../models/arch2vec/arch2vec.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { CellVectors } from "./bayesian.ts";
import type { SparseVector } from "../analysis/features.ts";

/** Computes and remembers the latent means of cells, `N · D` numbers each. */
export function latentVectors(
  model: Arch2vec,
  space: SearchSpace,
): CellVectors {
  const size = model.config.nodes * model.config.latentDim;
  const ids = Uint32Array.from({ length: size }, (_, i) => i);
  const known = new Map<number, SparseVector>();
  return async (cells) => {
    const open = [...new Set(cells)].filter((cell) => !known.has(cell));
    if (open.length > 0) {
      const means = await model.encode(space, open);
      open.forEach((cell, row) =>
        known.set(cell, {
          ids,
          values: means.subarray(row * size, (row + 1) * size),
        })
      );
    }
    return cells.map((cell) => known.get(cell)!);
  };
}
