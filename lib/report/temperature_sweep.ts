/**
 * The temperature sweep: validity, absolute uniqueness and absolute novelty
 * against the temperature of generation, one panel per reading of the metrics, one under
 * the other.
 *
 * Source: Figure 2 of the Arch-LLM paper.
 *
 * @module
 */

import { READINGS } from "../metrics/result_row.ts";
import { spread } from "../metrics/statistics.ts";
import {
  axis,
  compact,
  type Figure,
  GREY,
  houseLayout,
  type Json,
  type ReferenceLine,
  seriesStyle,
  type Trace,
} from "./figure.ts";

/** What the sweep needs of a result row; the metrics in percent of all samples. */
export interface SweepRow {
  readonly mode: "paper" | "strict";
  /** `measured` where left out. */
  readonly source?: "paper" | "measured";
  readonly temperature?: number;
  readonly validity: number;
  readonly absoluteUniqueness: number;
  readonly absoluteNovelty: number;
}

const METRICS = [
  ["validity", "Validity"],
  ["absoluteUniqueness", "Absolute uniqueness"],
  ["absoluteNovelty", "Absolute novelty"],
] as const;
type Metric = typeof METRICS[number][0];

const MODES = ["paper", "strict"] as const;
const PUBLISHED = "published";
const BEST = "best temperature";
/** Height of a panel and of the space above it, in pixels. */
const PANEL_HEIGHT = 210;
const GAP = 52;

/**
 * Draws the sweep.
 *
 * A ring marks the best temperature of each metric; a tie goes to the lower one.
 * Several measured rows at one temperature are averaged, and their standard
 * deviation shown as error bars. Published rows appear as open stars. Rows without
 * a temperature are left out. Rings, stars and the ceiling stand in the legend, so that no
 * label covers a point.
 *
 * @param options `modes`: the panels in their order, by default each reading that
 *   has measured rows; `ceiling`: a bound drawn across each panel, in percent.
 * @throws {RangeError} If a panel has no measured row with a temperature, or there
 *   is no panel.
 */
export function temperatureSweep(
  rows: readonly SweepRow[],
  options: {
    readonly title?: string;
    readonly modes?: readonly ("paper" | "strict")[];
    readonly ceiling?: ReferenceLine;
    readonly caption?: string;
  } = {},
): Figure {
  const usable = rows.filter((row) => row.temperature !== undefined);
  const measured = usable.filter((row) => row.source !== "paper");
  const published = usable.filter((row) => row.source === "paper");
  const modes = options.modes ??
    MODES.filter((mode) => measured.some((row) => row.mode === mode));
  const panels = modes.map((mode, index) => ({
    mode,
    rows: measured.filter((row) => row.mode === mode),
    published: published.filter((row) => row.mode === mode),
    last: index === modes.length - 1,
    ...placeOf(index, modes.length),
  }));
  const empty = panels.find((panel) => panel.rows.length === 0)?.mode;
  if (empty || panels.length === 0) {
    throw new RangeError(
      `Cannot draw the sweep: the rows of the ${
        empty === undefined ? "first" : READINGS[empty]
      } reading must include ` +
        "a measured one with a temperature, got none",
    );
  }
  const marks = panels.map((panel) => panelMarks(panel, options.ceiling));
  const anyPublished = panels.some((panel) => panel.published.length > 0);
  const legend = [
    legendMark(BEST, { marker: ringOf(GREY) }),
    ...anyPublished ? [legendMark(PUBLISHED, { marker: starOf(GREY) })] : [],
    ...options.ceiling
      ? [legendMark(options.ceiling.label, { mode: "lines", line: DOTTED })]
      : [],
  ];
  const data = [...marks.flatMap((mark) => mark.traces), ...legend];
  const several = panels.length > 1;
  const layout = houseLayout(
    options.title ?? "Temperature sweep",
    [
      ...METRICS.map(([_, name]): string => name),
      ...legend.map(({ name }) => String(name)),
    ],
    {
      ...Object.assign({}, ...marks.map((mark) => mark.axes)),
      annotations: several ? panels.map(panelTitle) : [],
      shapes: marks.flatMap((mark) => mark.shapes),
      plotHeight: heightOf(panels.length),
      headroom: several ? 24 : 0,
    },
  );
  const runs = Math.max(...panels.map((panel) => mostRuns(panel.rows)));
  const caption = [
    options.caption,
    `Rings mark the best temperature of each metric: ${
      panels.map(bestTemperatures).join("; ")
    }.`,
    runs > 1 && `Error bars: standard deviation over ${runs} runs.`,
  ].filter(Boolean).join(" ");
  return { data, layout, caption };
}

/** The rows of one reading, and where they are drawn. */
interface Panel {
  readonly mode: "paper" | "strict";
  readonly rows: readonly SweepRow[];
  readonly published: readonly SweepRow[];
  /** Names of its axes: `x`, `y` for the first panel, then `x2`, `y2`, … */
  readonly x: string;
  readonly y: string;
  readonly first: boolean;
  readonly last: boolean;
  /** Lower and upper end, as shares of the plot's height. */
  readonly domain: readonly [number, number];
}

/** Of all panels together, in pixels. */
function heightOf(panels: number): number {
  return panels * PANEL_HEIGHT + (panels - 1) * GAP;
}

