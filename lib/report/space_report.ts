/**
 * What notebook 1 shows: how a network sees a cell, what settings were chosen by, and how the
 * counts of a space agree.
 *
 * Source: the paper, §3.1, §4.1.
 *
 * @module
 */

import { cellGraph, type SearchSpace } from "../spaces/space.ts";
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

/** What the settings of a space were chosen by. */
export function settingOriginsTable(space: SearchSpace): ReportTable {
  return table(space.settings.origins, {
    columns: ["settings", { key: "chosenBy", title: "chosen by" }],
    caption: `What chose the settings on ${space.title}`,
  });
}

/** How the counts of a space agree with the literature, and its splits, as a Markdown list. */
export function spaceFound(space: SearchSpace): string {
  const number = (value: number | null) => value?.toLocaleString("en");
  const published = space.facts().filter((fact) => fact.published !== null);
  const others = published.filter((fact) => fact.counted !== fact.published);
  const { train, tuning, validation } = space.split();
  return [
    `The literature gives ${published.length} of these counts; ${
      published.length - others.length
    } come out as published.`,
    ...others.map((fact) =>
      `${fact.fact}: ${number(fact.counted)} counted, ${
        number(fact.published)
      } published.`
    ),
    `${number(train.length)} cells are for training; a model that chooses its best epoch chooses it on ${
      number(tuning.length)
    } of them and learns from the others. ${
      number(validation.length)
    } cells only report.`,
  ].map((line) => `- ${line}`).join("\n");
}
