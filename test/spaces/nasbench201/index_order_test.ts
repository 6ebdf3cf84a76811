import assert from "node:assert/strict";
import { sha256 } from "../../../lib/core/files.ts";
import { formatArch } from "../../../lib/spaces/nasbench201/arch.ts";
import { indexOrder } from "../../../lib/spaces/nasbench201/index_order.ts";
import { NASBENCH201 } from "../../../lib/spaces/nasbench201/space.ts";
import { cellGraph } from "../../../lib/spaces/space.ts";
import { sharedData } from "../../_helpers.ts";

const TABLE = NASBENCH201.cells();
const ARCHS = Array.from(
  { length: TABLE.count },
  (_, index) => formatArch(cellGraph(TABLE, index)),
);

Deno.test("indexOrder() shuffles as Python does", () => {
  // random.seed(88); random.shuffle(order), for order = list(range(10)) and so on
  assert.deepEqual([...indexOrder(10)], [8, 2, 9, 4, 0, 7, 1, 5, 3, 6]);
  const order = indexOrder(15_625);
  assert.deepEqual(
    [...order.subarray(0, 5), ...order.subarray(-3)],
    [13_931, 11_791, 14_874, 13_126, 4_032, 5_452, 3_104, 6_512],
  );
  assert.deepEqual(indexOrder(1), Uint32Array.of(0));
});

Deno.test("cells() are at the indices at which the benchmark's own script expects them", () => {
  assert.equal(
    ARCHS[0],
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
  );
  assert.equal(
    ARCHS[9],
    "|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
  );
  assert.equal(
    ARCHS[123],
    "|avg_pool_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|",
  );
});

Deno.test("cells() are in one order, by the digest of their arch strings, a line each", () => {
  assert.equal(
    sha256(ARCHS.map((arch) => arch + "\n").join("")),
    "b24e2a8b6802be1326de041d81d564998ca8aa923055352f3a95c30d59ce7048",
  );
});

const PUBLISHED = sharedData("nasbench201/api_order.txt");
Deno.test({
  name: "cells() are in the order of the benchmark's API",
  ignore: PUBLISHED === null,
  fn() {
    const lines = Deno.readTextFileSync(PUBLISHED!).trimEnd().split("\n");
    assert.deepEqual(ARCHS, lines);
  },
});
