import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import { Oracle } from "../../lib/search/oracle.ts";
import { unseenCells } from "../../lib/search/unseen_cells.ts";
import { cell, SPACE, TABLE, UNLISTED, unlistedEvaluator } from "./_tables.ts";

Deno.test("unseenCells() are the covered cells, each once, without those asked for", async () => {
  const oracle = new Oracle(SPACE, new TableEvaluator(TABLE), 10);
  await oracle.ask([0, 1, 2].map(cell));
  const cells = [...unseenCells(oracle, Random.fromSeed(0))];
  assert.deepEqual(
    cells.map(({ index }) => index!).sort((a, b) => a - b),
    [...TABLE.covered.subarray(3)],
  );
  assert.notDeepEqual(cells.slice(0, 3).map(({ index }) => index), [4, 5, 6]);
});

Deno.test("unseenCells() come as early as the cells they stand for", () => {
  // Four cells; one stands for 7 cells of the space, the others for 1 each.
  const covered = Uint32Array.of(1, 2, 4, 5);
  const weights = new Float64Array(15_625).fill(NaN);
  for (const at of covered) weights[at] = at === 4 ? 7 : 1;
  const evaluator = new TableEvaluator({ ...TABLE, covered, weights });
  const oracle = new Oracle(SPACE, evaluator, 4);
  const random = Random.fromSeed(0);
  const rounds = 2000;
  let first = 0;
  for (let round = 0; round < rounds; round++) {
    const order = [...unseenCells(oracle, random)];
    assert.equal(order.length, 4);
    if (order[0].index === 4) first++;
  }
  // 7 of 10, within 5 standard errors.
  const error = Math.sqrt(0.7 * 0.3 / rounds);
  assert.ok(Math.abs(first / rounds - 0.7) < 5 * error, `${first}`);
});

Deno.test("unseenCells() of a space that is not listed are drawn by it, each once", async () => {
  const oracle = new Oracle(UNLISTED, unlistedEvaluator(), 100);
  const drawn = [...unseenCells(oracle, Random.fromSeed(0)).take(500)];
  assert.equal(new Set(drawn.map(({ key }) => key)).size, 500);
  await oracle.ask(drawn.slice(0, 100));
  const again = [...unseenCells(oracle, Random.fromSeed(0)).take(10)];
  assert.deepEqual(again, drawn.slice(100, 110));
});

Deno.test("unseenCells() of a space that cannot draw are those of its table", () => {
  const { randomCell: _, ...space } = UNLISTED;
  const oracle = new Oracle(space, unlistedEvaluator(), 10);
  const cells = [...unseenCells(oracle, Random.fromSeed(0))];
  assert.equal(new Set(cells.map(({ key }) => key)).size, 15_625);
  assert.ok(cells.every(({ index }) => index === null));
});
