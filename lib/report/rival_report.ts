/**
 * The tables of searches of other papers: what they found and what they cost, and measured
 * curves beside published ones.
 *
 * @module
 */

import type { SearchSpace } from "../spaces/space.ts";
import type { CheckRow } from "../search/rivals/check_curves.ts";
import type { SearchRow } from "../search/rows.ts";
import {
  searchCaption,
  type SearchedDataset,
  searchTable,
  type SearchText,
  withError,
} from "./search_tables.ts";
import { MISSING, type ReportTable, table } from "./tables.ts";

/** Under which names the tables are saved. */
export const RIVAL_TABLES = ["search_rivals", "search_rivals_check"] as const;

/** The same of generators: what they write, and what they cost. */
export const GENERATOR_TABLES = [
  "generation_rivals",
  "generation_rivals_costs",
] as const;

/**
 * The rows of other papers' searches, with what they cost.
 *
 * @param rows Measured ones have `CPU seconds` of a whole trial, a mean over trials, and
 *   `peak MiB`, the most memory of the process.
 * @param seeds Of the measured trials.
 */
export function rivalTable(
  rows: readonly SearchRow[],
  datasets: readonly SearchedDataset[],
  seeds: readonly number[],
  text: SearchText,
): ReportTable {
  const rounded = (digits: number) => (value: unknown) =>
    typeof value === "number" ? value.toFixed(digits) : MISSING;
  return searchTable(rows, datasets, seeds, text, {
    caption: `Searches of other papers, ${text.space.title}`,
    columns: [
      {
        key: "CPU seconds",
        title: "CPU seconds a trial",
        align: "right",
        format: rounded(1),
      },
      { key: "peak MiB", align: "right", format: rounded(0) },
    ],
    notes: [
      "CPU seconds and peak memory are of whole trials, with all of the space and its accuracies in memory.",
    ],
  });
}

/** Measured accuracies by queries, beside those of published result files. */
export function checkTable(
  rows: readonly CheckRow[],
  text: SearchText,
): ReportTable {
  return table(rows, {
    columns: [
      "method",
      "queries",
      ...["validation", "test"].flatMap((accuracy) => [
        {
          key: `published ${accuracy}`,
          title: `${accuracy}, published (%)`,
        },
        {
          key: `measured ${accuracy}`,
          title: `${accuracy}, measured (%)`,
          align: "right" as const,
          format: withError(`measured ${accuracy} error`),
        },
      ]),
      "trials",
    ],
    rules: rows.flatMap(({ method }, at) =>
      at > 0 && rows[at - 1].method !== method ? [at] : []
    ),
    caption: searchCaption(
      `Searches beside their published curves, ${text.space.title}`,
      text,
    ),
    notes: [
      "Published: means over 500 searches of all cells, each as long as its simulated time lasted; measured: on the covered cells alone.",
    ],
  });
}

/** What a generator of another paper cost. */
export interface GeneratorCost {
  readonly name: string;
  /** Numbers that are trained. */
  readonly parameters: number;
  readonly cells: number;
  readonly epochs: number;
  readonly trainingSeconds: number;
  /** Of the first part of the training and the last, in nats. */
  readonly firstLoss: number;
  readonly lastLoss: number;
  /** That all samples of one way took to be drawn and measured. */
  readonly samplingSeconds: number;
}

/** What generators of other papers cost. */
export function generatorCostTable(
  costs: readonly GeneratorCost[],
  space: SearchSpace,
): ReportTable {
  return table(costs, {
    columns: [
      { key: "name", title: "model" },
      "parameters",
      { key: "cells", title: "training cells" },
      {
        key: "epochs",
        format: (value) =>
          Number.isInteger(value) ? `${value}` : Number(value).toFixed(1),
        align: "right",
      },
      { key: "trainingSeconds", title: "training, s", digits: 0 },
      { key: "firstLoss", title: "loss, first", digits: 2 },
      { key: "lastLoss", title: "loss, last", digits: 2 },
      { key: "samplingSeconds", title: "sampling, s", digits: 1 },
    ],
    caption: `Generators of other papers: cost, ${space.title}`,
  });
}
