import assert from "node:assert/strict";
import {
  searchCurves,
  searchScatter,
} from "../../lib/report/search_figures.ts";

const text = { title: "t", x: "queries", y: "accuracy (%)" };
const curve = (name: string, means: readonly number[]) => ({
  name,
  points: means.map((mean) => ({ mean, error: 0.5 })),
});

Deno.test("searchCurves() draws means with bands, from where methods differ", () => {
  const figure = searchCurves(
    [curve("A", [1, 90, 92]), curve("B", [2, 91])],
    text,
    { from: 2, references: [{ value: 94, label: "optimum" }] },
  );
  const lines = figure.data.filter((trace) => trace.name !== undefined);
  assert.deepEqual(lines.map(({ name, x, y }) => [name, x, y]), [
    ["A", [1, 2, 3], [1, 90, 92]],
    ["B", [1, 2], [2, 91]],
  ]);
  const band = figure.data[0].y as number[];
  assert.deepEqual(band, [1.5, 90.5, 92.5, 91.5, 89.5, 0.5]);
  const { range } = figure.layout.yaxis as { range: [number, number] };
  assert.ok(range[0] < 90 && range[0] > 89 && range[1] > 94);
});

Deno.test("searchCurves() thins out long curves but keeps their ends", () => {
  const means = Array.from({ length: 401 }, (_, i) => i);
  const { data } = searchCurves([curve("A", means)], text);
  const { x } = data.at(-1) as unknown as { x: number[] };
  assert.ok(x.length <= 101);
  assert.equal(x.at(-1), 401);
  assert.throws(
    () => searchCurves([curve("A", [1])], text),
    /a method must have made 16 queries or more, got none/,
  );
});

Deno.test("searchScatter() has a point and a text for each query", () => {
  const figure = searchScatter(
    [
      { name: "A", values: [10, 90, 91, 92], texts: ["a", "b", "c", "d"] },
      { name: "B", values: [93], texts: ["e"] },
    ],
    text,
    { hidden: 0.2 },
  );
  assert.deepEqual(figure.data[0].x, [1, 2, 3, 4]);
  assert.deepEqual(figure.data[0].text, ["a", "b", "c", "d"]);
  const { range } = figure.layout.yaxis as { range: [number, number] };
  assert.ok(range[0] > 10 && range[0] < 90 && range[1] > 93);
});
