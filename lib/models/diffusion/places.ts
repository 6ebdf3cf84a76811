/**
 * Cells as values at places: for each node its operation, for each pair of nodes whether an
 * edge joins them. Places that are the same in all training cells are left out.
 *
 * Rows after the last node are outputs without edges, so that a cell has as many places as any
 * other; what is written back is cut at its first output.
 *
 * Shapes: `M` cells, `P` places, `V` values, `N` nodes.
 *
 * @module
 */

import { cutAtOutput, type Graph, hasEdge } from "../../spaces/graph.ts";
import {
  cellGraph,
  type CellTable,
  type SearchSpace,
} from "../../spaces/space.ts";

/** The places of a space's cells. */
export class CellPlaces {
  /** `V`: operations of a node; of an edge the first two, absent and present. */
  readonly values: number;
  /** Shares of the values at each place among the training cells, `[P][V]`. */
  readonly marginals: readonly (readonly number[])[];
  /** Values of the training cells, `[M, P]`. */
  readonly trained: Uint8Array;
  readonly #space: SearchSpace;
  /** The places that vary, among all; and what stands in all. */
  readonly #varying: readonly number[];
  readonly #whole: Uint8Array;

  /** @param training Indices of the training cells. */
  constructor(
    space: SearchSpace,
    table: CellTable,
    training: ArrayLike<number>,
  ) {
    this.#space = space;
    this.values = Math.max(2, space.ops.length);
    const { nodeCount } = space;
    const width = nodeCount * (nodeCount + 1) / 2;
    const all = new Uint8Array(training.length * width);
    const counts = new Uint32Array(width * this.values);
    for (let cell = 0; cell < training.length; cell++) {
      const values = this.#all(cellGraph(table, training[cell]));
      all.set(values, cell * width);
      values.forEach((value, at) => counts[at * this.values + value]++);
    }
    this.#whole = all.slice(0, width);
    this.#varying = Array.from({ length: width }, (_, at) => at).filter((at) =>
      counts[at * this.values + this.#whole[at]] < training.length
    );
    this.marginals = this.#varying.map((at) =>
      Array.from(
        counts.subarray(at * this.values, (at + 1) * this.values),
        (count) => count / training.length,
      )
    );
    this.trained = new Uint8Array(training.length * this.count);
    for (let cell = 0; cell < training.length; cell++) {
      this.#varying.forEach((at, place) =>
        this.trained[cell * this.count + place] = all[cell * width + at]
      );
    }
  }

  /** `P`. */
  get count(): number {
    return this.#varying.length;
  }

  /** The values of a cell, `[P]`. */
  of(graph: Graph): number[] {
    const all = this.#all(graph);
    return this.#varying.map((at) => all[at]);
  }

  /** The graph that values are of, `[P]`; it need not be a cell. */
  graph(values: ArrayLike<number>): Graph {
    const { nodeCount, ops: names, variableSize } = this.#space;
    const all = this.#whole.slice();
    this.#varying.forEach((at, place) => all[at] = values[place]);
    const ops = all.slice(0, nodeCount);
    const incoming = new Uint32Array(nodeCount);
    for (let to = 1, at = nodeCount; to < nodeCount; to++) {
      for (let from = 0; from < to; from++, at++) {
        if (all[at] === 1) incoming[to] |= 1 << from;
      }
    }
    const graph = { ops, incoming };
    return variableSize ? cutAtOutput(graph, names.indexOf("output")) : graph;
  }

  /** Values at all places: operations, then edges by target, then by source. */
  #all(graph: Graph): Uint8Array {
    const { nodeCount, ops: names } = this.#space;
    const all = new Uint8Array(nodeCount * (nodeCount + 1) / 2);
    all.fill(names.indexOf("output"), graph.ops.length, nodeCount);
    all.set(graph.ops);
    for (let to = 1, at = nodeCount; to < nodeCount; to++) {
      for (let from = 0; from < to; from++, at++) {
        all[at] = to < graph.ops.length && hasEdge(graph, from, to) ? 1 : 0;
      }
    }
    return all;
  }
}
