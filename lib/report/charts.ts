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
  type ReferenceLine,
  type SeriesStyle,
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
  { logY = false }: { readonly logY?: boolean } = {},
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
        // Of a logarithmic axis, annotations want the logarithm and shapes the value.
        y: logY ? Math.log10(value) : value,
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
 * Up to 40 points are marked one by one, of more about a dozen.
 *
 * @param options `logX`, `logY`: logarithmic axes; `range`: what a linear vertical one shows,
 *   from zero by default.
 * @throws {RangeError} If the arrays of a line differ in length.
 */
export function lineChart(
  lines: readonly Line[],
  text: ChartText,
  options: {
    readonly logX?: boolean;
    readonly logY?: boolean;
    readonly range?: readonly [number, number];
    readonly references?: readonly ReferenceLine[];
  } = {},
): Figure {
  const { logX = false, logY = false, range, references = [] } = options;
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
      mode: "lines+markers",
      name: line.name,
      x,
      y: compact(line.y),
      line: { color, dash, width: 2.2 },
      marker: {
        color,
        symbol,
        size: 7,
        ...(x.length > 40 && { maxdisplayed: 12 }),
      },
      legendgroup: line.name,
    });
  }
  const layout = houseLayout(text.title, namesOf(lines), {
    xaxis: axis(
      text.x,
      logX ? logAxis(lines.flatMap(({ x }) => Array.from(x))) : undefined,
    ),
    yaxis: axis(
      text.y,
      logY
        ? logAxis(lines.flatMap(({ y }) => Array.from(y)))
        : range
        ? { range: [...range] }
        : { rangemode: "tozero" },
    ),
    ...referenceMarks(references, { logY }),
  });
  return { data, layout, ...captionOf(text) };
}

/** Powers of ten that a logarithmic axis names at most. */
const MOST_POWERS = 7;

/**
 * A logarithmic axis with its ticks at powers of ten, all written in one way: as numbers
 * from 0.01 to 1000, where one is beyond that as powers; of few powers at twice and five
 * times each as well.
 *
 * @param values What is drawn; those that are not positive are left out.
 */
export function logAxis(values: readonly number[]): Record<string, Json> {
  const powers = values.filter((value) => value > 0 && value < Infinity)
    .map(Math.log10);
  const low = Math.floor(powers.reduce((a, b) => Math.min(a, b), 0));
  const high = Math.ceil(powers.reduce((a, b) => Math.max(a, b), 0));
  const step = Math.ceil((high - low + 1) / MOST_POWERS);
  const shown = Array.from({ length: high - low + 1 }, (_, i) => low + i)
    .filter((power) => power % step === 0);
  if (low < -2 || high > 3) {
    return {
      type: "log",
      tickvals: shown.map((power) => 10 ** power),
      ticktext: shown.map((power) =>
        `10<sup>${`${power}`.replace("-", "−")}</sup>`
      ),
    };
  }
  const ticks = shown.flatMap((power) =>
    (shown.length <= 4 ? [1, 2, 5] : [1]).map((factor) =>
      Number((factor * 10 ** power).toPrecision(1))
    )
  );
  return { type: "log", tickvals: ticks, ticktext: ticks.map(String) };
}

/** A range that holds values with a little room around them. */
export function rangeOf(values: readonly number[]): [number, number] {
  const [low, high] = [
    values.reduce((a, b) => Math.min(a, b), Infinity),
    values.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  const margin = 0.06 * (high - low || 1);
  return [low - margin, high + margin];
}

/** One colour of a bar chart. */
export interface BarSeries {
  readonly name: string;
  readonly values: ArrayLike<number>;
  /** Half the height of each error bar, in the unit of the values. */
  readonly errors?: ArrayLike<number>;
  /** How it looks; by default as its place in the legend has it. */
  readonly style?: Pick<SeriesStyle, "color" | "pattern">;
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
  const data = series.map((each, index): Trace => {
    const { name, values, errors } = each;
    const { color, pattern } = each.style ?? seriesStyle(index);
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
        color,
        line: { color: "#FFFFFF", width: options.stacked ? 0.5 : 0 },
        pattern: {
          shape: pattern,
          fillmode: "overlay",
          fgcolor: "#FFFFFF",
          size: 7,
          solidity: 0.25,
        },
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
 * A matrix of at most 60 cells has its numbers written in.
 *
 * @param values Rows of equal length.
 * @param labels Names of the rows and of the columns.
 * @param text `scale`: what the shades stand for; `ticks`: values that the scale names, the
 *   first its lightest shade and the last its darkest, so that figures can be compared.
 * @throws {RangeError} If a row has not one value per column, or a row has no name.
 */
export function heatmap(
  values: readonly ArrayLike<number>[],
  labels: {
    readonly rows: readonly (string | number)[];
    readonly columns: readonly (string | number)[];
  },
  text: ChartText & {
    readonly scale: string;
    readonly ticks?: readonly {
      readonly value: number;
      readonly text: string;
    }[];
  },
): Figure {
  const { ticks } = text;
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
  const written = rows.length * columns.length <= 60;
  const data: Trace = {
    type: "heatmap",
    x: [...columns],
    y: rows.map(String),
    z: values.map(compact),
    colorscale: SHADES,
    ...(ticks && { zmin: ticks[0].value, zmax: ticks.at(-1)!.value }),
    colorbar: colorbar(text.scale, ticks),
    ...(written
      ? { xgap: 1, ygap: 1, texttemplate: "%{z:.3r}", textfont: { size: 14 } }
      : {}),
  };
  const numeric = columns.every((column) => typeof column === "number");
  const layout = houseLayout(text.title, [], {
    plotHeight: Math.max(120, Math.min(440, 46 * rows.length)),
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

/** The scale of shades beside a plot, with ticks of its own where they are given. */
export function colorbar(
  title: string,
  ticks?: readonly { readonly value: number; readonly text: string }[],
): Json {
  return {
    title: { text: title, side: "right", font: { size: 15 } },
    tickfont: { size: 14 },
    thickness: 14,
    outlinewidth: 0,
    ...(ticks && {
      tickvals: ticks.map(({ value }) => value),
      ticktext: ticks.map(({ text }) => text),
    }),
  };
}
