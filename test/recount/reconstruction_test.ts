import assert from "node:assert/strict";
import { join } from "node:path";
import { writeGzipJson } from "../../lib/core/gzip.ts";
import { measureReconstruction } from "../../lib/generation/reconstruction.ts";
import { plainGraph } from "../../lib/recount/graph.ts";
import {
  countReconstruction,
  readReconstruction,
} from "../../lib/recount/reconstruction.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { type CellTable, cellTable } from "../../lib/spaces/space.ts";
import { withFolder } from "../_helpers.ts";
import { graph } from "../spaces/_graphs.ts";

// Two cells in four rows: six pairs of rows each.
const TABLE: CellTable = cellTable([
  graph([0, 1, 2, 3], "0→1,3 1→2 2→3"),
  graph([0, 1, 3], "0→1 1→2"),
], 4);
const CELLS = Uint32Array.of(1, 0);

/** Counts what came back, by place. */
const count = (decoded: Record<number, string>, cells = 2) =>
  countReconstruction(
    {
      cells,
      decoded: new Map(
        Object.entries(decoded)
          .map(([place, text]) => [Number(place), plainGraph(text)!]),
      ),
    },
    TABLE,
    CELLS,
  );

Deno.test("countReconstruction() counts rows and pairs as published, whole cells strictly", () => {
  assert.deepEqual(count({}), { paper: 100, strict: 100 });
  // At place 1 stands cell 0, edges 1, 2, 5: an operation and two pairs are wrong.
  assert.deepEqual(count({ 1: "0,1,1,3;0,1,1,5" }), {
    paper: 50 * 7 / 8 + 50 * 10 / 12,
    strict: 50,
  });
});

Deno.test("countReconstruction() counts a row without a node as operation 0, and not strictly", () => {
  // Cell 1 is right in its three nodes; the fourth row is not, and has an edge.
  assert.deepEqual(count({ 0: "0,1,3,3;0,1,2,4" }), {
    paper: 50 * 7 / 8 + 50 * 11 / 12,
    strict: 100,
  });
  assert.deepEqual(count({ 0: "0,1,3,0;0,1,2,0" }), {
    paper: 100,
    strict: 100,
  });
});

Deno.test("countReconstruction() refuses other cells than those of the space", () => {
  assert.equal(count({}, 3), null);
  assert.equal(count({ 0: "0,1,3;0,1,2" }), null);
});

Deno.test("readReconstruction() refuses what no run saves", () =>
  withFolder(async (folder) => {
    const path = join(folder, "r.json.gz");
    const whole = { key: "r", cells: 2, decoded: { 1: "0,1;0,1" } };
    await writeGzipJson(path, whole);
    assert.equal((await readReconstruction(path)).decoded.size, 1);
    for (
      const change of [
        { key: 1 },
        { cells: 0 },
        { cells: "2" },
        { decoded: null },
        { decoded: { 2: "0,1;0,1" } },
        { decoded: { x: "0,1;0,1" } },
        { decoded: { 1: "0,1;0,2" } },
        { decoded: { 1: 3 } },
      ]
    ) {
      await writeGzipJson(path, { ...whole, ...change });
      await assert.rejects(
        readReconstruction(path),
        /^SyntaxError: Cannot read the samples: .* must be as a run saves it/,
        JSON.stringify(change),
      );
    }
  }));

for (const name of ["nasbench101", "nasbench201"]) {
  Deno.test(`a reconstruction of ${name} comes out the same, counted twice`, () =>
    withFolder(async (folder) => {
      const space = getSpace(name);
      await space.prepare();
      const { nodeCount, ops, incoming } = space.cells();
      /** Brings cells back with an operation, an edge, or rows after the output wrong. */
      const reconstruct = (cells: ArrayLike<number>) => {
        const rows = Array.from(
          { length: cells.length * nodeCount },
          (_, i) =>
            cells[Math.floor(i / nodeCount)] * nodeCount + i % nodeCount,
        );
        return Promise.resolve({
          ops: Int32Array.from(rows, (at, i) => {
            const op = ops[at] === 255 ? i % 11 === 0 ? 1 : 0 : ops[at];
            return i % 97 === 0 ? (op + 1) % 5 : op;
          }),
          incoming: Uint32Array.from(
            rows,
            (at, i) =>
              i % 53 === 0 && i % nodeCount > 0
                ? incoming[at] ^ 1
                : incoming[at],
          ),
        });
      };
      const file = join(folder, "r.json.gz");
      const measured = await measureReconstruction(space, reconstruct, {
        model: "m",
        file,
      });
      assert.ok(measured.wholeGraph > 50 && measured.wholeGraph < 99);
      const counted = countReconstruction(
        await readReconstruction(file),
        space.cells(),
        space.split().validation,
      )!;
      assert.ok(Math.abs(counted.paper - measured.elementwise) < 1e-9);
      assert.ok(Math.abs(counted.strict - measured.wholeGraph) < 1e-9);
    }));
}
