import assert from "node:assert/strict";
import { CellFeatures, type FeatureKind } from "../../lib/analysis/features.ts";
import { edgesOf } from "../../lib/spaces/graph.ts";

import { parseArch } from "../../lib/spaces/nasbench201/arch.ts";

import { getSpace } from "../../lib/spaces/registry.ts";

const nasbench201 = getSpace("nasbench201");
const nasbench101 = getSpace("nasbench101");
await nasbench101.prepare();

/** How many features a cell has, and what they sum to. */
function size(features: CellFeatures, cell: number): [number, number] {
  const { ids, values } = features.of(cell);
  assert.equal(new Set(ids).size, ids.length);
  return [ids.length, values.reduce((sum, value) => sum + value, 0)];
}

const cell201 = (arch: string) => nasbench201.indexOf(parseArch(arch))!;
const cell101 = (ops: number[], pairs: [number, number][]) =>
  nasbench101.indexOf({ ops: Uint8Array.from(ops), edges: edgesOf(pairs) })!;

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
  assert.equal(features.size, 4);
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
  const alone = kinds.map((kind) =>
    new CellFeatures(nasbench101, [kind]).of(5).ids.length
  );
  const together = new CellFeatures(nasbench101, kinds);
  assert.equal(
    together.of(5).ids.length,
    alone.reduce((sum, count) => sum + count, 0),
  );
  assert.equal(together.of(5), together.of(5));
});
