import assert from "node:assert/strict";
import { batchTensors } from "../../lib/models/batch_tensors.ts";
import { getSpace } from "../../lib/spaces/registry.ts";

const SPACE = getSpace("nasbench201");

Deno.test("batchTensors() holds one-hot operations and adjacency", () => {
  const cells = SPACE.cells();
  const { operations, adjacency } = batchTensors(SPACE, cells, [7, 8, 7]);
  assert.deepEqual(operations.shape, [3, 8, 7]);
  assert.deepEqual(adjacency.shape, [3, 8, 8]);
  assert.deepEqual(
    operations.data.slice(0, 56),
    operations.data.slice(112),
  );
  const row = operations.data.slice(3 * 7, 4 * 7);
  assert.equal(row.indexOf(1), cells.ops[7 * 8 + 3]);
});
