/**
 * What trials found: the cell each would return, means over trials, queries to a target.
 *
 * The cell that a search would return is the one with the best validation accuracy among its
 * queries; its test accuracy is looked up here, after the search.
 *
 * Source: the paper's §4.5, tables 3 and 4.
 *
 * @module
 */

import { type Estimate, estimate } from "../metrics/statistics.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import type { Cell } from "../spaces/cell.ts";
import { type Query, rankOf } from "./oracle.ts";
import type { Trial } from "./trials.ts";

/** Accuracies of the cell that a search would return after so many queries, fractions. */
export interface Returned {
  readonly cell: Cell;
  readonly validation: number;
  readonly test: number;
}

/**
 * What a trial would return after each of its queries, with its test accuracy.
 *
 * @returns One entry a query; of equal validation accuracies the first counts, and a failed
 *   evaluation only where all before it failed.
 */
export function returnedCells(
  trial: Trial,
  { test }: Pick<AccuracyTable, "test">,
): Returned[] {
  return bestSoFar(trial).map(({ cell, validation }) => ({
    cell,
    validation,
    test: test[cell.index!],
  }));
}

/** The query that a trial would return after each of its queries: the first of equals. */
export function bestSoFar({ queries }: Pick<Trial, "queries">): Query[] {
  let best = queries[0];
  return queries.map((query) => {
    if (rankOf(query) > rankOf(best)) best = query;
    return best;
  });
}

/** What a method reached on a table. */
export interface MethodSummary {
  readonly method: string;
  readonly trials: number;
  /** Of each trial. */
  readonly queries: number;
  /** Of the returned cells, percent. */
  readonly validation: Estimate;
  readonly test: Estimate;
  /** Trials that found the covered cell with the best validation accuracy. */
  readonly optima: number;
}

/** Index of the covered cell with the best validation accuracy; the first of equals. */
export function bestCell(
  { covered, validation }: Pick<AccuracyTable, "covered" | "validation">,
): number {
  return covered.reduce((best, cell) =>
    validation[cell] > validation[best] ? cell : best
  );
}

/**
 * Summarises the trials of each method on one table, in the order they come.
 *
 * @param queries Looks at the first so many queries; methods that made fewer are left out.
 *   By default at all that a method made.
 */
export function summarise(
  trials: readonly Trial[],
  table: AccuracyTable,
  queries?: number,
): MethodSummary[] {
  const optimum = table.validation[bestCell(table)];
  return trialsByMethod(trials, table).flatMap(([method, own]) => {
    const most = Math.min(...own.map((trial) => trial.queries.length));
    const at = queries ?? most;
    if (at > most) return [];
    const ends = own.map((trial) => returnedCells(trial, table)[at - 1]);
    const percent = (key: "validation" | "test") =>
      estimate(ends.map((end) => 100 * end[key]));
    return [{
      method,
      trials: ends.length,
      queries: at,
      validation: percent("validation"),
      test: percent("test"),
      optima: ends.filter(({ validation }) => validation === optimum).length,
    }];
  });
}

/** How soon a method's trials reached a validation accuracy. */
export interface TargetSummary {
  readonly method: string;
  readonly trials: number;
  /** Trials that reached it. */
  readonly reached: number;
  /**
   * Median over trials of the queries it took, the lower of two middle ones; null where
   * that trial did not reach it.
   */
  readonly median: number | null;
}

/**
 * Counts the queries that each method took to reach a validation accuracy.
 *
 * @param target Percent.
 */
export function queriesToReach(
  trials: readonly Trial[],
  table: AccuracyTable,
  target: number,
): TargetSummary[] {
  return trialsByMethod(trials, table).map(([method, own]) => {
    const counts = own.map(({ queries }) => {
      const at = queries.findIndex(({ validation }) =>
        100 * validation >= target
      );
      return at < 0 ? Infinity : at + 1;
    }).sort((a, b) => a - b);
    const median = counts[(counts.length - 1) >> 1];
    return {
      method,
      trials: own.length,
      reached: counts.filter(Number.isFinite).length,
      median: Number.isFinite(median) ? median : null,
    };
  });
}

/** Mean over trials of what a method would return after each query, percent. */
export interface AnytimeCurve {
  readonly method: string;
  /** One entry a query, from the first. */
  readonly points: readonly Estimate[];
}

/** The anytime curve of each method. */
export function anytimeCurves(
  trials: readonly Trial[],
  table: AccuracyTable,
  accuracy: "validation" | "test",
): AnytimeCurve[] {
  return trialsByMethod(trials, table).map(([method, own]) => {
    const returned = own.map((trial) => returnedCells(trial, table));
    const length = Math.min(...returned.map((cells) => cells.length));
    return {
      method,
      points: Array.from(
        { length },
        (_, i) => estimate(returned.map((cells) => 100 * cells[i][accuracy])),
      ),
    };
  });
}

/** The trials on a table by method, in the order the methods come. */
export function trialsByMethod(
  trials: readonly Trial[],
  { dataset }: AccuracyTable,
): [method: string, trials: Trial[]][] {
  const own = trials.filter((trial) => trial.dataset === dataset);
  return [...Map.groupBy(own, ({ method }) => method)];
}
