import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { graphOf } from "../../../lib/spaces/graph.ts";
import {
  cellCost,
  nodeChannels,
} from "../../../lib/spaces/nasbench101/cost.ts";
import { NASBENCH101_OPS } from "../../../lib/spaces/nasbench101/enumeration.ts";
import { NASBENCH101 } from "../../../lib/spaces/nasbench101/space.ts";
import { cellGraph } from "../../../lib/spaces/space.ts";
import { sharedData } from "../../_helpers.ts";

const op = (name: string) => NASBENCH101_OPS.findIndex((op) => op === name);
const [input, conv1x1, conv3x3, maxpool3x3, output] = [
  "input",
  "conv1x1",
  "conv3x3",
  "maxpool3x3",
  "output",
].map(op);

Deno.test("nodeChannels() shares the channels among what feeds the output, the first ones the rest", () => {
  // 0 → 1, 2, 3; 1, 2, 3 → 4: 128 = 43 + 43 + 42.
  const graph = graphOf([input, conv1x1, conv1x1, conv3x3, output], [
    ...[1, 2, 3].map((node) => [0, node] as const),
    ...[1, 2, 3].map((node) => [node, 4] as const),
  ]);
  assert.deepEqual(nodeChannels(graph, 128), [0, 43, 43, 42, 128]);
});

Deno.test("nodeChannels() gives a node within as many channels as the widest that it feeds", () => {
  // 0 → 1 → 2 → 4, 1 → 3 → 4, and 0 → 4, which takes no share.
  const graph = graphOf([input, conv1x1, conv3x3, maxpool3x3, output], [
    [0, 1],
    [1, 2],
    [1, 3],
    [2, 4],
    [3, 4],
    [0, 4],
  ]);
  assert.deepEqual(nodeChannels(graph, 129), [0, 65, 65, 64, 129]);
});

Deno.test("cellCost() of the cell that is one edge is that of its projections", () => {
  const graph = graphOf([input, output], [[0, 1]]);
  // Stem, nine 1×1 convolutions with their batch normalizations, the classes.
  const projections = [
    ...[[128, 128], [128, 128], [128, 128]],
    ...[[128, 256], [256, 256], [256, 256]],
    ...[[256, 512], [512, 512], [512, 512]],
  ];
  assert.equal(
    cellCost(graph).parameters,
    3_712 + 5_130 +
      projections.reduce((sum, [from, to]) => sum + from * to + 2 * to, 0),
  );
  assert.equal(
    cellCost(graph).multiplyAdds,
    27 * 128 * 1024 + 5_120 +
      projections.reduce(
        (sum, [from, to]) => sum + from * to * (32 / (to / 128)) ** 2,
        0,
      ),
  );
});

Deno.test("cellCost() of the Inception-like cell is as the benchmark's README has it", () => {
  // 0 → 1, 2, 3, 5; 1 → 6; 2 → 6; 3 → 4 → 6; 5 → 6.
  const graph = graphOf(
    [input, conv1x1, conv3x3, conv3x3, conv3x3, maxpool3x3, output],
    [[0, 1], [0, 2], [0, 3], [0, 5], [1, 6], [2, 6], [3, 4], [4, 6], [5, 6]],
  );
  assert.deepEqual(cellCost(graph), {
    parameters: 2_694_282,
    multiplyAdds: 402_002_944,
  });
});

Deno.test("cellCost() of the first cell of the benchmark", async () => {
  await NASBENCH101.prepare();
  const graph = cellGraph(NASBENCH101.cells(), 0);
  assert.deepEqual(NASBENCH101.cost!(graph), {
    parameters: 8_555_530,
    multiplyAdds: 1_261_835_264,
  });
});

const TABLE = sharedData("nasbench101/accuracies.csv.gz");

Deno.test({
  name: "cellCost() counts the parameters of all 151,644 trained cells exactly",
  ignore: TABLE === null,
  async fn() {
    await NASBENCH101.prepare();
    const table = NASBENCH101.cells();
    const all = Uint32Array.from({ length: table.count }, (_, i) => i);
    const index = new Map(
      NASBENCH101.cellKeys!(all, "strict").map((key, i) => [key, i]),
    );
    const lines = createInterface({
      input: createReadStream(TABLE!).pipe(createGunzip()),
    });
    let counted = 0;
    for await (const line of lines) {
      const [hash, parameters] = line.split(",");
      if (hash === "module_hash") continue;
      const graph = cellGraph(table, index.get(hash)!);
      assert.equal(cellCost(graph).parameters, Number(parameters), hash);
      counted++;
    }
    assert.equal(counted, 151_644);
  },
});
