import assert from "node:assert/strict";
import { join } from "node:path";
import { writeJson } from "../../../lib/core/files.ts";
import { vqvaeConfig } from "../../../lib/models/vqvae/config.ts";
import { loadVqvae, vqvaeConfigOf } from "../../../lib/models/vqvae/files.ts";
import { SPACES } from "../../../lib/spaces/registry.ts";
import { withFolder } from "../../_helpers.ts";

const CONFIG = vqvaeConfig(SPACES[0]);

Deno.test("vqvaeConfigOf() gives back every configuration, its fields in their order", () => {
  for (const space of SPACES) {
    for (const code of ["arch-llm", "arch-llm-plus"] as const) {
      const config = vqvaeConfig(space, code);
      // Keys of results are made of the text.
      assert.equal(
        JSON.stringify(
          vqvaeConfigOf({ model_type: "arch-llm-vqvae", ...config }, "x"),
        ),
        JSON.stringify(config),
      );
    }
  }
  assert.equal(
    vqvaeConfigOf({ ...CONFIG, code: "positional" }, "x").code,
    "arch-llm-plus",
  );
});

Deno.test("vqvaeConfigOf() refuses each field that is not as it must be, by name", () => {
  const { code: _, ...nameless } = CONFIG;
  const { nodes: __, ...unsized } = CONFIG;
  const codes = "arch-llm or arch-llm-plus or printed or positional";
  const wrong: [file: unknown, message: string][] = [
    [null, "the file must be an object, got null"],
    [nameless, `code must be ${codes}, got undefined`],
    [
      { ...CONFIG, code: "constructor" },
      `code must be ${codes}, got constructor`,
    ],
    [unsized, "nodes must be a whole number in [1, 64], got undefined"],
    [
      { ...CONFIG, model_type: "t5" },
      "model_type must be arch-llm-vqvae, got t5",
    ],
    [
      { ...CONFIG, operations: 0 },
      "operations must be a whole number in [1, 64], got 0",
    ],
    [
      { ...CONFIG, hidden: 1e9 },
      "hidden must be a whole number in [1, 1024], got 1000000000",
    ],
    [
      { ...CONFIG, hidden: 1024, layers: 64, mlpDepth: 64 },
      "hidden² · layers · mlpDepth must be at most 16777216, got 1024² · 64 · 64",
    ],
    [
      { ...CONFIG, latentDim: 1.5 },
      "latentDim must be a whole number in [1, 1024], got 1.5",
    ],
    [
      { ...CONFIG, codebookSize: "512" },
      "codebookSize must be a whole number in [1, 65536], got 512",
    ],
    [
      { ...CONFIG, commitmentCost: -1 },
      "commitmentCost must be a number in [0, 1000], got -1",
    ],
    [
      { ...CONFIG, quantizationCost: null },
      "quantizationCost must be a number in [0, 1000], got null",
    ],
  ];
  for (const [file, message] of wrong) {
    assert.throws(() => vqvaeConfigOf(file, "x"), {
      name: "RangeError",
      message: `Cannot use the model of x: ${message}`,
    });
  }
});

Deno.test("loadVqvae() names the configuration that is wrong", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "config.json");
    await writeJson(path, { ...CONFIG, layers: 0 });
    await assert.rejects(loadVqvae(folder), {
      name: "RangeError",
      message:
        `Cannot use the model of ${path}: layers must be a whole number in [1, 64], got 0`,
    });
  });
});
