import assert from "node:assert/strict";
import { encodingVectors } from "../../lib/analysis/features.ts";
import {
  expectedImprovement,
  GaussianProcess,
} from "../../lib/analysis/gaussian_process.ts";
import { Random } from "../../lib/core/random.ts";
import { byExpectedImprovement } from "../../lib/search/ranking.ts";
import { cell, SPACE, TABLE } from "./_tables.ts";

const vectors = encodingVectors(SPACE, ["paths", "subtrees"]);
const QUERIES = [...TABLE.covered.slice(0, 300)]
  .filter((_, i) => i % 7 === 0)
  .map((index) => ({
    cell: cell(index),
    validation: TABLE.validation[index],
  }));

/** Expected improvements of cells after queries. */
function gains(
  cells: readonly ReturnType<typeof cell>[],
  queries: typeof QUERIES,
) {
  const process = new GaussianProcess();
  process.fit(
    vectors(queries.map(({ cell }) => cell)),
    queries.map(({ validation }) => validation),
  );
  return vectors(cells).map((point) =>
    expectedImprovement(process.predict(point), process.best)
  );
}

Deno.test("byExpectedImprovement() begins with the best of all, and then passes over what is like it", async () => {
  const random = Random.fromSeed(3);
  const pool = Array.from(
    { length: 500 },
    () => cell(random.integer(15_625)),
  );
  const own = gains(pool, QUERIES);
  const best = pool[own.indexOf(Math.max(...own))];
  const rank = byExpectedImprovement(vectors);
  assert.deepEqual(await rank(pool, QUERIES, 1), [best]);

  // The best thrice: by their own expected improvements the three would come first.
  const again = [best, ...pool, best];
  const first = await rank(again, QUERIES, 16);
  assert.equal(first.length, 16);
  assert.equal(first[0], best);
  assert.notEqual(first[1], best);
  // What follows is of the 128 with the highest expected improvements.
  const level = gains(again, QUERIES).sort((a, b) => b - a)[127];
  assert.ok(gains(first, QUERIES).every((gain) => gain >= level));
});

Deno.test("byExpectedImprovement() ranks the same whatever was ranked before", async () => {
  const pool = Array.from({ length: 40 }, (_, i) => cell(300 * i));
  const rank = byExpectedImprovement(vectors);
  await rank(pool.slice(0, 20), QUERIES.slice(0, -1), 5);
  const ranked = await rank(pool, QUERIES, 50);
  assert.deepEqual(
    await byExpectedImprovement(vectors)(pool, QUERIES, 50),
    ranked,
  );
  assert.equal(new Set(ranked).size, 40);
  assert.deepEqual(await rank([], QUERIES, 5), []);
});

Deno.test("byExpectedImprovement() goes by what is known of cells, and not at all where it is the same of all", async () => {
  const random = Random.fromSeed(4);
  const pool = Array.from(
    { length: 200 },
    () => cell(TABLE.covered[random.integer(TABLE.covered.length)]),
  );
  const few = QUERIES.slice(0, 12);
  const mean = (cells: readonly typeof pool[number][]) =>
    cells.reduce((sum, { index }) => sum + TABLE.validation[index!], 0) /
    cells.length;
  const blind = await byExpectedImprovement(vectors)(pool, few, 8);
  const informed = await byExpectedImprovement(
    vectors,
    ({ index }) => TABLE.validation[index!],
  )(pool, few, 8);
  assert.ok(
    mean(informed) > mean(blind) + 0.01,
    `${mean(informed)} ${mean(blind)}`,
  );
  assert.deepEqual(
    await byExpectedImprovement(vectors, () => 7)(pool, few, 8),
    blind,
  );
});
