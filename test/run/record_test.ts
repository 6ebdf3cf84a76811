import assert from "node:assert/strict";
import { join } from "node:path";
import {
  exists,
  readJson,
  writeFileAtomic,
  writeJson,
} from "../../lib/core/files.ts";
import { gzipped } from "../../lib/core/gzip.ts";
import { recordedSeeds, stagePath } from "../../lib/run/folders.ts";
import { changedCode, type GitState, gitState } from "../../lib/run/git.ts";
import {
  type Manifest,
  readManifest,
  writeManifest,
} from "../../lib/run/manifest.ts";
import { cellText, readNotebook } from "../../lib/run/notebook.ts";
import { MAX_NOTEBOOK_BYTES, recordRun } from "../../lib/run/record.ts";
import {
  checkRunSettings,
  resultsFolder,
  type RunSettings,
} from "../../lib/run/settings.ts";
import { fileHash, filesLeft } from "../../lib/run/stage_files.ts";
import { type Checkout, oneCell, withCheckout } from "./_checkout.ts";

const SAMPLED: Record<string, Uint8Array> = Object.fromEntries(
  ["reported", "reconstruction", "sweep"].map((name) => [
    `samples/arch-llm/${name}/t.json.gz`,
    gzipped(JSON.stringify({ key: name })),
  ]),
);
const row = (samplesKey?: string, reconstructionKey = "reconstruction") => ({
  ...{ method: "Ours", source: "measured", mode: "paper" },
  ...{ samplesKey, reconstructionKey },
});
const tableOf = (...rows: readonly Record<string, unknown>[]) =>
  JSON.stringify([{ method: "Theirs", source: "paper" }, ...rows]);

const FILES = {
  "tables/t.md": "a table",
  "tables/table_1.json": tableOf(row("reported")),
  "tables/table_2.json": tableOf(row("reported"), row("reported")),
  "tables/temperature_sweep.json": tableOf(row("sweep")),
  "figures/f.json": "{}",
  "figures/f.png": "an image",
  "figures/f.html": "a page",
  "models/arch-llm/t5/model.safetensors": "weights",
  "models/arch-llm/t5/checkpoint.safetensors": "state",
  "models/arch-llm/t5/onnx/encoder_model.onnx": "graph",
  "models/arch-llm/vqvae/config.json": "{}",
  "samples/arch-llm/s.json": "[]",
  "trials/cifar10/t.json": "{}",
};

/** What a test makes different in a run. */
interface Made {
  readonly settings?: Partial<RunSettings>;
  /** Files by path, beside or instead of {@link FILES}; null for one that is missing. */
  readonly files?: Readonly<Record<string, string | null>>;
  readonly git?: GitState | null;
  /** The executed notebook. */
  readonly executed?: string;
}

/** Leaves a finished run of one stage behind. */
async function makeRun(
  { folder, write }: Checkout,
  { settings = {}, files = {}, git, executed = oneCell("1;", "42\n") }: Made =
    {},
): Promise<string> {
  const checked = checkRunSettings({
    root: join(folder, "outputs"),
    name: "mine",
    ...settings,
  });
  const outputs = resultsFolder(checked);
  for (const [path, text] of Object.entries({ ...FILES, ...files })) {
    if (text !== null) await write(join("outputs/runs/mine", path), text);
  }
  for (const [path, bytes] of Object.entries(SAMPLED)) {
    await writeFileAtomic(join(outputs, path), bytes);
  }
  await write("outputs/runs/mine/notebooks/1_a.ipynb", executed);
  const record = {
    name: "1_a",
    key: "k",
    git: git === undefined ? await gitState(folder) : git,
    finished: "2026-01-01T00:00:00.000Z",
    seconds: 1,
    peakMemoryBytes: null,
    files: await filesLeft(outputs, new Map(), new Set()),
  };
  await writeJson(stagePath(outputs, record.name), record);
  await writeManifest(checked, [record], {
    command: "c",
    stages: [],
    jupyterVersions: {},
  });
  return outputs;
}

const record = (
  { folder }: Checkout,
  name = "mine",
  options: { models?: boolean; further?: boolean } = {},
) =>
  recordRun(name, {
    root: join(folder, "outputs"),
    project: folder,
    stages: ["1_a"],
    ...options,
  });

Deno.test("recordRun() leaves models out where that is asked for", async () => {
  await withCheckout(async (checkout) => {
    const run = await makeRun(checkout);
    const outputs = await record(checkout, "mine", { models: false });
    assert.equal(await exists(join(outputs, "tables/t.md")), true);
    assert.equal(await exists(join(outputs, "models")), false);
    const { files } = await readManifest(outputs);
    assert.deepEqual(
      Object.keys(files).filter((path) => path.startsWith("models/")),
      [],
    );
    assert.equal(await exists(join(run, "models")), true);
  });
});

