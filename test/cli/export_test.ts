import assert from "node:assert/strict";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseExportArguments, runExport } from "../../lib/cli/export.ts";
import { writeJson } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { Random } from "../../lib/core/random.ts";
import { vqvaeConfig } from "../../lib/models/vqvae/config.ts";
import { saveVqvae } from "../../lib/models/vqvae/files.ts";
import { initialVqvaeWeights } from "../../lib/models/vqvae/network.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("parseExportArguments() names the models of a record or a run, or single folders", () =>
  withFolder(async (folder) => {
    for (const name of ["b", "c", "x", "y"]) await mkdir(join(folder, name));
    for (const name of ["x", "y"]) {
      await writeJson(join(folder, name, "config.json"), {});
    }
    const c = join(folder, "c"), y = join(folder, "y");
    const models = (root: string, kind: string) =>
      ["arch-llm", "arch-llm-plus"].map((code) =>
        join(root, "models", code, kind)
      );
    for (
      const [args, root] of [
        [[], join(PROJECT_ROOT, "outputs", "nasbench201")],
        [
          ["--space", "nasbench101", "--outputs", "b"],
          join(folder, "b/nasbench101"),
        ],
        [["--outputs", c], join(c, "nasbench201")],
        [["--outputs", c, "--run", "mine"], join(c, "runs/mine")],
      ] as const
    ) {
      assert.deepEqual(parseExportArguments(args, folder), {
        vqvae: models(root, "vqvae"),
        t5: models(root, "t5"),
      });
    }
    assert.deepEqual(parseExportArguments(["--t5", "x"], folder), {
      vqvae: [],
      t5: [join(folder, "x")],
    });
    assert.deepEqual(
      parseExportArguments(["--t5", "x", "--vqvae", y], folder),
      { vqvae: [y], t5: [join(folder, "x")] },
    );
  }));

Deno.test("parseExportArguments() names what is wrong", () => {
  const wrong: [args: string[], message: RegExp][] = [
    [["--space", "hiaml"], /hiaml/],
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
    [
      ["--run", "../mine"],
      /^Cannot export models: the name of a run must be up to 100 letters, .*, got \.\.\/mine$/,
    ],
    [
      ["--t5", "/etc/passwd"],
      /^Cannot export models: --t5 must be a folder with config\.json, got a file: \/etc\/passwd$/,
    ],
    [
      ["--vqvae", PROJECT_ROOT],
      /^Cannot export models: --vqvae must be a folder with config\.json, got .* without config\.json$/,
    ],
    [
      ["--outputs", "/nowhere"],
      /^Cannot export models: --outputs must be a folder, got nothing at \/nowhere$/,
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
