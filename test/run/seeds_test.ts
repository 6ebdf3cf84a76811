import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { writeJson } from "../../lib/core/files.ts";
import type { ResultRow } from "../../lib/metrics/result_row.ts";
import { recordFolder, seedFolder } from "../../lib/run/folders.ts";
import { writeManifest } from "../../lib/run/manifest.ts";
import {
  furtherRows,
  furtherRuns,
  furtherTables,
  withSeed,
} from "../../lib/run/seeds.ts";
import {
  checkRunSettings,
  resultsFolder,
  type RunSettings,
} from "../../lib/run/settings.ts";
import {
  furtherStages,
  SEED_STAGES,
  stageKey,
  STAGES,
} from "../../lib/run/stages.ts";
import type { Stage } from "../../lib/run/stage.ts";
import { withFolder } from "../_helpers.ts";
import { notebookWith } from "../cli/_notebooks.ts";

/** A row as far as it matters here. */
const row = (method: string, seed?: number): ResultRow =>
  ({
    method,
    ...(seed === undefined
      ? { source: "paper" }
      : { source: "measured", seed }),
  }) as unknown as ResultRow;

/** Makes a finished run of a seed, as its folder tells, whose table has some rows. */
async function finish(
  settings: RunSettings,
  seed: number,
  {
    rows = [row("ours", seed)],
    names = ["t"],
    stages = SEED_STAGES,
    asked = {},
  }: {
    rows?: readonly ResultRow[];
    names?: readonly string[];
    stages?: readonly Stage[];
    asked?: Partial<RunSettings>;
  } = {},
) {
  const own = withSeed(settings, seed);
  for (const name of names) {
    await writeJson(join(resultsFolder(own), "tables", `${name}.json`), rows);
  }
  await writeManifest(
    { ...own, ...asked },
    stages.map(({ name }) => ({
      ...{ name, key: "k", git: null, seconds: 1, files: {} },
      ...{ peakMemoryBytes: null, finished: "2026-01-01T00:00:00.000Z" },
    })),
    { command: "c", stages, jupyterVersions: {} },
  );
}

/** The seeds of the runs that a run of seed 0 finds. */
const seedsOf = async (settings: RunSettings) =>
  (await furtherRuns(settings, SEED_STAGES)).map(({ seed }) => seed);

const withRuns = (action: (settings: RunSettings) => Promise<void>) =>
  withFolder((root) => action(checkRunSettings({ root, quick: true })));

Deno.test("withSeed() is the run that the seed would have alone, also of a run with a name", () => {
  const { seed, name, samples } = withSeed(
    checkRunSettings({ quick: true, name: "mine", samples: 7 }),
    2,
  );
  assert.deepEqual(
    { seed, name, samples },
    { seed: 2, name: "nasbench201-seed2-quick", samples: 7 },
  );
});

Deno.test("furtherRuns() are of the seeds after a run's own, up to the first that is missing", async () => {
  await withRuns(async (settings) => {
    assert.deepEqual(await seedsOf(settings), []);
    for (const seed of [0, 1, 2, 4]) await finish(settings, seed);
    assert.deepEqual(await seedsOf(settings), [1, 2]);
    assert.deepEqual(await seedsOf(withSeed(settings, 1)), [2]);
    assert.deepEqual(await seedsOf(withSeed(settings, 2)), []);
    // One that runs again has no manifest meanwhile.
    const outputs = resultsFolder(withSeed(settings, 1));
    await Deno.remove(join(outputs, "manifest.json"));
    assert.deepEqual(await seedsOf(settings), []);
  });
});

Deno.test("furtherRuns() are what the run of record keeps where there are no runs that are alike", async () => {
  await withRuns(async (settings) => {
    for (const seed of [1, 2]) await finish(settings, seed);
    const record = recordFolder(settings.root, settings.space);
    const kept = seedFolder(record, 1);
    await Deno.mkdir(dirname(kept), { recursive: true });
    await Deno.rename(resultsFolder(withSeed(settings, 1)), kept);
    const runs = await furtherRuns(settings, SEED_STAGES);
    assert.deepEqual(
      runs.map(({ seed, outputs }) => [seed, outputs]),
      [[1, kept], [2, resultsFolder(withSeed(settings, 2))]],
    );
    assert.deepEqual(await furtherRows(settings, "t", SEED_STAGES), [
      { seed: 1, rows: [row("ours", 1)] },
      { seed: 2, rows: [row("ours", 2)] },
    ]);
    // One of other settings does not count, be it nearer.
    await finish(settings, 1, { asked: { samples: 7 } });
    assert.equal((await furtherRuns(settings, SEED_STAGES))[0].outputs, kept);
  });
});

