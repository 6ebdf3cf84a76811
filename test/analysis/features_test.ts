import assert from "node:assert/strict";
import {
  CellFeatures,
  encodingVectors,
  type FeatureKind,
  rowVectors,
} from "../../lib/analysis/features.ts";
import { type Cell, cellAt, cellOf } from "../../lib/spaces/cell.ts";
import { graphOf } from "../../lib/spaces/graph.ts";
import { NASBENCH101 as nasbench101 } from "../../lib/spaces/nasbench101/space.ts";
import { parseArch } from "../../lib/spaces/nasbench201/arch.ts";
import { NASBENCH201 as nasbench201 } from "../../lib/spaces/nasbench201/space.ts";

await nasbench101.prepare();

/** How many features a cell has, and what they sum to. */
function size(features: CellFeatures, cell: Cell): [number, number] {
  const { ids, values } = features.of(cell);
  assert.equal(new Set(ids).size, ids.length);
  return [ids.length, values.reduce((sum, value) => sum + value, 0)];
}

const cell201 = (arch: string) => cellOf(nasbench201, parseArch(arch))!;
const cell101 = (ops: number[], pairs: [number, number][]) =>
  cellOf(nasbench101, graphOf(ops, pairs))!;

Deno.test("paths of a cell are its ways from input to output, none left out", () => {
  const features = new CellFeatures(nasbench201, ["paths"]);
  // Four ways: 0→3, 0→1→3, 0→2→3, 0→1→2→3, all different.
  const full = cell201(
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
  );
  assert.deepEqual(size(features, full), [4, 4]);
  // With `none` on the edge 0→1 two are left, and they are among those of the cell above.
  const cut = cell201(
    "|none~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
  );
  assert.deepEqual(size(features, cut), [2, 2]);
  const known = new Set(features.of(full).ids);
  assert.ok(features.of(cut).ids.every((id) => known.has(id)));
  // All none: no way at all.
  const dead = cell201("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|");
  assert.deepEqual(size(features, dead), [0, 0]);
});

Deno.test("paths of NAS-Bench-101 cells are sequences of operations", () => {
  const features = new CellFeatures(nasbench101, ["paths"]);
  const output = nasbench101.ops.indexOf("output");
  const chain = cell101([0, 1, 2, output], [[0, 1], [1, 2], [2, 3]]);
  const both = cell101([0, 1, 2, output], [[0, 1], [1, 2], [2, 3], [0, 3]]);
  assert.equal(features.of(chain).ids.length, 1);
  assert.equal(features.of(both).ids.length, 2);
  assert.ok(features.of(both).ids.includes(features.of(chain).ids[0]));
});

Deno.test("subtrees count each node once a round", () => {
  const features = new CellFeatures(nasbench101, ["subtrees"]);
  const output = nasbench101.ops.indexOf("output");
  const chain = cell101([0, 1, 1, output], [[0, 1], [1, 2], [2, 3]]);
  // 4 nodes, 3 labelings; the two convolutions share a label before the first round.
  assert.deepEqual(size(features, chain), [11, 12]);
});

Deno.test("one-hot features are the operations and the edges", () => {
  const features = new CellFeatures(nasbench101, ["one-hot"]);
  const output = nasbench101.ops.indexOf("output");
  assert.deepEqual(
    size(features, cell101([0, 1, output], [[0, 1], [1, 2], [0, 2]])),
    [6, 6],
  );
});

Deno.test("encodings side by side do not mix, and cells are remembered", () => {
  const kinds: FeatureKind[] = ["paths", "subtrees", "one-hot"];
  const cell = cellAt(nasbench101, 5);
  const alone = kinds.map((kind) =>
    new CellFeatures(nasbench101, [kind]).of(cell).ids.length
  );
  const together = new CellFeatures(nasbench101, kinds);
  assert.equal(
    together.of(cell).ids.length,
    alone.reduce((sum, count) => sum + count, 0),
  );
  // By their keys.
  assert.equal(together.of(cell), together.of(cellAt(nasbench101, 5)));
  assert.notEqual(together.of(cell), together.of(cellAt(nasbench101, 6)));
});

Deno.test("encodingVectors() are the features of each cell", () => {
  const cells = [7, 3, 7].map((index) => cellAt(nasbench201, index));
  const vectors = encodingVectors(nasbench201, ["subtrees"])(cells);
  const features = new CellFeatures(nasbench201, ["subtrees"]);
  assert.deepEqual(vectors, cells.map((cell) => features.of(cell)));
});

Deno.test("paths from several inputs are told apart", () => {
  // Both inputs feed node 2, the first one the output too: input 0 → node 2 → output,
  // input 1 → node 2 → output, input 0 → output.
  const space = { ...nasbench101, inputs: 2 };
  const cell = {
    ...cell101([0, 1, 2, 4], [[0, 1], [1, 2], [2, 3]]),
    graph: graphOf([0, 0, 1, 4], [[0, 2], [1, 2], [2, 3], [0, 3]]),
  };
  assert.deepEqual(size(new CellFeatures(space, ["paths"]), cell), [3, 3]);
});

Deno.test("rowVectors() are the rows of a matrix", () => {
  const [first, second] = rowVectors(Float32Array.of(1, 2, 3, 4, 5, 6), 2);
  assert.deepEqual([...first.ids], [0, 1, 2]);
  assert.deepEqual([...first.values], [1, 2, 3]);
  assert.deepEqual([...second.values], [4, 5, 6]);
});
