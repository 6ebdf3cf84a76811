import assert from "node:assert/strict";
import type { Figure } from "../../lib/report/figure.ts";
import {
  type SweepRow,
  temperatureSweep,
} from "../../lib/report/temperature_sweep.ts";

function row(
  mode: "paper" | "strict",
  temperature: number,
  values: [number, number, number],
  source: "paper" | "measured" = "measured",
): SweepRow {
  const [validity, absoluteUniqueness, absoluteNovelty] = values;
  return {
    mode,
    source,
    temperature,
    validity,
    absoluteUniqueness,
    absoluteNovelty,
  };
}

function trace(figure: Figure, name: string, axis = "x") {
  const found = figure.data.find((each) =>
    each.name === name && each.xaxis === axis
  );
  assert.ok(found, `${name} on ${axis}`);
  return found;
}

Deno.test("temperatureSweep() draws a panel per reading, by ascending temperature", () => {
  const figure = temperatureSweep([
    row("strict", 1, [90, 60, 9]),
    row("paper", 1.5, [95, 70, 30]),
    row("paper", 0.5, [99, 20, 5]),
  ]);
  assert.deepEqual(trace(figure, "Validity").x, [0.5, 1.5]);
  assert.deepEqual(trace(figure, "Validity").y, [99, 95]);
  assert.deepEqual(trace(figure, "Absolute novelty", "x2").y, [9]);
  const titles = (figure.layout.annotations as { text: string }[])
    .map((annotation) => annotation.text);
  assert.ok(titles.includes("<b>Published reading</b>"));
  assert.ok(titles.includes("<b>Strict reading</b>"));
  const [upper, lower] = [figure.layout.yaxis, figure.layout.yaxis2] as {
    title: { text: string };
    domain: [number, number];
  }[];
  assert.equal(upper.title.text, "share of samples (%)");
  // One under the other, with room for a title between them.
  assert.ok(upper.domain[0] > lower.domain[1] && lower.domain[0] === 0);
});

Deno.test("temperatureSweep() rings the best temperature of each metric, a tie at the lower", () => {
  const figure = temperatureSweep([
    row("paper", 0.5, [99, 20, 30]),
    row("paper", 1, [99, 70, 20]),
    row("paper", 2, [50, 40, 31]),
  ]);
  assert.deepEqual(trace(figure, "Validity, best").x, [0.5]);
  assert.deepEqual(trace(figure, "Absolute uniqueness, best").x, [1]);
  assert.deepEqual(trace(figure, "Absolute novelty, best").x, [2]);
  assert.match(
    figure.caption!,
    /published reading, validity 0.5, absolute uniqueness 1.0, absolute novelty 2.0\./,
  );
});

Deno.test("temperatureSweep() averages runs and shows their standard deviation", () => {
  const figure = temperatureSweep([
    row("paper", 1, [90, 1, 1]),
    row("paper", 1, [94, 1, 1]),
  ]);
  const line = trace(figure, "Validity");
  assert.deepEqual(line.y, [92]);
  // √((2² + 2²) / (2 − 1)) = 2.8284
  assert.deepEqual((line.error_y as { array: number[] }).array, [2.8284]);
  assert.match(figure.caption!, /over 2 runs/);
});

Deno.test("temperatureSweep() shows published rows as stars apart from the lines", () => {
  const figure = temperatureSweep([
    row("paper", 1, [90, 60, 10]),
    row("paper", 1.8, [89, 76, 35], "paper"),
    { ...row("paper", 0, [1, 2, 3], "paper"), temperature: undefined },
  ]);
  assert.deepEqual(trace(figure, "Validity").x, [1]);
  assert.deepEqual(trace(figure, "Validity, published").x, [1.8]);
  const legend = (figure: Figure) =>
    figure.data.filter(({ showlegend }) => showlegend !== false)
      .map(({ name }) => name);
  const metrics = ["Validity", "Absolute uniqueness", "Absolute novelty"];
  assert.deepEqual(legend(figure), [
    ...metrics,
    "best temperature",
    "published",
  ]);
  const ceiling = { value: 73.86, label: "ceiling" };
  assert.deepEqual(
    legend(temperatureSweep([row("paper", 1, [90, 60, 10])], { ceiling })),
    [...metrics, "best temperature", "ceiling"],
  );
});

Deno.test("temperatureSweep() draws the panels and the ceiling it is asked for", () => {
  const figure = temperatureSweep([
    row("paper", 1, [90, 60, 10]),
    row("strict", 1, [80, 50, 9]),
  ], { modes: ["strict"], ceiling: { value: 73.86, label: "ceiling" } });
  assert.deepEqual(trace(figure, "Validity").y, [80]);
  assert.equal(figure.layout.xaxis2, undefined);
  assert.equal((figure.layout.shapes as { y0: number }[])[0].y0, 73.86);
});

Deno.test("temperatureSweep() throws when a panel has nothing to show", () => {
  const paper = row("paper", 1, [90, 60, 10]);
  assert.throws(() => temperatureSweep([paper], { modes: ["strict"] }), {
    name: "RangeError",
    message:
      "Cannot draw the sweep: the rows of the strict reading must include a " +
      "measured one with a temperature, got none",
  });
  assert.throws(() => temperatureSweep([]), { name: "RangeError" });
});
