/**
 * What notebook 5 shows: Tables 1 and 2, alone and over training seeds, what sampling beyond
 * independent draws brings, figure 2, and why samples are invalid.
 *
 * Source: the paper, §4.2–4.3.
 *
 * @module
 */

import type { BeyondRow } from "../generation/beyond_draws.ts";
import type { Ceiling } from "../generation/ceilings.ts";
import type { EditedCell } from "../generation/cell_editing.ts";
import type { Outcomes } from "../generation/generators.ts";
import type { SeedsRow } from "../generation/training_seeds.ts";
import {
  RESULT_METRICS,
  type ResultMetric,
  type ResultRow,
} from "../metrics/result_row.ts";
import {
  generationTableNumber,
  publishedNotes,
  publishedRows,
} from "../paper/generation_tables.ts";
import { drawCells } from "../spaces/draw.ts";
import type { Graph } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { Figure, Svg } from "./figure.ts";
import { reasonsOfInvalidity } from "./figures.ts";
import { METRIC_TITLES, READING_COLUMN, resultTable } from "./result_table.ts";
import { type ReportTable, type Row, table } from "./tables.ts";
import { temperatureSweep } from "./temperature_sweep.ts";

/** The name of the files of the table of generations of a space. */
export function generationTableName(space: SearchSpace): string {
  return `table_${generationTableNumber(space.name) ?? "generation"}`;
}

/**
 * The table of generations: the paper's rows, where it has some, then ours.
 *
 * @param rows Measured ones of independent draws, as the paper's are, in their order.
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
    notes: [
      ...limits.map(({ text }) => text),
      ...publishedNotes(space.name),
    ],
  });
}

/**
 * The table of generations over training seeds: the paper's rows, then means of ours.
 *
 * @param rows Means, in their order.
 */
export function seedsTable(
  space: SearchSpace,
  rows: readonly SeedsRow[],
): ReportTable {
  const published = publishedRows(space.name);
  const trainings = Math.max(...rows.map((row) => row.trainings));
  const spread = (metric: ResultMetric) => (value: unknown, row: Row) =>
    Number(row.trainings) > 1
      ? `${Number(value).toFixed(2)} ± ${
        Number(row[`${metric}Deviation`]).toFixed(2)
      }`
      : Number(value).toFixed(2);
  return table(
    [
      ...published.map(({ method, source, mode, temperature, ...row }) => ({
        ...{ method, source, mode },
        ...(temperature === undefined
          ? {}
          : { temperatures: `${temperature}` }),
        ...Object.fromEntries(RESULT_METRICS.map((key) => [key, row[key]])),
      })),
      ...rows.map((row) => ({ ...row, source: "measured" })),
    ],
    {
      columns: [
        { key: "method", title: "Method" },
        { key: "source", title: "Source" },
        READING_COLUMN,
        { key: "temperatures", title: "Temperature", align: "right" },
        { key: "chosenFor", title: "Temperature chosen for" },
        { key: "seeds", title: "Training seeds" },
        ...RESULT_METRICS.map((key) => ({
          key,
          title: METRIC_TITLES[key],
          align: "right" as const,
          format: spread(key),
        })),
      ],
      rules: published.length === 0 ? [] : [published.length],
      caption: `Generation on ${space.title} over training seeds (%)`,
      notes: [
        trainings > 1
          ? "Mean ± sample standard deviation over training seeds; without ± of one training."
          : "Of one training seed: no others of the same settings are there.",
        ...new Set(rows.flatMap(({ note }) => note ?? [])),
      ],
    },
  );
}

/** The table of what sampling beyond independent draws brings; no published row is like it. */
export function beyondTable(
  space: SearchSpace,
  rows: readonly BeyondRow[],
): ReportTable {
  return table(rows, {
    columns: [
      { key: "method", title: "Method" },
      { key: "samples", title: "Returned" },
      { key: "draws", title: "Drawn" },
      { key: "validity", title: "Validity (% of returned)", digits: 2 },
      {
        key: "absoluteUniqueness",
        title: "Absolute uniqueness (% of returned)",
        digits: 2,
      },
      {
        key: "absoluteNovelty",
        title: "Absolute novelty (% of returned)",
        digits: 2,
      },
      { key: "validPer100", title: "Valid in 100 drawn", digits: 2 },
      { key: "uniquePer100", title: "Unique in 100 drawn", digits: 2 },
      { key: "novelPer100", title: "Novel in 100 drawn", digits: 2 },
    ],
    caption: `Beyond independent draws, ${space.title}, strict reading`,
    notes: [
      "The first row of each method is of independent draws, as in the table of the paper. Novel samples that are equal all count.",
      ...new Set(rows.flatMap(({ note }) => note ?? [])),
    ],
  });
}

/** The table of the draws that temperatures were chosen on. */
export function sweepTable(rows: readonly ResultRow[]): ReportTable {
  return resultTable(rows, {
    caption: "All temperatures (%)",
    notes: [
      "Temperatures are chosen on these draws, and reported on others.",
    ],
  });
}

/**
 * Figure 2 for a method: the sweep over temperatures beside the paper's values.
 *
 * @param rows Independent draws of the method, in both readings.
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
      ceiling: { value: ceiling.percent, label: "ceiling of uniqueness" },
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
      title: `${method}: reasons of invalidity, strict reading, ${space.title}`,
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
      caption: "Samples by outcome, strict reading",
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
