import assert from "node:assert/strict";
import type { SparseVector } from "../../lib/analysis/features.ts";
import {
  expectedImprovement,
  GaussianProcess,
  normalScores,
} from "../../lib/analysis/gaussian_process.ts";
import { Random } from "../../lib/core/random.ts";
import { assertClose } from "../_helpers.ts";

const fitted = (...fit: Parameters<GaussianProcess["fit"]>) => {
  const process = new GaussianProcess();
  process.fit(...fit);
  return process;
};

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
  const process = fitted(
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
  const process = fitted(points, [1, 2, 3]);
  const scores = normalScores([1, 2, 3]);
  const means = points.map((point) => process.predict(point).mean);
  // Shrunk towards 0, in order, never beyond the score.
  for (const [i, mean] of means.entries()) {
    assert.ok(Math.abs(mean) <= Math.abs(scores[i]) + 0.6);
  }
  assert.ok(means[0] < means[1] && means[1] < means[2]);
});

Deno.test("GaussianProcess refuses to be fitted to nothing", () => {
  assert.throws(() => fitted([], []), RangeError);
  assert.throws(() => fitted([vector(1)], [1, 2]), {
    message:
      "Cannot fit a Gaussian process: there must be as many targets as points and at least one, got 2 and 1",
  });
});

Deno.test("GaussianProcess takes equal points and equal targets", () => {
  const process = fitted([vector(1), vector(1)], [0.5, 0.5]);
  const { mean, deviation } = process.predict(vector(1));
  assert.ok(Number.isFinite(mean) && deviation < 0.5);
});

Deno.test("GaussianProcess fitted to more points is the one fitted to all at once", () => {
  const random = Random.fromSeed(0);
  const points = Array.from(
    { length: 48 },
    () => vector(random.normal(), random.normal(), random.normal()),
  );
  const targets = points.map(({ values }) => values.reduce((a, b) => a * b, 1));
  // The median distance of all points is within a half of that of the first 40 and not of
  // the first two, which are as good as equal.
  const near = [vector(1, 1, 1), vector(1, 1, 1.001)];
  const all = [...near, ...points];
  const values = [0, 0, ...targets];
  const once = fitted(all, values);
  const again = new GaussianProcess();
  again.fit(near, values.slice(0, 2));
  for (const count of [all.length - 1, all.length]) {
    again.predict(points[0]);
    again.fit(all.slice(0, count), values.slice(0, count));
  }
  // Its length scales are those of one point less.
  const one = fitted(all.slice(0, -1), values.slice(0, -1));
  one.fit(all, values);
  for (const point of [vector(0, 1, 0), ...points]) {
    assert.deepEqual(again.predict(point), one.predict(point));
    const { mean, deviation } = once.predict(point);
    const prediction = again.predict(point);
    assertClose([prediction.mean, prediction.deviation], [mean, deviation], {
      absolute: 0.05,
      relative: 0,
    });
  }
  // Other points in the place of the first: nothing is left of these.
  const others = points.toReversed();
  one.fit(others, targets.toReversed());
  const fresh = fitted(others, targets.toReversed());
  assert.deepEqual(one.predict(near[0]), fresh.predict(near[0]));
});

Deno.test("GaussianProcess outlines a prediction: its mean, and at least its deviation", () => {
  const points = Array.from({ length: 9 }, (_, i) => vector(i / 2, 1));
  const process = fitted(points, points.map((_, i) => Math.sin(i)));
  for (const x of [-3, 0, 0.25, 1.2, 9]) {
    const { mean, deviation } = process.predict(vector(x, 1));
    const outline = process.outline(vector(x, 1));
    assert.equal(outline.mean, mean);
    assert.equal(process.mean(vector(x, 1)), mean);
    assert.ok(outline.deviation >= deviation - 1e-9);
    assert.ok(outline.deviation <= 1);
  }
  // Of a single training point it is the deviation itself.
  const single = fitted([vector(1)], [0]);
  assertClose(
    [single.outline(vector(1.5)).deviation],
    [single.predict(vector(1.5)).deviation],
    { absolute: 1e-12, relative: 0 },
  );
});

Deno.test("GaussianProcess predicts cells jointly as it would one after another", () => {
  const points = Array.from({ length: 10 }, (_, i) => vector(i / 2, 1));
  const process = new GaussianProcess({ lengthScales: [1], noises: [0.01] });
  process.fit(points, points.map((_, i) => i));
  const asked = [vector(0.8, 1), vector(1.1, 1), vector(7, 1)];
  const { means, covariance, noise } = process.predictJointly(asked);
  assert.equal(noise, 0.01);
  asked.forEach((point, i) => {
    const { mean, deviation } = process.predict(point);
    assert.equal(means[i], mean);
    assertClose([covariance[4 * i]], [deviation ** 2], {
      absolute: 1e-12,
      relative: 0,
    });
  });
  // One point more, the first of those asked for: what is left of the others' variances.
  process.fit([...points, asked[0]], [...points.map((_, i) => i), 3]);
  for (const i of [1, 2]) {
    const left = covariance[4 * i] -
      covariance[i] ** 2 / (covariance[0] + noise);
    assertClose([process.predict(asked[i]).deviation ** 2], [left], {
      absolute: 1e-9,
      relative: 0,
    });
  }
});
