/**
 * How methods compare, beyond their rows in Table 3 or 4: what they found within several
 * budgets, how they differ from the control on the same seeds, and what they came upon beside
 * the covered cells.
 *
 * @module
 */

import { pairedDifference } from "../metrics/statistics.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import { CONTROL, LONG_BUDGET, ROUNDS_BUDGET } from "./compared.ts";
import {
  bestCell,
  queriesToReach,
  returnedCells,
  summarise,
  trialsByMethod,
} from "./results.ts";
import type { Trial } from "./trials.ts";

/** Numbers of queries that methods are looked at after. */
export const BUDGETS: readonly number[] = [
  100,
  150,
  ROUNDS_BUDGET,
  LONG_BUDGET,
];

/**
 * What a method found on a data set within each budget: `validation at <budget>`, percent,
 * with `validation at <budget> error` and `optimum found by <budget>`, a count; null where
 * the method made fewer queries.
 */
export interface BudgetRow {
  /** Title of the data set. */
  readonly dataset: string;
  readonly method: string;
  readonly trials: number;
  /** Of each trial. */
  readonly queries: number;
  /** Median of the queries to the optimum; null where that trial did not find it in all it made. */
  readonly median: number | null;
  readonly [figure: string]: string | number | null;
}

/** The budgets, and the rows of each data set. */
export interface BudgetRows {
  readonly budgets: readonly number[];
  readonly rows: readonly BudgetRow[];
}

/**
 * What each method found within each budget.
 *
 * @returns Budgets that no method reached are left out; where none is left, as in a quick run,
 *   the one budget is what all methods made.
 */
export function budgetRows(
  tables: readonly AccuracyTable[],
  trials: readonly Trial[],
): BudgetRows {
  const made = trials.map(({ queries }) => queries.length);
  const reached = BUDGETS.filter((budget) => made.some((n) => n >= budget));
  const budgets = reached.length > 0 ? reached : [Math.min(...made)];
  const rows = tables.flatMap((table) => {
    const within = budgets.map((budget) =>
      new Map(
        summarise(trials, table, budget).map((row) => [row.method, row]),
      )
    );
    const optimum = 100 * table.validation[bestCell(table)];
    const reach = queriesToReach(trials, table, optimum - 1e-9);
    return summarise(trials, table).map((
      { method, trials, queries },
      at,
    ): BudgetRow => ({
      dataset: table.title,
      method,
      trials,
      queries,
      ...Object.fromEntries(budgets.flatMap((budget, b) => {
        const row = within[b].get(method);
        return [
          [`validation at ${budget}`, row?.validation.mean ?? null],
          [`validation at ${budget} error`, row?.validation.error ?? null],
          [`optimum found by ${budget}`, row?.optima ?? null],
        ];
      })),
      median: reach[at].median,
    }));
  });
  return { budgets, rows };
}

/**
 * How a method differs from the control on a data set, trial by trial with the same seed: in
 * validation accuracy of the returned cell, percentage points, with its standard error.
 */
export type DifferenceRow = {
  /** Title of the data set. */
  readonly dataset: string;
  readonly method: string;
  /** That both made. */
  readonly queries: number;
  /** Pairs. */
  readonly trials: number;
  readonly difference: number;
  readonly error: number;
  /** Pairs in which the method is better, and in which the control is. */
  readonly better: number;
  readonly worse: number;
  /** Of the exact two-sided sign test. */
  readonly p: number;
};

/**
 * The paired differences of all methods to the control, the search without a language model.
 *
 * Methods are compared after 192 queries, then after 400, each where both made so many; where
 * none made 192, as in a quick run, after all that both made.
 *
 * @returns None where the control has no trials.
 */
export function differenceRows(
  tables: readonly AccuracyTable[],
  trials: readonly Trial[],
  control: string = CONTROL,
): DifferenceRow[] {
  return tables.flatMap((table) => {
    const methods = trialsByMethod(trials, table);
    const base = methods.find(([method]) => method === control)?.[1] ?? [];
    const rows = (queries?: number) =>
      methods.flatMap(([method, own]): DifferenceRow[] => {
        if (method === control) return [];
        const difference = _difference(own, base, table, queries);
        return difference === null
          ? []
          : [{ dataset: table.title, method, ...difference }];
      });
    const levels = [...rows(ROUNDS_BUDGET), ...rows(LONG_BUDGET)];
    return levels.length > 0 ? levels : rows();
  });
}

/** Compares trials of the same seeds; null where there are none with so many queries. */
function _difference(
  own: readonly Trial[],
  base: readonly Trial[],
  table: AccuracyTable,
  queries?: number,
): Omit<DifferenceRow, "dataset" | "method"> | null {
  const pairs = own.flatMap((trial) => {
    const other = base.find(({ seed }) => seed === trial.seed);
    return other === undefined ? [] : [[trial, other]];
  });
  const most = Math.min(
    ...pairs.flat().map((trial) => trial.queries.length),
  );
  const at = queries ?? most;
  if (pairs.length === 0 || at > most) return null;
  const found = (side: number) =>
    pairs.map((pair) =>
      100 * returnedCells(pair[side], table)[at - 1].validation
    );
  const { mean, ...rest } = pairedDifference(found(0), found(1));
  return { queries: at, trials: pairs.length, difference: mean, ...rest };
}

/**
 * What a method came upon as neighbours or as a model's cells, where a table covers a part of
 * the space. Means over trials.
 */
export interface CoverageRow {
  /** Title of the data set. */
  readonly dataset: string;
  readonly method: string;
  /** Different cells that it came upon. */
  readonly proposals: number;
  /** Those that the table does not cover: they were passed over. */
  readonly outside: number;
  /** Covered proposals, percent; null where nothing but random cells was asked for. */
  readonly covered: number | null;
  /**
   * The share of proposals that are covered over the share of all cells that are: more than
   * one where good cells are covered more often. Random cells, drawn so that they stand for
   * the whole space, have no such gain.
   */
  readonly gain: number | null;
}

/** What each method came upon; none of tables that cover all cells. */
export function coverageRows(
  tables: readonly AccuracyTable[],
  trials: readonly Trial[],
): CoverageRow[] {
  return tables.flatMap((table) => {
    const all = table.validation.length;
    const share = table.covered.length / all;
    if (share === 1) return [];
    return trialsByMethod(trials, table).map(([method, own]): CoverageRow => {
      const sum = (key: "covered" | "outside") =>
        own.reduce((sum, { proposals }) => sum + proposals[key], 0);
      const [covered, outside] = [sum("covered"), sum("outside")];
      const proposals = covered + outside;
      const inside = proposals === 0 ? null : covered / proposals;
      return {
        dataset: table.title,
        method,
        proposals: proposals / own.length,
        outside: outside / own.length,
        covered: inside === null ? null : 100 * inside,
        gain: inside === null ? null : inside / share,
      };
    });
  });
}
