import assert from "node:assert/strict";
import { byAccuracy, Oracle } from "../../lib/search/oracle.ts";
import { madeUpTable, SPACE } from "./_tables.ts";

const table = madeUpTable();

Deno.test("Oracle counts each cell once and answers repeats for free", () => {
  const oracle = new Oracle(SPACE, table, 2);
  assert.equal(oracle.query(5), table.validation[5]);
  assert.equal(oracle.query(5), table.validation[5]);
  assert.equal(oracle.remaining, 1);
  oracle.query(6);
  assert.equal(oracle.query(5), table.validation[5]);
  assert.deepEqual(oracle.history.map(({ cell }) => cell), [5, 6]);
  assert.deepEqual([oracle.seen(6), oracle.seen(7)], [true, false]);
});

Deno.test("Oracle refuses what it cannot answer", () => {
  const oracle = new Oracle(SPACE, table, 1);
  assert.equal(oracle.covers(3), false);
  assert.throws(() => oracle.query(3), {
    name: "RangeError",
    message:
      /^Cannot query a cell: it must be one of the 14062 covered ones, got 3$/,
  });
  assert.throws(() => oracle.query(-1), RangeError);
  oracle.query(4);
  assert.throws(() => oracle.query(5), {
    message: "Cannot query a cell: there must be queries left, got none of 1",
  });
  for (const budget of [0, 1.5, 14_063]) {
    assert.throws(() => new Oracle(SPACE, table, budget), {
      name: "RangeError",
      message: new RegExp(`queries from 1 to 14062, got ${budget}$`),
    });
  }
});

Deno.test("Oracle.queryAll() asks while the budget lasts, repeats left out", () => {
  const oracle = new Oracle(SPACE, table, 3);
  oracle.query(1);
  const asked = oracle.queryAll([2, 2, 1, 4, 5, 2, 6]);
  assert.deepEqual(asked.map(({ cell }) => cell), [2, 1, 4]);
  assert.equal(oracle.remaining, 0);
});

Deno.test("Oracle has no test accuracies", () => {
  const oracle = new Oracle(SPACE, table, 3);
  oracle.query(1);
  assert.ok(!JSON.stringify(oracle.history).includes(`${table.test[1]}`));
  // @ts-expect-error A search cannot name them.
  assert.equal(oracle.test, undefined);
});

Deno.test("byAccuracy() sorts the best first, equals in order", () => {
  const queries = [0.3, 0.5, 0.3, 0.9].map((validation, cell) => ({
    cell,
    validation,
  }));
  assert.deepEqual(byAccuracy(queries).map(({ cell }) => cell), [3, 1, 0, 2]);
});
