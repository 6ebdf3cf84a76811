import assert from "node:assert/strict";
import { graphOf, PADDING_OP } from "../../lib/spaces/graph.ts";
import { DEFAULT_SPACE, getSpace, SPACES } from "../../lib/spaces/registry.ts";
import {
  cellGraph,
  type CellTable,
  cellTable,
  isEnumerated,
} from "../../lib/spaces/space.ts";

const GRAPHS = [
  graphOf([0, 1, 2], [[0, 1], [1, 2]]),
  graphOf([0, 2], [[0, 1]]),
];
const TABLE: CellTable = {
  count: 2,
  nodeCount: 3,
  ops: Uint8Array.of(0, 1, 2, 0, 2, PADDING_OP),
  incoming: Uint32Array.of(0, 0b1, 0b10, 0, 0b1, 0),
};

Deno.test("getSpace() finds a space by name", () => {
  assert.equal(getSpace("nasbench201").title, "NAS-Bench-201");
});

Deno.test("getSpace() lists the spaces there are when there is none of that name", () => {
  assert.throws(() => getSpace("nasbench1"), {
    name: "RangeError",
    message:
      /^Cannot open a search space: its name must be one of .*nasbench201.*, got "nasbench1"$/,
  });
});

Deno.test("getSpace() finds a space with another number of sampled cells, always the same one", () => {
  const space = getSpace("darts-2000");
  assert.equal(space.name, "darts-2000");
  assert.equal(getSpace("darts-2000"), space);
  assert.equal(getSpace("darts-100000"), getSpace("darts"));
  assert.throws(() => getSpace("darts-10"), /number of cells must be from/);
  assert.throws(() => getSpace("nasbench201-2000"), /name must be one of/);
});

Deno.test("cellGraph() leaves padding rows out", () => {
  assert.deepEqual(cellGraph(TABLE, 0), GRAPHS[0]);
  assert.deepEqual(cellGraph(TABLE, 1), GRAPHS[1]);
});

Deno.test("cellTable() puts graphs side by side, with padding rows after them", () => {
  assert.deepEqual(cellTable(GRAPHS, 3), TABLE);
  assert.equal(cellTable([], 3).count, 0);
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

Deno.test("every registered space keeps its own contract", async () => {
  assert.ok(SPACES.includes(DEFAULT_SPACE));
  for (const space of SPACES) {
    assert.equal(getSpace(space.name), space);
    await space.prepare();
    assert.equal(space.ready, true);
    assert.ok(space.ops.includes("output"));
    const table = space.cells();
    assert.equal(table.nodeCount, space.nodeCount);
    const { train, tuning, validation } = space.split();
    assert.ok(validation.length > 0);
    assert.ok(tuning.length > 0 && tuning.length < train.length);
    assert.deepEqual(train.slice(-tuning.length), tuning.slice());
    const some = [train[0], train[7], validation[0], validation[99]];
    for (const index of some) {
      const cell = cellGraph(table, index);
      for (const mode of ["paper", "strict"] as const) {
        assert.equal(space.invalidReason(cell, mode), null);
        const key = mode === "paper" ? space.rawKey(cell) : space.key(cell);
        const keys = space.cellKeys?.(Uint32Array.of(index), mode);
        if (keys !== undefined) assert.deepEqual(keys, [key]);
      }
      for (const op of cell.ops.subarray(space.inputs, -1)) {
        assert.ok(space.innerOps.includes(op));
      }
      const reason = space.invalidReason(
        { ops: cell.ops, incoming: cell.incoming.map(() => 0) },
        "strict",
      );
      assert.ok(reason !== null && reason in space.invalidReasons, reason!);
    }
    assert.equal(
      new Set(some.map((index) => space.key(cellGraph(table, index))))
        .size,
      some.length,
    );
  }
});

for (const space of SPACES.filter(isEnumerated)) {
  Deno.test(`indexOf() finds the cells of ${space.title}, and nothing else`, async () => {
    await space.prepare();
    const table = space.cells();
    for (const cell of [0, 1, 777, 12_345, table.count - 1]) {
      assert.equal(space.indexOf(cellGraph(table, cell)), cell);
    }
    const { ops, incoming } = cellGraph(table, 777);
    const none = { ops, incoming: incoming.map(() => 0) };
    assert.equal(space.indexOf(none), null);
    assert.equal(space.indexOf({ ops: ops.with(1, 0), incoming }), null);
  });
}
