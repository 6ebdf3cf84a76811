/**
 * What a search space is to the rest of the project.
 *
 * A space names its operations, judges decoded graphs, says which cell a graph is, and
 * has cells to learn from; models, metrics and notebooks use nothing else of it. One that
 * is small enough to be listed whole is an {@link EnumeratedSpace}. A new space is a
 * folder beside this file and a line in `registry.ts`.
 *
 * Shapes: `N` rows of a cell in a table, `K` operations.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import type { Random } from "../core/random.ts";
import type { SpaceAccuracies } from "./accuracies.ts";
import type { CellCost } from "./cost.ts";
import { type Graph, PADDING_OP } from "./graph.ts";
import type { NetworkPlan, NetworkSize, NetworkTraining } from "./network.ts";
import type { Notation } from "./notation.ts";
import type { SpaceSettings } from "./settings.ts";
import type { CellSplit } from "./split.ts";

/**
 * How a metric is read: `paper` is the reading under which the published figures are
 * possible, `strict` is what a user of the metric means.
 */
export type MetricMode = "paper" | "strict";

/**
 * Reasons for which a graph is no cell, each with its words for a reader, in the order in
 * which reports list them. A space gives these or its own.
 */
export const GRAPH_REASONS: Readonly<Record<string, string>> = {
  "disconnected": "no path leads from its first node to its last",
  "too many edges": "it has too many edges",
  "first op not input": "its first node is not the input",
  "last op not output": "its last node is not the output",
  "inner input or output": "a node within it is an input or an output",
  "needs pruning": "a node is on no path from input to output",
  "adjacency off template": "its edges are not those of the space’s cells",
};

/** Many cells side by side. */
export interface CellTable {
  readonly count: number;
  /** `N`: rows of a cell; a smaller cell fills the first of them. */
  readonly nodeCount: number;
  /** Operation of each row, `[count · N]`; `PADDING_OP` after the last node. */
  readonly ops: Uint8Array;
  /** Edges into each row, `[count · N]`, as in `Graph`; 0 after the last node. */
  readonly incoming: Uint32Array;
}

/** One counted fact. */
export interface SpaceFact {
  readonly fact: string;
  readonly counted: number;
  /** As the literature has it; null where it says nothing. */
  readonly published: number | null;
}

