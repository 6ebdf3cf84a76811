import assert from "node:assert/strict";
import { Cholesky } from "../../lib/analysis/cholesky.ts";
import { Random } from "../../lib/core/random.ts";
import { assertClose } from "../_helpers.ts";

const CLOSE = { absolute: 1e-9, relative: 0 };

/** The lower rows of a random positive definite matrix, `B Bᵀ + I`. */
function lowerRows(n: number, random: Random): Float64Array[] {
  const b = Array.from(
    { length: n },
    () => Float64Array.from({ length: n }, () => random.normal()),
  );
  return b.map((own, i) =>
    Float64Array.from(
      { length: i + 1 },
      (_, j) =>
        own.reduce((sum, value, k) => sum + value * b[j][k], i === j ? 1 : 0),
    )
  );
}

/** The product of a matrix, given by its lower rows, with a vector. */
function product(rows: readonly Float64Array[], x: Float64Array) {
  return Float64Array.from(
    rows,
    (_, i) =>
      x.reduce(
        (sum, value, j) => sum + value * rows[Math.max(i, j)][Math.min(i, j)],
        0,
      ),
  );
}

Deno.test("Cholesky has the factor of a matrix worked by hand", () => {
  // A = [[4, 2, 2], [2, 5, 3], [2, 3, 6]] has L = [[2], [1, 2], [1, 1, 2]] and |A| = 64.
  const factor = new Cholesky();
  assert.ok(factor.extend(
    [[4], [2, 5], [2, 3, 6]].map((row) => Float64Array.from(row)),
  ));
  assert.equal(factor.size, 3);
  assertClose([factor.logDeterminant()], [Math.log(64)], CLOSE);
  // L x = [2, 5, 8] gives x = [1, 2, (8 − 1 − 2) / 2].
  const b = Float64Array.of(2, 5, 8);
  factor.forward(b);
  assertClose(b, [1, 2, 2.5], CLOSE);
  // A [1, −1, 2] = [6, 3, 11].
  assertClose(factor.solve(Float64Array.of(6, 3, 11)), [1, -1, 2], CLOSE);
});

Deno.test("Cholesky solves systems of every size, whatever parts its rows come in", () => {
  const random = Random.fromSeed(1);
  for (let n = 1; n <= 14; n++) {
    const rows = lowerRows(n, random);
    const given = rows.map((row) => row.slice());
    const x = Float64Array.from({ length: n }, () => random.normal());
    const b = product(rows, x);
    for (const first of [0, 1, 3, 4, 5, n]) {
      const factor = new Cholesky();
      assert.ok(factor.extend(rows.slice(0, first)));
      assert.ok(factor.extend(rows.slice(first)));
      assertClose(factor.solve(b), x, { absolute: 1e-7, relative: 0 });
    }
    assert.deepEqual(rows, given);
  }
});

Deno.test("Cholesky tells a matrix that is not positive definite", () => {
  const rows = [[1], [2, 1], [0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0, 1]]
    .map((row) => Float64Array.from(row));
  for (const count of [2, 4, 5]) {
    assert.equal(new Cholesky().extend(rows.slice(0, count)), false);
  }
  const factor = new Cholesky();
  assert.ok(factor.extend(rows.slice(0, 1)));
  assert.equal(factor.extend(rows.slice(1)), false);
});