Deno.test("recordRun() keeps tables and samples of a further training seed, and they stay when the run of record is replaced", async () => {
  await withCheckout(async (checkout) => {
    const aimed = "tables/beyond_independent_draws.json";
    const run = await makeRun(checkout, {
      settings: { seed: 2 },
      files: { [aimed]: tableOf(row("sweep")) },
    });
    const seed = await record(checkout, "mine", { further: true });
    const whole = join(checkout.folder, "outputs", "nasbench201");
    assert.equal(seed, join(whole, "seeds", "2"));
    const kept = async () => {
      const { settings, files } = await readManifest(seed);
      assert.equal(settings.seed, 2);
      for (const path of Object.keys(files)) {
        assert.equal(await fileHash(join(seed, path)), files[path]);
      }
      return Object.keys(files).sort();
    };
    const files = [
      ...Object.keys(FILES).filter((path) => path.startsWith("tables/")),
      aimed,
      // Nothing that other tables are counted from.
      ...Object.keys(SAMPLED).slice(0, 2),
    ].sort();
    assert.deepEqual(await kept(), files);
    assert.deepEqual(recordedSeeds(whole), [2]);
    await Deno.remove(run, { recursive: true });
    await makeRun(checkout);
    for (const _ of ["the first", "in its place"]) {
      assert.equal(await record(checkout), whole);
      assert.equal(await exists(join(whole, "tables/t.md")), true);
      assert.deepEqual(await kept(), files);
    }
  });
});

Deno.test("recordRun() keeps what a reader needs, in place of the record before", async () => {
  await withCheckout(async (checkout) => {
    const { folder, write, commit } = checkout;
    await write("outputs/nasbench201/tables/gone.md", "old");
    await write("notebooks/1_a.ipynb", oneCell("1;", "", "# Edited"));
    await commit();
    const run = await makeRun(checkout);
    // What no stage left is nobody's result.
    await write("outputs/runs/mine/tables/own.md", "a note");
    // Prose and results may change after the run.
    await write("README.md", "Other");
    await commit();

    const outputs = await record(checkout);
    assert.equal(outputs, join(folder, "outputs", "nasbench201"));
    const kept = [
      "tables/t.md",
      "tables/table_1.json",
      "tables/table_2.json",
      "tables/temperature_sweep.json",
      "figures/f.json",
      "figures/f.png",
      "models/arch-llm/t5/model.safetensors",
      "models/arch-llm/vqvae/config.json",
    ];
    for (const path of kept) {
      assert.equal(
        await Deno.readTextFile(join(outputs, path)),
        FILES[path as keyof typeof FILES],
      );
    }
    for (
      const path of [
        "tables/gone.md",
        "tables/own.md",
        "samples/arch-llm/s.json",
        "samples/arch-llm/sweep",
        "trials",
        "stages",
      ]
    ) {
      assert.equal(await exists(join(outputs, path)), false, path);
    }
    // Of the samples those that a table reports, and what it counts reconstruction from.
    const counted = Object.keys(SAMPLED).slice(0, 2);
    for (const path of counted) {
      assert.deepEqual(
        await Deno.readFile(join(outputs, path)),
        SAMPLED[path],
      );
    }
    const manifest = await readJson<Manifest>(
      join(outputs, "manifest.json"),
      "manifest",
    );
    assert.deepEqual(
      Object.keys(manifest.files).sort(),
      [...kept, ...counted].sort(),
    );
    assert.equal(manifest.settings.name, "mine");
    for (const place of [outputs, folder]) {
      const { cells } = await readNotebook(join(place, "notebooks/1_a.ipynb"));
      assert.equal(cellText(cells[0]), "# Edited");
      assert.equal(cells[1].outputs?.[0].text, "42\n");
    }
    // The run stays as it is, and nothing is left beside the record.
    assert.ok(await exists(join(run, "samples", "arch-llm", "s.json")));
    assert.deepEqual(
      [...Deno.readDirSync(join(folder, "outputs"))].map(({ name }) => name)
        .sort(),
      ["nasbench201", "runs"],
    );
    // A record is no change of code: another one can follow.
    assert.deepEqual(await changedCode("HEAD", folder), []);
  });
});

Deno.test("recordRun() leaves notebooks/ to the default space", async () => {
  await withCheckout(async (checkout) => {
    await makeRun(checkout, { settings: { space: "nasbench101" } });
    const outputs = await record(checkout);
    assert.ok(outputs.endsWith("nasbench101"));
    assert.ok(await exists(join(outputs, "notebooks", "1_a.ipynb")));
    const { cells } = await readNotebook(
      join(checkout.folder, "notebooks/1_a.ipynb"),
    );
    assert.equal(cells[1].outputs?.[0].text, "");
  });
});

