import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../lib/core/files.ts";
import { checkRunSettings } from "../../lib/run/settings.ts";
import {
  filesLeft,
  isModelFile,
  isStageDone,
  readStageRecord,
  removeResults,
  removeStageRecord,
  removeStale,
  resultFiles,
  snapshotResults,
  type Stage,
  stageKey,
  type StageRecord,
  STAGES,
  writeStageRecord,
} from "../../lib/run/stages.ts";
import { withFolder } from "../_helpers.ts";

async function writeNotebook(
  folder: string,
  name: string,
  source: string,
  output = "",
): Promise<void> {
  await Deno.writeTextFile(
    join(folder, `${name}.ipynb`),
    JSON.stringify({
      cells: [{ cell_type: "code", metadata: {}, source, outputs: [output] }],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
    }),
  );
}

const RECORD: StageRecord = {
  name: "a",
  key: "key",
  git: null,
  finished: "2026-01-01T00:00:00.000Z",
  seconds: 1,
  peakMemoryBytes: null,
  files: {},
};

Deno.test("STAGES are numbered notebooks in order", () => {
  STAGES.forEach(({ name }, index) =>
    assert.match(name, new RegExp(`^${index + 1}_`))
  );
});

const STAGE: Stage = {
  name: "b",
  versions: { stage: 1, vqvae: 3 },
  ignores: ["samples"],
  reads: ["vqvae"],
};

Deno.test("stageKey() changes with versions, own code, settings that matter, and inputs", async () => {
  await withFolder(async (folder) => {
    await writeNotebook(folder, "a", "1;");
    const code = `import "./lib.ts";`;
    await writeNotebook(folder, "b", code);
    await Deno.writeTextFile(join(folder, "lib.ts"), "");
    const settings = checkRunSettings({});
    const before = [{
      ...RECORD,
      files: {
        "models/arch-llm/vqvae/model.safetensors": "weights",
        "models/arch-llm/vqvae/checkpoint.safetensors": "checkpoint",
        "models/arch-llm/t5/model.safetensors": "weights",
        "figures/f.json": "figure",
      },
    }];
    const keyOf = (
      { stage = {}, setting = {}, files = {} }: {
        stage?: Partial<Stage>;
        setting?: Partial<typeof settings>;
        files?: Record<string, string>;
      } = {},
    ) =>
      stageKey(
        { ...STAGE, ...stage },
        [{ ...before[0], files: { ...before[0].files, ...files } }],
        folder,
        { ...settings, ...setting },
      );
    const key = await keyOf();
    assert.match(key, /^[0-9a-f]{64}$/);
    assert.equal(await keyOf(), key);

    // Not concerned: where results go, what it ignores, other notebooks, outputs of cells,
    // a comment in a module, results that it does not read, how a stage before came about.
    assert.equal(await keyOf({ setting: { name: "x", root: "/o" } }), key);
    assert.equal(await keyOf({ setting: { samples: 3 } }), key);
    await writeNotebook(folder, "a", "3;");
    await writeNotebook(folder, "b", code, "an output");
    await Deno.writeTextFile(join(folder, "lib.ts"), "// a comment");
    assert.equal(await keyOf(), key);
    for (
      const path of [
        "figures/f.json",
        "models/arch-llm/t5/model.safetensors",
        "models/arch-llm/vqvae/checkpoint.safetensors",
      ]
    ) assert.equal(await keyOf({ files: { [path]: "other" } }), key);
    before[0] = { ...before[0], key: "other", seconds: 9 };
    assert.equal(await keyOf(), key);

    // Concerned, each in its own way.
    const weights = "models/arch-llm/vqvae/model.safetensors";
    const reading = (file: string): Partial<Stage> => ({
      inputs: () => Promise.resolve(file),
    });
    const others = [
      await keyOf({ stage: { versions: { stage: 2, vqvae: 3 } } }),
      await keyOf({ stage: { versions: { stage: 1, vqvae: 4 } } }),
      await keyOf({ setting: { seed: 1 } }),
      await keyOf({ setting: { quick: true } }),
      await keyOf({ files: { [weights]: "other" } }),
      await keyOf({ stage: reading("x") }),
      await keyOf({ stage: reading("y") }),
      (await writeNotebook(folder, "b", "4;"), await keyOf()),
    ];
    assert.equal(new Set([key, ...others]).size, others.length + 1);
  });
});

Deno.test("isModelFile() leaves out checkpoints and exports", () => {
  const is = (path: string) => isModelFile(path, "t5");
  assert.ok(is("models/arch-llm/t5/model.safetensors"));
  assert.ok(is("models/arch-llm-plus/t5/tokenizer.json"));
  for (
    const path of [
      "models/arch-llm/t5/checkpoint.safetensors",
      "models/arch-llm/t5/onnx/encoder_model.onnx",
      "models/arch-llm/vqvae/model.safetensors",
      "models/tokenizer/tokenizer.json",
      "samples/arch-llm/t5/x.json",
    ]
  ) assert.ok(!is(path), path);
});

