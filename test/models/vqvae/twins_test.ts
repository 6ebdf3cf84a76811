import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  type CodeKind,
  vqvaeConfig,
} from "../../../lib/models/vqvae/config.ts";
import { initialVqvaeWeights } from "../../../lib/models/vqvae/network.ts";
import { findTwins } from "../../../lib/models/vqvae/twins.ts";
import { Vqvae } from "../../../lib/models/vqvae/vqvae.ts";
import { hasEdge } from "../../../lib/spaces/graph.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { cellGraph } from "../../../lib/spaces/space.ts";

const executor = onnxExecutor({ provider: "cpu" });

/** The twins that an encoder with random weights has among cells of a space. */
async function twins(
  name: "nasbench101" | "nasbench201",
  code: CodeKind,
  count: number,
) {
  const space = getSpace(name);
  await space.prepare();
  const config = vqvaeConfig(space, code);
  const weights = initialVqvaeWeights(config, Random.fromSeed(0));
  // At ε = 0 a layer cannot tell a node from its neighbour: a further kind of twins, which
  // training removes.
  for (let layer = 0; layer < config.layers; layer++) {
    weights.parameters[`encoder.gin.${layer}.epsilon`].data[0] = 0.1;
  }
  const vqvae = Vqvae.load({ config, weights }, executor);
  const indices = space.split().validation.subarray(0, count);
  const { z } = await vqvae.encode(space, indices);
  await vqvae.dispose();
  return findTwins(space.cells(), indices, z);
}

Deno.test("findTwins() finds the 6.74 % of NAS-Bench-101's validation cells that the code of Arch-LLM cannot bring back", async () => {
  const found = await twins("nasbench101", "arch-llm", Infinity);
  // The bound on whole validation cells is 93.26 %.
  assert.equal((100 * found.length / 42_363).toFixed(2), "6.74");
  const { cells } = getSpace("nasbench101");
  for (const { cell, nodes: [i, j] } of found) {
    const graph = cellGraph(cells(), cell);
    assert.ok(i < j && j < graph.ops.length);
    assert.ok(!hasEdge(graph, i, j));
    assert.equal(graph.ops[i], graph.ops[j]);
  }
});

Deno.test("findTwins() finds none where a code tells positions apart, and none in NAS-Bench-201's template", async () => {
  assert.deepEqual(await twins("nasbench101", "arch-llm-plus", 2000), []);
  assert.deepEqual(await twins("nasbench201", "arch-llm", 200), []);
});

Deno.test("findTwins() refuses embeddings of other cells", () => {
  const table = getSpace("nasbench201").cells();
  assert.throws(() => findTwins(table, [0, 1], new Float32Array(17)), {
    name: "RangeError",
    message:
      "Cannot look for twins: z must hold a row for each of 2 × 8 nodes, got 17 numbers",
  });
  assert.deepEqual(findTwins(table, [], new Float32Array()), []);
});
