import assert from "node:assert/strict";
import { join } from "node:path";
import {
  exists,
  readJson,
  writeFileAtomic,
  writeJson,
} from "../../lib/core/files.ts";
import { stagePath } from "../../lib/run/folders.ts";
import { checkRunSettings } from "../../lib/run/settings.ts";
import { resultFiles } from "../../lib/run/stage_files.ts";
import {
  beginStage,
  endStage,
  isModelFile,
  isStageDone,
  readStageRecord,
  stageKey,
  STAGES,
  stagesOn,
} from "../../lib/run/stages.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import type { Stage, StageRecord } from "../../lib/run/stage.ts";
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
      cells: [{
        cell_type: "code",
        metadata: {},
        source,
        outputs: [{ output_type: "stream", name: "stdout", text: output }],
      }],
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

/** A file of a stage, as a record has it. */
const left = (sha256: string) => ({ sha256, size: 1, changed: 0 });

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
        "models/arch-llm/vqvae/model.safetensors": left("weights"),
        "models/arch-llm/vqvae/checkpoint.safetensors": left("checkpoint"),
        "models/arch-llm/t5/model.safetensors": left("weights"),
        "figures/f.json": left("figure"),
      },
    }];
    const keyOf = (
      { stage = {}, setting = {}, files = {} }: {
        stage?: Partial<Stage>;
        setting?: Partial<typeof settings>;
        files?: StageRecord["files"];
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

    // Not concerned: when a model was written, where results go, what it ignores, other notebooks, outputs of cells,
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
    ) assert.equal(await keyOf({ files: { [path]: left("other") } }), key);
    const weights = "models/arch-llm/vqvae/model.safetensors";
    const later = { ...left("weights"), changed: 9 };
    assert.equal(await keyOf({ files: { [weights]: later } }), key);
    before[0] = { ...before[0], key: "other", seconds: 9 };
    assert.equal(await keyOf(), key);

    // Concerned, each in its own way.
    const reading = (file: string): Partial<Stage> => ({
      inputs: () => Promise.resolve(file),
    });
    const others = [
      await keyOf({ stage: { versions: { stage: 2, vqvae: 3 } } }),
      await keyOf({ stage: { versions: { stage: 1, vqvae: 4 } } }),
      await keyOf({ setting: { seed: 1 } }),
      await keyOf({ setting: { quick: true } }),
      await keyOf({ files: { [weights]: left("other") } }),
      await keyOf({ stage: reading("x") }),
      await keyOf({ stage: reading("y") }),
      (await writeNotebook(folder, "b", "4;"), await keyOf()),
    ];
    assert.equal(new Set([key, ...others]).size, others.length + 1);

    const space = getSpace(settings.space) as { version: number };
    const last = await keyOf();
    space.version++;
    try {
      assert.notEqual(await keyOf(), last, "another version of the space");
    } finally {
      space.version--;
    }
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
    const ARCH2VEC = "models/arch2vec/training.ts";
    const raised = STAGES.map((stage) => ({
      ...stage,
      versions: ARCH2VEC in stage.versions
        ? { ...stage.versions, [ARCH2VEC]: 99 }
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

/** Writes files into the folder of a run, by path. */
async function write(outputs: string, files: Record<string, string>) {
  for (const [path, text] of Object.entries(files)) {
    await writeFileAtomic(join(outputs, path), text);
  }
}

/** Gives a file a time of change, in seconds. */
const touch = (outputs: string, path: string, seconds: number) =>
  Deno.utime(join(outputs, path), seconds, seconds);

const EXECUTED = "notebooks/a.ipynb";

/** Runs a stage that writes these files to its end; returns its record. */
async function runStage(outputs: string, files: Record<string, string>) {
  const begun = await beginStage(outputs, "a");
  await write(outputs, { ...files, [EXECUTED]: "{}" });
  const { name: _, files: __, ...facts } = RECORD;
  return await endStage(outputs, begun, facts, EXECUTED);
}

const MODEL = "models/arch-llm/vqvae/model.safetensors";
const TABLE = "tables/t.csv";

Deno.test("isStageDone() wants the key, and each file as the stage left it", async () => {
  const damage: [string, (outputs: string) => Promise<void>][] = [
    ["one byte of a model flipped", async (outputs) => {
      const bytes = await Deno.readFile(join(outputs, MODEL));
      bytes[3] ^= 1;
      await Deno.writeFile(join(outputs, MODEL), bytes);
      await touch(outputs, MODEL, 2e9);
    }],
    ["a table cut short, its time kept", async (outputs) => {
      const { mtime } = await Deno.stat(join(outputs, TABLE));
      await Deno.truncate(join(outputs, TABLE), 3);
      await touch(outputs, TABLE, mtime!.getTime() / 1000);
    }],
    ["a table gone", (outputs) => Deno.remove(join(outputs, TABLE))],
    [
      "the executed notebook gone",
      (outputs) => Deno.remove(join(outputs, EXECUTED)),
    ],
    ["a folder in place of a table", async (outputs) => {
      await Deno.remove(join(outputs, TABLE));
      await Deno.mkdir(join(outputs, TABLE));
    }],
  ];
  for (const [what, action] of damage) {
    await withFolder(async (outputs) => {
      const record = await runStage(outputs, {
        [MODEL]: "weights",
        [TABLE]: "a,b\n1,2\n",
      });
      const done = (key = "key", of: StageRecord | null = record) =>
        isStageDone(outputs, of, key);
      assert.equal(await done(), true);
      assert.equal(await done("other"), false);
      assert.equal(await done("key", null), false);
      // Copied elsewhere or touched, it is still what it was.
      await touch(outputs, MODEL, 1e9);
      assert.equal(await done(), true);
      await action(outputs);
      assert.equal(await done(), false, what);
    });
  }
});

Deno.test("beginStage() removes what was changed since the record, and nothing else", async () => {
  await withFolder(async (outputs) => {
    const checkpoint = "models/arch-llm/vqvae/checkpoint.safetensors";
    const files = { [MODEL]: "weights", [checkpoint]: "state", [TABLE]: "1" };
    await write(outputs, { "models/other": "not of this stage" });
    await runStage(outputs, files);
    await write(outputs, { "models/other": "changed", [checkpoint]: "stave" });
    await touch(outputs, checkpoint, 2e9);
    await write(outputs, { "manifest.json": "{}", "report.html": "" });
    await beginStage(outputs, "a");
    assert.deepEqual(
      await resultFiles(outputs),
      [MODEL, "models/other", TABLE].sort(),
    );
    // The run has not finished any more.
    assert.equal(await exists(join(outputs, "manifest.json")), false);
    assert.equal(await exists(join(outputs, "report.html")), false);
    assert.equal(await readStageRecord(outputs, "a"), null);
  });
});

Deno.test("endStage() knows what attempts that were cut short have written", async () => {
  await withFolder(async (outputs) => {
    await write(outputs, { "models/other": "of another stage" });
    await runStage(outputs, { "models/first": "1", "tables/old.md": "1" });
    // Two attempts that are killed: each leaves something that is found up to date later.
    await beginStage(outputs, "a");
    await write(outputs, { "models/second": "2", "tables/renamed.md": "2" });
    await beginStage(outputs, "a");
    await write(outputs, { "samples/third": "3" });
    const record = await runStage(outputs, { "tables/new.md": "4" });
    assert.deepEqual(
      Object.keys(record.files).sort(),
      [
        ...["models/first", "models/second", "notebooks/a.ipynb"],
        ...["samples/third", "tables/new.md"],
      ],
    );
    assert.deepEqual(
      await resultFiles(outputs),
      [
        ...["models/first", "models/other", "models/second"],
        ...["samples/third", "tables/new.md"],
      ],
    );
    // printf 4 | sha256sum
    assert.equal(
      record.files["tables/new.md"].sha256,
      "4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a",
    );
    assert.deepEqual(await readStageRecord(outputs, "a"), record);
    // Ended well: what is written from now on is not its own.
    await write(outputs, { "models/later": "" });
    const again = await runStage(outputs, { "tables/new.md": "5" });
    assert.ok(!("models/later" in again.files));
  });
});

Deno.test("readStageRecord() gives null for what is no record, whole and of this version", async () => {
  await withFolder(async (outputs) => {
    const path = stagePath(outputs, "a");
    assert.equal(await readStageRecord(outputs, "a"), null);
    const record = { ...RECORD, files: { [TABLE]: left("hash") } };
    await writeJson(path, record);
    assert.deepEqual(await readStageRecord(outputs, "a"), record);
    const wrong: unknown[] = [
      ...[null, 3, [], {}, "record"],
      { ...record, key: undefined },
      { ...record, git: {} },
      { ...record, seconds: "1" },
      { ...record, files: [] },
      { ...record, files: { [TABLE]: "hash" } },
      { ...record, files: { [TABLE]: { size: 1, changed: 0 } } },
    ];
    for (const value of wrong) {
      await writeJson(path, value);
      assert.equal(
        await readStageRecord(outputs, "a"),
        null,
        JSON.stringify(value),
      );
    }
    await Deno.writeTextFile(path, "{");
    assert.equal(await readStageRecord(outputs, "a"), null);
  });
});

Deno.test("beginStage() takes a damaged note of an attempt for none", async () => {
  await withFolder(async (outputs) => {
    await write(outputs, { "models/w": "" });
    for (const text of ["", "[]", "{}", '{"own":[1],"before":{}}']) {
      await write(outputs, { "stages/a.begun.json": text });
      const { own, before } = await beginStage(outputs, "a");
      assert.deepEqual([...own], []);
      assert.deepEqual([...before.keys()], ["models/w"]);
    }
    const note = await readJson(join(outputs, "stages/a.begun.json"), "note");
    assert.deepEqual(Object.keys((note as { before: object }).before), [
      "models/w",
    ]);
  });
});

Deno.test("stagesOn() leaves out searches where no cell is known to have been trained", () => {
  const names = (space: string) =>
    stagesOn(getSpace(space)).map(({ name }) => name);
  const searched = names("nasbench101");
  assert.equal(searched.at(-1), "7_nas");
  assert.deepEqual(names("darts"), searched.slice(0, -1));
});