const REFUSED: [what: string, made: Made, message: RegExp][] = [
  [
    "a quick run",
    { settings: { quick: true } },
    /must be a full run, got a quick one$/,
  ],
  [
    "a run of no commit",
    { git: null },
    /1_a must be run from a commit, got no checkout; run it again with --fresh$/,
  ],
  [
    "a run of a modified commit",
    { git: { commit: "abc", modified: true } },
    /1_a must be run from an unmodified commit, got one with changes; commit them and run it again with --fresh$/,
  ],
  [
    "a run of an unknown commit",
    { git: { commit: "0".repeat(40), modified: false } },
    /must be that of the checkout, got commit 0000000000, which the checkout does not know; /,
  ],
  [
    "a row without its samples",
    { files: { "tables/table_2.json": tableOf(row("another")) } },
    /the samples of each row of table_2 must be there, got none of Ours; run it again with --fresh$/,
  ],
  [
    "a row that names no samples",
    { files: { "tables/table_2.json": tableOf(row()) } },
    /the samples of each row of table_2 must be there, got none of Ours; /,
  ],
  [
    "a row without its reconstructed cells",
    { files: { "tables/table_2.json": tableOf(row("reported", "another")) } },
    /the reconstructed cells of each row of table_2 must be there, got none of Ours; /,
  ],
  [
    "a figure without an image",
    { files: { "figures/f.png": null } },
    /each figure must have its image, got no figures\/f\.png; install Chromium/,
  ],
  [
    "a notebook of other code",
    { executed: oneCell("2;") },
    /^Cannot store 1_a\.ipynb: its code must be what was executed, got another code cell 1; /,
  ],
  [
    "a large notebook",
    { executed: oneCell("1;", "x".repeat(MAX_NOTEBOOK_BYTES)) },
    /^Cannot store 1_a\.ipynb: its size with outputs must be below 1000000 bytes, got 1000\d+$/,
  ],
];

/** Asserts that a run is refused, and that the record before it stays. */
async function assertRefused(
  checkout: Checkout,
  message: RegExp,
  name = "mine",
): Promise<void> {
  const before = join(checkout.folder, "outputs/nasbench201/figures/f.png");
  await checkout.write("outputs/nasbench201/figures/f.png", "recorded");
  await assert.rejects(record(checkout, name), { name: "RangeError", message });
  assert.equal(await Deno.readTextFile(before), "recorded");
  const { cells } = await readNotebook(
    join(checkout.folder, "notebooks/1_a.ipynb"),
  );
  assert.equal(cells[1].outputs?.[0].text, "");
}

for (const [what, made, message] of REFUSED) {
  Deno.test(`recordRun() refuses ${what}, and writes nothing`, () =>
    withCheckout(async (checkout) => {
      await makeRun(checkout, made);
      await assertRefused(checkout, message);
    }));
}

Deno.test("recordRun() refuses a run that is not there, not finished, or begun again", () =>
  withCheckout(async (checkout) => {
    await assertRefused(
      checkout,
      /^Cannot record the run mine: it must be one of the runs in .*runs, which has none$/,
    );
    const outputs = await makeRun(checkout);
    await assertRefused(checkout, /in .*runs, mine$/, "yours");
    const stage = join(outputs, "stages", "1_a.json");
    const finished = await readJson<Record<string, unknown>>(stage, "stage");
    await writeJson(stage, { ...finished, finished: "later" });
    const message =
      /^Cannot record the run mine: it must be finished, got none of 1_a; run it to its end$/;
    await assertRefused(checkout, message);
    await Deno.remove(stage);
    await assertRefused(checkout, message);
    await writeJson(stage, finished);
    await Deno.remove(join(outputs, "manifest.json"));
    await assertRefused(checkout, /it must be finished, got none of /);
  }));

Deno.test("recordRun() refuses a run whose code or files are others by now", () =>
  withCheckout(async (checkout) => {
    const { folder, write, commit } = checkout;
    const outputs = await makeRun(checkout);
    const { commit: first } = (await gitState(folder))!;
    await write("lib/a.ts", "export const a = 2;");
    await commit();
    await assertRefused(
      checkout,
      new RegExp(
        `must be that of the checkout, got commit ${
          first.slice(0, 10)
        }, which has another lib/a\\.ts; run it again with --fresh$`,
      ),
    );
    await write("lib/a.ts", "export const a = 1;");
    await Deno.writeTextFile(join(outputs, "tables", "t.md"), "edited");
    await assertRefused(
      checkout,
      /its files must be as it left them, got another tables\/t\.md$/,
    );
    await Deno.remove(join(outputs, "tables", "t.md"));
    await assertRefused(checkout, /got no tables\/t\.md$/);
  }));