/** A search space of cells; its identity is `key`, and nothing here lists it. */
export interface SearchSpace {
  /** By which commands, folders and the registry know it. */
  readonly name: string;
  /** The name as people write it. */
  readonly title: string;
  /**
   * Raised with every change of the cells, their order, their split or what tells them apart:
   * what was made of them before is not what would be made of them now.
   */
  readonly version: number;
  /** Names of the `K` operations in the order of the one-hot columns; one of them is `output`. */
  readonly ops: readonly string[];
  /** The same as the space's own publication writes them, where that differs. */
  readonly publishedOps?: readonly string[];
  /** Operations that an inner node can have: indices into `ops`, ascending. */
  readonly innerOps: readonly number[];
  /** Nodes that data enters by: the first so many of a cell. */
  readonly inputs: number;
  /** `N`: the most nodes a cell has. */
  readonly nodeCount: number;
  /** Whether cells of fewer than `N` nodes exist: where they do, a decode is cut at its first output. */
  readonly variableSize: boolean;
  /**
   * The edge between feature maps that each inner node stands for, where cells are drawn so:
   * node `inputs + k` is edge `k`.
   */
  readonly featureMapEdges?: readonly (readonly [from: number, to: number])[];
  /** What models and searches are run with here. */
  readonly settings: SpaceSettings;
  /** Whether the cells are at hand: `prepare` has nothing to do. */
  readonly ready: boolean;
  /**
   * Gets the cells ready; to be awaited once before `cells` and `split`.
   *
   * @param onProgress Is called only where it takes more than a moment.
   */
  prepare(onProgress?: OnProgress): Promise<void>;
  /**
   * The cells that models learn from and are tested on, in data-set order; computed once.
   *
   * In an {@link EnumeratedSpace} they are all there are, elsewhere a sample.
   *
   * @throws {Error} If the space has to be prepared first.
   */
  cells(): CellTable;
  /**
   * The same space with another number of sampled cells, named after it: `<name>-<cells>`.
   * Missing where the cells are all there are.
   *
   * @throws {RangeError} If so many cannot be sampled.
   */
  ofSize?(cells: number): SearchSpace;
  /** How many different cells there are, where they are counted but not listed. */
  readonly cellCount?: number;
  /** What the cells are for: indices into `cells()`. */
  split(): CellSplit;
  /** The reasons that `invalidReason` gives, with their words, in the order of reports. */
  readonly invalidReasons: Readonly<Record<string, string>>;
  /** Why a graph is no cell of this space, or null if it is one. */
  invalidReason(graph: Graph, mode: MetricMode): string | null;
  /** Identity in the published reading: the hash of the raw, unpruned graph. */
  rawKey(graph: Graph): string;
  /** Identity: equal exactly for graphs of the same cell; the graph must be strictly valid. */
  key(graph: Graph): string;
  /**
   * What a cell computes, where cells of different keys can compute the same: equal for graphs
   * that the literature counts as one structure. The graph must be strictly valid. Missing
   * where `key` tells no more than that.
   */
  structureKey?(graph: Graph): string;
  /** The keys of cells of the table, where the space has them at hand: those that `rawKey` or `key` would give. */
  cellKeys?(indices: Uint32Array, mode: MetricMode): string[];
  /**
   * Cells one step away from one, for searches that move from cell to cell; not all of them
   * have to be cells. Missing where the steps are those of `neighbours` in `lib/search`.
   */
  neighbours?(graph: Graph): Iterable<Graph>;
  /** A random cell of the whole space; missing where the cells of the table stand for it. */
  randomCell?(random: Random): Graph;
  /**
   * What the network of a cell costs, by closed form; the graph must be strictly valid.
   * Missing where no network is fixed.
   */
  cost?(graph: Graph): CellCost;
  /**
   * The layers of the network of a cell; the graph must be strictly valid, and pruned. Missing
   * where no network is fixed.
   */
  network?(graph: Graph, size?: NetworkSize): NetworkPlan;
  /**
   * A cell as a published surrogate knows it: the choices that describe it, by name, null for
   * one that it does not make; null where it is none of the surrogate's cells. The graph must be strictly valid. Missing where there is
   * no such surrogate.
   */
  configuration?(graph: Graph): Readonly<Record<string, number | null>> | null;
  /** How that network is trained, as published. */
  readonly networkTraining?: NetworkTraining;
  /** Notations that cells are read and written in, beside those that every space has. */
  readonly notations?: readonly Notation[];
  /** One line for a caption; any graph will do. */
  describe(graph: Graph): string;
  /** Counts that describe the space, beside those of the literature. */
  facts(): SpaceFact[];
}

/** A search space whose cells are all in `cells()`. */
export interface EnumeratedSpace extends SearchSpace {
  /** Which cell of the table a graph is once it is pruned, or null if it is none. */
  indexOf(graph: Graph): number | null;
  /** Accuracies of trained cells, by index, where there are any. */
  readonly accuracies?: SpaceAccuracies;
}

/** Whether all cells of a space are listed. */
export function isEnumerated(space: SearchSpace): space is EnumeratedSpace {
  return "indexOf" in space;
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
  const first = index * table.nodeCount;
  const rows = table.ops.subarray(first, first + table.nodeCount);
  const padding = rows.indexOf(PADDING_OP);
  const nodes = padding < 0 ? table.nodeCount : padding;
  return {
    ops: rows.slice(0, nodes),
    incoming: table.incoming.slice(first, first + nodes),
  };
}

/**
 * Puts graphs side by side.
 *
 * @param nodeCount `N`, at least the nodes of each graph.
 */
export function cellTable(
  graphs: readonly Graph[],
  nodeCount: number,
): CellTable {
  const count = graphs.length;
  const ops = new Uint8Array(count * nodeCount).fill(PADDING_OP);
  const incoming = new Uint32Array(count * nodeCount);
  graphs.forEach((graph, cell) => {
    ops.set(graph.ops, cell * nodeCount);
    incoming.set(graph.incoming, cell * nodeCount);
  });
  return { count, nodeCount, ops, incoming };
}
