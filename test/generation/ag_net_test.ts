import assert from "node:assert/strict";
import { join } from "node:path";
import { Random } from "../../lib/core/random.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import {
  agNetGenerator,
  suitsAgNet,
  trainedAgNet,
} from "../../lib/generation/ag_net.ts";
import { measureGenerator } from "../../lib/generation/generator.ts";
import { DARTS } from "../../lib/spaces/darts/space.ts";
import { NASBENCH201 } from "../../lib/spaces/nasbench201/space.ts";
import { withFolder } from "../_helpers.ts";

const executor = onnxExecutor({ provider: "cpu", threads: 1 });

Deno.test("agNetGenerator() draws as many graphs as asked for, by its seed, and reconstructs none", () =>
  withFolder(async (folder) => {
    const trained = await trainedAgNet(NASBENCH201, {
      ...{ executor, seed: 0, quick: true },
      newModel: (name) => join(folder, name),
    });
    await using generator = agNetGenerator(
      NASBENCH201,
      trained,
      executor,
      "AG-Net",
    );
    const sample = async (count: number, seed: number) =>
      (await generator.sample(count, { random: Random.fromSeed(seed) }))
        .samples;
    const samples = await sample(600, 0);
    assert.equal(samples.length, 600);
    assert.deepEqual(await sample(600, 0), samples);
    assert.notDeepEqual(await sample(600, 1), samples);
    const measured = await measureGenerator(NASBENCH201, generator, {
      samples: 600,
      random: Random.fromSeed(0),
    });
    const { rows, reports } = measured!;
    assert.ok(Number.isNaN(rows.strict.reconstruction));
    assert.equal(reports.strict.samples, 600);
    assert.deepEqual(measured!.samples, samples);
  }));

Deno.test("suitsAgNet() leaves out cells of two inputs", () => {
  assert.ok(suitsAgNet(NASBENCH201));
  assert.ok(!suitsAgNet(DARTS));
});
