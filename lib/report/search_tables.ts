/**
 * The tables of architecture search, made from rows.
 *
 * Source: the paper's tables 3 and 4.
 *
 * @module
 */

import type { SurrogateQuality } from "../models/surrogate/surrogate.ts";
import { searchTableNumber } from "../paper/search_tables.ts";
import type {
  Algorithm1Row,
  GoalRows,
  OptimumRow,
  SearchRow,
} from "../search/rows.ts";
import {
  type Column,
  MISSING,
  type ReportTable,
  type Row,
  table,
} from "./tables.ts";

/** What captions say of a search. */
export interface SearchText {
  readonly space: { readonly name: string; readonly title: string };
  /** Whether accuracies are predicted, none of them real. */
  readonly surrogate: boolean;
}

/** A data set that is searched on. */
export interface SearchedDataset {
  readonly dataset: string;
  readonly title: string;
  /** Which file, how many cells. */
  readonly source: string;
}

/** The name of the space in a caption or title, with a word where accuracies are predicted. */
export function searchPlace({ space, surrogate }: SearchText): string {
  return surrogate ? `${space.title}, surrogate` : space.title;
}

/** A caption, with a word where accuracies are predicted. */
export function searchCaption(caption: string, { surrogate }: SearchText) {
  return surrogate ? `${caption} (surrogate)` : caption;
}

/** How well accuracies are predicted, where none are real. */
export function surrogateTable(
  quality: readonly SurrogateQuality[],
): ReportTable {
  return table(quality, {
    columns: [
      "dataset",
      "accuracy",
      { key: "r2", title: "R²", digits: 3 },
      { key: "tau", title: "Kendall's τ", digits: 3 },
      { key: "cells", title: "held-out cells" },
    ],
    caption: "No real accuracies here: how well the surrogate predicts them",
  });
}

/** What there is to be found on each data set. */
export function optimumTable(
  rows: readonly OptimumRow[],
  text: SearchText,
): ReportTable {
  return table(rows, {
    columns: [
      "dataset",
      "source",
      { key: "validation", title: "best validation accuracy (%)" },
      { key: "test", title: "its test accuracy (%)" },
    ],
    caption: `What there is to be found, ${searchPlace(text)}`,
  });
}

/** Under which name the table of searches on a space is saved: with its number in the paper, where it has one. */
export function searchTableName({ name }: { readonly name: string }): string {
  return `table_${searchTableNumber(name) ?? "search"}`;
}

/**
 * Table 3 or 4: the published rows, then the measured ones by their number of queries.
 *
 * @param seeds Of the measured trials.
 * @param further Another caption, and columns and notes after these.
 */
export function searchTable(
  rows: readonly SearchRow[],
  datasets: readonly SearchedDataset[],
  seeds: readonly number[],
  text: SearchText,
  further?: {
    readonly caption: string;
    readonly columns: readonly Column[];
    readonly notes: readonly string[];
  },
): ReportTable {
  const number = searchTableNumber(text.space.name);
  const subject = `search on ${text.space.title}`;
  const published = rows.some(({ source }) => source === "paper");
  const rules = rows.flatMap((row, at) => {
    const before = rows[at - 1];
    return before !== undefined &&
        (before.source !== row.source ||
          row.source !== "paper" && before.queries !== row.queries)
      ? [at]
      : [];
  });
  return table(rows, {
    columns: [
      "source",
      "method",
      "queries",
      ...datasets.flatMap(({ dataset, title }): Column[] => [
        ...["validation", "test"].map((accuracy): Column => ({
          key: `${dataset} ${accuracy}`,
          title: `${title} ${accuracy} (%)`,
          align: "right",
          format: (mean, row) =>
            withError(`${dataset} ${accuracy} error`)(mean, row) +
            (row[`${dataset} ${accuracy} of`] === undefined ? "" : " †"),
        })),
        {
          key: `${dataset} optimum found`,
          title: `${title} optimum found`,
          align: "right",
          format: (found, row) =>
            typeof found === "number"
              ? `${found} of ${row[`${dataset} trials`]}`
              : MISSING,
        },
      ]),
      ...further?.columns ?? [],
    ],
    rules,
    caption: searchCaption(
      further !== undefined
        ? further.caption
        : number === null
        ? subject[0].toUpperCase() + subject.slice(1)
        : `Table ${number}: ${subject}`,
      text,
    ),
    notes: [
      ...rows.some((row) =>
          datasets.some(({ dataset }) => `${dataset} validation of` in row)
        )
        ? [
          "† The paper's table has no such figure: it is that of arch2vec's published result files after as many queries.",
        ]
        : [],
      ...published
        ? [
          "Paper rows as printed; * and ** mark those that the paper takes from others. Their BO and BANANAS are other code than what is measured here.",
        ]
        : [],
      `Measured: ${seeds.length} trials, seeds ${seeds[0]}–${
        seeds.at(-1)
      }; test accuracy of the cell with the best validation accuracy.`,
      ...datasets.map(({ title, source }) => `${title}: ${source}.`),
      ...further?.notes ?? [],
    ],
  });
}

/** Median queries to each goal; in brackets the trials that reached it. */
export function goalTable(
  { goals, rows }: GoalRows,
  text: SearchText,
): ReportTable {
  return table(rows, {
    columns: [
      "method",
      ...goals.map(({ name, shown }): Column => ({
        key: name,
        title: `${name} (${shown.toFixed(2)} %)`,
        align: "right",
        format: (median, row) =>
          `${medianQueries(median, row)} (${row[`${name} reached`]})`,
      })),
    ],
    caption: searchCaption(
      `Median queries to a validation accuracy, ${text.space.title}`,
      text,
    ),
  });
}

/**
 * Algorithm 1 under its settings: the default, the other ways to spend as many queries, the
 * default with one number changed.
 *
 * A mask hides a random number of codes, from one to the most: to all of them in the default.
 *
 * @param dataset Title of the data set.
 */
export function algorithm1Table(
  rows: readonly Algorithm1Row[],
  dataset: string,
  text: SearchText,
): ReportTable {
  return table(rows, {
    columns: [
      { key: "population", title: "n" },
      { key: "kept", title: "m" },
      { key: "iterations", title: "T" },
      {
        key: "masked",
        title: "masked codes at most",
        align: "right",
        format: (most) => most === null ? "all" : `${most}`,
      },
      "queries",
      {
        key: "validation",
        title: "validation (%)",
        format: withError("validationError"),
      },
      { key: "test", title: "test (%)", format: withError("testError") },
    ],
    rules: [1, 4],
    caption: searchCaption(
      `Algorithm 1 by its settings, ${text.space.title}, ${dataset}`,
      text,
    ),
  });
}

/** Writes a mean with its standard error, where the row has one under a key. */
export function withError(
  key: string,
  digits = 2,
): (mean: unknown, row: Row) => string {
  return (mean, row) => {
    if (typeof mean !== "number") return MISSING;
    const error = row[key];
    return mean.toFixed(digits) +
      (typeof error === "number" ? ` ± ${error.toFixed(digits)}` : "");
  };
}

/** Writes a median of queries; where the median trial did not get there, what it takes more than. */
export function medianQueries(median: unknown, row: Row): string {
  return typeof median === "number" ? `${median}` : `> ${row.queries}`;
}
