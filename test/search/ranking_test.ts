import assert from "node:assert/strict";
import { encodingVectors } from "../../lib/analysis/features.ts";
import {
  expectedImprovement,
  GaussianProcess,
} from "../../lib/analysis/gaussian_process.ts";
import { Random } from "../../lib/core/random.ts";
import { byExpectedImprovement } from "../../lib/search/ranking.ts";
import { cell, SPACE, TABLE } from "./_tables.ts";

Deno.test("byExpectedImprovement() gives the first of all candidates, in order", async () => {
  const random = Random.fromSeed(3);
  const some = (count: number) =>
    Array.from({ length: count }, () => cell(random.integer(15_625)));
  const queries = TABLE.covered.slice(0, 300)
    .filter((_, i) => i % 7 === 0)
    .reduce<{ cell: ReturnType<typeof cell>; validation: number }[]>(
      (all, index) => [...all, {
        cell: cell(index),
        validation: TABLE.validation[index],
      }],
      [],
    );
  const vectors = encodingVectors(SPACE, ["paths", "subtrees"]);
  const rank = byExpectedImprovement(vectors);
  const process = new GaussianProcess();
  const pool = some(500);
  for (const known of [20, queries.length]) {
    const asked = queries.slice(0, known);
    process.fit(
      vectors(asked.map(({ cell }) => cell)),
      asked.map(({ validation }) => validation),
    );
    const points = vectors(pool);
    const gains = points.map((point) =>
      expectedImprovement(process.predict(point), process.best)
    );
    const order = [...pool.keys()].sort((a, b) => gains[b] - gains[a]);
    for (const count of [1, 16, 500, 600]) {
      assert.deepEqual(
        await rank(pool, asked, count),
        order.slice(0, count).map((at) => pool[at]),
      );
    }
    pool.push(...some(100));
  }
});
