/**
 * DNGO against second implementations; the expected values are from
 * `test/fixtures/make_rival_fixtures.py`.
 */
import assert from "node:assert/strict";
import { LinearRegression } from "../../../lib/analysis/bayesian_linear_regression.ts";
import { nelderMead } from "../../../lib/analysis/nelder_mead.ts";
import { Random } from "../../../lib/core/random.ts";
import { Dngo } from "../../../lib/search/rivals/dngo.ts";
import { logExpectedImprovement } from "../../../lib/search/rivals/dngo_search.ts";
import { TanhNetwork } from "../../../lib/search/rivals/tanh_network.ts";
import {
  ACROSS_BACKENDS,
  assertClose,
  SAME_ALGORITHM,
} from "../../_helpers.ts";
import { executor, readFixture } from "./_fixtures.ts";

interface Expected {
  readonly learningRate: number;
  readonly loss: number;
  readonly likelihoods: readonly {
    readonly alpha: number;
    readonly beta: number;
    readonly likelihood: number;
    readonly published: number;
    readonly means: readonly number[];
    readonly variances: readonly number[];
  }[];
  readonly start: readonly number[];
  readonly least: readonly number[];
  readonly logExpectedImprovement: readonly number[][];
}

const { expected, tensors, part } = await readFixture<Expected>("dngo");
const regression = new LinearRegression(
  tensors.get("design")!.data,
  [...tensors.get("targets")!.data],
);

Deno.test("TanhNetwork: loss, gradients and a step of Adam equal PyTorch's", () => {
  const parameters = part("parameter"), { x, y } = part("input");
  const [hidden, inputs] = parameters["mlp.0.weight"].shape;
  const flat = (of: ReturnType<typeof part>) =>
    ["mlp.0.weight", "mlp.0.bias", "mlp.1.weight", "mlp.1.bias"]
      .flatMap((name) => [...of[name].data]);
  const network = new TanhNetwork(inputs, hidden, Random.fromSeed(0));
  network.parameters.set(flat(parameters));
  const rows = Array.from(
    y.data,
    (_, row) => x.data.subarray(row * inputs, (row + 1) * inputs),
  );
  const loss = network.step(rows, [...y.data], expected.learningRate);
  assertClose([loss], [expected.loss], SAME_ALGORITHM);
  assertClose(network.gradient, flat(part("gradient")), SAME_ALGORITHM);
  assertClose(network.parameters, flat(part("after")), SAME_ALGORITHM);
});

Deno.test("LinearRegression has the marginal likelihood and the posterior of its Gaussian process", () => {
  const beyond = tensors.get("beyond")!;
  const [rows, columns] = beyond.shape;
  for (const one of expected.likelihoods) {
    assertClose(
      [
        regression.logMarginalLikelihood(one),
        regression.logMarginalLikelihood(one, true),
      ],
      [one.likelihood, one.published],
      { relative: 1e-9, absolute: 1e-9 },
    );
    const { mean, inverseFactor } = regression.posterior(one);
    const each = Array.from({ length: rows }, (_, row) => {
      const own = beyond.data.subarray(row * columns, (row + 1) * columns);
      const times = (weights: Float64Array) =>
        weights.reduce((sum, weight, i) => sum + weight * own[i], 0);
      const parts = Array.from(
        { length: columns },
        (_, i) =>
          times(inverseFactor.subarray(i * columns, (i + 1) * columns)) ** 2,
      );
      return {
        mean: times(mean),
        variance: parts.reduce((sum, square) => sum + square, 0),
      };
    });
    const close = { relative: 1e-9, absolute: 1e-9 };
    assertClose(each.map(({ mean }) => mean), one.means, close);
    assertClose(each.map(({ variance }) => variance), one.variances, close);
  }
});

Deno.test("nelderMead() finds the precisions of the highest marginal likelihood", () => {
  const found = nelderMead(
    ([a, b]) =>
      -regression.logMarginalLikelihood({
        alpha: Math.exp(a),
        beta: Math.exp(-b),
      }),
    expected.start,
  );
  assertClose(found, expected.least, { relative: 0, absolute: 2e-4 });
});

Deno.test("nelderMead() goes around a valley, and stays where a function is infinite beyond", () => {
  const found = nelderMead(
    ([x, y]) => 100 * (y - x * x) ** 2 + (1 - x) ** 2,
    [-1.2, 1],
  );
  assertClose(found, [1, 1], { relative: 0, absolute: 1e-3 });
  const [edge] = nelderMead(([x]) => x < 2 ? Infinity : x, [5]);
  assertClose([edge], [2], { relative: 0, absolute: 1e-3 });
});

Deno.test("logExpectedImprovement() goes on where the improvement is too small for a number", () => {
  for (
    const [mean, deviation, incumbent, value] of expected.logExpectedImprovement
  ) {
    assertClose(
      [logExpectedImprovement(mean, deviation, incumbent)],
      [value],
      { relative: 1e-5, absolute: 1e-5 },
    );
  }
  let before = -Infinity;
  for (let mean = -50; mean < 3; mean += 0.01) {
    const value = logExpectedImprovement(mean, 1, 0);
    assert.ok(value > before, `${mean}`);
    before = value;
  }
});

Deno.test("Dngo learns a function, knows where it knows little, and goes by its seed", async () => {
  const points = (random: Random, count: number) =>
    Float32Array.from({ length: 3 * count }, () => random.normal());
  const value = ([a, b]: Float32Array) => 0.9 + 0.03 * Math.tanh(a - b);
  const targets = (rows: Float32Array) =>
    Array.from(
      { length: rows.length / 3 },
      (_, i) => value(rows.subarray(3 * i, 3 * i + 3)),
    );
  const rows = points(Random.fromSeed(0), 60);
  const others = points(Random.fromSeed(1), 50);
  const far = others.map((value) => 4 * value);
  const model = new Dngo(3, executor, { publishedLikelihood: false });
  const fit = (seed: number) => {
    model.fit(rows, targets(rows), Random.fromSeed(seed));
    return model.predict(others);
  };
  const { means, variances } = await fit(0);
  const error = targets(others)
    .map((target, i) => Math.abs(target - means[i]));
  const mean = (of: ArrayLike<number>) =>
    Array.from(of).reduce((sum, one) => sum + one, 0) / of.length;
  assert.ok(mean(error) < 0.01, `${mean(error)}`);
  const beyond = await model.predict(far);
  assert.ok(mean(beyond.variances) > mean(variances));
  const again = await fit(0);
  assert.deepEqual(again.means, means);
  assert.notDeepEqual((await fit(1)).means, means);
  // What is predicted of a row does not depend on those beside it.
  const alone = await model.predict(others.subarray(0, 3));
  assertClose([alone.means[0]], [(await fit(1)).means[0]], ACROSS_BACKENDS);
  await model.dispose();
});
