/**
 * The Plotly figure as plain data, and the one look that all figures share.
 *
 * `{data, layout}` is as Plotly's JSON schema has it; nothing is drawn here. A figure is
 * as wide as a column of a paper (8.5 cm) takes it: its letters are 6.5 points and more
 * there. Dashes, marks and patterns tell apart in grey what colours do in colour. The
 * builders are in `charts.ts`, the figures of the notebooks in `figures.ts`;
 * `display.ts`, `images.ts`, `save.ts` and `html_report.ts` consume them.
 *
 * Source of the colours: Okabe & Ito 2008, "Color Universal Design".
 *
 * @module
 */

/** Any value that JSON holds. A number that is not finite becomes `null`: a gap. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** One Plotly trace. */
export interface Trace {
  readonly type: "scatter" | "bar" | "heatmap";
  readonly [key: string]: Json;
}

/** A Plotly layout; width and height in CSS pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly title: { readonly text: string; readonly [key: string]: Json };
  readonly [key: string]: Json;
}

/** A Plotly figure as plain data. */
export interface Figure {
  readonly data: readonly Trace[];
  readonly layout: Layout;
  /** What the reader has to know besides; shown under the figure as text. */
  readonly caption?: string;
}

/** A drawing, as SVG source. */
export interface Svg {
  readonly svg: string;
  /** Shown under the drawing as text. */
  readonly caption?: string;
}

/** The words on a figure; the axes' carry their units. */
export interface ChartText {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly caption?: string;
}

/** A level to compare with, drawn as a dotted line across the plot. */
export interface ReferenceLine {
  readonly value: number;
  readonly label: string;
}

/** Colours that colour-blind readers tell apart; the pale yellow comes last. */
export const PALETTE: readonly string[] = [
  "#0072B2", // blue
  "#D55E00", // vermillion
  "#009E73", // bluish green
  "#CC79A7", // reddish purple
  "#E69F00", // orange
  "#56B4E9", // sky blue
  "#000000", // black
  "#F0E442", // yellow
];

const DASHES = [
  "solid",
  "dash",
  "dashdot",
  "longdash",
  "dot",
  "longdashdot",
  "12px,3px,2px,3px,2px,3px",
  "4px,2px",
];
const SYMBOLS = [
  "circle",
  "square-open",
  "diamond",
  "triangle-up-open",
  "x",
  "cross-open",
  "triangle-down",
  "pentagon-open",
];
/** Of bars and areas. */
const PATTERNS = ["", "/", "x", "-", "\\", ".", "|", "+"];
/** Axes, reference lines and their labels. */
export const GREY = "#555555";

/** How the series at a place in the legend is drawn. */
export interface SeriesStyle {
  readonly color: string;
  readonly dash: string;
  readonly symbol: string;
  /** What fills a bar over its colour; empty for nothing. */
  readonly pattern: string;
}

/**
 * Colour, dash, mark and pattern of the series at a place in the legend. After the eighth
 * colours come again, each time with another dash, mark and pattern.
 */
export function seriesStyle(index: number): SeriesStyle {
  const other = index + Math.floor(index / PALETTE.length);
  return {
    color: PALETTE[index % PALETTE.length],
    dash: DASHES[other % DASHES.length],
    symbol: SYMBOLS[other % SYMBOLS.length],
    pattern: PATTERNS[other % PATTERNS.length],
  };
}

/** A colour of the palette at a given opacity, as CSS. */
export function translucent(color: string, opacity: number): string {
  const channel = (at: number) => parseInt(color.slice(at, at + 2), 16);
  return `rgba(${channel(1)},${channel(3)},${channel(5)},${opacity})`;
}

/** An axis in the house look. */
export function axis(
  title: string,
  more: Record<string, Json> = {},
): Record<string, Json> {
  return {
    title: { text: title, standoff: 10, font: { size: 15 } },
    tickfont: { size: 14 },
    showline: true,
    linecolor: GREY,
    ticks: "outside",
    tickcolor: GREY,
    gridcolor: "#E6E6E6",
    zeroline: false,
    automargin: true,
    ...more,
  };
}

