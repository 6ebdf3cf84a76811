import assert from "node:assert/strict";
import { join } from "node:path";
import { loadAccuraciesFrom } from "../../../lib/accuracies/accuracies.ts";
import {
  loadOrPredictAccuracies,
  loadSurrogate,
  saveSurrogate,
  surrogatePath,
  trainSurrogate,
} from "../../../lib/models/surrogate/surrogate.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import { kendallTau } from "../../../lib/metrics/agreement.ts";
import { writeSafetensors } from "../../../lib/core/safetensors.ts";
import { Random } from "../../../lib/core/random.ts";

import { getSpace } from "../../../lib/spaces/registry.ts";
import { sharedData, withFolder } from "../../_helpers.ts";
import { madeUpTable, SPACE } from "../../search/_tables.ts";

const executor = onnxExecutor({ provider: "cpu" });

Deno.test("trainSurrogate() learns accuracies and keeps to itself cells for its test", async () => {
  const table = madeUpTable();
  const train = () =>
    trainSurrogate(SPACE, [table], {
      executor,
      random: Random.fromSeed(0),
      steps: 300,
    });
  const surrogate = await train();
  assert.deepEqual(
    surrogate.quality.map(({ accuracy, cells }) => [accuracy, cells]),
    [["validation", 1407], ["test", 1407]], // a tenth of the covered 14,062
  );
  for (const { r2, tau } of surrogate.quality) {
    assert.ok(r2 > 0.95 && tau > 0.8, `R² ${r2}, τ ${tau}`);
  }
  assert.deepEqual(await train(), surrogate);
  await withFolder(async (folder) => {
    const path = join(folder, "model.safetensors");
    await saveSurrogate(path, surrogate);
    const loaded = await loadSurrogate(path);
    assert.deepEqual(loaded.quality, surrogate.quality);
    assert.deepEqual(loaded.weights, surrogate.weights);
  });
});

Deno.test("loadSurrogate() says what a file lacks that is no surrogate", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "other.safetensors");
    await writeSafetensors(path, new Map());
    await assert.rejects(loadSurrogate(path), {
      name: "RangeError",
      message:
        `Cannot read the surrogate ${path}: its metadata must hold its quality, got none`,
    });
  });
});

Deno.test("without a table accuracies are predicted, and say so; a broken table is an error", async () => {
  await withFolder(async (folder) => {
    const tables = await loadOrPredictAccuracies(SPACE, executor, { folder });
    assert.deepEqual(
      tables.map(({ dataset }) => dataset),
      ["cifar10", "cifar100", "imagenet16-120"],
    );
    for (const { surrogate, source, validation, covered } of tables) {
      assert.ok(surrogate);
      assert.match(source, /^surrogate: .* 15,625 cells are predicted/);
      assert.equal(covered.length, 15_625);
      assert.ok(validation.every((value) => value >= 0 && value <= 1));
    }
    await Deno.mkdir(join(folder, "nasbench201"));
    await Deno.writeTextFile(
      join(folder, "nasbench201", "nasbench201_cifar10.json"),
      "{",
    );
    await assert.rejects(
      loadOrPredictAccuracies(SPACE, executor, { folder }),
      /nasbench201_cifar10.json/,
    );
  });
});

for (
  const [name, least] of [["nasbench201", 0.9], ["nasbench101", 0.8]] as const
) {
  Deno.test({
    name: `the surrogate of ${name} orders real accuracies as its file says`,
    ignore: sharedData(name) === null,
    async fn() {
      const space = getSpace(name);
      await space.prepare();
      const real = await loadAccuraciesFrom([sharedData(name)!], name);
      const { quality } = await loadSurrogate(surrogatePath(space));
      await withFolder(async (folder) => {
        const predicted = await loadOrPredictAccuracies(space, executor, {
          folder,
        });
        for (const [d, { dataset, covered, validation }] of real.entries()) {
          const cells = covered.filter((_, i) => i % 10 === 0);
          const pick = (values: Float64Array) =>
            Array.from(cells, (cell) => values[cell]);
          const tau = kendallTau(
            pick(predicted[d].validation),
            pick(validation),
          );
          const claimed = quality.find((row) =>
            row.dataset === dataset && row.accuracy === "validation"
          )!;
          assert.ok(claimed.tau > least, `${dataset}: τ ${claimed.tau}`);
          // Nine in ten of these cells were trained on.
          assert.ok(tau > claimed.tau - 0.02, `${dataset}: τ ${tau}`);
        }
      });
    },
  });
}
