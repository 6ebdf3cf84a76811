import assert from "node:assert/strict";
import { nodeName } from "../../lib/page/cell_view.ts";
import { graphOf } from "../../lib/spaces/graph.ts";
import { parseArch } from "../../lib/spaces/nasbench201/arch.ts";
import { getSpace } from "../../lib/spaces/registry.ts";

const SMALL = getSpace("nasbench201"), LARGE = getSpace("nasbench101");
const CELL = parseArch(
  "|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2|",
);
const op = (name: string) => LARGE.ops.indexOf(name);
/** input → conv3x3 → output, and maxpool, which nothing leads to. */
const DANGLING = graphOf(
  [op("input"), op("conv3x3"), op("maxpool3x3"), op("output")],
  [[0, 1], [1, 3], [2, 3]],
);

Deno.test("nodeName() gives the edge or the row of a node, and its operation", () => {
  assert.deepEqual(
    [0, 1, 3, 6, 7].map((node) => nodeName(SMALL, CELL, node)),
    ["0: input", "in→1: none", "1→2: conv1x1", "2→out: none", "7: output"],
  );
  assert.equal(nodeName(LARGE, DANGLING, 2), "2: maxpool3x3");
  assert.equal(nodeName(LARGE, DANGLING, 5), "5: after the output");
});
