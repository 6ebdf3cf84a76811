import assert from "node:assert/strict";
import { graphOf, hasEdge, PADDING_OP } from "../../lib/spaces/graph.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellGraph, cellTable } from "../../lib/spaces/space.ts";
import {
  decodedGraph,
  encodeCells,
  incomingOfLogits,
} from "../../lib/spaces/tensors.ts";

const SPACE = getSpace("nasbench201");

Deno.test("encodeCells() is worked by hand, padding included", () => {
  // Cell 0: 0→1→2; cell 1: 0→1 and a padding row.
  const table = cellTable([
    graphOf([0, 1, 2], [[0, 1], [1, 2]]),
    graphOf([0, 2], [[0, 1]]),
  ], 3);
  assert.equal(table.ops[5], PADDING_OP);
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

Deno.test("incomingOfLogits() takes an edge where the logit above the diagonal is above 0", () => {
  // Two cells of 3 nodes; what is on or below the diagonal is no edge.
  // deno-fmt-ignore
  const logits = [
    9, -1, 0.5,   9, 9, 0,   9, 9, 9,
    0, 2, -3,     0, 0, 0.1, 0, 0, 0,
  ];
  const incoming = incomingOfLogits(logits, 3);
  assert.deepEqual([...incoming], [0, 0, 0b01, 0, 0b01, 0b10]);
  const ops = Int32Array.of(5, 6, 7, 8, 9, 10);
  assert.deepEqual(
    decodedGraph({ ops, incoming }, 1, 3),
    graphOf([8, 9, 10], [[0, 1], [1, 2]]),
  );
});
