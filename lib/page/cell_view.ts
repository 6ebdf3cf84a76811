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
import { MAX_EDGES } from "../spaces/nasbench101/enumeration.ts";
import { ARCH_EDGES } from "../spaces/nasbench201/space.ts";
import type { InvalidReason, SearchSpace } from "../spaces/space.ts";

/** What is to be said of a cell. */
export interface Verdict {
  /** Equal for graphs of the same cell; null if it is not valid. */
  readonly key: string | null;
  /** Why it is not valid, in words; null if it is. */
  readonly problem: string | null;
}

const PROBLEMS: Readonly<Record<Exclude<InvalidReason, "malformed">, string>> =
  {
    "disconnected": "no path leads from its first node to its last",
    "too many edges": `it has more than ${MAX_EDGES} edges`,
    "first op not input": "its first node is not the input",
    "last op not output": "its last node is not the output",
    "inner input or output": "a node within it is an input or an output",
    "needs pruning": "a node is on no path from input to output",
    "adjacency off template": "its edges are not those of the space’s cells",
  };

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
  return reason === null || reason === "malformed"
    ? { key: cellKey(space, sample), problem: null }
    : { key: null, problem: PROBLEMS[reason] };
}

/** Whether a cell is drawn as feature maps with operations between them. */
function isFeatureMapCell(space: SearchSpace, graph: Graph): boolean {
  return space.name === "nasbench201" &&
    space.invalidReason(graph, "strict") === null;
}

const FEATURE_MAPS = ["in", "1", "2", "out"];

/** What a node is called: its place, then its operation. */
export function nodeName(
  space: SearchSpace,
  graph: Graph,
  node: number,
): string {
  const op = node < graph.ops.length
    ? space.ops[graph.ops[node]] ?? "?"
    : "after the output";
  const edge = isFeatureMapCell(space, graph)
    ? ARCH_EDGES[node - 1]
    : undefined;
  return edge === undefined
    ? `${node}: ${op}`
    : `${edge.map((map) => FEATURE_MAPS[map]).join("→")}: ${op}`;
}
