import assert from "node:assert/strict";
import {
  barChart,
  heatmap,
  lineChart,
  logAxis,
  rangeOf,
} from "../../lib/report/charts.ts";
import {
  figureTitle,
  houseLayout,
  PALETTE,
  seriesStyle,
  translucent,
} from "../../lib/report/figure.ts";

const TEXT = { title: "Loss", x: "epoch", y: "loss (nats)" };

Deno.test("houseLayout() sets title, type and a white ground, and makes room for the legend", () => {
  const layout = houseLayout("A <b>title</b>", []);
  assert.equal(layout.title.text, "A <b>title</b>");
  assert.equal(layout.paper_bgcolor, "#FFFFFF");
  assert.equal(layout.showlegend, false);
  const top = (names: string[]) =>
    (houseLayout("", names).margin as { t: number }).t;
  assert.ok(top(["a", "b"]) > top([]));
  assert.ok(top(Array(8).fill("adjacency off template")) > top(["a", "b"]));
  const higher = houseLayout("", [], { headroom: 22 }).margin as { t: number };
  assert.equal(higher.t, top([]) + 22);
  const long = houseLayout(`${"word ".repeat(20)}end`, []);
  const lines = long.title.text.split("<br>");
  assert.deepEqual(lines, [
    "word ".repeat(11).trim(),
    `${"word ".repeat(9)}end`,
  ]);
  assert.ok((long.margin as { t: number }).t > top([]));
  assert.ok(houseLayout("", [], { plotHeight: 300 }).height > layout.height);
});

Deno.test("houseLayout() has letters that can be read in a column of 8.5 cm", () => {
  // Letters of 14 pixels in a figure of 500 are 6.7 points in a column of 241.
  const { width, font, title } = houseLayout("A title", ["a", "b"]);
  const sizes = [font, title.font].map((each) =>
    (each as { size: number }).size
  );
  assert.ok(Math.min(...sizes) * 8.5 / 2.54 * 72 / width >= 6.5);
});

/** The luminance of a colour, from 0 to 1: its shade in grey. */
const shade = (color: string) =>
  [0.2126, 0.7152, 0.0722].reduce(
    (sum, weight, i) =>
      sum + weight * parseInt(color.slice(1 + 2 * i, 3 + 2 * i), 16) / 255,
    0,
  );

Deno.test("seriesStyle() tells eight series apart without colours", () => {
  const styles = Array.from({ length: 8 }, (_, i) => seriesStyle(i));
  for (const key of ["dash", "symbol", "pattern"] as const) {
    assert.equal(new Set(styles.map((style) => style[key])).size, 8, key);
  }
  // Shades alone would not do: those of vermillion and green are the same.
  assert.ok(Math.abs(shade(PALETTE[1]) - shade(PALETTE[2])) < 0.05);
});

Deno.test("seriesStyle() repeats no colour with the same dash, mark or pattern before the 65th", () => {
  const styles = Array.from({ length: 64 }, (_, i) => seriesStyle(i));
  for (const key of ["dash", "symbol", "pattern"] as const) {
    const looks = styles.map((style) => `${style.color} ${style[key]}`);
    assert.equal(new Set(looks).size, 64, key);
  }
});

Deno.test("logAxis() writes all its ticks in one way", () => {
  assert.deepEqual(logAxis([2e-6, 30]).ticktext, [
    "10<sup>−6</sup>",
    "10<sup>−4</sup>",
    "10<sup>−2</sup>",
    "10<sup>0</sup>",
    "10<sup>2</sup>",
  ]);
  assert.deepEqual(logAxis([0.2, 5]).ticktext, [
    ..."0.1 0.2 0.5 1 2 5 10 20 50".split(" "),
  ]);
  assert.deepEqual(logAxis([0.01, 1000]).ticktext, [
    ..."0.01 0.1 1 10 100 1000".split(" "),
  ]);
  // What cannot be drawn does not count.
  assert.deepEqual(logAxis([0, -1, NaN, 1]), logAxis([1]));
});

Deno.test("rangeOf() leaves room around values", () => {
  assert.deepEqual(rangeOf([3, 2, 2.5]).map((end) => end.toFixed(2)), [
    "1.94",
    "3.06",
  ]);
});

Deno.test("translucent() writes a colour of the palette with an opacity", () => {
  assert.equal(translucent("#0072B2", 0.5), "rgba(0,114,178,0.5)");
});

Deno.test("figureTitle() leaves out Plotly's markup", () => {
  const figure = lineChart([], { ...TEXT, title: "A <b>b</b><br>c" });
  assert.equal(figureTitle(figure), "A b c");
});

Deno.test("lineChart() draws a band only where a line has a spread", () => {
  const figure = lineChart([
    { name: "mean", x: [1, 2], y: [3, 4], lower: [2, 3], upper: [5, 6] },
    { name: "single", x: [1, 2], y: [1, 1] },
  ], { ...TEXT, caption: "three runs" });
  assert.equal(figure.caption, "three runs");
  assert.equal(figure.data.length, 3);
  const [band, mean, single] = figure.data;
  // Up along the upper edge, back along the lower one.
  assert.deepEqual(band.x, [1, 2, 2, 1]);
  assert.deepEqual(band.y, [5, 6, 3, 2]);
  assert.equal(band.showlegend, false);
  assert.deepEqual([mean.name, single.name], ["mean", "single"]);
  assert.notDeepEqual(mean.line, single.line);
  assert.equal(figure.layout.showlegend, true);
});

