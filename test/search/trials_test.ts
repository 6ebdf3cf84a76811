import assert from "node:assert/strict";
import { randomSearch } from "../../lib/search/methods.ts";
import { runTrials, type Trial } from "../../lib/search/trials.ts";
import { withFolder } from "../_helpers.ts";
import { madeUpTable, SPACE } from "./_tables.ts";

const table = madeUpTable();
const METHODS = [
  { name: "Random search", search: randomSearch, budget: 20, key: "a" },
  { name: "Random search+", search: randomSearch, budget: 10, key: "b" },
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
