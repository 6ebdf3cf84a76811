/**
 * What a search space is to the rest of the project, and the spaces there are.
 *
 * A space lists its cells, splits them, says whether a decoded graph is one of
 * them and which one. Models, metrics and notebooks use nothing else of it.
 *
 * Shapes: `N` rows of a cell in a table, `K` operations.
 *
 * @module
 */

import { type Graph, PADDING_OP } from "./graph.ts";

/** Names of the search spaces of the paper. */
export type SpaceName = "nasbench101" | "nasbench201";

/**
 * How a metric is read: `paper` is what the published figures can only have
 * been, `strict` is what a user of the metric means.
 */
export type MetricMode = "paper" | "strict";

/** Why a sample is no cell of the space, in the order in which reports list them. */
export const INVALID_REASONS = [
  "malformed",
  "disconnected",
  "too many edges",
  "first op not input",
  "last op not output",
  "inner input or output",
  "needs pruning",
  "adjacency off template",
] as const;

/** One of {@link INVALID_REASONS}. */
export type InvalidReason = typeof INVALID_REASONS[number];

/** Many cells side by side. */
export interface CellTable {
  readonly count: number;
  /** `N`: rows of a cell; a smaller cell fills the first of them. */
  readonly nodeCount: number;
  /** Operation of each row, `[count · N]`; `PADDING_OP` after the last node. */
  readonly ops: Uint8Array;
  /** Edge bits of each cell, `[count]`, as in `Graph`. */
  readonly edges: Uint32Array;
}

/** How far the preparation of a space is. */
export interface SpaceProgress {
  /** Cells so far. */
  readonly done: number;
  readonly total: number;
  readonly message: string;
}

/** A search space of cells. */
export interface SearchSpace {
  readonly name: SpaceName;
  /** The name as people write it. */
  readonly title: string;
  /** Names of the `K` operations in the order of the one-hot columns. */
  readonly ops: readonly string[];
  /** `N`: the most nodes a cell has. */
  readonly nodeCount: number;
  /** Whether cells of fewer than `N` nodes exist: where they do, a decode is cut at its first output. */
  readonly variableSize: boolean;
  /**
   * Gets the cells ready; to be awaited once before `cells` and `split`.
   *
   * @param onProgress Is called only where it takes more than a moment.
   */
  prepare(onProgress?: (progress: SpaceProgress) => void): Promise<void>;
  /**
   * All cells in data-set order; computed once.
   *
   * @throws {Error} If the space has to be prepared first.
   */
  cells(): CellTable;
  /** The split into training and validation cells: indices into `cells()`. */
  split(): { train: Uint32Array; validation: Uint32Array };
  /** Why a graph is no cell of this space, or null if it is one. */
  invalidReason(graph: Graph, mode: MetricMode): InvalidReason | null;
  /** Identity in paper mode: the hash of the raw, unpruned graph. */
  rawKey(graph: Graph): string;
  /** Identity in strict mode: equal exactly for graphs of the same cell; the graph must be strictly valid. */
  canonicalKey(graph: Graph): string;
  /** Which cell of the table a graph is once it is pruned, or null if it is none. */
  indexOf(graph: Graph): number | null;
  /** The keys of cells of the table, where the space has them at hand: those that `rawKey` or `canonicalKey` would give. */
  cellKeys?(indices: Uint32Array, mode: MetricMode): string[];
  /** One line for a caption; any graph will do. */
  describe(graph: Graph): string;
}

/**
 * Takes one cell out of a table, without its padding rows.
 *
 * @throws {RangeError} If there is no such cell.
 */
export function cellGraph(table: CellTable, index: number): Graph {
  if (!Number.isInteger(index) || index < 0 || index >= table.count) {
    throw new RangeError(
      `Cannot take a cell: index must be an integer in [0, ${table.count}), got ${index}`,
    );
  }
  const rows = table.ops.subarray(
    index * table.nodeCount,
    (index + 1) * table.nodeCount,
  );
  const padding = rows.indexOf(PADDING_OP);
  return {
    ops: rows.slice(0, padding < 0 ? table.nodeCount : padding),
    edges: table.edges[index],
  };
}
