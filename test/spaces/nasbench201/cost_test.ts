import assert from "node:assert/strict";
import { parseArch } from "../../../lib/spaces/nasbench201/arch.ts";
import { NASBENCH201 } from "../../../lib/spaces/nasbench201/space.ts";

const uniform = (op: string) =>
  parseArch(`|${op}~0|+|${op}~0|${op}~1|+|${op}~0|${op}~1|${op}~2|`);

Deno.test("the cost of NAS-Bench-201's uniform cells is as the benchmark prints it", () => {
  for (
    const [op, parameters, multiplyAdds] of [
      ["nor_conv_3x3", 1_531_546, 222_860_992],
      ["nor_conv_1x1", 241_306, 34_117_312],
      ["avg_pool_3x3", 73_306, 15_685_312],
      ["skip_connect", 73_306, 7_943_872],
      ["none", 73_306, 7_943_872],
    ] as const
  ) {
    assert.deepEqual(
      NASBENCH201.cost!(uniform(op)),
      { parameters, multiplyAdds },
      op,
    );
  }
});
