import assert from "node:assert/strict";
import type { Evaluation, Evaluator } from "../../lib/evaluation/evaluator.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import { byAccuracy, Oracle } from "../../lib/search/oracle.ts";
import type { Cell } from "../../lib/spaces/cell.ts";
import {
  cell,
  CountingEvaluator,
  indices,
  SPACE,
  TABLE,
  UNLISTED,
} from "./_tables.ts";

const evaluator = new TableEvaluator(TABLE);

/** An evaluator whose answers the test gives. */
function scripted(
  answer: (cells: readonly Cell[]) => AsyncIterable<Evaluation>,
): Evaluator {
  return { name: "scripted", key: "", covers: () => true, evaluate: answer };
}

Deno.test("Oracle counts each cell once and answers repeats for free", async () => {
  const counting = new CountingEvaluator();
  const oracle = new Oracle(SPACE, counting, 2);
  const [first] = await oracle.ask([cell(5)]);
  assert.equal(first.validation, TABLE.validation[5]);
  assert.deepEqual(await oracle.ask([cell(5)]), [first]);
  assert.equal(oracle.remaining, 1);
  await oracle.ask([cell(6)]);
  assert.deepEqual(await oracle.ask([cell(5)]), [first]);
  assert.deepEqual(indices(oracle.history), [5, 6]);
  assert.deepEqual([oracle.seen(cell(6)), oracle.seen(cell(7))], [true, false]);
  assert.deepEqual(counting.batches, [1, 1]);
});

Deno.test("Oracle.ask() asks while the budget lasts; repeats and uncovered cells are passed over", async () => {
  const counting = new CountingEvaluator();
  const oracle = new Oracle(SPACE, counting, 3);
  await oracle.ask([cell(1)]);
  assert.equal(oracle.covers(cell(3)), false);
  const asked = await oracle.ask([2, 2, 3, 1, 4, 5, 2, 6].map(cell));
  assert.deepEqual(indices(asked), [2, 1, 4]);
  assert.equal(oracle.remaining, 0);
  // In one batch.
  assert.deepEqual(counting.batches, [1, 2]);
  assert.deepEqual(indices(await oracle.ask([5, 4].map(cell))), [4]);
});

Deno.test("Oracle keeps the order asked, whatever the order answers come in", async () => {
  const oracle = new Oracle(
    SPACE,
    scripted(async function* (cells) {
      for (const cell of cells.toReversed()) {
        yield { cell, validation: cell.index! / 100 };
      }
    }),
    10,
  );
  const asked = await oracle.ask([7, 3, 9].map(cell));
  assert.deepEqual(indices(asked), [7, 3, 9]);
  assert.deepEqual(asked.map(({ validation }) => validation), [.07, .03, .09]);
  assert.deepEqual(oracle.history, asked);
});

Deno.test("Oracle spends the budget before it waits", async () => {
  const waiting: (() => void)[] = [];
  const oracle = new Oracle(
    SPACE,
    scripted(async function* (cells) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      for (const cell of cells) yield { cell, validation: 0.5 };
    }),
    3,
  );
  const first = oracle.ask([1, 2].map(cell));
  const second = oracle.ask([2, 3, 4].map(cell));
  assert.equal(oracle.remaining, 0);
  assert.deepEqual(oracle.history, []);
  // The second is answered before the first.
  waiting[1]();
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(indices(oracle.history), [3]);
  waiting[0]();
  assert.deepEqual(indices(await first), [1, 2]);
  assert.deepEqual(indices(await second), [2, 3]);
  assert.deepEqual(indices(oracle.history), [1, 2, 3]);
});

Deno.test("Oracle enters what fails as a query that is never the best", async () => {
  const oracle = new Oracle(
    SPACE,
    scripted(async function* ([diverged, nan, silent, poor, late]) {
      yield { cell: diverged, error: "diverged" };
      yield { cell: nan, validation: NaN };
      yield { cell: poor, validation: 0 };
      yield { cell: late, validation: 0.4 };
      // A worker that was given up answers after all; another answers for a cell that
      // nobody asked for.
      yield { cell: late, validation: 0.9 };
      yield { cell: cell(99), validation: 0.9 };
      assert.equal(silent.index, 2);
    }),
    5,
  );
  const asked = await oracle.ask([0, 1, 2, 3, 4].map(cell));
  assert.deepEqual(
    asked.map(({ validation, error }) => [validation, error]),
    [
      [0, "diverged"],
      [0, "validation accuracy must be from 0 to 1, got NaN"],
      [0, "no answer came"],
      [0, undefined],
      [0.4, undefined],
    ],
  );
  assert.equal(oracle.remaining, 0);
  assert.deepEqual(indices(byAccuracy(oracle.history)), [4, 3, 0, 1, 2]);
});

Deno.test("Oracle ends a search where the evaluator gives up or the search is aborted", async () => {
  const oracle = new Oracle(
    SPACE,
    scripted(async function* ([first]) {
      yield { cell: first, validation: 0.5 };
      throw new Error("no machine is left");
    }),
    5,
  );
  await assert.rejects(oracle.ask([1, 2].map(cell)), /no machine is left/);
  assert.deepEqual(indices(oracle.history), [1]);
  // A second search that waits for the same cell ends too.
  await assert.rejects(oracle.ask([cell(2)]), /no machine is left/);

  const aborting = new AbortController();
  const aborted = new Oracle(SPACE, evaluator, 5, { signal: aborting.signal });
  await aborted.ask([cell(1)]);
  aborting.abort(new Error("enough"));
  await assert.rejects(aborted.ask([cell(2)]), /enough/);
  assert.deepEqual(indices(aborted.history), [1]);
});

Deno.test("Oracle refuses a budget that there are not cells for", () => {
  for (const budget of [0, 1.5, 14_063]) {
    assert.throws(() => new Oracle(SPACE, evaluator, budget), {
      name: "RangeError",
      message:
        `Cannot search: the budget must be a whole number of queries from 1 to 14062, got ${budget}`,
    });
  }
  const all = scripted(async function* () {});
  assert.throws(() => new Oracle(SPACE, all, 15_626), /from 1 to 15625/);
  assert.equal(new Oracle(UNLISTED, all, 15_626).remaining, 15_626);
});

Deno.test("Oracle has no test accuracies", async () => {
  const oracle = new Oracle(SPACE, evaluator, 3);
  await oracle.ask([cell(1)]);
  assert.ok(!JSON.stringify(oracle.history).includes(`${TABLE.test[1]}`));
  // @ts-expect-error A search cannot name them.
  assert.equal(oracle.test, undefined);
});

Deno.test("byAccuracy() sorts the best first, equals in order", () => {
  const queries = [0.3, 0.5, 0.3, 0.9].map((validation, i) => ({
    cell: cell(i),
    validation,
  }));
  assert.deepEqual(indices(byAccuracy(queries)), [3, 1, 0, 2]);
});
