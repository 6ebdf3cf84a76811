import assert from "node:assert/strict";
import { figureTitle } from "../../lib/report/figure.ts";
import {
  returnedCellsDrawing,
  searchCurves,
  searchScatter,
} from "../../lib/report/search_figures.ts";
import type { CurveSeries } from "../../lib/search/rows.ts";
import { cellAt } from "../../lib/spaces/cell.ts";
import { NASBENCH201 } from "../../lib/spaces/nasbench201/space.ts";

const text = { space: { name: "own", title: "Own cells" }, surrogate: true };
const curve = (method: string, means: readonly number[]) => ({
  method,
  points: means.map((mean) => ({ mean, error: 0.5 })),
});
const series = (...curves: ReturnType<typeof curve>[]): CurveSeries => ({
  dataset: "CIFAR-10",
  accuracy: "validation",
  trials: 3,
  optimum: 94,
  curves,
  others: ["C"],
});

Deno.test("searchCurves() draws means with bands, from where methods differ", () => {
  const figure = searchCurves(
    series(curve("A", [1, 90, 92]), curve("B", [2, 91])),
    text,
    { from: 2 },
  );
  const lines = figure.data.filter((trace) => trace.name !== undefined);
  assert.deepEqual(lines.map(({ name, x, y }) => [name, x, y]), [
    ["A", [1, 2, 3], [1, 90, 92]],
    ["B", [1, 2], [2, 91]],
  ]);
  // The ring where the shorter budget ends.
  const { x, y } = figure.data.at(-1)!;
  assert.deepEqual([x, y], [[2], [91]]);
  const band = figure.data[0].y as number[];
  assert.deepEqual(band, [1.5, 90.5, 92.5, 91.5, 89.5, 0.5]);
  const { range } = figure.layout.yaxis as { range: [number, number] };
  assert.ok(range[0] < 90 && range[0] > 89 && range[1] > 94);
  assert.equal(
    figureTitle(figure),
    "Search on Own cells, surrogate: CIFAR-10, validation accuracy",
  );
  assert.equal(
    figure.caption,
    "The returned cell, mean of 3 trials; bands are one standard error of the mean to either side. Dotted: the best validation accuracy there is. A ring marks where a budget ends before the longest: 2 queries (B), 3 queries (A). Not drawn, in the tables alone: C.",
  );
  const { caption } = searchCurves(
    { ...series(curve("A", [1, 90, 92])), accuracy: "test" },
    text,
    { from: 2 },
  );
  assert.match(
    caption!,
    /Dotted: the test accuracy of the cell that is best by.* Budget: 3 queries\./,
  );
});

Deno.test("searchCurves() thins out long curves but keeps their ends", () => {
  const means = Array.from({ length: 401 }, (_, i) => i);
  const { data } = searchCurves(series(curve("A", means)), text);
  const { x } = data.at(-1) as unknown as { x: number[] };
  assert.ok(x.length <= 101);
  assert.equal(x.at(-1), 401);
  assert.throws(
    () => searchCurves(series(curve("A", [1])), text),
    /a method must have made 16 queries or more, got none/,
  );
});

Deno.test("searchScatter() has a point and a text for each query", () => {
  const values = Array.from({ length: 9 }, (_, i) => 90 + i / 10);
  const figure = searchScatter(
    [
      { name: "A", values: [10, ...values], texts: [..."abcdefghij"] },
      { name: "B", values: [93], texts: ["k"] },
    ],
    "CIFAR-10",
    text,
  );
  assert.deepEqual((figure.data[0].x as number[]).slice(0, 3), [1, 2, 3]);
  assert.deepEqual(figure.data[0].text, [..."abcdefghij"]);
  // One of eleven points is far below, and out of the plot.
  const { range } = figure.layout.yaxis as { range: [number, number] };
  assert.ok(range[0] > 80 && range[0] < 90 && range[1] > 93);
  assert.equal(
    figure.layout.title.text,
    "Queried cells, Own cells, surrogate, CIFAR-10",
  );
});

Deno.test("returnedCellsDrawing() draws each cell with its accuracies", async () => {
  const { svg, caption } = await returnedCellsDrawing(
    NASBENCH201,
    [[7, 0.9], [77, 0.8]].map(([index, validation]) => ({
      cell: cellAt(NASBENCH201, index),
      validation,
      test: validation - 0.1,
      dataset: "Digits",
      trials: index % 10,
    })),
    { method: "A", seeds: 10, surrogate: false },
  );
  assert.match(svg, /Digits: 90\.00 \/ 80\.00/);
  assert.match(svg, /Digits: 80\.00 \/ 70\.00/);
  assert.equal(
    caption,
    "Cells that A returned, with validation and test accuracy (%); by 7, 7 of 10 trials.",
  );
});
