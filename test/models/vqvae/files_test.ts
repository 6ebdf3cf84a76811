import assert from "node:assert/strict";
import { join } from "node:path";
import { readJson, writeJson } from "../../../lib/core/files.ts";
import { Random } from "../../../lib/core/random.ts";
import {
  VQVAE_PAPER,
  type VqvaeConfig,
} from "../../../lib/models/vqvae/config.ts";
import { loadVqvae, saveVqvae } from "../../../lib/models/vqvae/files.ts";
import { initialVqvaeWeights } from "../../../lib/models/vqvae/network.ts";
import { withFolder } from "../../_helpers.ts";

const CONFIG: VqvaeConfig = {
  ...VQVAE_PAPER,
  nodes: 4,
  operations: 3,
  hidden: 4,
  layers: 1,
  latentDim: 2,
  codebookSize: 4,
};

Deno.test("loadVqvae() gives back what saveVqvae() wrote, and reads the earlier names of codes", async () => {
  await withFolder(async (folder) => {
    const weights = initialVqvaeWeights(CONFIG, Random.fromSeed(1));
    await saveVqvae(folder, { config: CONFIG, weights });
    assert.deepEqual(await loadVqvae(folder), { config: CONFIG, weights });
    const path = join(folder, "config.json");
    const written = await readJson<Record<string, unknown>>(path, "test");
    await writeJson(path, { ...written, code: "printed" });
    assert.equal((await loadVqvae(folder)).config.code, "arch-llm");
  });
});

Deno.test("loadVqvae() refuses each field that is not as it must be, before it makes room for weights", async () => {
  await withFolder(async (folder) => {
    const weights = initialVqvaeWeights(CONFIG, Random.fromSeed(1));
    await saveVqvae(folder, { config: CONFIG, weights });
    const path = join(folder, "config.json");
    const written = await readJson<Record<string, unknown>>(path, "test");
    const wrong: [changes: Record<string, unknown>, message: string][] = [
      [
        { hidden: 2 ** 40 },
        "hidden must be a whole number from 1 to 4096, got 1099511627776",
      ],
      [{ layers: 0 }, "layers must be a whole number from 1 to 64, got 0"],
      [
        { codebookSize: "4" },
        'codebookSize must be a whole number from 1 to 65536, got "4"',
      ],
      [
        { latentDim: undefined },
        "latentDim must be a whole number from 1 to 4096, got undefined",
      ],
      [
        { commitmentCost: -1 },
        "commitmentCost must be a number of at least 0, got -1",
      ],
      [
        { code: "toString" },
        'code must be one of arch-llm, arch-llm-plus, got "toString"',
      ],
      [{ model_type: "t5" }, 'model_type must be arch-llm-vqvae, got "t5"'],
      [
        { width: 4 },
        'a field must be one of nodes, operations, hidden, layers, mlpDepth, latentDim, codebookSize, commitmentCost, quantizationCost, got "width"',
      ],
    ];
    for (const [changes, message] of wrong) {
      await writeJson(path, { ...written, ...changes });
      await assert.rejects(loadVqvae(folder), {
        name: "RangeError",
        message: `Cannot use the model of ${path}: ${message}`,
      });
    }
    await writeJson(path, null);
    await assert.rejects(loadVqvae(folder), {
      message:
        `Cannot use the model of ${path}: its configuration must be an object, got null`,
    });
  });
});
