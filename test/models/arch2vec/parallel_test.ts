import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../../lib/core/files.ts";
import { eagerExecutor } from "../../../lib/engine/eager_executor.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  arch2vecConfig,
  repairedArch2vecConfig,
} from "../../../lib/models/arch2vec/config.ts";
import { trainArch2vecInParallel } from "../../../lib/models/arch2vec/parallel.ts";
import {
  arch2vecTraining,
  trainArch2vec,
} from "../../../lib/models/arch2vec/training.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { cellSplit } from "../../../lib/spaces/split.ts";
import { withFolder } from "../../_helpers.ts";

const space = getSpace("nasbench201");
const small = { hidden: 16, layers: 1 };
const runs = [
  { config: { ...arch2vecConfig(space), ...small }, seed: 3 },
  { config: { ...repairedArch2vecConfig(space), ...small }, seed: 4 },
].map(({ config, seed }) => ({
  config,
  training: { ...arch2vecTraining(space, seed), epochs: 2 },
}));
const limit = 1600;

const SPLIT = cellSplit(
  space.split().train.slice(0, 64),
  space.split().validation,
);

Deno.test("trainArch2vecInParallel() in workers gives the weights of one training after the other", async () => {
  const executor = onnxExecutor({ provider: "cpu" });
  await withFolder(async (folder) => {
    const reports: number[] = [];
    const path = (index: number) => join(folder, `${index}.safetensors`);
    const models = await trainArch2vecInParallel(
      space,
      runs.map((run, index) => ({ ...run, checkpoint: path(index) })),
      { executor, limit, onProgress: ({ done }) => reports.push(done) },
    );
    for (const [index, { config, training }] of runs.entries()) {
      const alone = await trainArch2vec(space, config, training, {
        executor,
        limit,
      });
      assert.deepEqual(models[index], alone);
      assert.ok(await exists(path(index)));
    }
    assert.equal(reports.at(-1), 200);
    assert.deepEqual(reports, reports.toSorted((a, b) => a - b));
  });
});

Deno.test("trainArch2vecInParallel() on another device trains there, one after the other", async () => {
  const executor = await eagerExecutor("cpu");
  const models = await trainArch2vecInParallel(
    space,
    runs.map(({ config, training }) => ({
      config,
      training: { ...training, epochs: 1 },
    })),
    { executor, limit: 64 },
  );
  assert.equal(models.length, 2);
  assert.notDeepEqual(models[0].weights, models[1].weights);
});

Deno.test("trainArch2vecInParallel() trains on a space that the registry does not have", async () => {
  const executor = onnxExecutor({ provider: "cpu" });
  // Another space under a name that no worker could open.
  const own = { ...space, name: "own", split: () => SPLIT };
  const models = await trainArch2vecInParallel(own, runs, { executor });
  for (const [index, { config, training }] of runs.entries()) {
    const alone = await trainArch2vec(own, config, training, { executor });
    assert.deepEqual(models[index], alone);
  }
});

Deno.test("trainArch2vecInParallel() passes on what goes wrong in a worker", async () => {
  await assert.rejects(
    trainArch2vecInParallel(
      space,
      runs.map((run) => ({ ...run, config: { ...run.config, operations: 3 } })),
      { executor: onnxExecutor({ provider: "cpu" }), limit: 32 },
    ),
    Error,
  );
});
