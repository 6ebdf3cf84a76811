/**
 * Counts that describe a search space, beside those of the literature.
 *
 * @module
 */

import { edgeCount, PADDING_OP } from "./graph.ts";
import { MAX_EDGES } from "./nasbench101/enumeration.ts";
import { isConnected, structureText } from "./nasbench201/space.ts";
import { cellGraph, type SearchSpace } from "./space.ts";

/** One counted fact. */
export interface SpaceFact {
  readonly fact: string;
  readonly counted: number;
  /** As the literature has it; null where it says nothing. */
  readonly published: number | null;
}

/** Counts of a space: cells, sizes or structures, splits. */
export function describeSpace(space: SearchSpace): SpaceFact[] {
  const { train, validation } = space.split();
  const facts = space.name === "nasbench101"
    ? _nasbench101Facts(space)
    : _nasbench201Facts(space);
  return [
    ...facts,
    { fact: "training cells (90 %)", counted: train.length, published: null },
    {
      fact: "validation cells (10 %)",
      counted: validation.length,
      published: null,
    },
  ];
}

function _nasbench101Facts(space: SearchSpace): SpaceFact[] {
  const { count, nodeCount, ops, edges } = space.cells();
  const ofSize = new Uint32Array(nodeCount + 1);
  let full = 0;
  for (let cell = 0; cell < count; cell++) {
    const row = cell * nodeCount;
    const padding = ops.subarray(row, row + nodeCount).indexOf(PADDING_OP);
    ofSize[padding < 0 ? nodeCount : padding]++;
    if (edgeCount(edges[cell]) === MAX_EDGES) full++;
  }
  return [
    {
      fact: "cells (distinct module hashes)",
      counted: count,
      published: 423_624,
    },
    ...Array.from({ length: nodeCount - 1 }, (_, i): SpaceFact => ({
      fact: `cells of ${i + 2} nodes`,
      counted: ofSize[i + 2],
      published: null,
    })),
    {
      fact: `cells with all ${MAX_EDGES} edges`,
      counted: full,
      published: null,
    },
  ];
}

function _nasbench201Facts(space: SearchSpace): SpaceFact[] {
  const cells = space.cells();
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
