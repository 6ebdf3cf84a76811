import assert from "node:assert/strict";
import { join } from "node:path";
import { writeJson } from "../../lib/core/files.ts";
import type { ResultRow } from "../../lib/metrics/result_row.ts";
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
import { SEED_STAGES, stageKey, STAGES } from "../../lib/run/stages.ts";
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
  { rows = [row("ours", seed)], stages = SEED_STAGES, asked = {} }: {
    rows?: readonly ResultRow[];
    stages?: readonly Stage[];
    asked?: Partial<RunSettings>;
  } = {},
) {
  const own = withSeed(settings, seed);
  await writeJson(join(resultsFolder(own), "tables", "t.json"), rows);
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

Deno.test("furtherRows() are the measured ones of each run's own seed", async () => {
  await withRuns(async (settings) => {
    await finish(settings, 1, {
      rows: [row("paper"), row("ours", 1), row("rival", 1), row("rival", 2)],
    });
    await finish(settings, 2, { rows: [row("ours", 2), row("rival", 3)] });
    assert.deepEqual(await furtherRows(settings, "t", SEED_STAGES), [
      row("ours", 1),
      row("rival", 1),
      row("ours", 2),
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

Deno.test("the stage of generation runs again where a further seed has come, and no other does", async () => {
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
    const before = await keys();
    await finish(settings, 1);
    const after = await keys();
    assert.deepEqual(
      STAGES.filter((_, i) => after[i] !== before[i]).map(({ name }) => name),
      ["5_generate"],
    );
    assert.deepEqual(await keys(), after);
  });
});

Deno.test("SEED_STAGES train and sample", () => {
  assert.deepEqual(
    SEED_STAGES.map(({ name }) => name),
    ["2_vqvae", "4_finetune", "5_generate"],
  );
});
