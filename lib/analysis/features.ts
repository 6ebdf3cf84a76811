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
  readonly #ids = new Map<string, number>();
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
      for (const [name, count] of ENCODERS[kind](this.#space, graph)) {
        counts.set(this.#id(`${kind} ${name}`), count);
      }
    }
    vector = {
      ids: Uint32Array.from(counts.keys()),
      values: Float32Array.from(counts.values()),
    };
    this.#vectors.set(key, vector);
    return vector;
  }

  #id(name: string): number {
    let id = this.#ids.get(name);
    if (id === undefined) this.#ids.set(name, id = this.#ids.size);
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

const ENCODERS: Readonly<
  Record<
    FeatureKind,
    (space: SearchSpace, graph: Graph) => Map<string, number>
  >
> = { paths: _paths, subtrees: _subtrees, "one-hot": _oneHot };

function _paths(space: SearchSpace, graph: Graph): Map<string, number> {
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
  return new Map(Array.from(reach[ops.length - 1], (path) => [path, 1]));
}

/** Rounds of relabelling. */
const ROUNDS = 2;

function _subtrees(_space: SearchSpace, graph: Graph): Map<string, number> {
  let labels = Array.from(graph.ops, String);
  const counts = new Map<string, number>();
  const count = () => {
    for (const label of labels) {
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
  };
  count();
  for (let round = 0; round < ROUNDS; round++) {
    const near = (node: number, into: boolean) =>
      labels.filter((_, other) =>
        into ? hasEdge(graph, other, node) : hasEdge(graph, node, other)
      ).sort().join(",");
    labels = labels.map((label, node) =>
      `(${label}<${near(node, true)}>${near(node, false)})`
    );
    count();
  }
  return counts;
}

function _oneHot(_space: SearchSpace, graph: Graph): Map<string, number> {
  return new Map([
    ...Array.from(graph.ops, (op, row) => [`${row}:${op}`, 1] as const),
    ...edgePairs(graph).map(([from, to]) => [`${from}→${to}`, 1] as const),
  ]);
}
