import assert from "node:assert/strict";
import { neighbours } from "../../lib/search/neighbours.ts";
import { cellAt, cellOf } from "../../lib/spaces/cell.ts";
import { graphOf } from "../../lib/spaces/graph.ts";
import { NASBENCH101 } from "../../lib/spaces/nasbench101/space.ts";
import type { SearchSpace } from "../../lib/spaces/space.ts";
import { cell, SPACE, UNLISTED } from "./_tables.ts";

await NASBENCH101.prepare();
const cell101 = (index: number) => cellAt(NASBENCH101, index);
const near101 = (index: number) =>
  neighbours(NASBENCH101, cell101(index)).map(({ index }) => index!);

Deno.test("neighbours() in NAS-Bench-201 differ in one of six operations, both ways", () => {
  for (const index of [0, 777, 15_624]) {
    const near = neighbours(SPACE, cell(index));
    assert.equal(near.length, 24);
    for (const other of near) {
      const { ops } = cell(index).graph;
      const differing = other.graph.ops.filter((op, i) => op !== ops[i]);
      assert.equal(differing.length, 1);
      assert.ok(
        neighbours(SPACE, other).some((back) => back.index === index),
      );
    }
  }
});

Deno.test("neighbours() in NAS-Bench-101 of the smallest cell are those with one node or edge more", () => {
  const output = NASBENCH101.ops.indexOf("output");
  // Input → output: one of three operations on a way beside the edge; without the edge
  // nothing is left.
  const expected = [1, 2, 3].map((op) =>
    cellOf(
      NASBENCH101,
      graphOf([0, op, output], [[0, 1], [1, 2], [0, 2]]),
    )!.index!
  ).sort((a, b) => a - b);
  const smallest = cellOf(NASBENCH101, graphOf([0, output], [[0, 1]]))!;
  assert.deepEqual(near101(smallest.index!), expected);
});

Deno.test("neighbours() in NAS-Bench-101 are cells of the space; a node can come and go", () => {
  const sizeOf = (index: number) => cell101(index).graph.ops.length;
  for (const index of [0, 12_345, 400_000]) {
    const near = near101(index);
    assert.ok(near.length > 10);
    assert.ok(!near.includes(index));
    assert.deepEqual(near, near.toSorted((a, b) => a - b));
    assert.equal(new Set(near).size, near.length);
    // What an edge turned on leads to leads back by turning it off, unless it pruned.
    const same = near.filter((other) => sizeOf(other) === sizeOf(index));
    assert.ok(same.every((other) => near101(other).includes(index)));
  }
});

Deno.test("neighbours() in a space that is not listed are the same cells, by key", () => {
  const keys = (space: SearchSpace, graph = cell(777).graph) =>
    neighbours(space, cellOf(space, graph)!).map(({ key }) => key);
  assert.deepEqual(keys(UNLISTED), keys(SPACE).sort());
  const { indexOf: _, ...unlisted } = NASBENCH101;
  for (const index of [0, 12_345]) {
    const { graph } = cell101(index);
    const near = neighbours(unlisted, cellOf(unlisted, graph)!);
    assert.ok(near.every(({ index }) => index === null));
    assert.deepEqual(
      near.map(({ key }) => key),
      keys(NASBENCH101, graph).sort(),
    );
  }
});

Deno.test("neighbours() are those that a space gives, where it does", () => {
  const space: SearchSpace = {
    ...SPACE,
    neighbours: (graph) => [graph, cell(5).graph, cell(2).graph, cell(5).graph],
  };
  assert.deepEqual(
    neighbours(space, cell(9)).map(({ index }) => index),
    [2, 5, 9].filter((index) => index !== 9),
  );
});