function placeOf(
  index: number,
  count: number,
): Pick<Panel, "x" | "y" | "first" | "domain"> {
  const suffix = index === 0 ? "" : `${index + 1}`;
  const below = (count - 1 - index) * (PANEL_HEIGHT + GAP);
  return {
    x: `x${suffix}`,
    y: `y${suffix}`,
    first: index === 0,
    domain: [
      below / heightOf(count),
      (below + PANEL_HEIGHT) / heightOf(count),
    ],
  };
}

interface Marks {
  readonly traces: readonly Trace[];
  readonly shapes: readonly Json[];
  readonly axes: Record<string, Json>;
}

function panelMarks(panel: Panel, ceiling?: ReferenceLine): Marks {
  const { x, y, last, domain } = panel;
  return {
    traces: METRICS.flatMap((_, index) => metricTraces(panel, index)),
    shapes: ceiling
      ? [{
        xref: `${x} domain`,
        yref: y,
        type: "line",
        x0: 0,
        x1: 1,
        y0: ceiling.value,
        y1: ceiling.value,
        line: DOTTED,
      }]
      : [],
    axes: {
      [x.replace("x", "xaxis")]: axis(last ? "temperature" : "", {
        anchor: y,
        tickformat: ".1f",
      }),
      [y.replace("y", "yaxis")]: axis("share of samples (%)", {
        domain,
        range: [0, 106],
        tickvals: [0, 20, 40, 60, 80, 100],
        anchor: x,
      }),
    },
  };
}

/** How the ceiling is drawn, the best temperature, and what was published. */
const DOTTED = { color: GREY, width: 1.5, dash: "dot" };
const ringOf = (color: string) => ({
  symbol: "circle-open",
  color,
  size: 16,
  line: { width: 2, color },
});
const starOf = (color: string) => ({ symbol: "star-open", color, size: 12 });

function panelTitle({ mode, domain }: Panel): Json {
  return {
    text: `<b>${mode === "paper" ? "Published" : "Strict"} reading</b>`,
    xref: "paper",
    x: 0,
    xanchor: "left",
    yref: "paper",
    y: domain[1],
    yanchor: "bottom",
    showarrow: false,
  };
}

/** A metric's line with error bars, the ring at its best point, and the stars. */
function metricTraces(
  { rows, published, x, y, first }: Panel,
  index: number,
): Trace[] {
  const [metric, name] = METRICS[index];
  const { color, dash, symbol } = seriesStyle(index);
  const points = averageByTemperature(rows, metric);
  const best = bestOf(points);
  const shared = {
    type: "scatter",
    xaxis: x,
    yaxis: y,
    legendgroup: metric,
  } as const;
  const traces: Trace[] = [{
    ...shared,
    mode: "lines+markers",
    name,
    x: compact(points.map((point) => point.temperature)),
    y: compact(points.map((point) => point.mean)),
    ...(points.some((point) => point.runs > 1) && {
      error_y: {
        type: "data",
        array: compact(points.map((point) => point.deviation)),
        color,
        thickness: 1.3,
        width: 4,
      },
    }),
    line: { color, dash, width: 2.2 },
    marker: { color, symbol, size: 7 },
    showlegend: first,
  }, {
    ...shared,
    mode: "markers",
    name: `${name}, best`,
    x: [best.temperature],
    y: compact([best.mean]),
    marker: ringOf(color),
    cliponaxis: false,
    showlegend: false,
  }];
  if (published.length > 0) {
    traces.push({
      ...shared,
      mode: "markers",
      name: `${name}, ${PUBLISHED}`,
      x: compact(published.map((row) => row.temperature!)),
      y: compact(published.map((row) => row[metric])),
      marker: starOf(color),
      showlegend: false,
    });
  }
  return traces;
}

/** An entry of the legend that stands for a kind of mark in every colour. */
function legendMark(name: string, look: Record<string, Json>): Trace {
  return {
    type: "scatter",
    mode: "markers",
    name,
    x: [null],
    y: [null],
    ...look,
  };
}

/** At least one decimal: `1.0`, `0.75`. */
function temperatureText(temperature: number): string {
  return Number.isInteger(temperature)
    ? temperature.toFixed(1)
    : `${temperature}`;
}

/** The temperatures of a panel's rings, in words. */
function bestTemperatures({ mode, rows }: Panel): string {
  const best = METRICS.map(([metric, name]) =>
    `${name.toLowerCase()} ${
      temperatureText(bestOf(averageByTemperature(rows, metric)).temperature)
    }`
  );
  return `${READINGS[mode]} reading, ${best.join(", ")}`;
}

/** The point with the highest mean; the first of equals. */
function bestOf(points: readonly AveragePoint[]): AveragePoint {
  return points.reduce((best, point) => point.mean > best.mean ? point : best);
}

interface AveragePoint {
  readonly temperature: number;
  readonly mean: number;
  /** Sample standard deviation, 0 for a single run. */
  readonly deviation: number;
  readonly runs: number;
}

/** One point per temperature, ascending. */
function averageByTemperature(
  rows: readonly SweepRow[],
  metric: Metric,
): AveragePoint[] {
  return [...groupByTemperature(rows)].sort(([a], [b]) => a - b).map(
    ([temperature, group]) => {
      const runs = group.length;
      return {
        temperature,
        runs,
        ...spread(group.map((row) => row[metric])),
      };
    },
  );
}

function groupByTemperature(
  rows: readonly SweepRow[],
): Map<number, SweepRow[]> {
  return Map.groupBy(rows, (row) => row.temperature!);
}

function mostRuns(rows: readonly SweepRow[]): number {
  return Math.max(
    ...Array.from(groupByTemperature(rows).values(), (group) => group.length),
  );
}
