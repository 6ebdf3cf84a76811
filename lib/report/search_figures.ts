/**
 * The figures of architecture search: what is found by when, and which cells were asked for.
 *
 * @module
 */

import { lineChart } from "./charts.ts";
import {
  axis,
  captionOf,
  type ChartText,
  compact,
  type Figure,
  houseLayout,
  type ReferenceLine,
  seriesStyle,
  type Trace,
} from "./figure.ts";

/** One method's mean and standard error after each query, from the first. */
export interface SearchCurve {
  readonly name: string;
  readonly points: readonly { readonly mean: number; readonly error: number }[];
}

/** Points of a curve: more are not told apart. */
const CURVE_POINTS = 100;

/**
 * What methods would return by the number of queries, with bands of one standard error.
 *
 * The vertical axis begins at the lowest mean that any method has after `from` queries:
 * what comes before is the first few random cells.
 *
 * @throws {RangeError} If no curve has as many as `from` points.
 */
export function searchCurves(
  curves: readonly SearchCurve[],
  text: ChartText,
  { from = 16, references = [] }: {
    readonly from?: number;
    readonly references?: readonly ReferenceLine[];
  } = {},
): Figure {
  const shown = curves.filter(({ points }) => points.length >= from);
  if (shown.length === 0) {
    throw new RangeError(
      `Cannot draw the search: a method must have made ${from} queries or more, got none`,
    );
  }
  const longest = Math.max(...shown.map(({ points }) => points.length));
  const every = Math.ceil(longest / CURVE_POINTS);
  const lines = shown.map(({ name, points }) => {
    const at = points.keys().filter((i) =>
      (i + 1) % every === 0 || i === points.length - 1
    ).toArray();
    const pick = (sign: number) =>
      at.map((i) => points[i].mean + sign * points[i].error);
    return {
      name,
      x: at.map((i) => i + 1),
      y: pick(0),
      lower: pick(-1),
      upper: pick(1),
    };
  });
  const figure = lineChart(lines, text, { references });
  const levels = [
    ...shown.flatMap(({ points }) => points.slice(from - 1)),
  ].map(({ mean }) => mean).concat(references.map(({ value }) => value));
  const [low, high] = [Math.min(...levels), Math.max(...levels)];
  const margin = 0.06 * (high - low || 1);
  const { shapes, annotations } = figure.layout;
  return {
    ...figure,
    layout: houseLayout(text.title, shown.map(({ name }) => name), {
      xaxis: axis(text.x),
      yaxis: axis(text.y, { range: [low - margin, high + 2 * margin] }),
      shapes,
      annotations,
      width: 760,
      height: 540,
    }),
  };
}

/** The cells that a search asked for, in order. */
export interface SearchedCells {
  readonly name: string;
  readonly values: readonly number[];
  /** What is shown of each cell that is pointed at; `<br>` breaks a line. */
  readonly texts: readonly string[];
}

/**
 * A point for each query; pointed at, it tells its cell.
 *
 * The vertical axis leaves out the lowest `hidden` share of all points, which lie far
 * below the others.
 */
export function searchScatter(
  searches: readonly SearchedCells[],
  text: ChartText,
  { hidden = 0.1 }: { readonly hidden?: number } = {},
): Figure {
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
  const low = sorted[Math.floor(hidden * sorted.length)];
  const high = sorted.at(-1)!;
  const margin = 0.04 * (high - low || 1);
  const layout = houseLayout(text.title, searches.map(({ name }) => name), {
    xaxis: axis(text.x),
    yaxis: axis(text.y, { range: [low - margin, high + margin] }),
    width: 760,
    height: 460,
  });
  return { data, layout, ...captionOf(text) };
}
