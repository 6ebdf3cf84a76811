import assert from "node:assert/strict";
import type { SearchRow } from "../../lib/search/rows.ts";
import { searchRowsOverSeeds } from "../../lib/search/training_seeds.ts";

const METHODS = [
  { name: "Random" },
  { name: "Ours", trained: true as const },
  { name: "Control" },
];
const DATASETS = [{ dataset: "d" }];

const row = (
  method: string,
  validation: number,
  more: Partial<SearchRow> = {},
): SearchRow => ({
  source: "measured",
  method,
  queries: 192,
  "d validation": validation,
  "d validation error": 0.1,
  "d test": validation - 1,
  "d test error": 0.2,
  "d optimum found": validation - 80,
  "d trials": 30,
  ...more,
});

/** The rows of a run of a training seed in which our search reached so much. */
const run = (seed: number, ours: number, random = 90) => ({
  seed,
  rows: [
    { source: "paper" as const, method: "Ours", queries: 192 },
    row("Random", random),
    row("Ours", ours),
    row("Ours", ours + 1, { queries: 400 }),
    row("Control", 93),
  ],
});

const overSeeds = (
  own: ReturnType<typeof run>,
  further: ReturnType<typeof run>[],
) => searchRowsOverSeeds(METHODS, DATASETS, own, further);

Deno.test("searchRowsOverSeeds() has mean and deviation of what depends on a training", () => {
  const rows = overSeeds(run(0, 92), [run(1, 94), run(2, 96)]);
  // (92 + 94 + 96) / 3 = 94, √((4 + 0 + 4) / 2) = 2.
  assert.deepEqual(rows[0], {
    source: "measured",
    method: "Ours",
    queries: 192,
    seeds: "0, 1, 2",
    trainings: 3,
    trials: 30,
    ...{ "d validation": 94, "d validation deviation": 2 },
    ...{ "d test": 93, "d test deviation": 2 },
    ...{ "d optimum found": 14, "d optimum found deviation": 2 },
  });
  assert.deepEqual(
    rows.map(({ method, queries, "d validation": mean }) => [
      method,
      queries,
      mean,
    ]),
    [["Ours", 192, 94], ["Ours", 400, 95]],
  );
});

Deno.test("searchRowsOverSeeds() leaves out runs with other accuracies or without a row", () => {
  const seeds = (further: ReturnType<typeof run>) =>
    overSeeds(run(0, 92), [further, run(2, 96)]).map(({ seeds }) => seeds);
  assert.deepEqual(seeds(run(1, 94)), ["0, 1, 2", "0, 1, 2"]);
  assert.deepEqual(seeds(run(1, 94, 90.001)), ["0, 2", "0, 2"]);
  const predicted = run(1, 94);
  const surrogate = {
    seed: 1,
    rows: predicted.rows.map((row) => ({
      ...row,
      source: "measured (surrogate)" as const,
    })),
  };
  const shorter = { seed: 1, rows: predicted.rows.slice(0, -1) };
  for (const other of [surrogate, shorter]) {
    assert.deepEqual(
      searchRowsOverSeeds(METHODS, DATASETS, run(0, 92), [other])
        .map(({ trainings }) => trainings),
      [1, 1],
    );
  }
});

Deno.test("searchRowsOverSeeds() of one training has its figures and no deviation", () => {
  const [first] = overSeeds(run(3, 92), []);
  assert.deepEqual(
    [first.seeds, first["d validation"], first["d validation deviation"]],
    ["3", 92, 0],
  );
});
