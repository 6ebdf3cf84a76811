/**
 * Cells as sparse vectors, for predictors that compare cells by distance.
 *
 * - `paths`: which sequences of operations lead from input to output (White et al. 2021,
 *   BANANAS, arXiv:1910.11858, §4).
 * - `subtrees`: how often each node label of the Weisfeiler–Lehman test occurs, by 0 to 2
 *   rounds (Ru et al. 2021, NAS-BOWL, arXiv:2006.07556, §3); in- and out-neighbours apart.
 * - `one-hot`: operations and edges by row of the stored cell (White et al. 2020,
 *   arXiv:2007.04965, §3).
 *
 * In NAS-Bench-201 the nodes of a cell are its edges, so a path is one of operations there
 * too; one with a `none` on it carries nothing and is left out.
 *
 * @module
 */

import type { Cell } from "../spaces/cell.ts";
import { edgePairs, type Graph, hasEdge } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";

/** Raised with every change of what comes out for the same inputs. */
export const VERSION = 1;

/** A sparse vector. */
export interface SparseVector {
  /** Which features are not zero. */
  readonly ids: Uint32Array;
  readonly values: Float32Array;
}

/** Vectors of cells, by which a predictor compares them. */
export type CellVectors = (
  cells: readonly Cell[],
) => readonly SparseVector[] | Promise<readonly SparseVector[]>;

/** The encodings there are. */
export type FeatureKind = "paths" | "subtrees" | "one-hot";

/** Computes and remembers the vectors of cells under one encoding, or several side by side. */
export class CellFeatures {
  readonly #space: SearchSpace;
  readonly #kinds: readonly FeatureKind[];
  readonly #ids = new Map<FeatureKind, Map<string, number>>();
  #count = 0;
  readonly #vectors = new Map<string, SparseVector>();

  constructor(space: SearchSpace, kinds: readonly FeatureKind[]) {
    this.#space = space;
    this.#kinds = kinds;
  }

  /** The vector of a cell of the space. */
  of({ key, graph }: Cell): SparseVector {
    let vector = this.#vectors.get(key);
    if (vector !== undefined) return vector;
    const counts = new Map<number, number>();
    for (const kind of this.#kinds) {
      const idOf = (name: string) => this.#id(kind, name);
      for (const id of ENCODERS[kind](this.#space, graph, idOf)) {
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
    }
    vector = {
      ids: Uint32Array.from(counts.keys()),
      values: Float32Array.from(counts.values()),
    };
    this.#vectors.set(key, vector);
    return vector;
  }

  /** A number of its own for each feature. */
  #id(kind: FeatureKind, name: string): number {
    let ids = this.#ids.get(kind);
    if (ids === undefined) this.#ids.set(kind, ids = new Map());
    let id = ids.get(name);
    if (id === undefined) ids.set(name, id = this.#count++);
    return id;
  }
}

/** The vectors of one or several encodings, side by side. */
export function encodingVectors(
  space: SearchSpace,
  kinds: readonly FeatureKind[],
): (cells: readonly Cell[]) => readonly SparseVector[] {
  const features = new CellFeatures(space, kinds);
  return (cells) => cells.map((cell) => features.of(cell));
}

/**
 * Rows of a matrix as vectors.
 *
 * @param matrix `[count, width]`, row-major.
 */
export function rowVectors(
  matrix: Float32Array,
  count: number,
): SparseVector[] {
  const width = matrix.length / count;
  const ids = Uint32Array.from({ length: width }, (_, i) => i);
  return Array.from({ length: count }, (_, row) => ({
    ids,
    values: matrix.subarray(row * width, (row + 1) * width),
  }));
}

/** The features of a cell by number, each as often as it occurs. */
type Encoder = (
  space: SearchSpace,
  graph: Graph,
  idOf: (name: string) => number,
) => number[];

const ENCODERS: Readonly<Record<FeatureKind, Encoder>> = {
  paths: _paths,
  subtrees: _subtrees,
  "one-hot": _oneHot,
};

function _paths(
  space: SearchSpace,
  graph: Graph,
  idOf: (name: string) => number,
): number[] {
  const { ops } = graph;
  const none = space.ops.indexOf("none");
  // The paths from the input to each node, as the operations on the way.
  const reach: Set<string>[] = Array.from(ops, () => new Set<string>());
  for (let input = 0; input < space.inputs; input++) {
    reach[input].add(input === 0 ? "" : ` input ${input}`);
  }
  for (let node = space.inputs; node < ops.length; node++) {
    if (ops[node] === none) continue;
    const own = node === ops.length - 1 ? "" : ` ${ops[node]}`;
    for (let from = 0; from < node; from++) {
      if (!hasEdge(graph, from, node)) continue;
      for (const path of reach[from]) reach[node].add(path + own);
    }
  }
  return Array.from(reach[ops.length - 1], idOf);
}

/** Rounds of relabelling. */
const ROUNDS = 2;

function _subtrees(
  _space: SearchSpace,
  graph: Graph,
  idOf: (name: string) => number,
): number[] {
  const nodes = [...graph.ops.keys()];
  const into = nodes.map((node) =>
    nodes.filter((other) => hasEdge(graph, other, node))
  );
  const from = nodes.map((node) =>
    nodes.filter((other) => hasEdge(graph, node, other))
  );
  let labels = Array.from(graph.ops, (op) => idOf(`${op}`));
  const all = [...labels];
  for (let round = 0; round < ROUNDS; round++) {
    const near = (others: readonly number[]) =>
      others.map((other) => labels[other]).sort((a, b) => a - b);
    // A label is the number of what it stands for: its own and those around it a round before.
    labels = labels.map((label, node) =>
      idOf(`${label}<${near(into[node])}>${near(from[node])}`)
    );
    all.push(...labels);
  }
  return all;
}

function _oneHot(
  _space: SearchSpace,
  graph: Graph,
  idOf: (name: string) => number,
): number[] {
  return [
    ...Array.from(graph.ops, (op, row) => idOf(`${row}:${op}`)),
    ...edgePairs(graph).map(([from, to]) => idOf(`${from}→${to}`)),
  ];
}
