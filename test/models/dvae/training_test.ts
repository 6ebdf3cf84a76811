import assert from "node:assert/strict";
import { join } from "node:path";
import { Random } from "../../../lib/core/random.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import { graphAutoencoderGenerator } from "../../../lib/generation/graph_autoencoder.ts";
import { dvaeConfig } from "../../../lib/models/dvae/config.ts";
import { Dvae, writableShare } from "../../../lib/models/dvae/dvae.ts";
import { initialDvaeWeights } from "../../../lib/models/dvae/network.ts";
import { trainDvae } from "../../../lib/models/dvae/training.ts";
import { NASBENCH201 } from "../../../lib/spaces/nasbench201/space.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { withFolder } from "../../_helpers.ts";

const executor = onnxExecutor({ provider: "cpu", threads: 1 });
const CONFIG = {
  ...dvaeConfig(NASBENCH201),
  ...{ stateDim: 24, latentDim: 8 },
};
const TRAINING = {
  ...{ epochs: 8, batchSize: 16, learningRate: 1e-2, cells: 96, seed: 0 },
};

Deno.test("D-VAE learns, and goes on from its checkpoint to the same weights", () =>
  withFolder(async (folder) => {
    const whole = await trainDvae(NASBENCH201, CONFIG, TRAINING, { executor });
    const [first, last] = [whole.history[0], whole.history.at(-1)!];
    assert.ok(
      last.writing < 0.6 * first.writing,
      `${first.writing} ${last.writing}`,
    );
    // The layer that is never used is as it was.
    const random = Random.fromSeed(TRAINING.seed).split("weights");
    const initial = initialDvaeWeights(CONFIG, random);
    const unchanged = Object.keys(initial).filter((name) =>
      initial[name].data.every((value, i) =>
        whole.weights[name].data[i] === value
      )
    );
    assert.deepEqual(unchanged, [
      "encoder.vertex.weight",
      "encoder.vertex.bias",
    ]);
    const checkpoint = join(folder, "checkpoint.safetensors");
    let steps = 0;
    await assert.rejects(
      trainDvae(NASBENCH201, CONFIG, TRAINING, {
        executor,
        checkpoint,
        onProgress: () => {
          if (++steps === 20) throw new Error("killed");
        },
      }),
      /killed/,
    );
    const again = await trainDvae(NASBENCH201, CONFIG, TRAINING, {
      executor,
      checkpoint,
    });
    assert.deepEqual(again.weights, whole.weights);

    await using model = new Dvae(NASBENCH201, whole, executor);
    const cells = NASBENCH201.split().train.slice(0, TRAINING.cells);
    const generator = graphAutoencoderGenerator(model, {
      name: "D-VAE",
      drawsEach: 1,
      cells,
    });
    assert.equal((await model.encode(cells)).length, 96 * CONFIG.latentDim);
    const { ops, incoming } = await generator.reconstruct(cells);
    assert.equal(ops.length, 96 * CONFIG.nodes);
    assert.equal(incoming.length, 96 * CONFIG.nodes);
    const { samples } = await generator.sample(600, {
      random: Random.fromSeed(1),
    });
    assert.equal(samples.length, 600);
    for (const sample of samples) {
      assert.ok(typeof sample === "object" && "ops" in sample);
      assert.equal(sample.ops[0], CONFIG.first);
      assert.equal(sample.ops.indexOf(CONFIG.last), sample.ops.length - 1);
    }
  }));

Deno.test("D-VAE can write all cells of NAS-Bench-201, and a third of NAS-Bench-101's", async () => {
  const share = async (name: string) => {
    const space = getSpace(name);
    await space.prepare();
    return writableShare(space.cells(), space.split().validation);
  };
  assert.equal(await share("nasbench201"), 1);
  // Counted by pairs of edges u → v and u → output, by other code.
  assert.ok(Math.abs(await share("nasbench101") - 0.349644737152704) < 1e-12);
});