Deno.test("furtherRuns() are of the same settings, stages and versions; the device may be another", async () => {
  await withRuns(async (settings) => {
    const found = async (options: Parameters<typeof finish>[2]) => {
      await finish(settings, 1, options);
      return (await seedsOf(settings)).length === 1;
    };
    assert.ok(await found({}));
    assert.ok(await found({ asked: { device: "wasm" } }));
    assert.ok(await found({ stages: STAGES }), "more stages than are needed");
    for (
      const asked of [
        { samples: 7 },
        { quick: false },
        { t5: "google-t5/t5-small" },
        { optimizer: "adafactor" },
        { space: "nasbench101" },
      ] as const
    ) {
      assert.ok(!await found({ asked }), JSON.stringify(asked));
    }
    assert.ok(!await found({ stages: SEED_STAGES.slice(1) }));
    assert.ok(
      !await found({
        stages: SEED_STAGES.map((stage) => ({
          ...stage,
          versions: { ...stage.versions, stage: 99 },
        })),
      }),
    );
  });
});

Deno.test("furtherRows() are those of each run by its seed", async () => {
  await withRuns(async (settings) => {
    const rows = [[row("paper"), row("ours", 1)], [row("ours", 2)]];
    await finish(settings, 1, { rows: rows[0] });
    await finish(settings, 2, { rows: rows[1] });
    assert.deepEqual(await furtherRows(settings, "t", SEED_STAGES), [
      { seed: 1, rows: rows[0] },
      { seed: 2, rows: rows[1] },
    ]);
    await assert.rejects(furtherRows(settings, "another", SEED_STAGES), Error);
  });
});

Deno.test("furtherTables() change with what a further run has found", async () => {
  await withRuns(async (settings) => {
    const tables = () => furtherTables(settings, "t", SEED_STAGES);
    await finish(settings, 1);
    const before = await tables();
    assert.deepEqual(before.map(([seed]) => seed), [1]);
    assert.match(`${before[0][1]}`, /^[0-9a-f]{64}$/);
    assert.deepEqual(await tables(), before);
    await finish(settings, 1, { rows: [row("another", 1)] });
    assert.notDeepEqual(await tables(), before);
  });
});

Deno.test("the stages that read further seeds run again where one has come that has them, and no other does", async () => {
  await withRuns(async (settings) => {
    const notebooks = settings.root;
    for (const { name } of STAGES) {
      await Deno.writeTextFile(
        join(notebooks, `${name}.ipynb`),
        notebookWith("# A notebook", ["1;"]),
      );
    }
    const keys = () =>
      Promise.all(
        STAGES.map((stage) => stageKey(stage, [], notebooks, settings)),
      );
    /** The stages whose key is another once something has been done. */
    const changed = async (action: () => Promise<void>) => {
      const before = await keys();
      await action();
      const after = await keys();
      return STAGES.filter((_, i) => after[i] !== before[i])
        .map(({ name }) => name);
    };
    const names = ["table_2", "table_4"];
    assert.deepEqual(
      await changed(() => finish(settings, 1, { names })),
      ["5_generate"],
    );
    assert.deepEqual(await changed(async () => {}), []);
    assert.deepEqual(
      await changed(() => finish(settings, 1, { names, stages: STAGES })),
      ["7_nas"],
    );
  });
});

Deno.test("furtherStages() are trainings and the stage itself", () => {
  const names = (stage: string) => furtherStages(stage).map(({ name }) => name);
  const trained = ["2_vqvae", "4_finetune", "5_generate"];
  assert.deepEqual(names("5_generate"), trained);
  assert.deepEqual(names("7_nas"), [...trained, "7_nas"]);
});

Deno.test("SEED_STAGES train and sample", () => {
  assert.deepEqual(
    SEED_STAGES.map(({ name }) => name),
    ["2_vqvae", "4_finetune", "5_generate"],
  );
});
