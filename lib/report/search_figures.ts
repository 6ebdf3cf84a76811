/**
 * The figures of architecture search: what is found by when, and which cells were asked for.
 *
 * @module
 */

import type {
  CurveSeries,
  ReturnedCell,
  SearchedCells,
} from "../search/rows.ts";
import { drawCells } from "../spaces/draw.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { lineChart } from "./charts.ts";
import {
  axis,
  captionOf,
  type ChartText,
  compact,
  type Figure,
  houseLayout,
  seriesStyle,
  type Svg,
  type Trace,
} from "./figure.ts";
import {
  searchCaption,
  searchPlace,
  type SearchText,
} from "./search_tables.ts";

/** Points of a curve: more are not told apart. */
const CURVE_POINTS = 60;

/**
 * What methods would return by the number of queries, with bands of one standard error of the
 * mean to either side.
 *
 * The vertical axis begins at the lowest mean that any method has after `from` queries:
 * what comes before is the first few random cells.
 *
 * @throws {RangeError} If no curve has as many as `from` points.
 */
export function searchCurves(
  { dataset, accuracy, trials, optimum, curves, others }: CurveSeries,
  where: SearchText,
  { from = 16 }: { readonly from?: number } = {},
): Figure {
  const shown = curves.filter(({ points }) => points.length >= from);
  if (shown.length === 0) {
    throw new RangeError(
      `Cannot draw the search: a method must have made ${from} queries or more, got none`,
    );
  }
  const text: ChartText = {
    title: `Search on ${searchPlace(where)}: ${dataset}, ${accuracy} accuracy`,
    x: "queries",
    y: `${accuracy} accuracy (%)`,
    caption: [
      trials === 1
        ? "The returned cell of one trial."
        : `The returned cell, mean of ${trials} trials; bands are one standard error of the mean to either side.`,
      optimum === null
        ? false
        : accuracy === "validation"
        ? "Dotted: the best validation accuracy there is."
        : "Dotted: the test accuracy of the cell that is best by validation; other cells lie above it, but no search looks at test accuracies.",
      _budgets(shown),
      others.length > 0 &&
      `Not drawn, in the tables alone: ${others.join("; ")}.`,
    ].filter(Boolean).join(" "),
  };
  const longest = Math.max(...shown.map(({ points }) => points.length));
  const every = Math.ceil(longest / CURVE_POINTS);
  const lines = shown.map(({ method, points }) => {
    const at = points.keys().filter((i) =>
      (i + 1) % every === 0 || i === points.length - 1
    ).toArray();
    const pick = (sign: number) =>
      at.map((i) => points[i].mean + sign * points[i].error);
    return {
      name: method,
      x: at.map((i) => i + 1),
      y: pick(0),
      lower: pick(-1),
      upper: pick(1),
    };
  });
  const figure = lineChart(lines, text, {
    references: optimum === null ? [] : [{
      value: optimum,
      label: accuracy === "validation" ? "optimum" : "best by validation",
    }],
  });
  const levels = shown.flatMap(({ points }) => points.slice(from - 1))
    .map(({ mean }) => mean).concat(optimum ?? []);
  const [low, high] = [Math.min(...levels), Math.max(...levels)];
  const margin = 0.06 * (high - low || 1);
  const { shapes, annotations } = figure.layout;
  const ends = shown.flatMap(({ points }, index): Trace[] =>
    points.length === longest ? [] : [{
      type: "scatter",
      mode: "markers",
      x: [points.length],
      y: compact([points.at(-1)!.mean]),
      marker: {
        symbol: "circle-open",
        size: 13,
        color: seriesStyle(index).color,
        line: { width: 2 },
      },
      hoverinfo: "skip",
      showlegend: false,
    }]
  );
  return {
    ...figure,
    data: [...figure.data, ...ends],
    layout: houseLayout(text.title, shown.map(({ method }) => method), {
      xaxis: axis(text.x),
      yaxis: axis(text.y, { range: [low - margin, high + 2 * margin] }),
      shapes,
      annotations,
      plotHeight: 340,
    }),
  };
}

/** Where the curves end, in words. */
function _budgets(curves: CurveSeries["curves"]): string {
  const ends = Map.groupBy(curves, ({ points }) => points.length);
  if (ends.size === 1) return `Budget: ${[...ends.keys()]} queries.`;
  const texts = [...ends].sort(([a], [b]) => a - b).map(([queries, curves]) =>
    `${queries} queries (${curves.map(({ method }) => method).join("; ")})`
  );
  return `A ring marks where a budget ends before the longest: ${
    texts.join(", ")
  }.`;
}

/** Share of the points, the lowest, that lie below the plot: far below the others. */
const HIDDEN = 0.1;

/**
 * A point for each query; pointed at, it tells its cell.
 *
 * @param dataset Title of the data set.
 */
export function searchScatter(
  searches: readonly SearchedCells[],
  dataset: string,
  where: SearchText,
): Figure {
  const text: ChartText = {
    title: `Queried cells, ${searchPlace(where)}, ${dataset}`,
    x: "query",
    y: "validation accuracy (%)",
    caption: "The lowest tenth of the points is below the plot.",
  };
  const data = searches.map(({ name, values, texts }, index): Trace => {
    const { color, symbol } = seriesStyle(index);
    return {
      type: "scatter",
      mode: "markers",
      name,
      x: values.map((_, i) => i + 1),
      y: compact(values),
      text: [...texts],
      hovertemplate: "query %{x}: %{y:.2f}<br>%{text}",
      marker: { color, symbol, size: 6, opacity: 0.75 },
    };
  });
  const sorted = searches.flatMap(({ values }) => [...values])
    .sort((a, b) => a - b);
  const low = sorted[Math.floor(HIDDEN * sorted.length)];
  const high = sorted.at(-1)!;
  const margin = 0.04 * (high - low || 1);
  const layout = houseLayout(text.title, searches.map(({ name }) => name), {
    xaxis: axis(text.x),
    yaxis: axis(text.y, { range: [low - margin, high + margin] }),
  });
  return { data, layout, ...captionOf(text) };
}

/**
 * Draws cells that the trials of a method returned, each with its validation and test
 * accuracy.
 *
 * @param seeds Trials that there were.
 */
export async function returnedCellsDrawing(
  space: SearchSpace,
  cells: readonly ReturnedCell[],
  { method, seeds, surrogate }: {
    readonly method: string;
    readonly seeds: number;
    readonly surrogate: boolean;
  },
): Promise<Svg> {
  const percent = (accuracy: number) => (100 * accuracy).toFixed(2);
  return {
    svg: await drawCells(space, cells.map(({ cell }) => cell.graph), {
      columns: 3,
      titles: cells.map(({ dataset, validation, test }) =>
        `${dataset}: ${percent(validation)} / ${percent(test)}`
      ),
    }),
    caption: searchCaption(
      `Cells that ${method} returned, with validation and test accuracy (%); by ${
        cells.map(({ trials }) => trials).join(", ")
      } of ${seeds} trials.`,
      { space, surrogate },
    ),
  };
}
