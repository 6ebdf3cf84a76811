import assert from "node:assert/strict";
import { CellPlaces } from "../../../lib/models/diffusion/places.ts";
import { graphText } from "../../../lib/spaces/graph.ts";
import { NASBENCH201 } from "../../../lib/spaces/nasbench201/space.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { cellGraph, type SearchSpace } from "../../../lib/spaces/space.ts";
import { TOY } from "../../_toy_space.ts";

const NASBENCH101 = getSpace("nasbench101");
await NASBENCH101.prepare();

const first = (space: SearchSpace, count: number) =>
  space.split().train.subarray(0, count);

Deno.test("CellPlaces are those that vary: of NAS-Bench-201 six operations", () => {
  const train = first(NASBENCH201, 2000);
  const places = new CellPlaces(NASBENCH201, NASBENCH201.cells(), train);
  assert.equal(places.count, 6);
  assert.equal(places.values, 7);
  assert.equal(places.trained.length, 2000 * 6);
  for (const shares of places.marginals) {
    assert.ok(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-12);
    // All five operations of an inner node, and neither input nor output.
    shares.forEach((share, op) =>
      assert.equal(share > 0.15, NASBENCH201.innerOps.includes(op))
    );
  }
});

Deno.test("CellPlaces of the toy space are an operation and two edges", () => {
  const all = Uint32Array.from({ length: 20 }, (_, i) => i);
  const places = new CellPlaces(TOY, TOY.cells(), all);
  assert.equal(places.count, 3);
  assert.deepEqual(places.marginals, [
    [0, 0, 0.2, 0.2, 0.2, 0.2, 0.2, 0],
    [0.5, 0.5, 0, 0, 0, 0, 0, 0],
    [0.5, 0.5, 0, 0, 0, 0, 0, 0],
  ]);
  // Graph 3: the first operation, and both inputs joined with the output.
  assert.deepEqual(places.of(cellGraph(TOY.cells(), 3)), [2, 1, 1]);
});

for (const space of [NASBENCH101, NASBENCH201, TOY]) {
  Deno.test(`CellPlaces give cells of ${space.title} back, of any size`, () => {
    const train = first(space, 3000);
    const places = new CellPlaces(space, space.cells(), train);
    const sizes = new Set<number>();
    train.forEach((index, at) => {
      const graph = cellGraph(space.cells(), index);
      sizes.add(graph.ops.length);
      const values = places.of(graph);
      assert.deepEqual(
        values,
        [...places.trained.subarray(
          at * places.count,
          (at + 1) * places.count,
        )],
      );
      assert.equal(graphText(places.graph(values)), graphText(graph));
    });
    assert.equal(sizes.size > 1, space.variableSize);
  });
}
