import assert from "node:assert/strict";
import {
  anytimeCurves,
  bestCell,
  queriesToReach,
  returnedCells,
  summarise,
} from "../../lib/search/results.ts";
import type { Trial } from "../../lib/search/trials.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";
import { cell, TABLE as table } from "./_tables.ts";

/** A trial on a table of which only these accuracies matter. */
function trialOf(validations: number[], seed: number, method = "A"): Trial {
  return {
    method,
    dataset: "cifar10",
    seed,
    queries: validations.map((validation, i) => ({
      cell: cell(i),
      validation,
    })),
    proposals: { covered: 0, outside: 0 },
    seconds: 0,
  };
}

Deno.test("returnedCells() takes the best by validation, whatever its test accuracy", () => {
  const trial = trialOf([0.3, 0.7, 0.5, 0.7, 0.9], 0);
  const test = Float64Array.of(0.9, 0.1, 0.8, 0.2, 0.3);
  assert.deepEqual(
    returnedCells(trial, { test }).map(({ cell, test }) => [cell.index, test]),
    [[0, 0.9], [1, 0.1], [1, 0.1], [1, 0.1], [4, 0.3]],
  );
});

Deno.test("returnedCells() takes no cell that failed, unless all did", () => {
  const { queries, ...trial } = trialOf([0, 0, 0, 0.1], 0);
  const failed = queries.map((query, i) =>
    i === 0 || i === 2 ? { ...query, error: "lost" } : query
  );
  assert.deepEqual(
    returnedCells({ ...trial, queries: failed }, table)
      .map(({ cell }) => cell.index),
    [0, 1, 1, 3],
  );
});

Deno.test("summarise() counts the trials that found the optimum", () => {
  const optimum = table.covered.reduce((best, cell) =>
    table.validation[cell] > table.validation[best] ? cell : best
  );
  const trial = (cells: number[], seed: number): Trial => ({
    method: "A",
    dataset: "cifar10",
    seed,
    queries: cells.map((index) => ({
      cell: cell(index),
      validation: table.validation[index],
    })),
    proposals: { covered: 0, outside: 0 },
    seconds: 0,
  });
  const [summary] = summarise(
    [trial([0, optimum], 0), trial([1, 0], 1)],
    table,
  );
  assert.equal(table.validation[bestCell(table)], table.validation[optimum]);
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

Deno.test("summarise() at fewer queries leaves out methods that made not so many", () => {
  const trials = [
    trialOf([0.1, 0.2, 0.3], 0),
    trialOf([0.3, 0.1, 0.1], 1),
    trialOf([0.5], 0, "B"),
  ];
  const two = summarise(trials, table, 2);
  assert.deepEqual(two.map(({ method, queries }) => [method, queries]), [
    ["A", 2],
  ]);
  assertClose([two[0].validation.mean], [25], SAME_ALGORITHM);
  assert.deepEqual(
    summarise(trials, table).map(({ method, queries }) => [method, queries]),
    [["A", 3], ["B", 1]],
  );
});

Deno.test("queriesToReach() takes the median over trials, those that never reach it included", () => {
  const trials = [
    trialOf([0.1, 0.9], 0),
    trialOf([0.1, 0.2], 1),
    trialOf([0.95, 0.2], 2),
    trialOf([0.1, 0.2], 0, "B"),
  ];
  assert.deepEqual(queriesToReach(trials, table, 90), [
    { method: "A", trials: 3, reached: 2, median: 2 },
    { method: "B", trials: 1, reached: 0, median: null },
  ]);
});

Deno.test("anytimeCurves() average what trials would return after each query", () => {
  const [{ method, points }] = anytimeCurves(
    [trialOf([0.1, 0.4, 0.2], 0), trialOf([0.3, 0.2, 0.5], 1)],
    table,
    "validation",
  );
  assert.equal(method, "A");
  assertClose(points.map(({ mean }) => mean), [20, 35, 45], SAME_ALGORITHM);
  assertClose(points.map(({ error }) => error), [10, 5, 5], SAME_ALGORITHM);
});
