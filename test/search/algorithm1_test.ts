import assert from "node:assert/strict";
import {
  algorithm1,
  algorithm1Queries,
  ALGORITHM_1,
} from "../../lib/search/algorithm1.ts";
import { archLlmOptions, archLlmSearch } from "../../lib/search/bayesian.ts";
import { byAccuracy, Oracle } from "../../lib/search/oracle.ts";
import { neighbours } from "../../lib/search/neighbours.ts";
import type { CellWriter } from "../../lib/search/writer.ts";
import { Random } from "../../lib/core/random.ts";
import { madeUpTable, SPACE } from "./_tables.ts";

const table = madeUpTable();

/** Writes random cells, and random neighbours of given ones; notes what it was asked. */
class NeighbourWriter implements CellWriter {
  readonly parents: number[][] = [];
  readonly masked = new Set<number | undefined>();

  generate(count: number, random: Random): Promise<number[]> {
    return Promise.resolve(
      Array.from({ length: count }, () => random.integer(15_625)),
    );
  }

  fill(
    cells: readonly number[],
    random: Random,
    most?: number,
  ): Promise<number[]> {
    this.parents.push([...cells]);
    this.masked.add(most);
    return Promise.resolve(cells.map((cell) => {
      const near = neighbours(SPACE, cell);
      return near[random.integer(near.length)];
    }));
  }
}

Deno.test("Algorithm 1 makes n + T(n − m) queries", async () => {
  assert.equal(algorithm1Queries(ALGORITHM_1), 400);
  for (
    const options of [
      ALGORITHM_1,
      { ...ALGORITHM_1, population: 12, kept: 4, iterations: 3 },
    ]
  ) {
    const oracle = new Oracle(SPACE, table, 1000);
    await algorithm1(
      oracle,
      Random.fromSeed(0),
      new NeighbourWriter(),
      options,
    );
    assert.equal(oracle.history.length, algorithm1Queries(options));
  }
});

Deno.test("Algorithm 1 keeps the m best alive and fills around them", async () => {
  const options = { masked: 3, population: 20, kept: 5, iterations: 3 };
  const writer = new NeighbourWriter();
  const oracle = new Oracle(SPACE, table, 1000);
  await algorithm1(oracle, Random.fromSeed(1), writer, options);
  const first = byAccuracy(oracle.history.slice(0, 20)).slice(0, 5)
    .map(({ cell }) => cell);
  assert.deepEqual(writer.parents[0], [...first, ...first]);
  assert.deepEqual([...writer.masked], [3]);
  // Later ones come from the cells alive: the best of all queried up to then, because
  // a best cell is never removed.
  const last = byAccuracy(oracle.history.slice(0, 20 + 2 * 15)).slice(0, 5)
    .map(({ cell }) => cell);
  assert.deepEqual(writer.parents.at(-1)!.slice(0, 5), last);
});

Deno.test("Algorithm 1 stops at the budget, and random cells take the place of a writer that has nothing new", async () => {
  const oracle = new Oracle(SPACE, table, 50);
  const silent: CellWriter = {
    generate: () => Promise.resolve([1, 2, 3, 13]),
    fill: () => Promise.resolve([]),
  };
  await algorithm1(oracle, Random.fromSeed(0), silent);
  assert.equal(oracle.history.length, 50);
  // 3 and 13 are not covered.
  assert.deepEqual(
    oracle.history.slice(0, 3).map(({ cell }) => cell).slice(0, 2),
    [1, 2],
  );
});

Deno.test("Algorithm 1 depends on its seed alone", async () => {
  const run = async (seed: number) => {
    const oracle = new Oracle(SPACE, table, 100);
    await algorithm1(oracle, Random.fromSeed(seed), new NeighbourWriter(), {
      ...ALGORITHM_1,
      population: 20,
      kept: 5,
    });
    return oracle.history;
  };
  assert.deepEqual(await run(3), await run(3));
  assert.notDeepEqual(await run(3), await run(4));
});

Deno.test("Algorithm 1 refuses m that leaves no room for 2m new cells", async () => {
  const oracle = new Oracle(SPACE, table, 100);
  await assert.rejects(
    algorithm1(oracle, Random.fromSeed(0), new NeighbourWriter(), {
      ...ALGORITHM_1,
      population: 10,
      kept: 4,
    }),
    {
      name: "RangeError",
      message:
        "Cannot run Algorithm 1: m must be from 1 to n/3, got m = 4 and n = 10",
    },
  );
});

Deno.test("archLlmSearch() spends its budget and beats a search without accuracies", async () => {
  const run = async (seed: number) => {
    const oracle = new Oracle(SPACE, table, 96);
    await archLlmSearch(oracle, Random.fromSeed(seed), new NeighbourWriter(), {
      ...archLlmOptions(SPACE),
      candidates: 200,
    });
    return oracle.history;
  };
  const history = await run(0);
  assert.equal(history.length, 96);
  assert.deepEqual(await run(0), history);
  const best = (from: number, to: number) =>
    Math.max(...history.slice(from, to).map(({ validation }) => validation));
  // The first 16 were written knowing nothing.
  assert.ok(best(16, 96) > best(0, 16) + 0.05);
});

Deno.test("archLlmSearch() goes on where the writer has nothing to say", async () => {
  const silent: CellWriter = {
    generate: () => Promise.resolve([]),
    fill: () => Promise.resolve([]),
  };
  const oracle = new Oracle(SPACE, table, 40);
  await archLlmSearch(oracle, Random.fromSeed(0), silent);
  assert.equal(oracle.history.length, 40);
});
