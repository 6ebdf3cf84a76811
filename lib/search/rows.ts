/**
 * What tables and figures of searches show: rows and series, made from trials.
 *
 * Which rows there are, at how many queries, and beside which published ones, is decided
 * here; how they look in `lib/report`.
 *
 * Source: the paper's tables 3 and 4.
 *
 * @module
 */

import { publishedSearches } from "../paper/search_tables.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import { edgePairs, type Graph } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { Algorithm1Options } from "./algorithm1.ts";
import {
  ALGORITHM_1_SETTINGS,
  ARCH_LLM_SEARCH,
  DRAWN_METHODS,
  LONG_BUDGET,
  ROUNDS_BUDGET,
  SCATTERED_METHODS,
} from "./compared.ts";
import {
  type AnytimeCurve,
  anytimeCurves,
  bestCell,
  queriesToReach,
  type Returned,
  returnedCells,
  summarise,
} from "./results.ts";
import type { Trial } from "./trials.ts";

/** The best that there is to be found on a data set; accuracies in percent. */
export interface OptimumRow {
  /** Title of the data set. */
  readonly dataset: string;
  readonly source: string;
  readonly validation: number;
  /** Of the cell that is best by validation. */
  readonly test: number;
}

/** The optimum of each table. */
export function optimumRows(tables: readonly AccuracyTable[]): OptimumRow[] {
  return tables.map((table) => {
    const cell = bestCell(table);
    return {
      dataset: table.title,
      source: table.source,
      validation: 100 * table.validation[cell],
      test: 100 * table.test[cell],
    };
  });
}

/**
 * A row of Table 3 or 4. By data set there are, in percent, `<dataset> validation` and
 * `<dataset> test`; of a published row whose validation accuracy is not of the table but of result
 * files `<dataset> validation of`; of measured rows also `… error` of both, and the counts `<dataset>
 * optimum found` and `<dataset> trials`.
 */
export interface SearchRow {
  readonly source: "paper" | "measured" | "measured (surrogate)";
  readonly method: string;
  /** Null where none are printed. */
  readonly queries: number | null;
  readonly [figure: string]: string | number | null;
}

/**
 * The rows of Table 3 or 4: the published ones, where there are any, then the measured ones.
 *
 * Methods are listed after 192 queries, then after 400, each where they made so many. Where
 * none made 192, as in a quick run, they are listed once, after all they made.
 *
 * @param tables All data sets of one space; each method has trials on every one.
 */
export function searchRows(
  space: SearchSpace,
  tables: readonly AccuracyTable[],
  trials: readonly Trial[],
): SearchRow[] {
  const published = publishedSearches(space.name).map((
    { method, queries, accuracies },
  ): SearchRow => ({
    source: "paper",
    method,
    queries,
    ...Object.fromEntries(
      Object.entries(accuracies).flatMap((
        [dataset, { validation, test, validationOfFiles }],
      ) => [
        [`${dataset} validation`, validation],
        [`${dataset} test`, test],
        ...validationOfFiles
          ? [[`${dataset} validation of`, "result files"]]
          : [],
      ]),
    ),
  }));
  const levels = [ROUNDS_BUDGET, LONG_BUDGET].map((queries) =>
    _measuredRows(tables, trials, queries)
  );
  const measured = levels.some((rows) => rows.length > 0)
    ? levels.flat()
    : _measuredRows(tables, trials);
  return [...published, ...measured];
}

function _measuredRows(
  tables: readonly AccuracyTable[],
  trials: readonly Trial[],
  budget?: number,
): SearchRow[] {
  const byTable = tables.map((table) => summarise(trials, table, budget));
  const surrogate = tables.some((table) => table.surrogate);
  return byTable[0].map(({ method, queries }, row) => ({
    source: surrogate ? "measured (surrogate)" : "measured",
    method,
    queries,
    ...Object.fromEntries(
      tables.flatMap(({ dataset }, t) => {
        const { validation, test, optima, trials } = byTable[t][row];
        return [
          [`${dataset} validation`, validation.mean],
          [`${dataset} validation error`, validation.error],
          [`${dataset} test`, test.mean],
          [`${dataset} test error`, test.error],
          [`${dataset} optimum found`, optima],
          [`${dataset} trials`, trials],
        ];
      }),
    ),
  }));
}

/** A validation accuracy that searches are timed to. */
export interface Goal {
  readonly name: string;
  /** As readers know it, percent. */
  readonly shown: number;
}

/**
 * How soon each method reached each goal: `<goal>` is the median of the queries it took, null
 * where the median trial did not in all its `queries`, `<goal> reached` the number of trials
 * that did.
 */
export interface GoalRows {
  readonly goals: readonly Goal[];
  readonly rows: readonly {
    readonly method: string;
    /** Of each trial. */
    readonly queries: number;
    readonly [figure: string]: string | number | null;
  }[];
}

/** The published row whose validation accuracies are goals, where a space has it. */
const RIVAL = { method: "AG-Net*", name: "AG-Net's" };

