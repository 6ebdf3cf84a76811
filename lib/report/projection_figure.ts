/**
 * Points on a plane that has no axes of its own, such as a projection by UMAP.
 *
 * @module
 */

import {
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
}

/** From purple over green to yellow (viridis); darker is lower. */
const SHADES: Json = "Viridis";

/**
 * Draws points, by kind in colours or by value in shades.
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
  const data = series.map(({ name, points, values }, index): Trace => {
    const { color, symbol } = seriesStyle(index);
    return {
      type: "scatter",
      mode: "markers",
      name,
      x: compact(points.map(([x]) => x)),
      y: compact(points.map(([_, y]) => y)),
      hoverinfo: values === undefined ? "name" : "text",
      ...(values && { text: values.map((value) => value.toFixed(2)) }),
      marker: values === undefined
        ? { color, symbol, size: 6, opacity: 0.8 }
        : {
          color: compact(values),
          colorscale: SHADES,
          size: 5,
          opacity: 0.85,
          colorbar: {
            title: { text: text.scale ?? "", side: "right" },
            thickness: 14,
            outlinewidth: 0,
          },
        },
    };
  });
  const blank = {
    visible: false,
    showgrid: false,
    zeroline: false,
  };
  const layout = houseLayout(text.title, [], {
    xaxis: blank,
    yaxis: blank,
    width: 680,
    height: 560,
    // Beside the plot, whose upper edge has no axis to keep it away from the points.
    ...(series.length > 1 && {
      showlegend: true,
      legend: { x: 1.02, xanchor: "left", y: 1, yanchor: "top" },
    }),
  });
  return { data, layout, ...captionOf(text) };
}
