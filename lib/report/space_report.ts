/**
 * What notebook 1 shows: how a network sees a cell, and how the counts of a space agree.
 *
 * Source: the paper, §3.1, §4.1.
 *
 * @module
 */

import type { SearchSpace, SpaceFact } from "../spaces/space.ts";
import { cellGraph } from "../spaces/space.ts";
import { encodeCells } from "../spaces/tensors.ts";
import { type ReportTable, table } from "./tables.ts";

/** A cell as a network gets it: one-hot operations and directed adjacency, a row a node. */
export function encodedCellTable(
  space: SearchSpace,
  cell: number,
): ReportTable {
  const cells = space.cells();
  const graph = cellGraph(cells, cell);
  const { ops, adjacency } = encodeCells(space, cells, [cell]);
  const row = (values: Float32Array, node: number, width: number) =>
    values.slice(node * width, (node + 1) * width).join(" ");
  return table(
    Array.from({ length: space.nodeCount }, (_, node) => ({
      node,
      operation: space.ops[graph.ops[node]],
      "one-hot": row(ops, node, space.ops.length),
      "edges to": row(adjacency, node, space.nodeCount),
    })),
    { caption: space.describe(graph) },
  );
}

/**
 * How the counts agree with the literature, as a Markdown list.
 *
 * @param facts Counts of a space, published or not.
 */
export function spaceFound(facts: readonly SpaceFact[]): string {
  const number = (value: number | null) => value?.toLocaleString("en");
  const published = facts.filter((fact) => fact.published !== null);
  const agreeing = published.filter((fact) => fact.counted === fact.published);
  return [
    `${agreeing.length} of the ${published.length} counts that the literature gives come out as published.`,
    ...published.filter((fact) => !agreeing.includes(fact)).map((fact) =>
      `${fact.fact}: ${number(fact.counted)} counted, ${
        number(fact.published)
      } published.`
    ),
    ...facts.filter((fact) => fact.published === null).map((fact) =>
      `${fact.fact}: ${number(fact.counted)}.`
    ),
  ].map((line) => `- ${line}`).join("\n");
}
