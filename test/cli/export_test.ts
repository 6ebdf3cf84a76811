import assert from "node:assert/strict";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseExportArguments, runExport } from "../../lib/cli/export.ts";

import { saveVqvae } from "../../lib/models/vqvae/files.ts";
import { initialVqvaeWeights } from "../../lib/models/vqvae/network.ts";
import { vqvaeConfig } from "../../lib/models/vqvae/config.ts";
import { Random } from "../../lib/core/random.ts";

import { PROJECT_ROOT } from "../../lib/core/project.ts";

import { getSpace } from "../../lib/spaces/registry.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("parseExportArguments() names the models of a record or a run, or single folders", () => {
  const models = (root: string, kind: string) =>
    ["arch-llm", "arch-llm-plus"].map((code) =>
      join(root, "models", code, kind)
    );
  for (
    const [args, root] of [
      [[], join(PROJECT_ROOT, "outputs", "nasbench201")],
      [["--space", "nasbench101", "--outputs", "b"], "/a/b/nasbench101"],
      [["--outputs", "/c"], "/c/nasbench201"],
      [["--outputs", "/c", "--run", "mine"], "/c/runs/mine"],
    ] as const
  ) {
    assert.deepEqual(parseExportArguments(args, "/a"), {
      vqvae: models(root, "vqvae"),
      t5: models(root, "t5"),
      help: false,
    });
  }
  assert.deepEqual(parseExportArguments(["--t5", "x"], "/a"), {
    vqvae: [],
    t5: ["/a/x"],
    help: false,
  });
  assert.deepEqual(
    parseExportArguments(["--t5", "x", "--vqvae", "/y"], "/a"),
    { vqvae: ["/y"], t5: ["/a/x"], help: false },
  );
});

Deno.test("parseExportArguments() names what is wrong", () => {
  const wrong: [args: string[], message: RegExp][] = [
    [["--space", "darts"], /darts/],
    [
      ["--quick"],
      /^Cannot export models: unknown option '--quick'; the options are --space, --run, --outputs, --t5, --vqvae, --help$/,
    ],
    [
      ["--t5", "x", "--space", "nasbench201"],
      /^Cannot export models: --t5 and --vqvae must stand without --space, --run and --outputs, got both$/,
    ],
    [
      ["--run", "mine", "--space", "nasbench201"],
      /^Cannot export models: --run must stand without --space, got both$/,
    ],
  ];
  for (const [args, message] of wrong) {
    assert.throws(() => parseExportArguments(args), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("runExport() writes beside the models that are there", async () => {
  await withFolder(async (outputs) => {
    const request = parseExportArguments(["--outputs", outputs]);
    await assert.rejects(
      runExport(request, () => {}),
      /^Error: Cannot export models: there must be a trained model \(config\.json\) in .*, got none$/,
    );
    const models = join(outputs, "nasbench201", "models", "arch-llm-plus");
    const config = vqvaeConfig(getSpace("nasbench201"), "arch-llm-plus");
    await saveVqvae(join(models, "vqvae"), {
      config,
      weights: initialVqvaeWeights(config, Random.fromSeed(0)),
    });
    const fixture = new URL("../fixtures/t5_tiny/", import.meta.url).pathname;
    await mkdir(join(models, "t5"));
    for (const name of ["config.json", "model.safetensors"]) {
      await copyFile(join(fixture, name), join(models, "t5", name));
    }
    const lines: string[] = [];
    await runExport(request, (line) => lines.push(line));
    const folder = join(outputs, "nasbench201", "models");
    assert.deepEqual(
      lines.map((line) => line.replace(folder, "").replace(/[\d.]+ MB/, "MB")),
      [
        "/arch-llm/vqvae: no model, left out",
        "/arch-llm-plus/vqvae/onnx/encoder.onnx: MB",
        "/arch-llm-plus/vqvae/onnx/decoder.onnx: MB",
        "/arch-llm/t5: no model, left out",
        "/arch-llm-plus/t5/onnx/encoder_model.onnx: MB",
        "/arch-llm-plus/t5/onnx/decoder_model_merged.onnx: MB",
      ],
    );
    assert.match(lines[4], /: 0\.029 MB$/);
    for (const line of lines) {
      if (line.endsWith("MB")) await Deno.stat(line.split(": ")[0]);
    }
  });
});
