import assert from "node:assert/strict";
import { neighbours } from "../../lib/search/neighbours.ts";
import { edgesOf } from "../../lib/spaces/graph.ts";

import { getSpace } from "../../lib/spaces/registry.ts";

Deno.test("neighbours() in NAS-Bench-201 differ in one of six operations, both ways", () => {
  const space = getSpace("nasbench201");
  const { ops } = space.cells();
  const row = (cell: number) => ops.subarray(cell * 8, cell * 8 + 8);
  for (const cell of [0, 777, 15_624]) {
    const near = neighbours(space, cell);
    assert.equal(near.length, 24);
    for (const other of near) {
      const differing = row(cell).filter((op, i) => op !== row(other)[i]);
      assert.equal(differing.length, 1);
      assert.ok(neighbours(space, other).includes(cell));
    }
  }
});

Deno.test("neighbours() in NAS-Bench-101 of the smallest cell are those with one node or edge more", async () => {
  const space = getSpace("nasbench101");
  await space.prepare();
  const cellOf = (ops: number[], pairs: [number, number][]) =>
    space.indexOf({ ops: Uint8Array.from(ops), edges: edgesOf(pairs) })!;
  const output = space.ops.indexOf("output");
  // Input → output: one of three operations on a way beside the edge; without the edge
  // nothing is left.
  const expected = [1, 2, 3].map((op) =>
    cellOf([0, op, output], [[0, 1], [1, 2], [0, 2]])
  ).sort((a, b) => a - b);
  assert.deepEqual(
    [...neighbours(space, cellOf([0, output], [[0, 1]]))],
    expected,
  );
});

Deno.test("neighbours() in NAS-Bench-101 are cells of the space; a node can come and go", async () => {
  const space = getSpace("nasbench101");
  await space.prepare();
  const sizeOf = (cell: number) =>
    space.cells().ops.subarray(cell * 7, cell * 7 + 7)
      .filter((op) => op < space.ops.length).length;
  for (const cell of [0, 12_345, 400_000]) {
    const near = neighbours(space, cell);
    assert.ok(near.length > 10);
    assert.ok(!near.includes(cell));
    assert.deepEqual(near, near.toSorted());
    assert.equal(new Set(near).size, near.length);
    assert.ok(near.every((other) => other < space.cells().count));
    // What an edge turned on leads to leads back by turning it off, unless it pruned.
    const same = near.filter((other) => sizeOf(other) === sizeOf(cell));
    assert.ok(same.every((other) => neighbours(space, other).includes(cell)));
  }
});
