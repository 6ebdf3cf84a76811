/**
 * Points on the plane of a projection by UMAP, whose axes have no unit.
 *
 * @module
 */

import { colorbar } from "./charts.ts";
import {
  axis,
  captionOf,
  compact,
  type Figure,
  houseLayout,
  type Json,
  seriesStyle,
  type Trace,
} from "./figure.ts";

/** Points of one kind. */
export interface ProjectedSeries {
  readonly name: string;
  /** `[M]` pairs. */
  readonly points: readonly (readonly [number, number])[];
  /** A value of each point, shown by its shade; `[M]`. */
  readonly values?: readonly number[];
  /** Colour and mark of the points without values, by default as the legend has them. */
  readonly style?: { readonly line: string; readonly symbol: string };
}

/** From purple over green to yellow (viridis); darker is lower. */
const SHADES: Json = "Viridis";

/**
 * Draws points, by kind in colours or by value in shades.
 *
 * The lowest value has to be what all that are lower were raised to: it is marked "≤".
 *
 * @param text `scale`: what the shades stand for.
 */
export function projectionFigure(
  series: readonly ProjectedSeries[],
  text: {
    readonly title: string;
    readonly caption?: string;
    readonly scale?: string;
  },
): Figure {
  const data = series.map((each, index): Trace => {
    const { name, points, values } = each;
    const drawn = seriesStyle(index);
    const { line: color, symbol } = each.style ??
      { line: drawn.color, symbol: drawn.symbol };
    return {
      type: "scatter",
      mode: "markers",
      name,
      x: compact(points.map(([x]) => x)),
      y: compact(points.map(([_, y]) => y)),
      hoverinfo: values === undefined ? "name" : "text",
      ...(values && { text: values.map((value) => value.toFixed(2)) }),
      marker: values === undefined
        ? { color, symbol, size: 8, opacity: 0.8 }
        : {
          color: compact(values),
          colorscale: SHADES,
          size: 5,
          opacity: 0.85,
          colorbar: colorbar(text.scale ?? "", _ticks(values)),
        },
    };
  });
  const plane = {
    showgrid: false,
    showticklabels: false,
    ticks: "",
    mirror: true,
  };
  const names = series.length > 1 ? series.map(({ name }) => name) : [];
  const layout = houseLayout(text.title, names, {
    xaxis: axis("UMAP 1", plane),
    yaxis: axis("UMAP 2", plane),
    plotHeight: 380,
  });
  return { data, layout, ...captionOf(text) };
}

/** Ticks from the lowest value to the highest. */
function _ticks(values: readonly number[]): { value: number; text: string }[] {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(high > low)) return [{ value: low, text: low.toFixed(1) }];
  return [0, 1, 2, 3, 4].map((step) => {
    const value = low + (high - low) * step / 4;
    return { value, text: `${step === 0 ? "≤ " : ""}${value.toFixed(1)}` };
  });
}
