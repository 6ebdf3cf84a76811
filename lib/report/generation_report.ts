/**
 * What notebook 5 shows: Tables 1 and 2, figure 2, and why samples are invalid.
 *
 * Source: the paper, §4.2–4.3.
 *
 * @module
 */

import type { Ceiling } from "../generation/ceilings.ts";
import type { EditedCell } from "../generation/cell_editing.ts";
import type { Outcomes } from "../generation/generators.ts";
import type { ResultRow } from "../metrics/result_row.ts";
import {
  generationTableNumber,
  publishedRows,
} from "../paper/generation_tables.ts";
import { drawCells } from "../spaces/draw.ts";
import type { Graph } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { Figure, Svg } from "./figure.ts";
import { reasonsOfInvalidity } from "./figures.ts";
import { resultTable } from "./result_table.ts";
import { type ReportTable, table } from "./tables.ts";
import { temperatureSweep } from "./temperature_sweep.ts";

/** The name of the files of the table of generations of a space. */
export function generationTableName(space: SearchSpace): string {
  return `table_${generationTableNumber(space.name) ?? "generation"}`;
}

/**
 * The table of generations: the paper's rows, where it has some, then ours.
 *
 * @param rows Measured ones, in their order.
 * @param limits Its ceilings.
 */
export function generationTable(
  space: SearchSpace,
  rows: readonly ResultRow[],
  limits: readonly Ceiling[],
): ReportTable {
  const number = generationTableNumber(space.name);
  return resultTable([...publishedRows(space.name), ...rows], {
    caption: number === null
      ? `Generation on ${space.title} (%)`
      : `Table ${number}: generation on ${space.title} (%)`,
    notes: limits.map(({ text }) => text),
  });
}

/** The table of all settings that language models were sampled at. */
export function sweepTable(rows: readonly ResultRow[]): ReportTable {
  return resultTable(rows, { caption: "All temperatures and aims (%)" });
}

/**
 * Figure 2 for a method: the sweep over temperatures beside the paper's values.
 *
 * @param rows Independent draws of the method, in both modes.
 */
export function sweepFigure(
  space: SearchSpace,
  method: string,
  rows: readonly ResultRow[],
  limits: readonly Ceiling[],
): Figure {
  const ceiling = limits.find(({ metric }) => metric === "absoluteUniqueness");
  return temperatureSweep([...publishedRows(space.name), ...rows], {
    title:
      `${method}: validity, uniqueness and novelty by temperature, ${space.title}`,
    ...(ceiling && {
      ceiling: { value: ceiling.percent, label: "ceiling, independent draws" },
    }),
  });
}

/**
 * Why samples of a method are invalid, by temperature.
 *
 * @param outcomes Of all methods.
 */
export function invalidityFigure(
  space: SearchSpace,
  method: string,
  outcomes: readonly Outcomes[],
): Figure {
  return reasonsOfInvalidity(
    outcomes.filter((row) => row.method === method)
      .map(({ temperature, samples, reasons }) => ({
        setting: temperature,
        samples,
        reasons,
      })),
    {
      title: `${method}: reasons of invalidity, strict mode, ${space.title}`,
    },
  );
}

/** The samples of all methods and temperatures by what became of them. */
export function invalidityTable(outcomes: readonly Outcomes[]): ReportTable {
  return table(
    outcomes.map(({ method, temperature, valid, reasons, malformed }) => ({
      method,
      temperature,
      valid,
      ...reasons,
      ...malformed,
    })),
    {
      caption: "Samples by outcome, strict mode",
      notes: ["The last three columns are what the malformed ones are."],
    },
  );
}

/**
 * A cell and what an edit made of it; what changed stands above each variant.
 *
 * @param keep Nodes that were kept.
 */
export async function editedCellDrawing(
  space: SearchSpace,
  before: Graph,
  keep: readonly number[],
  { variants, draws }: EditedCell,
): Promise<Svg> {
  return {
    svg: await drawCells(
      space,
      [before, ...variants.map(({ graph }) => graph)],
      {
        columns: 3,
        titles: [
          `as it was; kept: ${keep.join(", ")}`,
          ...variants.map(({ changed }) => `changed: ${changed.join(", ")}`),
        ],
      },
    ),
    caption:
      `${variants.length} variants, cells of the space all of them, from ${draws} sentences.`,
  };
}
