import assert from "node:assert/strict";
import type { SparseVector } from "../../lib/analysis/features.ts";
import {
  expectedImprovement,
  GaussianProcess,
  normalScores,
} from "../../lib/analysis/gaussian_process.ts";
import { assertClose } from "../_helpers.ts";

const vector = (...dense: number[]): SparseVector => {
  const ids = Array.from(dense.keys()).filter((i) => dense[i] !== 0);
  return {
    ids: Uint32Array.from(ids),
    values: Float32Array.from(ids, (i) => dense[i]),
  };
};

Deno.test("normalScores() are the normal quantiles of the ranks", () => {
  // Blom's scores for n = 5: Φ⁻¹((i − 3/8) / 5.25).
  assertClose(
    normalScores([10, -3, 7, 0.5, 100]),
    [0.4972, -1.1798, 0, -0.4972, 1.1798],
    { absolute: 2e-4, relative: 0 },
  );
  const tied = normalScores([1, 2, 2, 3]);
  assert.equal(tied[1], tied[2]);
  assertClose([tied[1]], [0], { absolute: 1e-6, relative: 0 });
  // Only the order counts.
  assert.deepEqual(normalScores([1, 2, 9]), normalScores([-5, 0, 0.1]));
});

Deno.test("expectedImprovement() is the integral it stands for", () => {
  for (
    const [mean, deviation, best] of [[0, 1, 0], [1, 0.5, 1.4], [-1, 2, 1]]
  ) {
    let integral = 0;
    const step = 1e-3;
    for (let x = -10; x < 10; x += step) {
      const density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
      integral += step * density * Math.max(0, mean + deviation * x - best);
    }
    assertClose(
      [expectedImprovement({ mean, deviation }, best)],
      [integral],
      { absolute: 1e-4, relative: 0 },
    );
  }
});

Deno.test("GaussianProcess follows a smooth function and knows where it has not looked", () => {
  const points = Array.from({ length: 30 }, (_, i) => vector(i / 3, 1));
  const process = new GaussianProcess(
    points,
    points.map((_, i) => Math.sin(i / 6)),
  );
  const scores = normalScores(points.map((_, i) => Math.sin(i / 6)));
  const predictions = points.map((point) => process.predict(point));
  const error = predictions.reduce(
    (sum, { mean }, i) => sum + (mean - scores[i]) ** 2 / 30,
    0,
  );
  assert.ok(error < 0.05, `${error}`);
  assert.ok(predictions.every(({ deviation }) => deviation < 0.4));
  const between = process.predict(vector(4.5, 1));
  assert.ok(between.deviation < 0.4);
  const far = process.predict(vector(100, 1));
  assertClose([far.mean, far.deviation], [0, 1], {
    absolute: 1e-3,
    relative: 0,
  });
  assert.equal(process.best, Math.max(...scores));
});

Deno.test("GaussianProcess keeps the order of its targets and does not overshoot them", () => {
  const points = [vector(0, 0), vector(1, 0), vector(0, 2)];
  const process = new GaussianProcess(points, [1, 2, 3]);
  const scores = normalScores([1, 2, 3]);
  const means = points.map((point) => process.predict(point).mean);
  // Shrunk towards 0, in order, never beyond the score.
  for (const [i, mean] of means.entries()) {
    assert.ok(Math.abs(mean) <= Math.abs(scores[i]) + 0.6);
  }
  assert.ok(means[0] < means[1] && means[1] < means[2]);
});

Deno.test("GaussianProcess refuses to be fitted to nothing", () => {
  assert.throws(() => new GaussianProcess([], []), RangeError);
  assert.throws(() => new GaussianProcess([vector(1)], [1, 2]), {
    message:
      "Cannot fit a Gaussian process: there must be as many targets as points and at least one, got 2 and 1",
  });
});

Deno.test("GaussianProcess takes equal points and equal targets", () => {
  const process = new GaussianProcess([vector(1), vector(1)], [0.5, 0.5]);
  const { mean, deviation } = process.predict(vector(1));
  assert.ok(Number.isFinite(mean) && deviation < 0.5);
});
