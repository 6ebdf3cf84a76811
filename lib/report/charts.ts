/**
 * Builders of figures: lines, bars, and matrices as shades.
 *
 * @module
 */

import {
  axis,
  captionOf,
  type ChartText,
  compact,
  type Figure,
  GREY,
  houseLayout,
  type Json,
  note,
  PALETTE,
  type ReferenceLine,
  seriesStyle,
  type Trace,
  translucent,
} from "./figure.ts";

/** What the legend lists: nothing where one name would stand alone. */
function namesOf(series: readonly { readonly name: string }[]): string[] {
  return series.length > 1 ? series.map(({ name }) => name) : [];
}

/** Reference lines as shapes and their labels. */
function referenceMarks(
  lines: readonly ReferenceLine[],
): { shapes: Json[]; annotations: Json[] } {
  return {
    shapes: lines.map(({ value }) => ({
      type: "line",
      xref: "paper",
      x0: 0,
      x1: 1,
      y0: value,
      y1: value,
      line: { color: GREY, width: 1.5, dash: "dot" },
    })),
    annotations: lines.map(({ value, label }) =>
      note(label, {
        xref: "paper",
        x: 1,
        xanchor: "right",
        y: value,
        yanchor: "bottom",
        yshift: 2,
      })
    ),
  };
}

/** One line of a line chart. */
export interface Line {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** The spread around `y`, drawn as a band; both or neither. */
  readonly lower?: ArrayLike<number>;
  readonly upper?: ArrayLike<number>;
}

/**
 * Lines over a numeric axis, each with a band where it has a spread.
 *
 * Up to 40 points are marked one by one.
 *
 * @throws {RangeError} If the arrays of a line differ in length.
 */
export function lineChart(
  lines: readonly Line[],
  text: ChartText,
  options: {
    readonly logY?: boolean;
    readonly references?: readonly ReferenceLine[];
  } = {},
): Figure {
  const data: Trace[] = [];
  for (const [index, line] of lines.entries()) {
    const { color, dash, symbol } = seriesStyle(index);
    const { lower = line.y, upper = line.y } = line;
    for (const values of [line.y, lower, upper]) {
      if (values.length !== line.x.length) {
        throw new RangeError(
          `Cannot draw the line ${line.name}: its arrays must be of one ` +
            `length, got ${line.x.length} and ${values.length}`,
        );
      }
    }
    const x = compact(line.x);
    if (line.lower || line.upper) {
      data.push({
        type: "scatter",
        mode: "lines",
        x: [...x, ...x.toReversed()],
        y: [...compact(upper), ...compact(lower).toReversed()],
        fill: "toself",
        fillcolor: translucent(color, 0.18),
        line: { width: 0 },
        hoverinfo: "skip",
        showlegend: false,
        legendgroup: line.name,
      });
    }
    data.push({
      type: "scatter",
      mode: x.length <= 40 ? "lines+markers" : "lines",
      name: line.name,
      x,
      y: compact(line.y),
      line: { color, dash, width: 2.2 },
      marker: { color, symbol, size: 7 },
      legendgroup: line.name,
    });
  }
  const layout = houseLayout(text.title, namesOf(lines), {
    xaxis: axis(text.x),
    yaxis: axis(
      text.y,
      options.logY ? { type: "log", dtick: 1 } : { rangemode: "tozero" },
    ),
    ...referenceMarks(options.references ?? []),
  });
  return { data, layout, ...captionOf(text) };
}

/** One colour of a bar chart. */
export interface BarSeries {
  readonly name: string;
  readonly values: ArrayLike<number>;
  /** Half the height of each error bar, in the unit of the values. */
  readonly errors?: ArrayLike<number>;
  /** By default the palette's, in the order of the series. */
  readonly color?: string;
}

/**
 * Grouped or stacked bars over named categories.
 *
 * @throws {RangeError} If a series has not one value per category.
 */
export function barChart(
  categories: readonly (string | number)[],
  series: readonly BarSeries[],
  text: ChartText,
  options: {
    readonly stacked?: boolean;
    readonly references?: readonly ReferenceLine[];
  } = {},
): Figure {
  const data = series.map(({ name, values, errors, color }, index): Trace => {
    for (const array of errors ? [values, errors] : [values]) {
      if (array.length !== categories.length) {
        throw new RangeError(
          `Cannot draw the bars ${name}: there must be one value for each of ` +
            `${categories.length} categories, got ${array.length}`,
        );
      }
    }
    return {
      type: "bar",
      name,
      x: categories.map(String),
      y: compact(values),
      marker: {
        color: color ?? PALETTE[index % PALETTE.length],
        line: { color: "#FFFFFF", width: options.stacked ? 0.5 : 0 },
      },
      ...(errors && {
        error_y: {
          type: "data",
          array: compact(errors),
          color: "#222222",
          thickness: 1.3,
          width: 4,
        },
      }),
    };
  });
  const layout = houseLayout(text.title, namesOf(series), {
    barmode: options.stacked ? "stack" : "group",
    bargap: 0.28,
    bargroupgap: 0.06,
    xaxis: axis(text.x, { type: "category", showgrid: false }),
    yaxis: axis(text.y, { rangemode: "tozero" }),
    ...referenceMarks(options.references ?? []),
  });
  return { data, layout, ...captionOf(text) };
}

/** From white over blue to near black: reads the same in grey. */
const SHADES: Json = [
  [0, "#FFFFFF"],
  [0.25, "#C6DBEF"],
  [0.5, "#6BAED6"],
  [0.75, "#2171B5"],
  [1, "#08306B"],
];

/**
 * A matrix as shades; the first row is drawn at the top.
 *
 * A matrix of at most 120 cells has its numbers written in.
 *
 * @param values Rows of equal length.
 * @param labels Names of the rows and of the columns.
 * @throws {RangeError} If a row has not one value per column, or a row has no name.
 */
export function heatmap(
  values: readonly ArrayLike<number>[],
  labels: {
    readonly rows: readonly (string | number)[];
    readonly columns: readonly (string | number)[];
  },
  text: ChartText & { readonly scale: string },
): Figure {
  const { rows, columns } = labels;
  if (
    values.length !== rows.length ||
    values.some((row) => row.length !== columns.length)
  ) {
    throw new RangeError(
      `Cannot draw the heatmap ${text.title}: values must be ` +
        `[${rows.length}, ${columns.length}] like the labels, got ` +
        `[${values.length}, ${values.map((row) => row.length).join(" or ")}]`,
    );
  }
  const written = rows.length * columns.length <= 120;
  const data: Trace = {
    type: "heatmap",
    x: [...columns],
    y: rows.map(String),
    z: values.map(compact),
    colorscale: SHADES,
    colorbar: {
      title: { text: text.scale, side: "right", font: { size: 15 } },
      tickfont: { size: 14 },
      thickness: 14,
      outlinewidth: 0,
    },
    ...(written
      ? { xgap: 1, ygap: 1, texttemplate: "%{z:.3r}", textfont: { size: 13 } }
      : {}),
  };
  const numeric = columns.every((column) => typeof column === "number");
  const layout = houseLayout(text.title, [], {
    height: Math.max(240, Math.min(640, 140 + 46 * rows.length)),
    xaxis: axis(text.x, {
      type: numeric ? "linear" : "category",
      showgrid: false,
    }),
    yaxis: axis(text.y, {
      type: "category",
      autorange: "reversed",
      showgrid: false,
    }),
  });
  return { data: [data], layout, ...captionOf(text) };
}
