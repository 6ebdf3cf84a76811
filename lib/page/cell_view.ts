/**
 * A written cell in words: whether it is valid and why not, and what its nodes are called.
 *
 * Judged as a user of the metrics means it (strict mode), by the functions that measure
 * generations.
 *
 * @module
 */

import { cellKey, type Sample } from "../metrics/generation.ts";
import type { Graph } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";

/** What is to be said of a cell. */
export interface Verdict {
  /** Equal for graphs of the same cell; null if it is not valid. */
  readonly key: string | null;
  /** Why it is not valid, in words; null if it is. */
  readonly problem: string | null;
}

/** Judges a cell. */
export function judge(space: SearchSpace, sample: Sample): Verdict {
  if (typeof sample === "string") {
    const what = {
      "wrong length": "of the wrong length",
      "outside the codebook": "with a number outside the codebook",
      "not a number": "not of numbers alone",
    };
    return { key: null, problem: `the sentence is ${what[sample]}` };
  }
  const reason = space.invalidReason(sample, "strict");
  return reason === null
    ? { key: cellKey(space, sample), problem: null }
    : { key: null, problem: space.invalidReasons[reason] };
}

/** What a node is called: its place, then its operation. */
export function nodeName(
  space: SearchSpace,
  graph: Graph,
  node: number,
): string {
  const op = node < graph.ops.length
    ? space.ops[graph.ops[node]] ?? "?"
    : "after the output";
  const edges = space.featureMapEdges ?? [];
  const edge = space.invalidReason(graph, "strict") === null
    ? edges[node - space.inputs]
    : undefined;
  if (edge === undefined) return `${node}: ${op}`;
  const last = Math.max(...edges.flat());
  const name = (map: number) =>
    map === 0 ? "in" : map === last ? "out" : `${map}`;
  return `${edge.map(name).join("→")}: ${op}`;
}
