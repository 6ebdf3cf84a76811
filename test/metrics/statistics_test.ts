import assert from "node:assert/strict";
import {
  estimate,
  pairedDifference,
  shareError,
  signTest,
  spread,
} from "../../lib/metrics/statistics.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";

Deno.test("estimate() is a mean and its standard error", () => {
  const { mean, error } = estimate([1, 2, 3, 4]);
  // Sample deviation √(5/3), over √4.
  assertClose([mean, error], [2.5, Math.sqrt(5 / 3) / 2], SAME_ALGORITHM);
  assert.deepEqual(estimate([7]), { mean: 7, error: 0 });
});

Deno.test("spread() is a mean and the sample standard deviation", () => {
  const { mean, deviation } = spread([1, 2, 3, 4]);
  // Squares 2.25 + 0.25 + 0.25 + 2.25 = 5, over 3.
  assertClose([mean, deviation], [2.5, Math.sqrt(5 / 3)], SAME_ALGORITHM);
  assert.deepEqual(spread([7]), { mean: 7, deviation: 0 });
});

Deno.test("pairedDifference() is the mean of the differences, with a sign test", () => {
  // Differences 1, 3, −1, 0, 2: mean 1, squares 0 + 4 + 4 + 1 + 1 = 10, √(10 / 4 / 5).
  const { mean, error, better, worse, p } = pairedDifference(
    [2, 5, 1, 4, 9],
    [1, 2, 2, 4, 7],
  );
  assertClose([mean, error], [1, Math.sqrt(0.5)], SAME_ALGORITHM);
  assert.deepEqual([better, worse], [3, 1]);
  // 2 · (1 + 4) / 2⁴
  assertClose([p], [0.625], SAME_ALGORITHM);
});

Deno.test("signTest() is exact, two-sided and the same from both sides", () => {
  // 2 · (1 + 10 + 45) / 2¹⁰; 2 / 2³⁰; 2 · (1 + 25 + … + C(25, 7)) / 2²⁵.
  assertClose(
    [signTest(8, 2), signTest(2, 8), signTest(30, 0), signTest(18, 7)],
    [112 / 1024, 112 / 1024, 2 / 2 ** 30, 2 * 726_206 / 2 ** 25],
    SAME_ALGORITHM,
  );
  assert.equal(signTest(5, 5), 1);
  assert.equal(signTest(0, 0), 1);
  assert.equal(signTest(1, 0), 1);
});

Deno.test("shareError() is that of a binomial distribution", () => {
  // √(0.2 · 0.8 / 400) = 0.4 / 20.
  assertClose([shareError(0.2, 400)!], [0.02], SAME_ALGORITHM);
  assert.equal(shareError(1, 10), 0);
  assert.equal(shareError(0.5, 0), null);
});
