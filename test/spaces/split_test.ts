import assert from "node:assert/strict";
import {
  cellSplit,
  fittingCells,
  splitInOrder,
} from "../../lib/spaces/split.ts";

Deno.test("splitInOrder() takes nine tenths for training, of them the last tenth for tuning", () => {
  // ⌊9 · 35 / 10⌋ = 31 training cells, ⌊31 / 10⌋ = 3 of them for tuning.
  const { train, tuning, validation } = splitInOrder(35);
  assert.deepEqual([...train], Array.from({ length: 31 }, (_, i) => i));
  assert.deepEqual([...tuning], [28, 29, 30]);
  assert.deepEqual([...validation], [31, 32, 33, 34]);
});

Deno.test("cellSplit() keeps the order of cells, and a cell for tuning where there are few", () => {
  const train = Uint32Array.of(9, 4, 7), validation = Uint32Array.of(1);
  const split = cellSplit(train, validation);
  assert.equal(split.train, train);
  assert.equal(split.validation, validation);
  assert.deepEqual([...split.tuning], [7]);
  assert.deepEqual([...fittingCells(split)], [9, 4]);
});

Deno.test("fittingCells() and then the tuning cells are the training cells", () => {
  for (const count of [2, 20, 15_625]) {
    const split = splitInOrder(count);
    assert.deepEqual(
      [...fittingCells(split), ...split.tuning],
      [...split.train],
    );
  }
});
