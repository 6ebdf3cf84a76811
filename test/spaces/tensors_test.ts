import assert from "node:assert/strict";
import { edgesOf, hasEdge, PADDING_OP } from "../../lib/spaces/graph.ts";
import { cellGraph, type CellTable } from "../../lib/spaces/space.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { edgesOfLogits, encodeCells } from "../../lib/spaces/tensors.ts";

const SPACE = getSpace("nasbench201");

Deno.test("encodeCells() is worked by hand, padding included", () => {
  // Cell 0: 0→1→2; cell 1: 0→1 and a padding row.
  const table: CellTable = {
    count: 2,
    nodeCount: 3,
    ops: Uint8Array.of(0, 1, 2, 0, 2, PADDING_OP),
    edges: Uint32Array.of(0b101, 0b001),
  };
  const space = { ...SPACE, ops: ["a", "b", "c"] };
  const { ops, adjacency } = encodeCells(space, table, [1, 0]);
  // deno-fmt-ignore
  assert.deepEqual([...ops], [
    1, 0, 0,  0, 0, 1,  0, 0, 0,
    1, 0, 0,  0, 1, 0,  0, 0, 1,
  ]);
  // deno-fmt-ignore
  assert.deepEqual([...adjacency], [
    0, 1, 0,  0, 0, 0,  0, 0, 0,
    0, 1, 0,  0, 0, 1,  0, 0, 0,
  ]);
});

Deno.test("encodeCells() holds the ops and edges of real cells", () => {
  const table = SPACE.cells();
  const indices = Uint32Array.of(0, 4711, 15_624, 4711);
  const { ops, adjacency } = encodeCells(SPACE, table, indices);
  for (const [b, index] of indices.entries()) {
    const graph = cellGraph(table, index);
    for (let i = 0; i < 8; i++) {
      for (let k = 0; k < 7; k++) {
        assert.equal(ops[(b * 8 + i) * 7 + k], graph.ops[i] === k ? 1 : 0);
      }
      for (let j = 0; j < 8; j++) {
        assert.equal(
          adjacency[(b * 8 + i) * 8 + j],
          hasEdge(graph, i, j) ? 1 : 0,
        );
      }
    }
  }
});

Deno.test("encodeCells() refuses an index outside the table", () => {
  assert.throws(
    () => encodeCells(SPACE, SPACE.cells(), [0, 15_625]),
    new RangeError(
      "Cannot encode cells: each index must be an integer in [0, 15625), got 15625",
    ),
  );
});

Deno.test("edgesOfLogits() takes an edge where the logit above the diagonal is above 0", () => {
  // Two cells of 3 nodes; what is on or below the diagonal is no edge.
  // deno-fmt-ignore
  const logits = [
    9, -1, 0.5,   9, 9, 0,   9, 9, 9,
    0, 2, -3,     0, 0, 0.1, 0, 0, 0,
  ];
  assert.equal(edgesOfLogits(logits, 0, 3), edgesOf([[0, 2]]));
  assert.equal(edgesOfLogits(logits, 1, 3), edgesOf([[0, 1], [1, 2]]));
});
