import assert from "node:assert/strict";
import {
  localSearch,
  randomSearch,
  regularisedEvolution,
  type SearchMethod,
} from "../../lib/search/methods.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { bananas } from "../../lib/search/bananas.ts";
import {
  bayesianOptimisation,
  encodingVectors,
} from "../../lib/search/bayesian.ts";
import { ROUNDS } from "../../lib/search/rounds.ts";
import { Oracle } from "../../lib/search/oracle.ts";
import { Random } from "../../lib/core/random.ts";
import { madeUpTable, SPACE } from "./_tables.ts";

const table = madeUpTable();
const executor = onnxExecutor({ provider: "cpu" });
const METHODS: Record<string, SearchMethod> = {
  "random search": randomSearch,
  "regularised evolution": regularisedEvolution,
  "local search": localSearch,
  "Bayesian optimisation": (oracle, random) =>
    bayesianOptimisation(oracle, random, encodingVectors(SPACE, ["subtrees"]), {
      ...ROUNDS,
      candidates: 200,
    }),
  BANANAS: (oracle, random) => bananas(oracle, random, executor),
};

async function search(method: SearchMethod, seed: number, budget = 120) {
  const oracle = new Oracle(SPACE, table, budget);
  await method(oracle, Random.fromSeed(seed));
  return oracle.history;
}

for (const [name, method] of Object.entries(METHODS)) {
  Deno.test(`${name} spends its budget on covered cells, by its seed alone`, async () => {
    const history = await search(method, 1);
    assert.equal(history.length, 120);
    assert.ok(history.every(({ cell }) => table.covered.includes(cell)));
    assert.deepEqual(await search(method, 1), history);
    assert.notDeepEqual(await search(method, 2), history);
  });
}

Deno.test("what looks at accuracies finds better cells than random search", async () => {
  const mean = async (method: SearchMethod) => {
    const best: number[] = [];
    for (let seed = 0; seed < 5; seed++) {
      const history = await search(method, seed);
      best.push(Math.max(...history.map(({ validation }) => validation)));
    }
    return best.reduce((sum, value) => sum + value, 0) / best.length;
  };
  const { "random search": random, ...others } = METHODS;
  const level = await mean(random);
  for (const [name, method] of Object.entries(others)) {
    assert.ok(await mean(method) > level + 0.02, name);
  }
});

Deno.test("a search can go through every covered cell", async () => {
  const few = table.covered.slice(0, 60);
  const validation = new Float64Array(table.validation.length).fill(NaN);
  for (const cell of few) validation[cell] = table.validation[cell];
  for (const [name, method] of Object.entries(METHODS)) {
    const oracle = new Oracle(SPACE, { validation, covered: few }, 60);
    await method(oracle, Random.fromSeed(0));
    assert.deepEqual(
      oracle.history.map(({ cell }) => cell).sort((a, b) => a - b),
      [...few],
      name,
    );
  }
});
