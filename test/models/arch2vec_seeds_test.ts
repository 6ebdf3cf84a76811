import assert from "node:assert/strict";
import { join } from "node:path";
import { eagerExecutor } from "../../lib/compile/eager_executor.ts";
import { onnxExecutor } from "../../lib/compile/onnx_executor.ts";
import { exists } from "../../lib/files.ts";
import { arch2vecConfig } from "../../lib/models/arch2vec.ts";
import { trainArch2vecSeeds } from "../../lib/models/arch2vec_seeds.ts";
import {
  arch2vecTraining,
  trainArch2vec,
} from "../../lib/models/arch2vec_training.ts";
import { getSpace } from "../../lib/spaces/space.ts";
import { withFolder } from "../_helpers.ts";

const space = getSpace("nasbench201");
const config = { ...arch2vecConfig(space), hidden: 16, layers: 1 };
const trainings = [3, 4].map((seed) => ({
  ...arch2vecTraining(space, seed),
  epochs: 2,
}));
const limit = 1600;

Deno.test("trainArch2vecSeeds() in workers gives the weights of one training after the other", async () => {
  const executor = onnxExecutor({ provider: "cpu" });
  await withFolder(async (folder) => {
    const reports: number[] = [];
    const models = await trainArch2vecSeeds(space, config, trainings, {
      executor,
      limit,
      checkpoint: (seed) => join(folder, `${seed}.safetensors`),
      onProgress: ({ done }) => reports.push(done),
    });
    for (const [index, training] of trainings.entries()) {
      const alone = await trainArch2vec(space, config, training, {
        executor,
        limit,
      });
      assert.deepEqual(models[index], alone);
      assert.ok(await exists(join(folder, `${training.seed}.safetensors`)));
    }
    assert.equal(reports.at(-1), 200);
    assert.deepEqual(reports, reports.toSorted((a, b) => a - b));
  });
});

Deno.test("trainArch2vecSeeds() on another device trains there, one after the other", async () => {
  const executor = await eagerExecutor("cpu");
  const models = await trainArch2vecSeeds(
    space,
    config,
    trainings.map((training) => ({ ...training, epochs: 1 })),
    { executor, limit: 64 },
  );
  assert.equal(models.length, 2);
  assert.notDeepEqual(models[0].weights, models[1].weights);
});

Deno.test("trainArch2vecSeeds() passes on what goes wrong in a worker", async () => {
  await assert.rejects(
    trainArch2vecSeeds(space, { ...config, operations: 3 }, trainings, {
      executor: onnxExecutor({ provider: "cpu" }),
      limit: 32,
    }),
    Error,
  );
});
