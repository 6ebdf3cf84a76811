import assert from "node:assert/strict";
import { join } from "node:path";
import { Random } from "../../../lib/core/random.ts";
import { writeSafetensors } from "../../../lib/core/safetensors.ts";
import { floats } from "../../../lib/core/tensors.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  loadSurrogate,
  predictAccuracies,
  saveSurrogate,
  trainSurrogate,
} from "../../../lib/models/surrogate/surrogate.ts";
import { withFolder } from "../../_helpers.ts";
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

Deno.test("predictAccuracies() refuses a surrogate of other data sets", async () => {
  const surrogate = await trainSurrogate(SPACE, [madeUpTable()], {
    executor,
    random: Random.fromSeed(0),
    steps: 1,
  });
  await assert.rejects(
    predictAccuracies(SPACE, surrogate, executor),
    new RangeError(
      "Cannot predict the accuracies of NAS-Bench-201: the surrogate must have 6 outputs, got 2",
    ),
  );
});

Deno.test("loadSurrogate() refuses tensors that are not those of a surrogate", async () => {
  const surrogate = await trainSurrogate(SPACE, [madeUpTable()], {
    executor,
    random: Random.fromSeed(0),
    steps: 1,
  });
  await withFolder(async (folder) => {
    const path = join(folder, "model.safetensors");
    const { weights } = surrogate;
    const { mean: _, ...rest } = weights;
    const wrong: [changed: typeof surrogate, message: RegExp][] = [
      [
        { ...surrogate, weights: rest },
        /its tensor mean must be of shape \[2\], got none$/,
      ],
      [
        { ...surrogate, weights: { ...weights, mean: floats([1], [1]) } },
        /its tensor mean must be of shape \[2\], got \[1\]$/,
      ],
      [
        { ...surrogate, weights: { ...weights, mean: floats([2], [1, NaN]) } },
        /its tensor mean must be of finite numbers, got others$/,
      ],
      [
        { ...surrogate, weights: { ...weights, other: floats([1], [1]) } },
        /its tensors must be layer\.0\.weight, .*, deviation, got other$/,
      ],
      [
        { ...surrogate, quality: [{ ...surrogate.quality[0], r2: 2 }] },
        /its metadata must hold its quality, got "\[\{/,
      ],
    ];
    for (const [changed, message] of wrong) {
      await saveSurrogate(path, changed);
      await assert.rejects(loadSurrogate(path), {
        name: "RangeError",
        message,
      });
    }
  });
});
