import assert from "node:assert/strict";
import {
  budgetRows,
  coverageRows,
  differenceRows,
} from "../../lib/search/comparison.ts";
import type { Proposals } from "../../lib/search/oracle.ts";
import type { Trial } from "../../lib/search/trials.ts";
import type { AccuracyTable } from "../../lib/spaces/accuracies.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";
import { cell, TABLE } from "./_tables.ts";

/** Five of six cells are covered: the best is cell 4. */
const table: AccuracyTable = {
  ...TABLE,
  validation: Float64Array.of(.5, .6, .7, NaN, .9, .8),
  test: Float64Array.of(.4, .5, .6, NaN, .8, .7),
  covered: Uint32Array.of(0, 1, 2, 4, 5),
};

/** A trial that asks for cells, and for the last of them until it has made so many queries. */
function trial(
  method: string,
  seed: number,
  indices: readonly number[],
  queries = indices.length,
  proposals: Proposals = { covered: 0, outside: 0 },
): Trial {
  return {
    method,
    dataset: table.dataset,
    seed,
    seconds: 0,
    proposals,
    queries: Array.from({ length: queries }, (_, i) => {
      const index = indices[Math.min(i, indices.length - 1)];
      return { cell: cell(index), validation: table.validation[index] };
    }),
  };
}

Deno.test("budgetRows() tell what is found within each budget, and the median to the optimum", () => {
  const late = [...new Array(149).fill(0), 4];
  const { budgets, rows } = budgetRows([table], [
    trial("long", 0, late, 400),
    trial("long", 1, [0, 4], 400),
    trial("long", 2, [0, 5], 400),
    trial("short", 0, [0, 4], 192),
    trial("short", 1, [0, 1], 192),
    trial("short", 2, [0, 1], 192),
  ]);
  assert.deepEqual(budgets, [100, 150, 192, 400]);
  const [long, short] = rows;
  assert.deepEqual(
    budgets.map((budget) => long[`optimum found by ${budget}`]),
    [1, 2, 2, 2],
  );
  // After 100 queries 0.5, 0.9 and 0.8 are returned, then 0.9, 0.9 and 0.8.
  assertClose(
    [100, 150, 400].map((budget) => Number(long[`validation at ${budget}`])),
    [220 / 3, 260 / 3, 260 / 3],
    SAME_ALGORITHM,
  );
  // Differences from the mean 10/3, 10/3 and −20/3: squares 600/9, over 6.
  assertClose(
    [Number(long["validation at 400 error"])],
    [10 / 3],
    SAME_ALGORITHM,
  );
  assert.deepEqual([long.median, long.queries, long.trials], [150, 400, 3]);
  assert.deepEqual([short.median, short.queries], [null, 192]);
  assert.equal(short["optimum found by 192"], 1);
  assert.equal(short["validation at 400"], null);
  assert.equal(short["optimum found by 400"], null);
});

Deno.test("budgetRows() of a quick run have one budget", () => {
  const { budgets, rows } = budgetRows([table], [trial("A", 0, [0, 4, 1])]);
  assert.deepEqual(budgets, [3]);
  assert.deepEqual(
    [rows[0]["validation at 3"], rows[0]["optimum found by 3"], rows[0].median],
    [90, 1, 2],
  );
});

Deno.test("differenceRows() pair trials by seed, after as many queries", () => {
  const trials = [
    // Out of order: the seeds are what pairs them.
    trial("A", 1, [0, 1], 400),
    trial("A", 0, [0, 4], 400),
    trial("A", 2, [0, 5], 400),
    trial("B", 0, [0, 5], 192),
    trial("B", 7, [0, 5], 192), // without a partner
    trial("control", 0, [0, 5], 400),
    trial("control", 1, [0, 1], 400),
    trial("control", 2, [...new Array(192).fill(0), 4], 400),
  ];
  const rows = differenceRows([table], trials, "control");
  assert.deepEqual(
    rows.map(({ method, queries, trials, better, worse, p }) => [
      method,
      queries,
      trials,
      better,
      worse,
      p,
    ]),
    [
      // 0.9 − 0.8, 0.6 − 0.6, 0.8 − 0.5; after 400 queries the control has 0.9 in the last.
      ["A", 192, 3, 2, 0, 0.5],
      ["B", 192, 1, 0, 0, 1],
      ["A", 400, 3, 1, 1, 1],
    ],
  );
  // 10, 0, 30: mean 40/3, squares 100/9 + 1600/9 + 2500/9 = 4200/9, over 6.
  assertClose(
    [rows[0].difference, rows[0].error, rows[2].difference],
    [40 / 3, Math.sqrt(4200 / 54), 0],
    SAME_ALGORITHM,
  );
  assert.deepEqual(
    differenceRows([table], [trial("A", 0, [0, 4])], "control"),
    [],
  );
  const quick = [trial("A", 0, [0, 4, 1]), trial("control", 0, [0, 1])];
  assert.deepEqual(
    differenceRows([table], quick, "control")
      .map(({ queries, better }) => [queries, better]),
    [[2, 1]],
  );
});

Deno.test("coverageRows() tell the gain of proposals where a part is covered", () => {
  const rows = coverageRows([table], [
    trial("A", 0, [0], 1, { covered: 9, outside: 1 }),
    trial("A", 1, [0], 1, { covered: 15, outside: 5 }),
    trial("random", 0, [0]),
  ]);
  assert.deepEqual(
    rows.map(({ method, proposals, outside, covered }) => [
      method,
      proposals,
      outside,
      covered,
    ]),
    [["A", 15, 3, 80], ["random", 0, 0, null]],
  );
  // 24 of 30 against 5 of 6.
  assertClose([rows[0].gain!], [0.96], SAME_ALGORITHM);
  assert.equal(rows[1].gain, null);
  const whole = {
    ...table,
    validation: table.validation.map((v) => v || 0.1),
    covered: Uint32Array.of(0, 1, 2, 3, 4, 5),
  };
  assert.deepEqual(coverageRows([whole], [trial("A", 0, [0])]), []);
});
