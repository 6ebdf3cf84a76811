import assert from "node:assert/strict";
import { estimate, spread } from "../../lib/metrics/statistics.ts";
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
