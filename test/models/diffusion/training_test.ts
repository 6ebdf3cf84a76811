import assert from "node:assert/strict";
import { join } from "node:path";
import { Random } from "../../../lib/core/random.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  diffusionGenerator,
  trainedDiffusion,
} from "../../../lib/generation/diffusion.ts";
import { measureGenerator } from "../../../lib/generation/generator.ts";
import { trainDiffusion } from "../../../lib/models/diffusion/training.ts";
import { NASBENCH201 } from "../../../lib/spaces/nasbench201/space.ts";
import type { Graph } from "../../../lib/spaces/graph.ts";
import { withFolder } from "../../_helpers.ts";
import { TOY } from "../../_toy_space.ts";

const executor = onnxExecutor({ provider: "cpu", threads: 1 });
const SIZES = { steps: 8, hidden: 24, layers: 1 };
const TRAINING = {
  ...{ steps: 40, batchSize: 16, learningRate: 1e-2, cells: 96, seed: 0 },
};

Deno.test("a diffusion goes on from its checkpoint to the same weights", () =>
  withFolder(async (folder) => {
    const train = (options = {}) =>
      trainDiffusion(NASBENCH201, SIZES, TRAINING, { executor, ...options });
    const whole = await train();
    // 6 batches an epoch.
    assert.equal(whole.history.length, 7);
    assert.ok(whole.history.at(-1)!.loss < whole.history[0].loss);
    const checkpoint = join(folder, "checkpoint.safetensors");
    let steps = 0;
    await assert.rejects(
      train({
        checkpoint,
        onProgress: () => {
          if (++steps === 20) throw new Error("killed");
        },
      }),
      /killed/,
    );
    const again = await train({ checkpoint });
    assert.deepEqual(again.weights, whole.weights);
    const other = await trainDiffusion(
      NASBENCH201,
      SIZES,
      { ...TRAINING, seed: 1 },
      { executor, checkpoint },
    );
    assert.notDeepEqual(other.weights, whole.weights);
  }));

Deno.test("a diffusion learns which values stand together", async () => {
  // An operation tells whether the first edge is there: no marginal knows of that.
  const cells = TOY.cells();
  const together = (graph: Graph) =>
    (graph.ops[2] % 2 === 0) === ((graph.incoming[3] & 1) === 1);
  const train = Uint32Array.from({ length: cells.count }, (_, i) => i)
    .filter((index) =>
      together({
        ops: cells.ops.subarray(index * 4, index * 4 + 4),
        incoming: cells.incoming.subarray(index * 4, index * 4 + 4),
      })
    );
  const space = { ...TOY, split: () => ({ ...TOY.split(), train }) };
  const trained = await trainDiffusion(space, SIZES, {
    ...TRAINING,
    steps: 400,
  }, { executor });
  await using generator = diffusionGenerator(trained, executor, "diffusion");
  const draw = (seed: number, count = 600) =>
    generator.sample(count, { random: Random.fromSeed(seed) });
  const { samples, draws } = await draw(1);
  assert.equal(draws, 600);
  assert.equal(samples.length, 600);
  const right = samples.filter((sample) => together(sample as Graph)).length;
  // Half of independent draws would be.
  assert.ok(right > 0.9 * 600, `${right}`);
  assert.deepEqual((await draw(1)).samples, samples);
  assert.notDeepEqual((await draw(2)).samples, samples);
  await assert.rejects(
    generator.sample(1, {
      random: Random.fromSeed(0),
      signal: AbortSignal.abort(new Error("enough")),
    }),
    /enough/,
  );
  const measured = await measureGenerator(space, generator, {
    samples: 100,
    random: Random.fromSeed(3),
  });
  // All that varies makes a cell, and nothing is reconstructed.
  assert.equal(measured!.rows.strict.validity, 100);
  assert.ok(Number.isNaN(measured!.rows.strict.reconstruction));
});

Deno.test("trainedDiffusion() trains once for a run", () =>
  withFolder(async (folder) => {
    let steps = 0;
    const train = () =>
      trainedDiffusion(TOY, {
        executor,
        seed: 0,
        quick: true,
        newModel: (name) => join(folder, name),
        onProgress: () => steps++,
      });
    const { weights } = await train();
    assert.ok(steps > 0);
    steps = 0;
    assert.deepEqual((await train()).weights, weights);
    assert.equal(steps, 0);
  }));
