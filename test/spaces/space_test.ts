import assert from "node:assert/strict";
import { PADDING_OP } from "../../lib/spaces/graph.ts";
import { cellGraph, type CellTable } from "../../lib/spaces/space.ts";
import { getSpace } from "../../lib/spaces/registry.ts";

const TABLE: CellTable = {
  count: 2,
  nodeCount: 3,
  ops: Uint8Array.of(0, 1, 2, 0, 2, PADDING_OP),
  edges: Uint32Array.of(0b101, 0b1),
};

Deno.test("getSpace() finds a space by name", () => {
  assert.equal(getSpace("nasbench201").title, "NAS-Bench-201");
});

Deno.test("getSpace() lists the spaces there are when there is none of that name", () => {
  assert.throws(() => getSpace("darts"), {
    name: "RangeError",
    message:
      /^Cannot open a search space: its name must be one of .*nasbench201.*, got "darts"$/,
  });
});

Deno.test("cellGraph() leaves padding rows out", () => {
  assert.deepEqual(cellGraph(TABLE, 0), {
    ops: Uint8Array.of(0, 1, 2),
    edges: 0b101,
  });
  assert.deepEqual(cellGraph(TABLE, 1), {
    ops: Uint8Array.of(0, 2),
    edges: 0b1,
  });
});

Deno.test("cellGraph() refuses an index outside the table", () => {
  for (const index of [-1, 2, 0.5]) {
    assert.throws(
      () => cellGraph(TABLE, index),
      new RangeError(
        `Cannot take a cell: index must be an integer in [0, 2), got ${index}`,
      ),
    );
  }
});

for (const name of ["nasbench101", "nasbench201"]) {
  Deno.test(`indexOf() finds the cells of ${name}, and nothing else`, async () => {
    const space = getSpace(name);
    await space.prepare();
    const table = space.cells();
    for (const cell of [0, 1, 777, 12_345, table.count - 1]) {
      assert.equal(space.indexOf(cellGraph(table, cell)), cell);
    }
    const { ops, edges } = cellGraph(table, 777);
    assert.equal(space.indexOf({ ops, edges: 0 }), null);
    assert.equal(space.indexOf({ ops: ops.with(1, 0), edges }), null);
  });
}
