/**
 * The tables of how searches compare: where the settings of each come from, what was found
 * within several budgets, searches over training seeds, paired differences to the control, and
 * coverage.
 *
 * @module
 */

import type {
  BudgetRows,
  CoverageRow,
  DifferenceRow,
} from "../search/comparison.ts";
import type { ComparedMethod } from "../search/compared.ts";
import type { SearchSeedsRow } from "../search/training_seeds.ts";
import {
  medianQueries,
  searchCaption,
  type SearchedDataset,
  searchPlace,
  type SearchText,
  withError,
} from "./search_tables.ts";
import {
  type Column,
  MISSING,
  type ReportTable,
  type Row,
  table,
} from "./tables.ts";

/** Where the settings of each method come from. */
export function searchSettingsTable(
  methods: readonly Pick<ComparedMethod, "name" | "budget" | "source">[],
  text: SearchText,
): ReportTable {
  return table(
    methods.map(({ name, budget, source }) => ({
      method: name,
      queries: budget,
      source,
    })),
    {
      columns: [
        "method",
        "queries",
        { key: "source", title: "where its settings come from" },
      ],
      caption: `Methods of search, ${searchPlace(text)}`,
    },
  );
}

/** Validation accuracy within several budgets, with the trials that found the optimum. */
export function budgetTable(
  { budgets, rows }: BudgetRows,
  text: SearchText,
): ReportTable {
  return table(rows, {
    columns: [
      "dataset",
      "method",
      "trials",
      ...budgets.map((budget): Column => {
        const key = `validation at ${budget}`;
        const accuracy = withError(`${key} error`);
        return {
          key,
          title: `${budget} queries: validation (%), optimum found`,
          align: "right",
          format: (mean, row) =>
            mean === null
              ? MISSING
              : `${accuracy(mean, row)}, ${row[`optimum found by ${budget}`]}`,
        };
      }),
      {
        key: "median",
        title: "median queries to the optimum",
        align: "right",
        format: medianQueries,
      },
    ],
    rules: _datasetRules(rows),
    caption: searchCaption(
      `What is found within a number of queries, ${text.space.title}`,
      text,
    ),
    notes: [
      "Mean validation accuracy of the returned cell and its standard error, then how many trials found the best cell. A median above a number (>): the median trial did not find it in so many queries, which are all it made.",
    ],
  });
}

/** Searches that depend on a trained model, over training seeds. */
export function searchSeedsTable(
  rows: readonly SearchSeedsRow[],
  datasets: readonly Pick<SearchedDataset, "dataset" | "title">[],
  text: SearchText,
): ReportTable {
  const spread = (key: string, digits: number) => (mean: unknown, row: Row) =>
    Number(row.trainings) > 1
      ? withError(`${key} deviation`, digits)(mean, row)
      : Number(mean).toFixed(digits);
  const several = rows.some(({ trainings }) => trainings > 1);
  return table(rows, {
    columns: [
      "method",
      "queries",
      { key: "seeds", title: "training seeds" },
      ...datasets.flatMap(({ dataset, title }): Column[] => [
        ...["validation", "test"].map((accuracy): Column => ({
          key: `${dataset} ${accuracy}`,
          title: `${title} ${accuracy} (%)`,
          align: "right",
          format: spread(`${dataset} ${accuracy}`, 2),
        })),
        {
          key: `${dataset} optimum found`,
          title: `${title} optimum found`,
          align: "right",
          format: spread(`${dataset} optimum found`, several ? 1 : 0),
        },
      ]),
    ],
    rules: rows.flatMap(({ queries }, at) =>
      at > 0 && rows[at - 1].queries !== queries ? [at] : []
    ),
    caption: searchCaption(
      `Searches over training seeds, ${text.space.title}`,
      text,
    ),
    notes: [
      several
        ? `Mean ± sample standard deviation over training seeds; the figure of a seed is its mean over ${
          rows[0].trials
        } trials, and the number of them that found the best cell. Each seed has its own VQ-VAE, T5 and arch2vec, and the same trials.`
        : "Of one training seed: no searches with models of another seed, of the same settings and accuracies, are there.",
    ],
  });
}

/**
 * Paired differences to the control.
 *
 * @param control Its name.
 */
export function differenceTable(
  rows: readonly DifferenceRow[],
  control: string,
  text: SearchText,
): ReportTable {
  return table(rows, {
    columns: [
      "dataset",
      "method",
      "queries",
      "trials",
      {
        key: "difference",
        title: "difference in validation (points)",
        format: (mean, row) => {
          const shown = withError("error", 3)(mean, row);
          return Number(mean) > 0 ? `+${shown}` : shown;
        },
        align: "right",
      },
      { key: "better", title: "trials better" },
      { key: "worse", title: "trials worse" },
      { key: "p", title: "p, sign test", digits: 4 },
    ],
    rules: _datasetRules(rows),
    caption: searchCaption(
      `Differences to the control, seed by seed, ${text.space.title}`,
      text,
    ),
    notes: [
      `${control}: what each method is set beside. Mean of the differences of trials with the same seed, and its standard error; exact two-sided sign test, in which equal trials count for neither. Each p stands for itself: none is corrected for the number of rows.`,
    ],
  });
}

/** What methods came upon beside the covered cells. */
export function coverageTable(
  rows: readonly CoverageRow[],
  text: SearchText,
): ReportTable {
  return table(rows, {
    columns: [
      "dataset",
      "method",
      { key: "proposals", title: "cells proposed in a trial", digits: 0 },
      { key: "outside", title: "of them not covered", digits: 0 },
      { key: "covered", title: "covered (%)", digits: 1 },
      { key: "gain", title: "gain over random cells" },
    ],
    caption: searchCaption(
      `Proposals beside the covered cells, ${text.space.title}`,
      text,
    ),
    notes: [
      "Neighbours and a model's cells, each counted once in a trial, whether it was queried or not. Gain: the share of proposals that are covered over the share of all cells that are. Above 1, good cells are covered more often than others, and a method that proposes them meets more of them than it would with all cells covered; random cells are drawn so that they have no such gain.",
    ],
  });
}

/** The rows at which another data set begins. */
function _datasetRules(rows: readonly { readonly dataset: string }[]) {
  return rows.flatMap(({ dataset }, at) =>
    at > 0 && rows[at - 1].dataset !== dataset ? [at] : []
  );
}
