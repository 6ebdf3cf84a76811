import assert from "node:assert/strict";
import { NASBENCH101 } from "../../lib/spaces/nasbench101/space.ts";
import { NASBENCH201 } from "../../lib/spaces/nasbench201/space.ts";
import { planMultiplyAdds, planParameters } from "../../lib/spaces/network.ts";
import { cellGraph } from "../../lib/spaces/space.ts";

const IMAGE_SIZE = 32;
/** Values of the feature maps of one cell of each stack of NAS-Bench-201, five times. */
const VALUES = 5 * (16 * 32 ** 2 + 32 * 16 ** 2 + 64 * 8 ** 2);

Deno.test("networks of NAS-Bench-201 have the parameters and products of all cells' costs", () => {
  const table = NASBENCH201.cells();
  const convolutions = ["conv1x1", "conv3x3"]
    .map((name) => NASBENCH201.ops.indexOf(name));
  const pool = NASBENCH201.ops.indexOf("avgpool3x3");
  for (let index = 0; index < table.count; index += 7) {
    const graph = cellGraph(table, index);
    const plan = NASBENCH201.network!(graph);
    const cost = NASBENCH201.cost!(graph);
    assert.equal(planParameters(plan), cost.parameters, `${index}`);
    // The benchmark counts ReLU and normalisation beside a convolution, 3 a value, and what a
    // pool reads, 9 a value; and the same outside of cells.
    const others = graph.ops.reduce(
      (sum, op) =>
        sum + (convolutions.includes(op) ? 3 : op === pool ? 9 : 0) * VALUES,
      160_832,
    );
    assert.equal(
      planMultiplyAdds(plan, IMAGE_SIZE) + others,
      cost.multiplyAdds,
      `${index}`,
    );
  }
});

Deno.test("networks of NAS-Bench-101 have the parameters and products of cells' costs", async () => {
  await NASBENCH101.prepare();
  const table = NASBENCH101.cells();
  // 2,119 cells of all sizes, from the first to the last.
  for (let index = 0; index < table.count; index += 200) {
    const graph = cellGraph(table, index);
    const plan = NASBENCH101.network!(graph);
    assert.deepEqual(
      {
        parameters: planParameters(plan),
        multiplyAdds: planMultiplyAdds(plan, IMAGE_SIZE),
      },
      NASBENCH101.cost!(graph),
      `${index}`,
    );
  }
});

Deno.test("a network can be smaller than the published one, with other images and classes", () => {
  const graph = cellGraph(NASBENCH201.cells(), 100);
  const size = { imageChannels: 1, classes: 3, channels: 4, cells: 1 };
  const plan = NASBENCH201.network!(graph, size);
  assert.deepEqual(plan[0], { kind: "images", channels: 1 });
  const last = plan.at(-1)!;
  assert.ok(last.kind === "classifier");
  assert.deepEqual([last.inputs, last.classes], [16, 3]);
  assert.ok(planParameters(plan) < 100_000);
});
