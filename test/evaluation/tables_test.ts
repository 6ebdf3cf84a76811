import assert from "node:assert/strict";
import { join } from "node:path";
import { loadAccuraciesFrom } from "../../lib/accuracies/accuracies.ts";
import { sha256 } from "../../lib/core/files.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import {
  accuracyInputs,
  loadOrPredictAccuracies,
  surrogateQuality,
} from "../../lib/evaluation/tables.ts";
import { kendallTau } from "../../lib/metrics/agreement.ts";
import {
  loadSurrogate,
  surrogatePath,
} from "../../lib/models/surrogate/surrogate.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import type { EnumeratedSpace } from "../../lib/spaces/space.ts";
import { sharedData, withFolder } from "../_helpers.ts";

const SPACE = getSpace("nasbench201") as EnumeratedSpace;
const executor = onnxExecutor({ provider: "cpu" });

Deno.test("loadOrPredictAccuracies() predicts accuracies without a table, and says so; a broken table is an error", async () => {
  await withFolder(async (folder) => {
    const tables = await loadOrPredictAccuracies(SPACE, executor, { folder });
    assert.deepEqual(
      tables.map(({ dataset }) => dataset),
      ["cifar10", "cifar100", "imagenet16-120"],
    );
    assert.equal(tables[2].title, "ImageNet16-120");
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

Deno.test("loadOrPredictAccuracies() needs a table where a space has no surrogate", async () => {
  const { surrogate: _, ...accuracies } = SPACE.accuracies!;
  const space: EnumeratedSpace = { ...SPACE, accuracies };
  await withFolder(async (folder) => {
    await assert.rejects(
      loadOrPredictAccuracies(space, executor, { folder }),
      { name: "MissingAccuraciesError" },
    );
  });
});

Deno.test("surrogateQuality() is of both accuracies of each data set, where there is a surrogate", async () => {
  const quality = await surrogateQuality(SPACE);
  assert.deepEqual(
    quality.map(({ dataset, accuracy }) => `${dataset} ${accuracy}`),
    ["cifar10", "cifar100", "imagenet16-120"].flatMap((dataset) => [
      `${dataset} validation`,
      `${dataset} test`,
    ]),
  );
  assert.ok(quality.every(({ tau, r2 }) => tau > 0.5 && r2 > 0.5));
  const { accuracies: _, ...bare } = SPACE;
  await assert.rejects(surrogateQuality(bare), {
    name: "RangeError",
    message:
      "Cannot tell how well accuracies are predicted: NAS-Bench-201 must have a surrogate, got none",
  });
});

Deno.test("accuracyInputs() are the files there are, else the surrogate", async () => {
  const before = Deno.env.get("ARCHLLM_DATA");
  try {
    await withFolder(async (folder) => {
      Deno.env.set("ARCHLLM_DATA", folder);
      // Named otherwise, so that what lies in data/ is not found.
      const space = { ...SPACE, name: "elsewhere" };
      const surrogate = await Deno.readFile(surrogatePath(SPACE)!);
      assert.equal(await accuracyInputs(space), sha256(surrogate));
      const { accuracies: _, ...untrained } = space;
      assert.equal(await accuracyInputs(untrained), null);
      const own = join(folder, "elsewhere");
      await Deno.mkdir(own);
      const path = join(own, "nasbench201_cifar100.json");
      await Deno.writeTextFile(path, "{}");
      await Deno.utime(path, 5, 5);
      assert.deepEqual(await accuracyInputs(space), [
        { name: "nasbench201_cifar100.json", bytes: 2, modifiedMs: 5000 },
      ]);
    });
  } finally {
    if (before === undefined) Deno.env.delete("ARCHLLM_DATA");
    else Deno.env.set("ARCHLLM_DATA", before);
  }
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
      const real = await loadAccuraciesFrom([sharedData(name)!], space);
      const { quality } = await loadSurrogate(surrogatePath(space)!);
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
