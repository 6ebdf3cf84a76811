/**
 * The figures of the notebooks: what is plotted, in which unit, with which spread.
 *
 * Each function returns a Plotly figure as plain data, made by a builder of
 * `charts.ts`; only `show()` of `display.ts` knows the notebook.
 *
 * @module
 */

import { usagePerplexity, usedCodes } from "../metrics/codebook_usage.ts";
import {
  barChart,
  type BarSeries,
  type Line,
  lineChart,
  rangeOf,
} from "./charts.ts";
import {
  axis,
  captionOf,
  type Figure,
  type ReferenceLine,
  seriesStyle,
} from "./figure.ts";

/** Points above which a curve is averaged: a screen shows no more. */
const CURVE_POINTS = 300;

/** A loss as it was logged: one value per step, or per epoch. */
export interface LossCurve {
  readonly name: string;
  readonly steps: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/**
 * Loss against optimizer step or epoch.
 *
 * A curve of more than 300 values is averaged over equal runs of steps, with a band from
 * the 10th to the 90th percentile of each. A linear axis shows what comes after the first
 * value of each curve, which lies far above the others.
 *
 * @param options `x` names the horizontal axis (`optimizer step` by default),
 *   `y` the vertical (`loss (nats)`).
 */
export function lossCurves(
  curves: readonly LossCurve[],
  options: {
    readonly title?: string;
    readonly x?: string;
    readonly y?: string;
    readonly logY?: boolean;
    readonly caption?: string;
  } = {},
): Figure {
  let averaged = false;
  const lines = curves.map((curve): Line => {
    const line = { ...curve, x: curve.steps, y: curve.values };
    if (curve.values.length <= CURVE_POINTS) return line;
    averaged = true;
    return { name: curve.name, ...averageRuns(curve, CURVE_POINTS) };
  });
  const { logY = false } = options;
  const range = rangeOf(
    lines.flatMap(({ y }) => Array.from(y).slice(y.length > 1 ? 1 : 0)),
  );
  const above = logY
    ? []
    : lines.flatMap(({ name, y }) =>
      y[0] > range[1] ? [`${name} ${y[0].toFixed(2)}`] : []
    );
  const caption = [
    options.caption,
    averaged &&
    "Line: mean of equal runs of steps; band: their 10th to 90th percentile.",
    above.length > 0 &&
    `Above the plot, the first values: ${above.join(", ")}.`,
  ].filter(Boolean).join(" ");
  return lineChart(lines, {
    title: options.title ?? "Training loss",
    x: options.x ?? "optimizer step",
    y: options.y ?? "loss (nats)",
    ...(caption && { caption }),
  }, { logY, range });
}

/** Means, 10th and 90th percentiles of `count` equal runs of a curve. */
function averageRuns(curve: LossCurve, count: number): Omit<Line, "name"> {
  const runs = { x: [], y: [], lower: [], upper: [] } as Record<
    "x" | "y" | "lower" | "upper",
    number[]
  >;
  const length = curve.values.length;
  for (let run = 0; run < count; run++) {
    const from = Math.floor(run * length / count);
    const to = Math.floor((run + 1) * length / count);
    const values = Array.from(
      { length: to - from },
      (_, i) => curve.values[from + i],
    ).sort((a, b) => a - b);
    const quantile = (q: number) => values[Math.round(q * (values.length - 1))];
    runs.x.push(curve.steps[(from + to - 1) >> 1]);
    runs.y.push(values.reduce((sum, value) => sum + value, 0) / values.length);
    runs.lower.push(quantile(0.1));
    runs.upper.push(quantile(0.9));
  }
  return runs;
}

/**
 * Share of each code, most used first, with uniform use as a dotted line; the axis is
 * logarithmic, so that codes of little use are seen.
 *
 * The title tells how many codes are used and the perplexity.
 *
 * @param counts Uses of each code, `[K]`.
 * @throws {RangeError} If nothing was counted.
 */
export function codebookUsage(
  counts: ArrayLike<number>,
  options: { readonly title?: string; readonly caption?: string } = {},
): Figure {
  const perplexity = usagePerplexity(counts);
  const sorted = Array.from(counts).sort((a, b) => b - a);
  const total = sorted.reduce((sum, count) => sum + count, 0);
  const used = usedCodes(counts);
  const title = `${options.title ?? "Codebook usage"}: ${used} of ` +
    `${sorted.length} codes, perplexity ${perplexity.toFixed(1)}`;
  const uniform = 100 / sorted.length;
  const figure = lineChart(
    [{
      name: "share",
      x: sorted.slice(0, used).map((_, rank) => rank + 1),
      y: sorted.slice(0, used).map((count) => 100 * count / total),
    }],
    {
      title,
      x: "code, by rank of usage",
      y: "share of all positions (%)",
      ...captionOf(options),
    },
    {
      logY: true,
      references: [{
        value: uniform,
        label: `uniform use: ${uniform.toPrecision(2)} %`,
      }],
    },
  );
  return {
    ...figure,
    // A step for each code, and room for those that are not used.
    data: figure.data.map((trace) => ({
      ...trace,
      mode: "lines",
      line: { shape: "hvh", color: seriesStyle(0).color, width: 2 },
    })),
    layout: {
      ...figure.layout,
      xaxis: axis("code, by rank of usage", {
        range: [0.5, sorted.length + 0.5],
        showgrid: false,
      }),
    },
  };
}

/**
 * Shares of the operations, such as those of training and of generated cells.
 *
 * @param ops Names of the operations.
 * @param series One count per operation each; drawn as percentages of their sum.
 * @throws {RangeError} If a series counts nothing, or has not one count per op.
 */
export function opsHistogram(
  ops: readonly string[],
  series: readonly {
    readonly name: string;
    readonly counts: ArrayLike<number>;
  }[],
  options: { readonly title?: string; readonly caption?: string } = {},
): Figure {
  const shares = series.map(({ name, counts }) => ({
    name,
    values: percentages(counts, name),
  }));
  return barChart(ops, shares, {
    title: options.title ?? "Operations",
    x: "operation",
    y: "share of nodes (%)",
    ...captionOf(options),
  });
}

function percentages(counts: ArrayLike<number>, name: string): number[] {
  const values = Array.from(counts);
  const total = values.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) {
    throw new RangeError(
      `Cannot take the shares of ${name}: counts must add up to more than 0, ` +
        `got ${total}`,
    );
  }
  return values.map((value) => 100 * value / total);
}

