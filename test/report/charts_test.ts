import assert from "node:assert/strict";
import { barChart, heatmap, lineChart } from "../../lib/report/charts.ts";
import {
  figureTitle,
  houseLayout,
  PALETTE,
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
    { name: "b", values: [3, 4], color: "#123456" },
  ];
  const grouped = barChart(["x", "y"], series, TEXT);
  assert.equal(grouped.layout.barmode, "group");
  const stacked = barChart(["x", "y"], series, TEXT, { stacked: true });
  assert.equal(stacked.layout.barmode, "stack");
  const [a, b] = grouped.data;
  assert.deepEqual((a.error_y as { array: number[] }).array, [0.1, 0.2]);
  assert.equal(b.error_y, undefined);
  assert.equal((a.marker as { color: string }).color, PALETTE[0]);
  assert.equal((b.marker as { color: string }).color, "#123456");
});

Deno.test("barChart() draws reference lines with their labels", () => {
  const { layout } = barChart(["x"], [{ name: "a", values: [1] }], TEXT, {
    references: [{ value: 5, label: "five" }],
  });
  assert.equal((layout.shapes as { y0: number }[])[0].y0, 5);
  assert.equal((layout.annotations as { text: string }[])[0].text, "five");
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
