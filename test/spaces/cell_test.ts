import assert from "node:assert/strict";
import { cellAt, cellOf } from "../../lib/spaces/cell.ts";
import { graphOf } from "../../lib/spaces/graph.ts";
import { getSpace, SPACES } from "../../lib/spaces/registry.ts";
import {
  cellGraph,
  isEnumerated,
  type SearchSpace,
} from "../../lib/spaces/space.ts";
import { flipped } from "./_graphs.ts";

const SPACE = getSpace("nasbench201");
/** The same cells, in a space that does not list them all. */
const { indexOf: _, ...UNLISTED } = SPACE as SearchSpace & { indexOf: unknown };

Deno.test("cellAt() gives a cell of the table by index, key and graph", async () => {
  for (const space of SPACES) {
    await space.prepare();
    const graph = cellGraph(space.cells(), 777);
    assert.deepEqual(cellAt(space, 777), {
      key: space.key(graph),
      graph,
      index: isEnumerated(space) ? 777 : null,
    });
    assert.throws(() => cellAt(space, -1), {
      name: "RangeError",
      message: /^Cannot take a cell: index must be an integer in \[0, /,
    });
  }
  assert.equal(cellAt(UNLISTED, 777).index, null);
  assert.equal(cellAt(UNLISTED, 777).key, cellAt(SPACE, 777).key);
});

Deno.test("cellOf() finds the listed cell that a graph is once it is pruned", async () => {
  const space = getSpace("nasbench101");
  await space.prepare();
  const op = (name: string) => space.ops.indexOf(name);
  // A convolution that leads nowhere, beside the cell input → pool → output.
  const loose = graphOf(
    [op("input"), op("conv3x3"), op("maxpool3x3"), op("output")],
    [[0, 1], [0, 2], [2, 3]],
  );
  const cell = cellOf(space, loose)!;
  assert.deepEqual(
    cell.graph,
    graphOf([op("input"), op("maxpool3x3"), op("output")], [[0, 1], [1, 2]]),
  );
  assert.deepEqual(cellAt(space, cell.index!), cell);
  assert.equal(cellOf(space, graphOf(loose.ops, [[0, 1]])), null);
});

Deno.test("cellOf() takes a graph as it stands where cells are not listed", () => {
  const { graph, key } = cellAt(SPACE, 4711);
  assert.deepEqual(cellOf(UNLISTED, graph), { key, graph, index: null });
  assert.equal(cellOf(UNLISTED, flipped(graph, "0→1")), null);
});