/** Height of a line of the title and of one row of the legend, in pixels. */
const TITLE_LINE_HEIGHT = 21;
const LEGEND_ROW_HEIGHT = 23;
/** Letters of the title to a line. */
const TITLE_LETTERS = 58;
/** Width of a figure. */
const WIDTH = 500;
/** Margins beside and below the plot. */
const MARGIN = { l: 70, r: 20, b: 60 };

/**
 * The house layout: white, title and legend above the plot, type that survives
 * print.
 *
 * @param names What the legend lists, empty where there is none.
 * @param more Axes and marks; `plotHeight`: height of the plot alone, in pixels, to which
 *   title, legend and axes are added; `headroom`: pixels kept free above the plot.
 */
export function houseLayout(
  title: string,
  names: readonly string[],
  more: Record<string, Json> & {
    readonly headroom?: number;
    readonly plotHeight?: number;
  } = {},
): Layout {
  const { headroom = 0, plotHeight = 280, ...rest } = more;
  const lines = _titleLines(title);
  const rows = legendRows(names, WIDTH - MARGIN.l - MARGIN.r);
  const top = 14 + lines.length * TITLE_LINE_HEIGHT +
    rows * LEGEND_ROW_HEIGHT + headroom + 8;
  const height = top + plotHeight + MARGIN.b;
  return {
    paper_bgcolor: "#FFFFFF",
    plot_bgcolor: "#FFFFFF",
    colorway: [...PALETTE],
    font: {
      family: "Helvetica, Arial, 'Liberation Sans', sans-serif",
      size: 14,
      color: "#222222",
    },
    showlegend: names.length > 0,
    legend: {
      orientation: "h",
      x: 0,
      xanchor: "left",
      y: 1 + (headroom + 4) / plotHeight,
      yanchor: "bottom",
      traceorder: "normal",
    },
    margin: { ...MARGIN, t: top },
    hovermode: "closest",
    ...rest,
    width: WIDTH,
    height,
    title: {
      text: lines.join("<br>"),
      font: { size: 16 },
      x: 0.01,
      xanchor: "left",
      // Plotly sets lines beyond the first half above, half below the place of one.
      y: 1 - (12 + (lines.length - 1) * TITLE_LINE_HEIGHT / 2) / height,
      yanchor: "top",
    },
  };
}

/** A title in as many lines as it takes, broken between words. */
function _titleLines(title: string): string[] {
  const lines = [""];
  for (const word of title.split(" ")) {
    const line = `${lines.at(-1)} ${word}`.trim();
    if (line.length <= TITLE_LETTERS) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines;
}

/** Rows that Plotly needs for a legend: all entries get the longest one's width. */
function legendRows(names: readonly string[], width: number): number {
  const widths = names.map((name) => 46 + 8 * name.length);
  if (widths.reduce((sum, each) => sum + each, 0) <= width) {
    return names.length > 0 ? 1 : 0;
  }
  const perRow = Math.max(1, Math.floor(width / Math.max(...widths)));
  return Math.ceil(names.length / perRow);
}

/** An annotation: small grey text on the plot, readable over lines and bars. */
export function note(
  text: string,
  more: Record<string, Json>,
): Record<string, Json> {
  return {
    text,
    showarrow: false,
    font: { size: 14, color: GREY },
    bgcolor: "rgba(255,255,255,0.85)",
    borderpad: 1,
    ...more,
  };
}

/** Rounds to five significant digits, so that notebooks stay small. */
export function compact(values: ArrayLike<number>): (number | null)[] {
  return Array.from(
    values,
    (value) => Number.isFinite(value) ? Number(value.toPrecision(5)) : null,
  );
}

/** The caption as a property, left out where there is none. */
export function captionOf(
  text: { readonly caption?: string },
): { caption?: string } {
  return text.caption === undefined ? {} : { caption: text.caption };
}

/** A figure's title without Plotly's markup, on one line. */
export function figureTitle(figure: Figure): string {
  return figure.layout.title.text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")
    .trim();
}
