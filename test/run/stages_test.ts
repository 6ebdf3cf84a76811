import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../lib/core/files.ts";
import { checkRunSettings } from "../../lib/run/settings.ts";
import {
  filesLeft,
  isStageDone,
  readStageRecord,
  removeResults,
  removeStageRecord,
  removeStale,
  resultFiles,
  snapshotResults,
  type Stage,
  stageKeys,
  type StageRecord,
  STAGES,
  writeStageRecord,
} from "../../lib/run/stages.ts";

async function withFolder(
  action: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await action(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

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

const TWO_STAGES: readonly Stage[] = [
  { name: "a", ignores: ["samples"] },
  { name: "b", ignores: [] },
];

const RECORD: StageRecord = {
  name: "a",
  key: "key",
  run: "run",
  after: null,
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

Deno.test("stageKeys() changes from the first stage that is concerned", async () => {
  await withFolder(async (folder) => {
    await writeNotebook(folder, "a", `import "./lib.ts";`);
    await writeNotebook(folder, "b", "1;");
    await Deno.writeTextFile(join(folder, "lib.ts"), "");
    const settings = checkRunSettings({ outputs: "/o" });
    const keys = (change = {}) =>
      stageKeys(TWO_STAGES, folder, { ...settings, ...change });
    const [a, b] = await keys();

    // Not concerned: outputs of cells, the folder of the results.
    await writeNotebook(folder, "b", "1;", "an output");
    assert.deepEqual(await keys({ outputs: "/p" }), [a, b]);

    // `a` ignores samples, `b` does not.
    const samples = await keys({ samples: 3 });
    assert.equal(samples[0], a);
    assert.notEqual(samples[1], b);

    const seed = await keys({ seed: 1 });
    assert.notEqual(seed[0], a);
    assert.notEqual(seed[1], b);

    await writeNotebook(folder, "b", "2;");
    const code = await keys();
    assert.equal(code[0], a);
    assert.notEqual(code[1], b);
    await writeNotebook(folder, "b", "1;");

    // A module that only `a` imports: `b` follows because it builds on `a`.
    await Deno.writeTextFile(join(folder, "lib.ts"), "export {};");
    const module = await keys();
    assert.notEqual(module[0], a);
    assert.notEqual(module[1], b);

    // What `b` reads beside them.
    const reading = (file: string) =>
      stageKeys(
        [TWO_STAGES[0], { ...TWO_STAGES[1], inputs: async () => await file }],
        folder,
        settings,
      );
    const [first, second] = [await reading("x"), await reading("y")];
    assert.deepEqual(await reading("x"), first);
    assert.equal(first[0], second[0]);
    assert.notEqual(first[1], second[1]);
  });
});

Deno.test("STAGES tell the files of a pretrained T5 apart, where it is a folder", async () => {
  const { inputs } = STAGES.find(({ name }) => name === "4_finetune")!;
  const files = (t5: string | null) =>
    inputs!({ ...checkRunSettings({ outputs: "/o" }), t5 });
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

Deno.test("isStageDone() wants key, stage before and files", async () => {
  await withFolder(async (outputs) => {
    await Deno.mkdir(join(outputs, "tables"));
    const path = join(outputs, "tables", "t.json");
    await Deno.writeTextFile(path, "[]");
    const record = {
      ...RECORD,
      after: "before",
      files: { "tables/t.json": "" },
    };
    const done = (key: string, after: string | null) =>
      isStageDone(outputs, record, key, after);
    assert.equal(await done("key", "before"), true);
    assert.equal(await done("other", "before"), false);
    assert.equal(await done("key", "another run"), false);
    assert.equal(await done("key", null), false);
    assert.equal(await isStageDone(outputs, null, "key", null), false);
    await Deno.remove(path);
    assert.equal(await done("key", "before"), false);
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
