import assert from "node:assert/strict";
import { estimate } from "../../lib/metrics/statistics.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";

Deno.test("estimate() is a mean and its standard error", () => {
  const { mean, error } = estimate([1, 2, 3, 4]);
  // Sample deviation √(5/3), over √4.
  assertClose([mean, error], [2.5, Math.sqrt(5 / 3) / 2], SAME_ALGORITHM);
  assert.deepEqual(estimate([7]), { mean: 7, error: 0 });
});
