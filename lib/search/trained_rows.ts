/**
 * What tables and figures of searches show whose cells were trained: there is no table of all
 * accuracies, and no best cell is known.
 *
 * @module
 */

import { type Estimate, estimate } from "../metrics/statistics.ts";
import type { Cell } from "../spaces/cell.ts";
import { notationsOf } from "../spaces/notations.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { type AnytimeCurve, bestSoFar } from "./results.ts";
import type { Trial } from "./trials.ts";

/** What a training tells beside the validation accuracy; null where it does not. */
export interface TrainedDetails {
  /** Test accuracy, a fraction. */
  readonly test: number | null;
  /** That the training took. */
  readonly seconds: number | null;
  readonly parameters: number | null;
}

/** One query; accuracies in percent. */
export interface TrainedQueryRow {
  readonly method: string;
  readonly seed: number;
  /** Its number in the trial, from 1. */
  readonly query: number;
  /** In the first notation of the space. */
  readonly cell: string;
  /** Null where the evaluation failed. */
  readonly validation: number | null;
  /** The best validation accuracy so far; null where all have failed. */
  readonly best: number | null;
  readonly test: number | null;
  readonly seconds: number | null;
  readonly parameters: number | null;
  /** Why the evaluation failed; null where it did not. */
  readonly error: string | null;
}

/** Every query of trials, in order. */
export function trainedQueryRows(
  space: SearchSpace,
  trials: readonly Trial[],
  detailsOf: (cell: Cell) => TrainedDetails,
): TrainedQueryRow[] {
  const notation = notationsOf(space).find(({ write }) => write !== undefined)!;
  return trials.flatMap((trial) => {
    const best = bestSoFar(trial);
    return trial.queries.map(({ cell, validation, error }, i) => {
      const { test, seconds, parameters } = detailsOf(cell);
      const text = notation.write!(cell.graph);
      return {
        method: trial.method,
        seed: trial.seed,
        query: i + 1,
        cell: typeof text === "string" ? text : JSON.stringify(text),
        validation: error === undefined ? 100 * validation : null,
        best: best[i].error === undefined ? 100 * best[i].validation : null,
        test: test === null ? null : 100 * test,
        seconds,
        parameters,
        error: error ?? null,
      };
    });
  });
}

/** What a method found; accuracies in percent. */
export interface TrainedMethodRow {
  readonly method: string;
  readonly trials: number;
  /** Of each trial. */
  readonly queries: number;
  /** Of the returned cells: mean over trials and its standard error. */
  readonly validation: number;
  readonly validationError: number;
  /** Null where a training told none. */
  readonly test: number | null;
  readonly testError: number | null;
  /** Evaluations that failed, of all trials. */
  readonly failed: number;
}

/** What the methods found, in the order they come. */
export function trainedMethodRows(
  trials: readonly Trial[],
  detailsOf: (cell: Cell) => TrainedDetails,
): TrainedMethodRow[] {
  return _byMethod(trials).map(([method, own]) => {
    const returned = own.map((trial) => bestSoFar(trial).at(-1)!);
    const validation = _percent(returned.map(({ validation }) => validation));
    const tests = returned.map(({ cell }) => detailsOf(cell).test)
      .filter((test) => test !== null);
    const test = tests.length < returned.length ? null : _percent(tests);
    return {
      method,
      trials: own.length,
      queries: Math.max(...own.map(({ queries }) => queries.length)),
      validation: validation.mean,
      validationError: validation.error,
      test: test?.mean ?? null,
      testError: test?.error ?? null,
      failed: own.flatMap(({ queries }) => queries)
        .filter(({ error }) => error !== undefined).length,
    };
  });
}

/** The best validation accuracy after each query, percent, of each method. */
export function trainedCurves(trials: readonly Trial[]): AnytimeCurve[] {
  return _byMethod(trials).map(([method, own]) => {
    const best = own.map(bestSoFar);
    const length = Math.min(...best.map((queries) => queries.length));
    return {
      method,
      points: Array.from(
        { length },
        (_, i) => _percent(best.map((queries) => queries[i].validation)),
      ),
    };
  });
}

/** A cell that trials returned; accuracies are fractions. */
export interface TrainedCell {
  readonly cell: Cell;
  readonly validation: number;
  readonly test: number | null;
}

/** The best cells of all trials, the best first. */
export function bestTrainedCells(
  trials: readonly Trial[],
  detailsOf: (cell: Cell) => TrainedDetails,
  count: number,
): TrainedCell[] {
  const byKey = new Map(
    trials.flatMap(({ queries }) => queries)
      .filter(({ error }) => error === undefined)
      .map(({ cell, validation }) => [cell.key, { cell, validation }]),
  );
  return [...byKey.values()]
    .sort((a, b) => b.validation - a.validation)
    .slice(0, count)
    .map((found) => ({ ...found, test: detailsOf(found.cell).test }));
}

function _byMethod(
  trials: readonly Trial[],
): [method: string, trials: Trial[]][] {
  return [...Map.groupBy(trials, ({ method }) => method)];
}

function _percent(fractions: readonly number[]): Estimate {
  return estimate(fractions.map((fraction) => 100 * fraction));
}