/** Queries to what the paper prints for AG-Net, and to the optimum, of each data set. */
export function goalRows(
  space: SearchSpace,
  tables: readonly AccuracyTable[],
  trials: readonly Trial[],
): GoalRows {
  const rival = publishedSearches(space.name)
    .find(({ method }) => method === RIVAL.method)?.accuracies;
  const goals = tables.flatMap((table) => {
    const printed = rival?.[table.dataset]?.validation ?? null;
    const optimum = 100 * table.validation[bestCell(table)];
    return [
      // As printed: reached by what rounds to it.
      ...printed === null ? [] : [{
        table,
        name: `${RIVAL.name} ${table.title}`,
        shown: printed,
        target: printed - 0.005,
      }],
      {
        table,
        name: `optimum of ${table.title}`,
        shown: optimum,
        target: optimum - 1e-9,
      },
    ];
  });
  const made = summarise(trials, tables[0]);
  const reached = goals.map(({ table, target }) =>
    queriesToReach(trials, table, target)
  );
  return {
    goals: goals.map(({ name, shown }) => ({ name, shown })),
    rows: reached[0].map(({ method }, row) => ({
      method,
      queries: made[row].queries,
      ...Object.fromEntries(goals.flatMap(({ name }, g) => [
        [name, reached[g][row].median],
        [`${name} reached`, reached[g][row].reached],
      ])),
    })),
  };
}

/** What Algorithm 1 reached under some settings; accuracies in percent. */
export interface Algorithm1Row extends Algorithm1Options {
  readonly queries: number;
  readonly validation: number;
  readonly validationError: number;
  readonly test: number;
  readonly testError: number;
}

/**
 * What Algorithm 1 reached under each of its settings.
 *
 * @param trials Those of `algorithm1Variants`, in their order.
 */
export function algorithm1Rows(
  table: AccuracyTable,
  trials: readonly Trial[],
): Algorithm1Row[] {
  return summarise(trials, table).map(({ queries, validation, test }, i) => ({
    ...ALGORITHM_1_SETTINGS[i],
    queries,
    validation: validation.mean,
    validationError: validation.error,
    test: test.mean,
    testError: test.error,
  }));
}

/** The anytime curves of a figure; accuracies in percent. */
export interface CurveSeries {
  /** Title of the data set. */
  readonly dataset: string;
  readonly accuracy: "validation" | "test";
  /** Trials of each method. */
  readonly trials: number;
  /** The best there is; null where that is not known. */
  readonly optimum: number | null;
  readonly curves: readonly AnytimeCurve[];
  /** Methods that were run but are not drawn. */
  readonly others: readonly string[];
}

/** The curves of the methods that are drawn. */
export function curveSeries(
  table: AccuracyTable,
  trials: readonly Trial[],
  accuracy: "validation" | "test",
): CurveSeries {
  const drawn = trials.filter(({ method }) => DRAWN_METHODS.includes(method));
  return {
    dataset: table.title,
    accuracy,
    trials: new Set(drawn.map(({ seed }) => seed)).size,
    optimum: optimumRows([table])[0][accuracy],
    curves: anytimeCurves(drawn, table, accuracy),
    others: [...new Set(trials.map(({ method }) => method))]
      .filter((method) => !DRAWN_METHODS.includes(method)),
  };
}

/** The cells that a search asked for, in order. */
export interface SearchedCells {
  readonly name: string;
  /** Validation accuracies, percent. */
  readonly values: readonly number[];
  /** What each cell is; `<br>` breaks a line. */
  readonly texts: readonly string[];
}

/** The cells that the first trial of three methods asked for. */
export function searchedCells(
  space: SearchSpace,
  { dataset }: AccuracyTable,
  trials: readonly Trial[],
): SearchedCells[] {
  return SCATTERED_METHODS.flatMap((name) => {
    const first = trials.find((trial) =>
      trial.method === name && trial.dataset === dataset
    );
    return first === undefined ? [] : [{
      name,
      values: first.queries.map(({ validation }) => 100 * validation),
      texts: first.queries.map(({ cell }) => _cellText(space, cell.graph)),
    }];
  });
}

/** Operations of the inner nodes, and the edges where they are not the same in all cells. */
function _cellText(space: SearchSpace, graph: Graph): string {
  const ops = Array.from(graph.ops, (op) => space.ops[op])
    .slice(space.inputs, -1).join(", ");
  const edges = edgePairs(graph).map(([from, to]) => `${from}→${to}`);
  return space.variableSize ? `${ops}<br>${edges.join(" ")}` : ops;
}

/** A cell that trials returned; accuracies are fractions. */
export interface ReturnedCell extends Returned {
  /** Title of the data set. */
  readonly dataset: string;
  /** Trials that returned it. */
  readonly trials: number;
}

/**
 * The best cells that the trials of a method returned: the three best where there is one
 * data set, else the best of each.
 */
export function bestCells(
  tables: readonly AccuracyTable[],
  trials: readonly Trial[],
  method: string = ARCH_LLM_SEARCH,
): ReturnedCell[] {
  return tables.flatMap((table) => {
    const found = trials.filter((trial) =>
      trial.method === method && trial.dataset === table.dataset
    ).map((trial) => returnedCells(trial, table).at(-1)!);
    const byKey = Map.groupBy(found, ({ cell }) => cell.key);
    return [...byKey.values()]
      .sort(([a], [b]) => b.validation - a.validation)
      .slice(0, tables.length === 1 ? 3 : 1)
      .map((same) => ({
        ...same[0],
        dataset: table.title,
        trials: same.length,
      }));
  });
}
