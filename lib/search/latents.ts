/**
 * arch2vec's latent means as vectors of cells, for a search in its continuous space.
 *
 * Source: Yan et al. 2020, arXiv:2006.06936, §4.2, where Bayesian optimisation works on them.
 *
 * @module
 */

import {
  type CellVectors,
  rowVectors,
  type SparseVector,
} from "../analysis/features.ts";
import type { Arch2vec } from "../models/arch2vec/arch2vec.ts";
import { cellTable, type SearchSpace } from "../spaces/space.ts";

/** Latent means of cells, and the identity of the model that they are of. */
export interface LatentVectors {
  readonly vectors: CellVectors;
  readonly key: string;
}

/** Computes and remembers the latent means of cells, `N · D` numbers each. */
export function latentVectors(
  model: Arch2vec,
  space: SearchSpace,
): LatentVectors {
  const known = new Map<string, SparseVector>();
  const vectors: CellVectors = async (cells) => {
    const open = new Map(
      cells.filter(({ key }) => !known.has(key)).map((
        cell,
      ) => [cell.key, cell]),
    );
    if (open.size > 0) {
      const graphs = Array.from(open.values(), ({ graph }) => graph);
      const means = await model.encode(
        space,
        [...graphs.keys()],
        cellTable(graphs, model.config.nodes),
      );
      const rows = rowVectors(means, open.size);
      [...open.keys()].forEach((key, row) => known.set(key, rows[row]));
    }
    return cells.map(({ key }) => known.get(key)!);
  };
  return { vectors, key: model.key };
}
