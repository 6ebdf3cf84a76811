import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../lib/core/files.ts";
import { Random } from "../../lib/core/random.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import {
  arch2vecContenders,
  arch2vecGenerator,
  openArch2vec,
} from "../../lib/generation/arch2vec.ts";
import { Arch2vec } from "../../lib/models/arch2vec/arch2vec.ts";
import {
  arch2vecConfig,
  repairedArch2vecConfig,
} from "../../lib/models/arch2vec/config.ts";
import { initialArch2vecWeights } from "../../lib/models/arch2vec/network.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellSplit } from "../../lib/spaces/split.ts";
import { withFolder } from "../_helpers.ts";

const executor = onnxExecutor({ provider: "cpu", threads: 1 });
const whole = getSpace("nasbench201");
const few = cellSplit(
  whole.split().train.slice(0, 64),
  whole.split().validation.slice(0, 16),
);
const space = { ...whole, split: () => few };
const config = arch2vecConfig(space);
const trained = (seed: number) => ({
  config,
  weights: initialArch2vecWeights(config, Random.fromSeed(seed)),
});

Deno.test("arch2vecGenerator() samples and reconstructs as the model does", async () => {
  const generator = arch2vecGenerator(space, trained(0), executor, "arch2vec");
  const model = new Arch2vec(trained(0), executor);
  const { samples, draws } = await generator.sample(12, {
    random: Random.fromSeed(3),
  });
  assert.equal(draws, 12);
  assert.deepEqual(
    samples,
    await model.sample(space, 12, { random: Random.fromSeed(3) }),
  );
  assert.deepEqual(
    await generator.reconstruct(few.validation),
    await model.reconstruction(space, few.validation),
  );
  await assert.rejects(
    generator.sample(1, {
      random: Random.fromSeed(3),
      signal: AbortSignal.abort(new Error("enough")),
    }),
    /enough/,
  );
  await model.dispose();
  await generator[Symbol.asyncDispose]();
});

Deno.test("arch2vecGenerator() has a key of its weights", async () => {
  const key = async (seed: number) => {
    await using generator = arch2vecGenerator(
      space,
      trained(seed),
      executor,
      "arch2vec",
    );
    return generator.key;
  };
  assert.equal(await key(0), await key(0));
  assert.notEqual(await key(0), await key(1));
});

Deno.test("arch2vecContenders() are the published model with three seeds and the repaired one", () => {
  assert.deepEqual(arch2vecContenders(space, 4), [
    ...[4, 5, 6].map((seed) => ({
      name: "arch2vec, run here",
      config,
      folder: `arch2vec/${seed}`,
      seed,
    })),
    {
      name: "arch2vec, repaired",
      config: repairedArch2vecConfig(space),
      folder: "arch2vec/repaired",
      seed: 4,
    },
  ]);
});

Deno.test("openArch2vec() trains the first contender once, then finds it again", async () => {
  await withFolder(async (folder) => {
    const open = () =>
      openArch2vec(space, {
        seed: 4,
        quick: true,
        executor,
        newModel: (name) => join(folder, name),
      });
    await using first = await open();
    const checkpoint = join(folder, "arch2vec/4/checkpoint.safetensors");
    assert.ok(await exists(checkpoint));
    const { mtime } = await Deno.stat(checkpoint);
    await using again = await open();
    assert.equal(again.key, first.key);
    assert.deepEqual((await Deno.stat(checkpoint)).mtime, mtime);
  });
});
