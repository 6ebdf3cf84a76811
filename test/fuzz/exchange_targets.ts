/**
 * Cells of other programs: as lines, as a JSON array, as a table, in every notation.
 *
 * @module
 */

import { join } from "node:path";
import type { CellFormat } from "../../lib/exchange/cell_values.ts";
import { readCells } from "../../lib/exchange/read_cells.ts";
import { writtenCells } from "../../lib/exchange/write_cells.ts";
import type { Graph } from "../../lib/spaces/graph.ts";
import { NASBENCH201 as space } from "../../lib/spaces/nasbench201/space.ts";
import { getNotation, notationsOf } from "../../lib/spaces/notations.ts";
import { cellGraph } from "../../lib/spaces/space.ts";
import {
  BYTES,
  bytesOf,
  JSON_DOCUMENT,
  LINES,
  type Mutator,
  textOf,
} from "./mutations.ts";
import { type Target, target } from "./target.ts";

const GRAPHS = [0, 7, 8_000, 15_624]
  .map((index) => cellGraph(space.cells(), index));

function cells(format: CellFormat, mutators: readonly Mutator[]): Target {
  return target<(Graph | null)[]>({
    name: `cells-${format}`,
    mutators,
    async open(folder) {
      await space.prepare();
      const path = join(folder, "cells");
      const seeds = notationsOf(space).flatMap((notation) =>
        notation.write === undefined || notation.name === "index" ? [] : [
          bytesOf([...writtenCells(
            GRAPHS.map((graph) => ({ graph, known: { n: 1 } })),
            space,
            format,
            notation,
          )].join("")),
        ]
      );
      return {
        seeds,
        cases: [
          { name: "without an end", input: bytesOf("["), ...refuse("json") },
          {
            name: "one long line",
            input: bytesOf("|".repeat(1e6)),
            must: "refuse",
          },
          {
            name: "deep in each other",
            input: bytesOf("[".repeat(50_000) + "]".repeat(50_000)),
            must: "refuse",
          },
        ],
        async read(input) {
          await Deno.writeFile(path, input);
          return await Array.fromAsync(readCells(path, space, { format }));
        },
        complaint(graphs, input) {
          if (format === "json") {
            const document: unknown = JSON.parse(
              textOf(input).replace(/^\ufeff/, ""),
            );
            if (!Array.isArray(document)) return "it is no array";
            if (document.length !== graphs.length) {
              return `${graphs.length} cells of ${document.length} entries`;
            }
          }
          // What is a cell is the same cell in every notation.
          for (const graph of graphs) {
            if (
              graph === null || space.invalidReason(graph, "strict") !== null
            ) {
              continue;
            }
            for (const name of ["arch", "naslib", "genius", "index"]) {
              const notation = getNotation(space, name);
              const again = notation.read(notation.write!(graph));
              if (space.key(again) !== space.key(graph)) {
                return `${name} differs`;
              }
            }
          }
          return null;
        },
      };
    },
  });

  function refuse(refused: CellFormat): { must?: "refuse" } {
    return format === refused ? { must: "refuse" } : {};
  }
}

/** In the order in which they are tried. */
export const EXCHANGE_TARGETS: readonly Target[] = [
  cells("lines", LINES),
  cells("json", JSON_DOCUMENT),
  cells("csv", [...LINES, ...BYTES]),
];
