import assert from "node:assert/strict";
import {
  codebookUsage,
  lossCurves,
  opsHistogram,
  perplexityByPosition,
  reasonsOfInvalidity,
} from "../../lib/report/figures.ts";

Deno.test("lossCurves() names axes with units, and takes epochs", () => {
  const curve = { name: "training", steps: [1, 2], values: [2, 1] };
  const titles = (figure: ReturnType<typeof lossCurves>) =>
    [figure.layout.xaxis, figure.layout.yaxis].map((axis) =>
      (axis as { title: { text: string } }).title.text
    );
  assert.deepEqual(titles(lossCurves([curve])), [
    "optimizer step",
    "loss (nats)",
  ]);
  assert.equal(titles(lossCurves([curve], { x: "epoch" }))[0], "epoch");
});

Deno.test("lossCurves() averages long curves and shows their spread", () => {
  const steps = Array.from({ length: 3000 }, (_, i) => i + 1);
  // Each run of ten holds 0 … 9: mean 4.5, 10th percentile 1, 90th 8.
  const figure = lossCurves([
    { name: "long", steps, values: steps.map((step) => (step - 1) % 10) },
  ]);
  const [band, line] = figure.data;
  assert.equal((line.y as number[]).length, 300);
  assert.ok((line.y as number[]).every((value) => value === 4.5));
  assert.deepEqual(
    [(band.y as number[])[0], (band.y as number[])[599]],
    [8, 1],
  );
  assert.match(figure.caption!, /10th to 90th percentile/);
  const short = lossCurves([{ name: "s", steps: [1], values: [1] }]);
  assert.equal(short.caption, undefined);
});

Deno.test("lossCurves() shows what comes after the first values, and tells those in words", () => {
  const figure = lossCurves([
    { name: "a", steps: [1, 2, 3], values: [9, 1, 0.9] },
    { name: "b", steps: [1, 2, 3], values: [1, 0.9, 0.8] },
  ]);
  const { range } = figure.layout.yaxis as { range: [number, number] };
  assert.deepEqual(range.map((end) => end.toFixed(3)), ["0.788", "1.012"]);
  assert.equal(figure.caption, "Above the plot, the first values: a 9.00.");
  const log = lossCurves([{ name: "a", steps: [1, 2], values: [9, 1] }], {
    logY: true,
  });
  assert.equal(log.caption, undefined);
});

Deno.test("codebookUsage() sorts shares and tells usage and perplexity", () => {
  const figure = codebookUsage([1, 0, 2, 1]);
  assert.equal(
    figure.layout.title.text,
    "Codebook usage: 3 of 4 codes, perplexity 2.8",
  );
  // The code that is not used has room, but no place on a logarithmic axis.
  assert.deepEqual(figure.data[0].y, [50, 25, 25]);
  assert.deepEqual(
    (figure.layout.xaxis as { range: number[] }).range,
    [0.5, 4.5],
  );
  assert.equal((figure.layout.yaxis as { type: string }).type, "log");
  assert.equal((figure.layout.shapes as { y0: number }[])[0].y0, 25);
});

Deno.test("opsHistogram() draws shares of each series' own sum", () => {
  const figure = opsHistogram(["conv", "skip"], [
    { name: "training", counts: [1, 3] },
    { name: "generated", counts: Uint32Array.of(10, 10) },
  ]);
  assert.deepEqual(figure.data.map((trace) => trace.y), [[25, 75], [50, 50]]);
  assert.throws(
    () => opsHistogram(["conv"], [{ name: "none", counts: [0] }]),
    { name: "RangeError", message: /^Cannot take the shares of none/ },
  );
});

Deno.test("perplexityByPosition() counts positions from 0 unless they are named", () => {
  const series = [{ name: "T5", values: [1, 2] }];
  assert.deepEqual(perplexityByPosition(series).data[0].x, ["0", "1"]);
  const named = perplexityByPosition(series, { positions: ["a", "b"] });
  assert.deepEqual(named.data[0].x, ["a", "b"]);
});

Deno.test("reasonsOfInvalidity() stacks shares of all samples and names what cannot be seen", () => {
  const figure = reasonsOfInvalidity([
    { setting: 1, samples: 2000, reasons: { never: 0, malformed: 20 } },
    {
      setting: 1.5,
      samples: 2000,
      reasons: { malformed: 100, rare: 1, disconnected: 10 },
    },
  ]);
  assert.equal(figure.layout.barmode, "stack");
  assert.deepEqual(figure.data.map((trace) => trace.name), [
    "malformed",
    "disconnected",
  ]);
  assert.deepEqual(figure.data.map((trace) => trace.y), [[1, 5], [0, 0.5]]);
  assert.deepEqual(figure.data[0].x, ["1.0", "1.5"]);
  assert.equal(figure.caption, "Too rare to be seen: rare (0.05 % at most).");
  const one = reasonsOfInvalidity([
    { setting: 1, samples: 10, reasons: { malformed: 1 } },
  ]);
  assert.equal(one.caption, "All bars: malformed.");
});
