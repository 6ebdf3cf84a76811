import assert from "node:assert/strict";
import { getSpace } from "../../lib/spaces/space.ts";
import { describeSpace, operationCounts } from "../../lib/spaces/summary.ts";

const space = getSpace("nasbench201");

Deno.test("describeSpace() counts what is published", () => {
  const facts = describeSpace(space);
  for (const { counted, published } of facts) {
    if (published !== null) assert.equal(counted, published);
  }
  assert.deepEqual(
    facts.map(({ counted }) => counted),
    [15_625, 12_751, 6_466, 15_284, 14_062, 1_563],
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
