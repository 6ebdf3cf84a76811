/**
 * Tables, figure and drawing of searches whose cells were trained.
 *
 * @module
 */

import type { AnytimeCurve } from "../search/results.ts";
import type {
  TrainedCell,
  TrainedMethodRow,
  TrainedQueryRow,
} from "../search/trained_rows.ts";
import { drawCells } from "../spaces/draw.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { Figure, Svg } from "./figure.ts";
import { searchCurves } from "./search_figures.ts";
import { MISSING, type ReportTable, type Row, table } from "./tables.ts";

/** What captions say of a search. */
export interface TrainedSearchText {
  readonly space: SearchSpace;
  /** What cells are trained on, in the recipe's words. */
  readonly dataset: string;
}

/** What the methods found. */
export function trainedMethodTable(
  rows: readonly TrainedMethodRow[],
  { space, dataset }: TrainedSearchText,
): ReportTable {
  const withError = (error: string) => (value: unknown, row: Row) =>
    typeof value !== "number"
      ? MISSING
      : row.trials === 1
      ? value.toFixed(2)
      : `${value.toFixed(2)} ± ${(row[error] as number).toFixed(2)}`;
  const isBest = (key: string) => {
    const values = rows.map((row) => (row as unknown as Row)[key])
      .filter((value) => typeof value === "number");
    return (value: unknown) => value === Math.max(...values);
  };
  const best = { validation: isBest("validation"), test: isBest("test") };
  return table(rows, {
    columns: [
      "method",
      "queries",
      "trials",
      {
        key: "validation",
        title: "validation accuracy (%)",
        align: "right",
        format: withError("validationError"),
      },
      {
        key: "test",
        title: "test accuracy (%)",
        align: "right",
        format: withError("testError"),
      },
      { key: "failed", title: "failed trainings" },
    ],
    bold: (row, key) =>
      rows.length > 1 &&
      (key === "validation" || key === "test") && best[key](row[key]),
    caption: `Search on ${space.title} by training, ${dataset}`,
    notes: [
      "Of the cell with the best validation accuracy of a trial; mean over trials and its standard error.",
    ],
  });
}

/** Every query. */
export function trainedQueryTable(
  rows: readonly TrainedQueryRow[],
  { space, dataset }: TrainedSearchText,
): ReportTable {
  return table(rows, {
    columns: [
      "method",
      { key: "seed", align: "left" },
      "query",
      "cell",
      { key: "validation", title: "validation accuracy (%)" },
      { key: "best", title: "best so far (%)" },
      { key: "test", title: "test accuracy (%)" },
      { key: "seconds", digits: 1 },
      "parameters",
      { key: "error", title: "why it failed" },
    ],
    caption: `Queries of searches on ${space.title} by training, ${dataset}`,
  });
}

/** The best validation accuracy by the number of queries. */
export function trainedCurvesFigure(
  curves: readonly AnytimeCurve[],
  trials: number,
  { space, dataset }: TrainedSearchText,
): Figure {
  const shortest = Math.min(...curves.map(({ points }) => points.length));
  return searchCurves(
    {
      ...{ dataset, accuracy: "validation", trials, optimum: null },
      ...{ curves, others: [] },
    },
    { space, surrogate: false },
    { from: Math.min(8, shortest) },
  );
}

/** Draws cells with their accuracies. */
export async function trainedCellsDrawing(
  cells: readonly TrainedCell[],
  { space, dataset }: TrainedSearchText,
): Promise<Svg> {
  const percent = (accuracy: number | null) =>
    accuracy === null ? MISSING : (100 * accuracy).toFixed(2);
  return {
    svg: await drawCells(space, cells.map(({ cell }) => cell.graph), {
      columns: 3,
      titles: cells.map(({ validation, test }) =>
        `${percent(validation)} / ${percent(test)}`
      ),
    }),
    caption:
      `The best cells, with validation and test accuracy (%): ${space.title} by training, ${dataset}.`,
  };
}
