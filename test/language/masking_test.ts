import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { randomPlaces } from "../../lib/language/masking.ts";

const DRAWS = 40_000;

/** Throws unless each count is within 5 standard errors of `DRAWS · p`. */
function assertShares(counts: readonly number[], p: number): void {
  const allowed = 5 * Math.sqrt(DRAWS * p * (1 - p));
  for (const [i, count] of counts.entries()) {
    assert.ok(Math.abs(count - DRAWS * p) <= allowed, `share ${i}: ${count}`);
  }
}

/** How often each number of masks, and each place, was drawn. */
function tally(draw: () => number[], length: number) {
  const numbers = new Array<number>(length).fill(0);
  const places = new Array<number>(length).fill(0);
  for (let i = 0; i < DRAWS; i++) {
    const drawn = draw();
    numbers[drawn.length - 1]++;
    for (const place of drawn) places[place]++;
  }
  return { numbers, places };
}

Deno.test("randomPlaces() draws every number of masks and every place equally often", () => {
  const rng = Random.fromSeed(1);
  const { numbers, places } = tally(() => randomPlaces(7, rng), 7);
  assertShares(numbers, 1 / 7);
  assertShares(places, 8 / 14); // E[number] / 7 = 4 / 7
});

Deno.test("a sampler that masks each place by a coin fails the same check", () => {
  const rng = Random.fromSeed(1);
  const biased = () => {
    const drawn = [0, 1, 2, 3, 4, 5, 6].filter(() => rng.uniform() < 4 / 7);
    return drawn.length > 0 ? drawn : [0];
  };
  assert.throws(() => assertShares(tally(biased, 7).numbers, 1 / 7));
});

Deno.test("a sampler that prefers the first place fails the same check", () => {
  const rng = Random.fromSeed(1);
  const biased = () => {
    const drawn = randomPlaces(7, rng);
    return rng.uniform() < 0.1 ? [0, ...drawn.filter((p) => p > 0)] : drawn;
  };
  assert.throws(() => assertShares(tally(biased, 7).places, 4 / 7));
});

Deno.test("randomPlaces() is ascending, distinct, and the same for a seed", () => {
  const rng = Random.fromSeed(2), again = Random.fromSeed(2);
  for (let i = 0; i < 200; i++) {
    const places = randomPlaces(8, rng);
    assert.deepEqual(places, [...new Set(places)].sort((a, b) => a - b));
    assert.ok(places.every((place) => place >= 0 && place < 8));
    assert.deepEqual(randomPlaces(8, again), places);
  }
  assert.deepEqual(randomPlaces(1, rng), [0]);
});

Deno.test("randomPlaces() refuses a length that is not positive", () => {
  for (const length of [0, -1, 1.5]) {
    assert.throws(() => randomPlaces(length, Random.fromSeed(1)), {
      name: "RangeError",
      message:
        `Cannot mask codes: length must be a positive integer, got ${length}`,
    });
  }
});

Deno.test("randomPlaces() masks at most as many places as it is told", () => {
  const rng = Random.fromSeed(2);
  const { numbers, places } = tally(() => randomPlaces(7, rng, 2), 7);
  assertShares(numbers.slice(0, 2), 1 / 2);
  assert.deepEqual(numbers.slice(2), [0, 0, 0, 0, 0]);
  assertShares(places, 1.5 / 7);
  for (const most of [0, 8, 1.5]) {
    assert.throws(
      () => randomPlaces(7, rng, most),
      new RegExp(`the most places must be from 1 to 7, got ${most}`),
    );
  }
});
