import assert from "node:assert/strict";
import { judge } from "../../lib/metrics/verdict.ts";
import { graphOf } from "../../lib/spaces/graph.ts";
import { parseArch } from "../../lib/spaces/nasbench201/arch.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { flipped } from "../spaces/_graphs.ts";

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

Deno.test("judge() says what is wrong, and gives a key to what is valid", () => {
  assert.deepEqual(judge(SMALL, CELL), {
    key: SMALL.key(CELL),
    problem: null,
  });
  assert.deepEqual(judge(SMALL, flipped(CELL, "0→1")), {
    key: null,
    problem: "its edges are not those of the space’s cells",
  });
  assert.deepEqual(judge(LARGE, DANGLING), {
    key: null,
    problem: "a node is on no path from input to output",
  });
  assert.deepEqual(judge(LARGE, "wrong length"), {
    key: null,
    problem: "the sentence is of the wrong length",
  });
});
