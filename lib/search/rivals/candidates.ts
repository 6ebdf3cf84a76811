/**
 * All cells that a search can ask for, with their features: methods that score a whole table
 * take the best of it.
 *
 * A space that is not listed is stood for by some of its random cells.
 *
 * Shapes: `M` cells, `F` features.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import type { Arch2vec } from "../../models/arch2vec/arch2vec.ts";
import { type Cell, cellAt } from "../../spaces/cell.ts";
import { type Graph, hasEdge } from "../../spaces/graph.ts";
import {
  cellGraph,
  cellTable,
  isEnumerated,
  type SearchSpace,
} from "../../spaces/space.ts";
import type { Oracle } from "../oracle.ts";
import { nextCells, unseenCells } from "../unseen_cells.ts";

/** Raised with every change of what comes out for the same inputs. */
export const VERSION = 1;

/** Random cells that stand for a space that is not listed. */
const DRAWN = 5000;

/** Graphs as rows of numbers. */
export interface GraphFeatures {
  /** `F`. */
  readonly width: number;
  /** Identity of what is computed. */
  readonly key: string;
  /** `[M, F]`. */
  of(graphs: readonly Graph[]): Promise<Float32Array> | Float32Array;
}

/**
 * Operations of the rows as one-hot vectors, and the entries of the adjacency matrix above the
 * diagonal; rows after the last node are 0.
 */
export function oneHotFeatures(space: SearchSpace): GraphFeatures {
  const { nodeCount } = space;
  const operations = space.ops.length;
  const first = nodeCount * operations;
  const width = first + nodeCount * (nodeCount - 1) / 2;
  return {
    width,
    key: "one-hot operations and edges",
    of: (graphs) => {
      const rows = new Float32Array(graphs.length * width);
      graphs.forEach((graph, row) => {
        const own = rows.subarray(row * width, (row + 1) * width);
        graph.ops.forEach((op, node) => own[node * operations + op] = 1);
        for (let to = 1, at = first; to < graph.ops.length; to++) {
          for (let from = 0; from < to; from++, at++) {
            if (hasEdge(graph, from, to)) own[at] = 1;
          }
        }
      });
      return rows;
    },
  };
}

/**
 * Means over the nodes of arch2vec's latent means.
 *
 * Source: MSU-MLSys-Lab/arch2vec, `models/pretraining_*.py` and `search_methods`.
 */
export function pooledLatents(
  model: Arch2vec,
  space: SearchSpace,
): GraphFeatures {
  const { nodes, latentDim } = model.config;
  return {
    width: latentDim,
    key: `mean over nodes of ${model.key}`,
    of: async (graphs) => {
      const means = await model.encode(
        space,
        [...graphs.keys()],
        cellTable(graphs, nodes),
      );
      const pooled = new Float32Array(graphs.length * latentDim);
      means.forEach((value, i) => {
        const row = Math.floor(i / (nodes * latentDim));
        pooled[row * latentDim + i % latentDim] += value / nodes;
      });
      return pooled;
    },
  };
}

/** The cells, and their features. */
interface Scored {
  readonly count: number;
  cell(at: number): Cell;
  readonly rows: Float32Array;
}

/** Cells that a search can ask for. */
export class Candidates {
  readonly #oracle: Oracle;
  readonly #scored: Scored;
  /** Those that were found to have been asked for. */
  readonly #gone: Uint8Array;

  constructor(oracle: Oracle, scored: Scored) {
    this.#oracle = oracle;
    this.#scored = scored;
    this.#gone = new Uint8Array(scored.count);
  }

  /** `M`. */
  get count(): number {
    return this.#scored.count;
  }

  /** Features of all, `[M, F]`. */
  get rows(): Float32Array {
    return this.#scored.rows;
  }

  cell(at: number): Cell {
    return this.#scored.cell(at);
  }

  /**
   * Those of the highest scores that were not asked for, the best first.
   *
   * @param scores `[M]`; of equals the first comes first.
   */
  best(scores: ArrayLike<number>, count: number): number[] {
    const chosen: number[] = [];
    while (chosen.length < count) {
      let best = -1;
      for (let at = 0; at < this.count; at++) {
        if (this.#gone[at] === 0 && !(scores[at] <= scores[best])) best = at;
      }
      if (best < 0) break;
      this.#gone[best] = 1;
      if (!this.#oracle.seen(this.cell(best))) chosen.push(best);
    }
    for (const at of chosen) this.#gone[at] = 0;
    return chosen;
  }
}

/** Gives searches their candidates; features of a table are computed once. */
export function candidateTables(
  features: GraphFeatures,
): (oracle: Oracle, random: Random) => Promise<Candidates> {
  const known = new WeakMap<object, Promise<Scored>>();
  return async (oracle, random) => {
    const { space, covered } = oracle;
    if (!isEnumerated(space)) {
      const cells = nextCells(
        unseenCells(oracle, random.split("candidates")),
        DRAWN,
      );
      return new Candidates(oracle, {
        count: cells.length,
        cell: (at) => cells[at],
        rows: await features.of(cells.map(({ graph }) => graph)),
      });
    }
    const owner = covered ?? space;
    let scored = known.get(owner);
    if (scored === undefined) {
      scored = _listed(space, covered?.indices ?? null, features);
      known.set(owner, scored);
    }
    return new Candidates(oracle, await scored);
  };
}

async function _listed(
  space: SearchSpace,
  covered: Uint32Array | null,
  features: GraphFeatures,
): Promise<Scored> {
  const table = space.cells();
  const indices = covered ??
    Uint32Array.from({ length: table.count }, (_, i) => i);
  const graphs = Array.from(indices, (index) => cellGraph(table, index));
  return {
    count: indices.length,
    cell: (at) => cellAt(space, indices[at]),
    rows: await features.of(graphs),
  };
}
