import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import { floats } from "../../../lib/core/tensors.ts";
import {
  drawLatents,
  PriorCounter,
  standardPrior,
} from "../../../lib/models/arch2vec/prior.ts";
import { assertClose, SAME_ALGORITHM } from "../../_helpers.ts";

Deno.test("PriorCounter fits mean and deviation for each node and dimension", () => {
  const counter = new PriorCounter({ nodes: 2, latentDim: 1 });
  // Three cells, in two batches: the first node has 1, 2, 6, the second 5 throughout.
  counter.add([1, 5, 2, 5]);
  counter.add([6, 5]);
  const prior = counter.prior();
  assert.deepEqual(prior["prior.mean"].shape, [2, 1]);
  assert.deepEqual([...prior["prior.mean"].data], [3, 5]);
  // (4 + 1 + 9) / (3 − 1) = 7.
  assertClose(prior["prior.deviation"].data, [Math.sqrt(7), 0], SAME_ALGORITHM);
});

Deno.test("drawLatents() draws from the normal distribution of each node and dimension", () => {
  const prior = {
    "prior.mean": floats([2, 2], [0, -3, 10, 1]),
    "prior.deviation": floats([2, 2], [1, 0.5, 2, 0]),
  };
  const count = 20_000;
  const z = drawLatents(prior, count, Random.fromSeed(5));
  assert.equal(z.length, count * 4);
  for (const [i, mean] of [0, -3, 10, 1].entries()) {
    const deviation = [1, 0.5, 2, 0][i];
    const values = Array.from({ length: count }, (_, cell) => z[4 * cell + i]);
    const average = values.reduce((sum, v) => sum + v, 0) / count;
    const variance = values.reduce((sum, v) => sum + (v - average) ** 2, 0) /
      count;
    // Five standard errors of a mean, and of a variance.
    const error = deviation / Math.sqrt(count);
    assert.ok(Math.abs(average - mean) <= 5 * error);
    assert.ok(
      Math.abs(variance - deviation ** 2) <=
        5 * deviation ** 2 * Math.sqrt(2 / count),
    );
  }
  assert.deepEqual(z, drawLatents(prior, count, Random.fromSeed(5)));
});

Deno.test("standardPrior() draws the random generator's own normal numbers", () => {
  const prior = standardPrior({ nodes: 3, latentDim: 2 });
  const random = Random.fromSeed(2);
  assert.deepEqual(
    drawLatents(prior, 4, Random.fromSeed(2)),
    Float32Array.from({ length: 24 }, () => random.normal()),
  );
});
