/**
 * Counts that describe a search space, beside those of the literature.
 *
 * @module
 */

import { PADDING_OP } from "./graph.ts";
import { isConnected, structureText } from "./nasbench201.ts";
import { cellGraph, type SearchSpace } from "./space.ts";

/** One counted fact. */
export interface SpaceFact {
  readonly fact: string;
  readonly counted: number;
  /** As the literature has it; null where it says nothing. */
  readonly published: number | null;
}

/** Counts of a space: cells, structures, splits. */
export function describeSpace(space: SearchSpace): SpaceFact[] {
  const cells = space.cells();
  const { train, validation } = space.split();
  const split: SpaceFact[] = [
    { fact: "training cells (90 %)", counted: train.length, published: null },
    {
      fact: "validation cells (10 %)",
      counted: validation.length,
      published: null,
    },
  ];
  const graphs = Array.from(
    { length: cells.count },
    (_, i) => cellGraph(cells, i),
  );
  const distinct = (considerZero: boolean) =>
    new Set(graphs.map((graph) => structureText(graph, { considerZero }))).size;
  return [
    { fact: "cells (arch strings)", counted: cells.count, published: 15_625 },
    {
      fact: "distinct structures, skips merged",
      counted: distinct(false),
      published: null,
    },
    {
      fact: "distinct structures, skips and zeros merged (NATS-Bench)",
      counted: distinct(true),
      published: 6_466,
    },
    {
      fact: "cells with a path from input to output",
      counted: graphs.filter(isConnected).length,
      published: null,
    },
    ...split,
  ];
}

/**
 * How often each operation occurs in cells of a space, `[K]`.
 *
 * @param indices Which cells.
 */
export function operationCounts(
  space: SearchSpace,
  indices: ArrayLike<number>,
): Uint32Array {
  const { ops, nodeCount } = space.cells();
  const counts = new Uint32Array(space.ops.length);
  for (let i = 0; i < indices.length; i++) {
    for (let row = 0; row < nodeCount; row++) {
      const op = ops[indices[i] * nodeCount + row];
      if (op !== PADDING_OP) counts[op]++;
    }
  }
  return counts;
}
