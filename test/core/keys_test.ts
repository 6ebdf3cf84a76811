import assert from "node:assert/strict";
import { digest, runKey, weightsDigest } from "../../lib/core/keys.ts";
import { floats, type HostTensors, integers } from "../../lib/core/tensors.ts";

Deno.test("runKey() tells runs apart by each of their parts", () => {
  const parts = { space: "a", settings: { epochs: 3, seed: 0 }, version: 1 };
  const key = runKey(parts);
  assert.match(key, /^[0-9a-f]{64}$/);
  assert.equal(runKey(structuredClone(parts)), key);
  const others = [
    { ...parts, space: "b" },
    { ...parts, settings: { epochs: 3, seed: 1 } },
    { ...parts, version: 2 },
  ];
  assert.equal(new Set([parts, ...others].map(runKey)).size, 4);
});

Deno.test("digest() is of the numbers seen alone, and of their type", () => {
  const numbers = Float32Array.of(0, 1, 2, 3);
  const part = digest(numbers.subarray(1, 3));
  assert.equal(part, digest(Float32Array.of(1, 2)));
  assert.notEqual(part, digest(numbers));
  assert.notEqual(part, digest(Int32Array.of(1, 2)));
  // SHA-256 of no bytes.
  assert.equal(
    digest(new Uint32Array()),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
});

Deno.test("weightsDigest() changes with a name, a shape and a value", () => {
  const weights = { a: floats([2, 1], [1, 2]), b: floats([], [3]) };
  const key = weightsDigest(weights);
  assert.equal(weightsDigest(structuredClone(weights)), key);
  const others: HostTensors[] = [
    { a: weights.a, c: weights.b },
    { a: floats([1, 2], [1, 2]), b: weights.b },
    { a: floats([2, 1], [1, 2.5]), b: weights.b },
    { a: weights.a },
  ];
  for (const other of others) assert.notEqual(weightsDigest(other), key);
});

Deno.test("weightsDigest() refuses weights that are no floats", () => {
  assert.throws(() => weightsDigest({ a: integers([1], [1]) }), {
    name: "TypeError",
    message: "Cannot store a: it must be float32, got Int32Array",
  });
});
