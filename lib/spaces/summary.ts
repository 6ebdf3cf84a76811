/**
 * Counts that describe a search space, beside those of the literature.
 *
 * @module
 */

import { PADDING_OP } from "./graph.ts";
import type { SearchSpace, SpaceFact } from "./space.ts";

/** Counts of a space: cells, sizes or structures, splits. */
export function describeSpace(space: SearchSpace): SpaceFact[] {
  const { train, tuning, validation } = space.split();
  return [
    ...space.facts(),
    { fact: "training cells (90 %)", counted: train.length, published: null },
    {
      fact: "tuning cells, the last tenth of the training cells",
      counted: tuning.length,
      published: null,
    },
    {
      fact: "validation cells (10 %)",
      counted: validation.length,
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
