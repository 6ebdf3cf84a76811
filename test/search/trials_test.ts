import assert from "node:assert/strict";
import { randomSearch } from "../../lib/search/methods.ts";
import {
  estimate,
  returnedCells,
  runTrials,
  summarise,
  type Trial,
} from "../../lib/search/trials.ts";
import { assertClose, SAME_ALGORITHM, withFolder } from "../_helpers.ts";
import { madeUpTable, SPACE } from "./_tables.ts";

const table = madeUpTable();
const METHODS = [
  { name: "Random search", search: randomSearch, budget: 20 },
  { name: "Random search+", search: randomSearch, budget: 10, key: "weights" },
];
const seeds = [0, 1, 2];
const withoutTime = (trials: readonly Trial[]) =>
  trials.map((trial) => ({ ...trial, seconds: 0 }));

Deno.test("runTrials() runs each method with each seed, the same for all", async () => {
  const trials = await runTrials(SPACE, [table], METHODS, { seeds });
  assert.deepEqual(
    trials.map(({ method, seed, queries }) => [method, seed, queries.length]),
    METHODS.flatMap(({ name, budget }) =>
      seeds.map((seed) => [name, seed, budget])
    ),
  );
  for (const seed of seeds) {
    const [long, short] = trials.filter((trial) => trial.seed === seed);
    assert.deepEqual(long.queries.slice(0, 10), short.queries);
  }
});

class Killed extends Error {}

Deno.test("runTrials() killed goes on to the same trials", async () => {
  const reference = await runTrials(SPACE, [table], METHODS, { seeds });
  await withFolder(async (folder) => {
    const run = async (killAt: number, methods = METHODS) => {
      let searches = 0;
      const counted = methods.map((method) => ({
        ...method,
        search: (...args: Parameters<typeof randomSearch>) => {
          searches++;
          randomSearch(...args);
        },
      }));
      const trials = await runTrials(SPACE, [table], counted, {
        seeds,
        folder,
        onProgress: ({ done }) => {
          if (done === killAt) throw new Killed();
        },
      });
      return { searches, trials };
    };
    await assert.rejects(run(4), Killed);
    const { searches, trials } = await run(Infinity);
    assert.equal(searches, 2);
    assert.deepEqual(withoutTime(trials), withoutTime(reference));
    assert.equal((await run(Infinity)).searches, 0);
    // Another model under the same name is another method.
    const [first, second] = METHODS;
    const other = await run(Infinity, [first, { ...second, key: "others" }]);
    assert.equal(other.searches, 3);
  });
});

Deno.test("returnedCells() takes the best by validation, whatever its test accuracy", () => {
  const queries = [0.3, 0.7, 0.5, 0.7, 0.9]
    .map((validation, cell) => ({ cell, validation }));
  const trial = { method: "", dataset: "", seed: 0, queries, seconds: 0 };
  const test = Float64Array.of(0.9, 0.1, 0.8, 0.2, 0.3);
  assert.deepEqual(
    returnedCells(trial, { test }).map(({ cell, test }) => [cell, test]),
    [[0, 0.9], [1, 0.1], [1, 0.1], [1, 0.1], [4, 0.3]],
  );
});

Deno.test("estimate() is a mean and its standard error", () => {
  const { mean, error } = estimate([1, 2, 3, 4]);
  // Sample deviation √(5/3), over √4.
  assertClose([mean, error], [2.5, Math.sqrt(5 / 3) / 2], SAME_ALGORITHM);
  assert.deepEqual(estimate([7]), { mean: 7, error: 0 });
});

Deno.test("summarise() counts the trials that found the optimum", () => {
  const optimum = table.covered.reduce((best, cell) =>
    table.validation[cell] > table.validation[best] ? cell : best
  );
  const trial = (cells: number[], seed: number): Trial => ({
    method: "A",
    dataset: "cifar10",
    seed,
    queries: cells.map((cell) => ({
      cell,
      validation: table.validation[cell],
    })),
    seconds: 0,
  });
  const [summary] = summarise(
    [trial([0, optimum], 0), trial([1, 0], 1)],
    table,
  );
  assert.equal(summary.optima, 1);
  assert.equal(summary.queries, 2);
  assert.equal(summary.trials, 2);
  const best = Math.max(table.validation[0], table.validation[1]);
  assertClose(
    [summary.validation.mean],
    [50 * (table.validation[optimum] + best)],
    SAME_ALGORITHM,
  );
});
