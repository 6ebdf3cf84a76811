import assert from "node:assert/strict";
import { join } from "node:path";
import { Random } from "../../../lib/core/random.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import { graphAutoencoderGenerator } from "../../../lib/generation/graph_autoencoder.ts";
import type { SvgeConfig } from "../../../lib/models/svge/config.ts";
import { mergedViews } from "../../../lib/models/svge/graphs.ts";
import { Svge } from "../../../lib/models/svge/svge.ts";
import { trainSvge } from "../../../lib/models/svge/training.ts";
import { graphOf, graphText } from "../../../lib/spaces/graph.ts";
import { NASBENCH201 } from "../../../lib/spaces/nasbench201/space.ts";
import { withFolder } from "../../_helpers.ts";

const executor = onnxExecutor({ provider: "cpu", threads: 1 });
const CONFIG: SvgeConfig = {
  ...{ kind: "svge", nodes: 8, types: 7 },
  ...{ stateDim: 16, latentDim: 6, layers: 1 },
};
const TRAINING = {
  ...{ epochs: 6, batchSize: 16, learningRate: 1e-2, cells: 96, seed: 0 },
};

Deno.test("SVGe learns, and goes on from its checkpoint to the same weights", async () => {
  await withFolder(async (folder) => {
    const whole = await trainSvge(NASBENCH201, CONFIG, TRAINING, { executor });
    const [first, last] = [whole.history[0], whole.history.at(-1)!];
    assert.ok(last.writing < 0.7 * first.writing, `${last.writing}`);
    const checkpoint = join(folder, "checkpoint.safetensors");
    let steps = 0;
    await assert.rejects(
      trainSvge(NASBENCH201, CONFIG, TRAINING, {
        executor,
        checkpoint,
        onProgress: () => {
          if (++steps === 20) throw new Error("killed");
        },
      }),
      /killed/,
    );
    const again = await trainSvge(NASBENCH201, CONFIG, TRAINING, {
      executor,
      checkpoint,
    });
    assert.deepEqual(again.weights, whole.weights);

    await using model = new Svge(NASBENCH201, whole, executor);
    const cells = Uint32Array.from({ length: 30 }, (_, i) => i);
    assert.equal((await model.encode(cells)).length, 30 * CONFIG.latentDim);
    const options = { name: "SVGe", cells: NASBENCH201.split().train };
    const one = graphAutoencoderGenerator(model, { ...options, drawsEach: 1 });
    const ten = graphAutoencoderGenerator(model, { ...options, drawsEach: 10 });
    const draw = async (generator: typeof one, seed: number) => {
      const { samples, draws } = await generator.sample(200, {
        random: Random.fromSeed(seed),
      });
      assert.equal(draws, 200);
      return samples;
    };
    const samples = await draw(one, 1);
    assert.deepEqual(await draw(one, 1), samples);
    assert.notDeepEqual(await draw(one, 2), samples);
    assert.notDeepEqual(await draw(ten, 1), samples);
    // All begin with the input, and end with the first output.
    for (const sample of samples) {
      assert.ok(typeof sample === "object" && "ops" in sample);
      assert.equal(NASBENCH201.ops[sample.ops[0]], "input");
      const outputs = [...sample.ops]
        .filter((op) => NASBENCH201.ops[op] === "output");
      assert.equal(outputs.length, 1);
    }
  });
});

Deno.test("graphs of both views are merged as the published code does it", () => {
  const graph = (nodes: number, edges: [number, number][]) =>
    graphOf(new Array(nodes).fill(1), edges);
  const forward = graph(4, [[0, 1], [1, 3]]);
  // Backward node i is forward node 3 − i: edges 2 → 3, 0 → 2 and 0 → 1.
  const backward = graph(4, [[0, 1], [1, 3], [2, 3]]);
  // 2 → 3 has a new source, but a target that has an edge; 0 → 2 a source that has one.
  assert.equal(graphText(mergedViews(forward, backward)), graphText(forward));
  // Where node 1 led nowhere and 3 came from nowhere, 1 → 3 is added.
  const dangling = graph(4, [[0, 1]]);
  assert.equal(
    graphText(mergedViews(dangling, graph(4, [[0, 2]]))),
    graphText(graph(4, [[0, 1], [1, 3]])),
  );
  // What a longer graph has beside it is left out.
  assert.equal(
    graphText(mergedViews(graph(2, [[0, 1]]), graph(4, [[0, 3]]))),
    graphText(graph(2, [[0, 1]])),
  );
});
