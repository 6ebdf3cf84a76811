import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";

/** Throws unless every count is within 5 standard errors of `draws / counts.length`. */
function assertUniform(counts: number[], draws: number): void {
  const p = 1 / counts.length;
  const allowed = 5 * Math.sqrt(draws * p * (1 - p));
  for (const [i, count] of counts.entries()) {
    assert.ok(Math.abs(count - draws * p) <= allowed, `bin ${i}: ${count}`);
  }
}

Deno.test("Random.integer() is uniform", () => {
  const random = Random.fromSeed(1);
  const counts = new Array(7).fill(0);
  for (let i = 0; i < 70_000; i++) counts[random.integer(7)]++;
  assertUniform(counts, 70_000);
  counts[0] += 1_000;
  assert.throws(() => assertUniform(counts, 70_000));
});

Deno.test("Random.permutation() puts each item first equally often", () => {
  const random = Random.fromSeed(2);
  const counts = new Array(5).fill(0);
  for (let i = 0; i < 20_000; i++) counts[random.permutation(5)[0]]++;
  assertUniform(counts, 20_000);
});

Deno.test("Random.normal() has mean 0 and variance 1", () => {
  const random = Random.fromSeed(3);
  let sum = 0, squares = 0;
  const draws = 100_000;
  for (let i = 0; i < draws; i++) {
    const x = random.normal();
    sum += x;
    squares += x * x;
  }
  assert.ok(Math.abs(sum / draws) < 5 / Math.sqrt(draws));
  assert.ok(Math.abs(squares / draws - 1) < 5 * Math.sqrt(2 / draws));
});

Deno.test("Random.fromState() goes on where the generator stood", () => {
  const random = Random.fromSeed(4);
  random.uniform();
  const copy = Random.fromState(random.state);
  assert.equal(copy.uint32(), random.uint32());
});

Deno.test("Random.split() depends on the label and leaves its parent as it was", () => {
  const random = Random.fromSeed(5);
  const before = random.state;
  const [a, again, b] = ["a", "a", "b"].map((label) =>
    random.split(label).uint32()
  );
  assert.equal(a, again);
  assert.notEqual(a, b);
  assert.deepEqual(random.state, before);
});

Deno.test("Random.fromSeed() refuses a seed that is not an integer", () => {
  assert.throws(
    () => Random.fromSeed(0.5),
    new RangeError(
      "Cannot seed a generator: seed must be an integer, got 0.5",
    ),
  );
});
