import assert from "node:assert/strict";
import { ReconstructionCounter } from "../../lib/metrics/reconstruction.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellTable } from "../../lib/spaces/space.ts";
import { assertClose } from "../_helpers.ts";
import { graph } from "../spaces/_graphs.ts";

// Ops: input 0, conv 1, pool 2, output 3; N = 4, so 6 entries above the diagonal.
const FIRST = "0→1,3 1→2 2→3", SECOND = "0→1 1→2";
const TABLE = cellTable([
  graph([0, 1, 2, 3], FIRST),
  graph([0, 1, 3], SECOND),
], 4);

/** What a decoder gives: the operations of all rows, and the edges of each cell. */
function decoded(ops: number[], edges: string[]) {
  const incoming = edges.flatMap((
    text,
  ) => [...graph(new Uint8Array(4), text).incoming]);
  return { ops, incoming };
}

/** The report of one decoded batch. */
function report(indices: number[], ops: number[], edges: string[]) {
  const counter = new ReconstructionCounter();
  counter.add(TABLE, indices, decoded(ops, edges));
  return counter.report();
}

Deno.test("a perfect decode is 100 in all respects", () => {
  assert.deepEqual(
    report([0, 1], [0, 1, 2, 3, 0, 1, 3, 0], [FIRST, SECOND]),
    { cells: 2, ops: 100, edges: 100, elementwise: 100, wholeGraph: 100 },
  );
});

Deno.test("element-wise accuracy is the mean of op rows and edge entries", () => {
  // Cell 0: op 2 wrong (3 of 4), two edges wrong (4 of 6).
  const { ops, edges, elementwise, wholeGraph } = report(
    [0],
    [0, 1, 1, 3],
    ["0→1,2,3 1→2,3 2→3"], // 0→2 and 1→3 are too many
  );
  assertClose(
    [ops, edges, elementwise, wholeGraph],
    [75, 400 / 6, (75 + 400 / 6) / 2, 0],
    { relative: 1e-12, absolute: 0 },
  );
});

Deno.test("a padding row counts element by element, with target 0, and not for the whole graph", () => {
  // Cell 1 is right up to its output; the padding row and an edge into it are not.
  const { ops, edges, wholeGraph } = report(
    [1],
    [0, 1, 3, 3],
    ["0→1,3 1→2"],
  );
  assert.equal(ops, 75);
  assert.equal(edges, 500 / 6);
  assert.equal(wholeGraph, 100);
});

Deno.test("an output decoded too early or too late makes the whole graph wrong", () => {
  assert.equal(report([1], [0, 3, 3, 0], [SECOND]).wholeGraph, 0);
  assert.equal(report([1], [0, 1, 1, 3], [SECOND]).wholeGraph, 0);
});

Deno.test("one wrong edge makes the whole graph wrong", () => {
  assert.equal(report([0], [0, 1, 2, 3], ["0→3 1→2 2→3"]).wholeGraph, 0);
});

Deno.test("batches add up to what one batch gives", () => {
  const counter = new ReconstructionCounter();
  counter.add(TABLE, [0], decoded([0, 2, 2, 3], [FIRST]));
  counter.add(TABLE, [1], decoded([0, 1, 3, 0], ["0→1,2 1→2"]));
  counter.add(
    TABLE,
    [1, 0],
    decoded([0, 1, 3, 1, 0, 1, 2, 3], [SECOND, FIRST]),
  );
  assert.deepEqual(
    counter.report(),
    report([0, 1, 1, 0], [
      ...[0, 2, 2, 3],
      ...[0, 1, 3, 0],
      ...[0, 1, 3, 1],
      ...[0, 1, 2, 3],
    ], [FIRST, "0→1,2 1→2", SECOND, FIRST]),
  );
  assert.equal(counter.report().wholeGraph, 50);
});

Deno.test("all cells of NAS-Bench-201 decoded as they are give 100", () => {
  const table = getSpace("nasbench201").cells();
  const counter = new ReconstructionCounter();
  counter.add(table, Uint32Array.from({ length: table.count }, (_, i) => i), {
    ops: table.ops,
    incoming: table.incoming,
  });
  const { elementwise, wholeGraph } = counter.report();
  assert.deepEqual([elementwise, wholeGraph], [100, 100]);
});

Deno.test("ReconstructionCounter refuses lengths that do not fit, a wrong index and no cells", () => {
  assert.throws(
    () => report([0, 1], [0, 1, 2, 3], [FIRST]),
    new RangeError(
      "Cannot count reconstructions: decoded ops and incoming must be [2, 4], got 4 and 4 values",
    ),
  );
  assert.throws(
    () => report([2], [0, 1, 2, 3], [FIRST]),
    new RangeError(
      "Cannot count reconstructions: each index must be an integer in [0, 2), got 2",
    ),
  );
  assert.throws(
    () => new ReconstructionCounter().report(),
    new RangeError(
      "Cannot report a reconstruction: there must be at least one cell, got 0",
    ),
  );
});