Deno.test("lineChart() titles its axes and takes a logarithmic one", () => {
  const axes = (logY: boolean) => {
    const { xaxis, yaxis } = lineChart([], TEXT, { logY }).layout;
    return { x: xaxis, y: yaxis } as {
      x: { title: { text: string } };
      y: { title: { text: string }; type?: string };
    };
  };
  assert.equal(axes(false).x.title.text, "epoch");
  assert.equal(axes(false).y.title.text, "loss (nats)");
  assert.equal(axes(false).y.type, undefined);
  assert.equal(axes(true).y.type, "log");
  const ranged = lineChart([], TEXT, { range: [2, 3] }).layout.yaxis;
  assert.deepEqual((ranged as { range: number[] }).range, [2, 3]);
});

Deno.test("lineChart() rounds to five digits and leaves a gap where a value is not finite", () => {
  const [line] = lineChart([
    { name: "a", x: [1, 2, 3], y: [0.123456789, NaN, 1e-9] },
  ], TEXT).data;
  assert.deepEqual(line.y, [0.12346, null, 1e-9]);
});

Deno.test("lineChart() throws when arrays differ in length", () => {
  assert.throws(() => lineChart([{ name: "a", x: [1, 2], y: [1] }], TEXT), {
    name: "RangeError",
    message:
      "Cannot draw the line a: its arrays must be of one length, got 2 and 1",
  });
});

Deno.test("barChart() groups or stacks, with error bars where they are given", () => {
  const series = [
    { name: "a", values: [1, 2], errors: [0.1, 0.2] },
    { name: "b", values: [3, 4], style: { color: "#123456", pattern: "/" } },
  ];
  const grouped = barChart(["x", "y"], series, TEXT);
  assert.equal(grouped.layout.barmode, "group");
  const stacked = barChart(["x", "y"], series, TEXT, { stacked: true });
  assert.equal(stacked.layout.barmode, "stack");
  const [a, b] = grouped.data;
  assert.deepEqual((a.error_y as { array: number[] }).array, [0.1, 0.2]);
  assert.equal(b.error_y, undefined);
  assert.equal((a.marker as { color: string }).color, PALETTE[0]);
  const { color, pattern } = b.marker as {
    color: string;
    pattern: { shape: string };
  };
  assert.deepEqual([color, pattern.shape], ["#123456", "/"]);
});

Deno.test("barChart() draws reference lines with their labels", () => {
  const { layout } = barChart(["x"], [{ name: "a", values: [1] }], TEXT, {
    references: [{ value: 5, label: "five" }],
  });
  assert.equal((layout.shapes as { y0: number }[])[0].y0, 5);
  assert.equal((layout.annotations as { text: string }[])[0].text, "five");
  const log = lineChart([], TEXT, {
    logY: true,
    references: [{ value: 100, label: "hundred" }],
  }).layout;
  assert.equal((log.shapes as { y0: number }[])[0].y0, 100);
  assert.equal((log.annotations as { y: number }[])[0].y, 2);
});

Deno.test("barChart() throws when a series has not one value per category", () => {
  assert.throws(
    () => barChart(["x", "y"], [{ name: "a", values: [1] }], TEXT),
    {
      name: "RangeError",
      message: "Cannot draw the bars a: there must be one value for each of " +
        "2 categories, got 1",
    },
  );
});

Deno.test("heatmap() puts the first row at the top and writes few numbers in", () => {
  const text = { ...TEXT, scale: "share (%)" };
  const small = heatmap([[1, 2], [3, 4]], {
    rows: ["a", "b"],
    columns: ["c", "d"],
  }, text);
  assert.deepEqual(small.data[0].z, [[1, 2], [3, 4]]);
  assert.equal(
    (small.layout.yaxis as { autorange: string }).autorange,
    "reversed",
  );
  assert.ok(small.data[0].texttemplate);
  const columns = Array.from({ length: 512 }, (_, i) => i);
  const large = heatmap([columns], { rows: ["a"], columns }, text);
  assert.equal(large.data[0].texttemplate, undefined);
  assert.equal((large.layout.xaxis as { type: string }).type, "linear");
  const scaled = heatmap([[1]], { rows: ["a"], columns: ["b"] }, {
    ...text,
    ticks: [{ value: 0, text: "≤ 0" }, { value: 2, text: "two" }],
  }).data[0];
  assert.deepEqual([scaled.zmin, scaled.zmax], [0, 2]);
  assert.deepEqual(
    (scaled.colorbar as { ticktext: string[] }).ticktext,
    ["≤ 0", "two"],
  );
});

Deno.test("heatmap() throws when values and labels disagree", () => {
  assert.throws(
    () =>
      heatmap([[1, 2], [3]], { rows: ["a", "b"], columns: ["c", "d"] }, {
        ...TEXT,
        scale: "",
      }),
    {
      name: "RangeError",
      message: "Cannot draw the heatmap Loss: values must be [2, 2] like the " +
        "labels, got [2, 2 or 1]",
    },
  );
});