/**
 * Perplexity of a language model at each position of the sequence, by model.
 *
 * @param series Perplexities by position, `[positions]`, with the half-height of
 *   their error bars where there are several runs.
 * @param options `positions`: names of the positions, `0 …` by default;
 *   `references`: levels such as the size of the codebook.
 */
export function perplexityByPosition(
  series: readonly BarSeries[],
  options: {
    readonly title?: string;
    readonly positions?: readonly (string | number)[];
    readonly references?: readonly ReferenceLine[];
    readonly caption?: string;
  } = {},
): Figure {
  const positions = options.positions ??
    Array.from(series[0]?.values ?? [], (_, position) => position);
  return barChart(positions, series, {
    title: options.title ?? "Perplexity by position",
    x: "position in the sequence",
    y: "perplexity (codes)",
    ...captionOf(options),
  }, { references: options.references ?? [] });
}

/** What went wrong with the samples of one setting. */
export interface InvalidityRow {
  /** The setting, such as the temperature. */
  readonly setting: string | number;
  /** Samples drawn, valid ones included. */
  readonly samples: number;
  /** Samples by reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** Share of the samples, in percent, below which a bar is too thin to be seen. */
const THINNEST = 0.3;

/**
 * Why samples are invalid: one stacked bar per setting, as percentages of all
 * samples. A reason that nowhere makes a bar that can be seen has no place in the legend,
 * but stands in the caption; the others keep their looks, so that figures can be compared.
 */
export function reasonsOfInvalidity(
  rows: readonly InvalidityRow[],
  options: {
    readonly title?: string;
    readonly x?: string;
    readonly caption?: string;
  } = {},
): Figure {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.reasons)))];
  const series = names.map((name, index) => {
    const values = rows.map((row) =>
      100 * (row.reasons[name] ?? 0) / row.samples
    );
    return {
      name,
      style: seriesStyle(index),
      values,
      most: Math.max(...values),
    };
  });
  const drawn = series.filter(({ most }) => most >= THINNEST);
  const rare = series.filter(({ most }) => most > 0 && most < THINNEST);
  const caption = [
    options.caption,
    drawn.length === 1 && `All bars: ${drawn[0].name}.`,
    rare.length > 0 &&
    `Too rare to be seen: ${
      rare.map(({ name, most }) => `${name} (${most.toPrecision(1)} % at most)`)
        .join(", ")
    }.`,
  ].filter(Boolean).join(" ");
  return barChart(
    settingNames(rows),
    drawn,
    {
      title: options.title ?? "Reasons of invalidity",
      x: options.x ?? "temperature",
      y: "share of all samples (%)",
      ...(caption && { caption }),
    },
    { stacked: true },
  );
}

/** Settings as text, numbers with as many decimals as the longest has. */
function settingNames(rows: readonly InvalidityRow[]): string[] {
  const settings = rows.map((row) => `${row.setting}`);
  const decimals = Math.max(
    0,
    ...settings.map((setting) => setting.split(".")[1]?.length ?? 0),
  );
  return rows.map(({ setting }) =>
    typeof setting === "number" ? setting.toFixed(decimals) : setting
  );
}
