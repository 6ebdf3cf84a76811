import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../lib/core/files.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { arch2vecConfig, REPAIRED } from "../../lib/models/arch2vec/config.ts";
import {
  arch2vecTraining,
  trainArch2vec,
} from "../../lib/models/arch2vec/training.ts";
import {
  trainArch2vecs,
  trainT5s,
  trainVqvaes,
} from "../../lib/models/side_by_side.ts";
import { openT5Base, trainT5To } from "../../lib/models/t5/base.ts";
import { t5Training } from "../../lib/models/t5/training.ts";
import { CODES, eachCode, vqvaeConfig } from "../../lib/models/vqvae/config.ts";
import {
  trainVqvaeTo,
  vqvaeTraining,
} from "../../lib/models/vqvae/training.ts";
import { threadsEach } from "../../lib/core/workers.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellSplit } from "../../lib/spaces/split.ts";
import { withFolder } from "../_helpers.ts";

const space = getSpace("nasbench201");
const small = { hidden: 16, layers: 1 };
const runs = [
  { config: { ...arch2vecConfig(space), ...small }, seed: 3 },
  { config: { ...arch2vecConfig(space, REPAIRED), ...small }, seed: 4 },
].map(({ config, seed }) => ({
  config,
  training: { ...arch2vecTraining(space, seed), epochs: 2 },
}));
const limit = 1600;

const SPLIT = cellSplit(
  space.split().train.slice(0, 64),
  space.split().validation,
);

Deno.test("trainArch2vecs() in workers gives the weights of one training after the other", async () => {
  const executor = onnxExecutor({ provider: "cpu" });
  await withFolder(async (folder) => {
    const reports: number[] = [];
    const path = (index: number) => join(folder, `${index}.safetensors`);
    const models = await trainArch2vecs(
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

Deno.test("trainArch2vecs() on another device trains there, one after the other", async () => {
  const executor = await eagerExecutor("cpu");
  const models = await trainArch2vecs(
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

Deno.test("trainArch2vecs() trains on a space that the registry does not have", async () => {
  const executor = onnxExecutor({ provider: "cpu" });
  // Another space under a name that no worker could open.
  const own = { ...space, name: "own", split: () => SPLIT };
  const models = await trainArch2vecs(own, runs, { executor });
  for (const [index, { config, training }] of runs.entries()) {
    const alone = await trainArch2vec(own, config, training, { executor });
    assert.deepEqual(models[index], alone);
  }
});

Deno.test("trainArch2vecs() passes on what goes wrong in a worker", async () => {
  await assert.rejects(
    trainArch2vecs(
      space,
      runs.map((run) => ({ ...run, config: { ...run.config, operations: 3 } })),
      { executor: onnxExecutor({ provider: "cpu" }), limit: 32 },
    ),
    Error,
  );
});

/** What workers compute with. */
const likeWorkers = onnxExecutor({
  provider: "cpu",
  threads: threadsEach(CODES.length),
});

Deno.test("trainVqvaes() trains and saves both codes as one after the other", async () => {
  await withFolder(async (folder) => {
    const training = { ...vqvaeTraining(space), epochs: 1 };
    const runs = await eachCode((code) => ({
      directory: join(folder, code),
      config: { ...vqvaeConfig(space, code), hidden: 16 },
      training,
    }));
    const messages: string[] = [];
    const models = await trainVqvaes(space, runs, {
      executor: onnxExecutor({ provider: "cpu" }),
      onProgress: ({ message }) => messages.push(message),
    });
    for (const code of CODES) {
      const { weights } = await trainVqvaeTo(
        join(folder, `${code} alone`),
        space,
        runs[code].config,
        training,
        { executor: likeWorkers },
      );
      assert.deepEqual(models[code].weights, weights);
      assert.ok(await exists(join(folder, code, "model.safetensors")));
    }
    for (const name of ["Arch-LLM, ", "Arch-LLM+, "]) {
      assert.ok(messages.some((message) => message.startsWith(name)));
    }
  });
});

Deno.test("trainT5s() trains and saves both codes as one after the other", async () => {
  await withFolder(async (folder) => {
    const shape = { length: space.nodeCount, codebookSize: 16 };
    const sequencesOf = (step: number, count: number) => ({
      ...shape,
      codes: Int32Array.from(
        { length: count * shape.length },
        (_, i) => i * step % shape.codebookSize,
      ),
    });
    const training = {
      ...t5Training(space),
      ...{ epochs: 2, batchSize: 8, warmupSteps: 1 },
    };
    const runs = await eachCode((code) => ({
      directory: join(folder, code),
      sequences: {
        fitting: sequencesOf(code === CODES[0] ? 3 : 5, 32),
        tuning: sequencesOf(7, 8),
      },
      training,
    }));
    const base = await openT5Base(null, space, shape, { scratch: folder });
    const models = await trainT5s(space, runs, base, {
      executor: onnxExecutor({ provider: "cpu" }),
    });
    for (const code of CODES) {
      const alone = await trainT5To(
        join(folder, `${code} alone`),
        runs[code].sequences,
        base,
        training,
        { executor: likeWorkers },
      );
      assert.deepEqual(models[code].weights, alone.weights);
      assert.ok(await exists(join(folder, code, "model.safetensors")));
    }
  });
});
