import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { kendallTau, rSquared } from "../../lib/metrics/agreement.ts";

Deno.test("rSquared() is 1 for exact predictions, 0 for the mean", () => {
  assert.equal(rSquared([1, 2, 4], [1, 2, 4]), 1);
  assert.equal(rSquared([2, 2, 2], [1, 2, 3]), 0);
  assert.ok(rSquared([3, 2, 1], [1, 2, 3]) < 0);
  assert.ok(Number.isNaN(rSquared([1, 2], [5, 5])));
  assert.throws(() => rSquared([1], [1, 2]), /got 1 and 2/);
});

Deno.test("kendallTau() equals a count of all pairs, ties included", () => {
  const random = Random.fromSeed(0);
  for (const [n, values] of [[2, 5], [7, 3], [50, 10], [301, 40]]) {
    const draw = () => Array.from({ length: n }, () => random.integer(values));
    const [a, b] = [draw(), draw()];
    let difference = 0, untiedA = 0, untiedB = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        const [x, y] = [Math.sign(a[i] - a[j]), Math.sign(b[i] - b[j])];
        difference += x * y;
        untiedA += Math.abs(x);
        untiedB += Math.abs(y);
      }
    }
    const expected = difference / Math.sqrt(untiedA * untiedB);
    assert.ok(Math.abs(kendallTau(a, b) - expected) < 1e-12, `${n}`);
  }
  assert.equal(kendallTau([1, 2, 3], [10, 20, 30]), 1);
  assert.equal(kendallTau([1, 2, 3], [30, 20, 10]), -1);
  assert.ok(Number.isNaN(kendallTau([1, 1], [1, 2])));
});
