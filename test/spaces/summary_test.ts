import assert from "node:assert/strict";
import { PADDING_OP } from "../../lib/spaces/graph.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { describeSpace, operationCounts } from "../../lib/spaces/summary.ts";

const space = getSpace("nasbench201");

Deno.test("describeSpace() counts what is published", () => {
  const facts = describeSpace(space);
  for (const { counted, published } of facts) {
    if (published !== null) assert.equal(counted, published);
  }
  assert.deepEqual(
    facts.map(({ counted }) => counted),
    [15_625, 12_751, 6_466, 383, 1_022, 15_284, 14_062, 1_406, 1_563],
  );
});

Deno.test("describeSpace() tells how many validation cells compute the same as a training cell", () => {
  const texts = describeSpace(space).map(({ fact }) => fact);
  // Counted with a separate script over the order of the API.
  assert.ok(texts.some((text) => /, skips merged \(24\.5 %\)$/.test(text)));
  assert.ok(
    texts.some((text) => /, skips and zeros merged \(65\.4 %\)$/.test(text)),
  );
});

Deno.test("describeSpace() counts the cells of NAS-Bench-101 by size", async () => {
  const space = getSpace("nasbench101");
  await space.prepare();
  const facts = describeSpace(space);
  for (const { counted, published } of facts) {
    if (published !== null) assert.equal(counted, published);
  }
  assert.deepEqual(
    facts.map(({ counted }) => counted),
    [
      ...[423_624, 1, 6, 84, 2_441, 62_010, 359_082, 328_269],
      ...[381_261, 38_126, 42_363],
    ],
  );
});

Deno.test("operationCounts() leaves padding out", async () => {
  const space = getSpace("nasbench101");
  await space.prepare();
  // The one cell of two nodes is nothing but its ends.
  const { ops } = space.cells();
  let smallest = 0;
  while (ops[7 * smallest + 2] !== PADDING_OP) smallest++;
  assert.deepEqual(
    [...operationCounts(space, [smallest, 0])],
    [2, 1, 3, 1, 2], // cell 0: conv3x3 ×3, conv1x1, maxpool3x3
  );
});

Deno.test("operationCounts() finds each operation equally often in the whole space", () => {
  const all = Uint32Array.from({ length: 15_625 }, (_, i) => i);
  // 6 edges and 5 operations: each stands on an edge in a fifth of the cells.
  const each = 6 * 15_625 / 5;
  assert.deepEqual(
    [...operationCounts(space, all)],
    [15_625, each, each, each, each, each, 15_625],
  );
});