Deno.test("STAGES run again by themselves: all for another seed, one for its notebook or a version", async () => {
  await withFolder(async (folder) => {
    for (const { name } of STAGES) await writeNotebook(folder, name, "1;");
    const keys = (settings = {}, stages = STAGES) =>
      Promise.all(
        stages.map((stage) =>
          stageKey(stage, [RECORD], folder, checkRunSettings(settings))
        ),
      );
    const before = await keys();
    const changed = (after: string[]) =>
      STAGES.filter((_, i) => after[i] !== before[i]).map(({ name }) => name);
    assert.deepEqual(changed(await keys()), []);
    assert.deepEqual(changed(await keys({ name: "mine" })), []);
    assert.equal(changed(await keys({ seed: 1 })).length, STAGES.length);
    assert.deepEqual(changed(await keys({ samples: 9 })), ["5_generate"]);
    const raised = STAGES.map((stage) => ({
      ...stage,
      versions: "arch2vec" in stage.versions
        ? { ...stage.versions, arch2vec: 99 }
        : stage.versions,
    }));
    assert.deepEqual(
      changed(await keys({}, raised)),
      ["5_generate", "6_latent", "7_nas"],
    );
    await writeNotebook(folder, "3_tokenize", "2;");
    assert.deepEqual(changed(await keys()), ["3_tokenize"]);
  });
});

Deno.test("STAGES tell the files of a pretrained T5 apart, where it is a folder", async () => {
  const { inputs } = STAGES.find(({ name }) => name === "4_finetune")!;
  const files = (t5: string | null) => inputs!({ ...checkRunSettings({}), t5 });
  await withFolder(async (folder) => {
    const path = join(folder, "model.safetensors");
    await Deno.writeTextFile(path, "weights");
    const before = await files(folder);
    assert.deepEqual(await files(folder), before);
    await Deno.writeTextFile(path, "other weights");
    assert.notDeepEqual(await files(folder), before);
    // What is no folder is for the notebook to use or to refuse.
    for (const source of [null, path, "owner/name"]) {
      assert.deepEqual(await files(source), []);
    }
  });
});

Deno.test("isStageDone() wants key and files", async () => {
  await withFolder(async (outputs) => {
    await Deno.mkdir(join(outputs, "tables"));
    const path = join(outputs, "tables", "t.json");
    await Deno.writeTextFile(path, "[]");
    const record = { ...RECORD, files: { "tables/t.json": "" } };
    assert.equal(await isStageDone(outputs, record, "key"), true);
    assert.equal(await isStageDone(outputs, record, "other"), false);
    assert.equal(await isStageDone(outputs, null, "key"), false);
    await Deno.remove(path);
    assert.equal(await isStageDone(outputs, record, "key"), false);
  });
});

Deno.test("a stage record is read back, removed, and null when damaged", async () => {
  await withFolder(async (outputs) => {
    assert.equal(await readStageRecord(outputs, "a"), null);
    await writeStageRecord(outputs, RECORD);
    assert.deepEqual(await readStageRecord(outputs, "a"), RECORD);
    await Deno.writeTextFile(join(outputs, "stages", "a.json"), "{");
    assert.equal(await readStageRecord(outputs, "a"), null);
    await removeStageRecord(outputs, "a");
    await removeStageRecord(outputs, "a"); // none there is fine
    assert.equal(await exists(join(outputs, "stages", "a.json")), false);
  });
});

Deno.test("filesLeft() lists what was written since, and what the last record had", async () => {
  await withFolder(async (outputs) => {
    for (const name of ["old", "mine", "changed"]) {
      await Deno.mkdir(join(outputs, "models", name), { recursive: true });
      await Deno.writeTextFile(join(outputs, "models", name, "w"), name);
    }
    const before = await snapshotResults(outputs);
    await Deno.writeTextFile(join(outputs, "models", "changed", "w"), "longer");
    await Deno.mkdir(join(outputs, "tables"));
    await Deno.writeTextFile(join(outputs, "tables", "new.md"), "abc");
    await Deno.writeTextFile(join(outputs, "tables", "half.md.1.tmp"), "");
    const last = {
      ...RECORD,
      files: { "models/mine/w": "", "models/gone/w": "" },
    };
    const left = await filesLeft(outputs, before, last);
    assert.deepEqual(Object.keys(left).sort(), [
      "models/changed/w",
      "models/mine/w",
      "tables/new.md",
    ]);
    // printf abc | sha256sum
    assert.equal(
      left["tables/new.md"],
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});

Deno.test("removeStale() removes tables and figures that a stage no longer writes", async () => {
  await withFolder(async (outputs) => {
    const paths = [
      "tables/again.md",
      "tables/renamed.md",
      "tables/other_stage.md",
      "figures/plotly.min.js",
      "models/w",
    ];
    for (const path of paths) {
      await Deno.mkdir(join(outputs, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(outputs, path), "");
    }
    const last = {
      ...RECORD,
      files: Object.fromEntries(
        [...paths.filter((path) => !path.includes("other")), "tables/gone.md"]
          .map((path) => [path, ""]),
      ),
    };
    const before = await snapshotResults(outputs);
    await Deno.writeTextFile(join(outputs, "tables/again.md"), "longer");
    await removeStale(outputs, before, null);
    assert.equal((await resultFiles(outputs)).length, paths.length);
    await removeStale(outputs, before, last);
    assert.deepEqual(
      await resultFiles(outputs),
      paths.filter((path) => path !== "tables/renamed.md").sort(),
    );
  });
});

Deno.test("removeResults() removes what runs make and nothing else", async () => {
  await withFolder(async (outputs) => {
    for (const folder of ["tables", "models", "stages", "notebooks", "own"]) {
      await Deno.mkdir(join(outputs, folder));
      await Deno.writeTextFile(join(outputs, folder, "f"), "");
    }
    await removeResults(outputs);
    assert.deepEqual(await resultFiles(outputs), []);
    assert.deepEqual(
      [...Deno.readDirSync(outputs)].map(({ name }) => name),
      ["own"],
    );
  });
});
