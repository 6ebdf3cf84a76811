import assert from "node:assert/strict";
import {
  checkedEvaluation,
  type Evaluation,
} from "../../lib/evaluation/evaluator.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import { cell, madeUpTable, TABLE } from "../search/_tables.ts";

async function all(evaluations: AsyncIterable<Evaluation>) {
  return await Array.fromAsync(evaluations);
}

Deno.test("TableEvaluator answers with the table's validation accuracies", async () => {
  const evaluator = new TableEvaluator(TABLE);
  const cells = [7, 2].map(cell);
  assert.deepEqual(
    await all(evaluator.evaluate(cells)),
    cells.map((cell) => ({
      cell,
      validation: TABLE.validation[cell.index!],
    })),
  );
  assert.equal(evaluator.name, "cifar10");
});

Deno.test("TableEvaluator covers what the table does", () => {
  const evaluator = new TableEvaluator(TABLE);
  assert.deepEqual([2, 3, 4].map((at) => evaluator.covers(cell(at))), [
    true,
    false,
    true,
  ]);
  assert.equal(evaluator.covers({ ...cell(2), index: null }), false);
  assert.equal(evaluator.covered.indices, TABLE.covered);
});

Deno.test("TableEvaluator ends with the reason of an abort", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(
    all(new TableEvaluator(TABLE).evaluate([cell(1)], { signal })),
    /^Error: enough$/,
  );
});

Deno.test("TableEvaluator has the key of its accuracies and weights", () => {
  const { key } = new TableEvaluator(TABLE);
  assert.equal(new TableEvaluator(madeUpTable()).key, key);
  const { validation, ...table } = madeUpTable();
  const others = [
    { ...table, validation, weights: new Float64Array(15_625).fill(1) },
    { ...table, validation: validation.with(1, validation[1] + 1e-12) },
    { ...table, validation, dataset: "cifar100" },
  ].map((table) => new TableEvaluator(table).key);
  assert.equal(new Set([key, ...others]).size, 4);
});

Deno.test("checkedEvaluation() takes an accuracy that is no fraction for a failure", () => {
  for (const validation of [0, 0.5, 1]) {
    const answer = { cell: cell(0), validation };
    assert.equal(checkedEvaluation(answer), answer);
  }
  for (const validation of [NaN, -0.1, 94.2]) {
    assert.deepEqual(checkedEvaluation({ cell: cell(0), validation }), {
      cell: cell(0),
      error: `validation accuracy must be from 0 to 1, got ${validation}`,
    });
  }
  const failure = { cell: cell(0), error: "lost" };
  assert.equal(checkedEvaluation(failure), failure);
});
