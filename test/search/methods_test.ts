import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import type { Evaluator } from "../../lib/evaluation/evaluator.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import { bananas } from "../../lib/search/bananas.ts";
import { bayesianOptimisation } from "../../lib/search/bayesian_optimisation.ts";
import { localSearch } from "../../lib/search/local_search.ts";
import type { SearchMethod } from "../../lib/search/method.ts";
import { Oracle } from "../../lib/search/oracle.ts";
import { randomSearch } from "../../lib/search/random_search.ts";
import { regularisedEvolution } from "../../lib/search/regularised_evolution.ts";
import { ROUNDS } from "../../lib/search/rounds.ts";
import {
  cell,
  CountingEvaluator,
  indices,
  SPACE,
  TABLE,
  UNLISTED,
  unlistedEvaluator,
} from "./_tables.ts";

const evaluator = new TableEvaluator(TABLE);
const executor = onnxExecutor({ provider: "cpu" });
const METHODS: Record<string, SearchMethod> = {
  "random search": randomSearch(),
  "regularised evolution": regularisedEvolution(),
  "local search": localSearch(),
  "Bayesian optimisation": bayesianOptimisation(["subtrees"], {
    ...ROUNDS,
    candidates: 200,
  }),
  BANANAS: bananas(executor),
};

async function history({ search }: SearchMethod, seed: number) {
  const oracle = new Oracle(SPACE, evaluator, 120);
  await search(oracle, Random.fromSeed(seed));
  return oracle.history;
}

for (const [name, method] of Object.entries(METHODS)) {
  Deno.test(`${name} spends its budget on covered cells, by its seed alone`, async () => {
    const queries = await history(method, 1);
    assert.equal(queries.length, 120);
    assert.ok(
      queries.every(({ cell }) => TABLE.covered.includes(cell.index!)),
    );
    assert.deepEqual(await history(method, 1), queries);
    assert.notDeepEqual(await history(method, 2), queries);
  });

  Deno.test(`${name} works on a space that is not listed`, async () => {
    const oracle = new Oracle(UNLISTED, unlistedEvaluator(), 60);
    await method.search(oracle, Random.fromSeed(0));
    assert.equal(oracle.history.length, 60);
    assert.equal(new Set(oracle.history.map(({ cell }) => cell.key)).size, 60);
    assert.ok(oracle.history.every(({ cell }) => cell.index === null));
  });

  Deno.test(`${name} goes on where half of the evaluations fail`, async () => {
    const failing: Evaluator = {
      ...unlistedEvaluator(),
      async *evaluate(cells) {
        for await (const answer of unlistedEvaluator().evaluate(cells)) {
          const { cell } = answer;
          yield cell.graph.ops[1] < 3 ? { cell, error: "lost" } : answer;
        }
      },
    };
    const oracle = new Oracle(UNLISTED, failing, 60);
    await method.search(oracle, Random.fromSeed(0));
    assert.equal(oracle.history.length, 60);
    assert.ok(oracle.history.some(({ error }) => error === "lost"));
    assert.ok(oracle.history.some(({ error }) => error === undefined));
  });
}

Deno.test("what looks at accuracies finds better cells than random search", async () => {
  const mean = async (method: SearchMethod) => {
    let sum = 0;
    for (let seed = 0; seed < 5; seed++) {
      const queries = await history(method, seed);
      sum += Math.max(...queries.map(({ validation }) => validation)) / 5;
    }
    return sum;
  };
  const { "random search": random, ...others } = METHODS;
  const level = await mean(random);
  for (const [name, method] of Object.entries(others)) {
    assert.ok(await mean(method) > level + 0.02, name);
  }
});

Deno.test("a search can go through every covered cell", async () => {
  const few = TABLE.covered.slice(0, 60);
  const validation = new Float64Array(TABLE.validation.length).fill(NaN);
  for (const cell of few) validation[cell] = TABLE.validation[cell];
  const table = new TableEvaluator({ ...TABLE, validation, covered: few });
  for (const [name, { search }] of Object.entries(METHODS)) {
    const oracle = new Oracle(SPACE, table, 60);
    await search(oracle, Random.fromSeed(0));
    assert.deepEqual(
      indices(oracle.history).sort((a, b) => a - b),
      [...few],
      name,
    );
  }
});

Deno.test("searches ask in batches: random search in one, rounds in one each", async () => {
  const batches = async ({ search }: SearchMethod, budget: number) => {
    const counting = new CountingEvaluator();
    await search(new Oracle(SPACE, counting, budget), Random.fromSeed(0));
    return counting.batches;
  };
  assert.deepEqual(await batches(METHODS["random search"], 100), [100]);
  assert.deepEqual(await batches(METHODS.BANANAS, 40), [16, 16, 8]);
  const [population, ...children] = await batches(
    METHODS["regularised evolution"],
    30,
  );
  assert.equal(population, 10);
  assert.ok(children.every((batch) => batch === 1));
});

Deno.test("searches end where a space has no more cells", async () => {
  // Its random cells are two, and neither has neighbours.
  let draws = 0;
  const two = {
    ...UNLISTED,
    neighbours: () => [],
    randomCell: () => cell(draws++ % 2).graph,
  };
  for (const [name, { search }] of Object.entries(METHODS)) {
    const oracle = new Oracle(two, unlistedEvaluator(), 10);
    await search(oracle, Random.fromSeed(0));
    assert.equal(oracle.history.length, 2, name);
  }
});

Deno.test("keys of methods differ by method and settings, and by nothing else", () => {
  const methods = [
    randomSearch(),
    localSearch(),
    regularisedEvolution(),
    regularisedEvolution({ population: 20, sample: 3 }),
    bayesianOptimisation(["paths"]),
    bayesianOptimisation(["paths", "subtrees"]),
    bayesianOptimisation(["paths"], { ...ROUNDS, round: 8 }),
    bananas(executor),
    bananas(executor, { ...ROUNDS, best: 5 }),
  ];
  assert.equal(new Set(methods.map(({ key }) => key)).size, methods.length);
  assert.equal(
    bayesianOptimisation(["paths"]).key,
    bayesianOptimisation(["paths"], { ...ROUNDS }).key,
  );
});
