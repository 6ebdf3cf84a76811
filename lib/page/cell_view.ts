/**
 * What the nodes of a written cell are called.
 *
 * @module
 */

import type { Graph } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";

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
