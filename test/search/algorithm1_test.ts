import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import {
  algorithm1,
  type Algorithm1Options,
  algorithm1Queries,
  ALGORITHM_1,
  FEW_MASKS,
} from "../../lib/search/algorithm1.ts";
import { byAccuracy, Oracle } from "../../lib/search/oracle.ts";
import { cell, indices, SPACE, TABLE } from "./_tables.ts";
import { keyed, NeighbourWriter, silentWriter } from "./_writers.ts";

const evaluator = new TableEvaluator(TABLE);

async function run(
  options: Algorithm1Options,
  { seed = 0, budget = 1000, writer = new NeighbourWriter() } = {},
) {
  const oracle = new Oracle(SPACE, evaluator, budget);
  await algorithm1(keyed(writer), options)
    .search(oracle, Random.fromSeed(seed));
  return oracle.history;
}

Deno.test("Algorithm 1 makes n + T(n − m) queries", async () => {
  assert.equal(algorithm1Queries(ALGORITHM_1), 400);
  for (
    const options of [
      ALGORITHM_1,
      { ...ALGORITHM_1, population: 12, kept: 4, iterations: 3 },
    ]
  ) {
    assert.equal((await run(options)).length, algorithm1Queries(options));
  }
});

Deno.test("Algorithm 1 keeps the m best alive and fills around them", async () => {
  const writer = new NeighbourWriter();
  const history = await run(
    { masked: 3, population: 20, kept: 5, iterations: 3 },
    { seed: 1, writer },
  );
  const first = byAccuracy(history.slice(0, 20)).slice(0, 5)
    .map(({ cell }) => cell);
  assert.deepEqual(writer.parents[0], [...first, ...first]);
  assert.deepEqual([...writer.masked], [3]);
  // Later ones come from the cells alive: the best of all queried up to then, because
  // a best cell is never removed.
  const last = byAccuracy(history.slice(0, 20 + 2 * 15)).slice(0, 5)
    .map(({ cell }) => cell);
  assert.deepEqual(writer.parents.at(-1)!.slice(0, 5), last);
});

Deno.test("Algorithm 1 stops at the budget, and random cells take the place of a writer that has nothing new", async () => {
  const oracle = new Oracle(SPACE, evaluator, 50);
  const stuck = {
    ...silentWriter,
    generate: () => Promise.resolve([1, 2, 1, 3, 13].map(cell)),
  };
  await algorithm1(keyed(stuck)).search(oracle, Random.fromSeed(0));
  assert.equal(oracle.history.length, 50);
  // 3 and 13 are not covered.
  assert.deepEqual(indices(oracle.history).slice(0, 2), [1, 2]);
});

Deno.test("Algorithm 1 depends on its seed alone", async () => {
  const options = { ...ALGORITHM_1, population: 20, kept: 5 };
  const history = await run(options, { seed: 3, budget: 100 });
  assert.deepEqual(await run(options, { seed: 3, budget: 100 }), history);
  assert.notDeepEqual(await run(options, { seed: 4, budget: 100 }), history);
});

Deno.test("Algorithm 1 masks any number of codes in the paper's form, few in ours", async () => {
  const masked = async (options: Algorithm1Options) => {
    const writer = new NeighbourWriter();
    await run({ ...options, population: 12, kept: 4, iterations: 1 }, {
      writer,
    });
    return [...writer.masked];
  };
  assert.deepEqual(await masked(ALGORITHM_1), [undefined]);
  assert.deepEqual(await masked(FEW_MASKS), [2]);
});

Deno.test("Algorithm 1 has the key of its settings and its writer", () => {
  const writer = new NeighbourWriter();
  const { key } = algorithm1({ writer, key: "a" });
  assert.equal(algorithm1({ writer: silentWriter, key: "a" }).key, key);
  assert.notEqual(algorithm1({ writer, key: "b" }).key, key);
  assert.notEqual(
    algorithm1({ writer, key: "a" }, { ...ALGORITHM_1, masked: 1 }).key,
    key,
  );
});

Deno.test("Algorithm 1 refuses m that leaves no room for 2m new cells", () => {
  assert.throws(
    () =>
      algorithm1(keyed(silentWriter), {
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
