import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { rowsOverSeeds } from "../../lib/generation/training_seeds.ts";
import type { ResultRow } from "../../lib/metrics/result_row.ts";
import { recordFolder, seedFolder } from "../../lib/run/folders.ts";
import { writeManifest } from "../../lib/run/manifest.ts";
import { withSeed } from "../../lib/run/seeds.ts";
import { checkRunSettings, resultsFolder } from "../../lib/run/settings.ts";
import { SEED_STAGES } from "../../lib/run/stages.ts";
import { withFolder } from "../_helpers.ts";
import { ROWS, writeMadeUp } from "../recount/_files.ts";

const { tasks } = JSON.parse(
  await Deno.readTextFile(join(PROJECT_ROOT, "deno.json")),
) as { tasks: Record<string, { command: string }> };

/** Runs the task's command, with its permissions and no others. */
async function recount(root: string, ...args: readonly string[]) {
  const [, ...words] = tasks.recount.command.split(" ");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...words, ...args, "--outputs", root],
    cwd: PROJECT_ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const lines = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, output: lines(stdout), errors: lines(stderr) };
}

Deno.test("recount says of each row of a record whether it is as counted", () =>
  withFolder(async (root) => {
    const record = join(root, "nasbench201");
    await writeMadeUp(record);
    const lines = (paper: string) => [
      `NAS-Bench-201, table_2: Ours, seed 3, paper: ${paper}`,
      "NAS-Bench-201, table_2: Ours, seed 3, strict: agrees, 8 figures",
    ];
    assert.deepEqual(await recount(root), {
      code: 0,
      output: [
        ...lines("agrees, 8 figures"),
        `${record}: all 16 figures agree with what they are counted from`,
      ].join("\n"),
      errors: "",
    });
    const [theirs, paper, strict] = ROWS;
    await writeMadeUp(record, [theirs, { ...paper, validity: 75.01 }, strict]);
    assert.deepEqual(await recount(root, "nasbench201"), {
      code: 1,
      output: [
        ...lines("differs: validity is 75.01, counted 75"),
        `${record}: 1 of 2 rows differ`,
      ].join("\n"),
      errors: "",
    });
  }));

Deno.test("recount counts rows over training seeds from the runs of all of them, and says which are not there", () =>
  withFolder(async (root) => {
    const settings = checkRunSettings({ root, quick: true, seed: 3 });
    const other = withSeed(settings, 4);
    const rows = (seed: number) =>
      ROWS.map((row) => ({ ...row, ...("seed" in row ? { seed } : {}) }));
    for (const one of [settings, other]) {
      await writeMadeUp(resultsFolder(one), rows(one.seed));
      await writeManifest(one, SEED_STAGES.map(({ name }) => record(name)), {
        ...{ command: "c", stages: SEED_STAGES, jupyterVersions: {} },
      });
    }
    const overSeeds = rowsOverSeeds(
      rows(3).slice(1) as unknown as ResultRow[],
      [{ seed: 4, rows: rows(4) as unknown as ResultRow[] }],
    );
    await writeJson(
      join(resultsFolder(settings), "tables", "training_seeds.json"),
      overSeeds.map((row) => ({ ...row, source: "measured" })),
    );
    const last = async (code: number) => {
      const run = await recount(root, "--run", settings.name);
      assert.equal(run.code, code, run.output + run.errors);
      return run.output.split("\n").slice(2);
    };
    const run = resultsFolder(settings);
    assert.deepEqual(await last(0), [
      "NAS-Bench-201, training_seeds: Ours, seeds 3, 4, paper: agrees, 12 figures",
      "NAS-Bench-201, training_seeds: Ours, seeds 3, 4, strict: agrees, 12 figures",
      `${run}: all 40 figures agree with what they are counted from`,
    ]);
    // The same of a record that keeps them.
    const kept = recordFolder(root, settings.space);
    await cp(run, kept, { recursive: true });
    await cp(resultsFolder(other), seedFolder(kept, other.seed), {
      recursive: true,
    });
    const recounted = await recount(root, settings.space);
    assert.equal(recounted.code, 0, recounted.output + recounted.errors);
    assert.match(recounted.output, /seeds 3, 4, strict: agrees, 12 figures/);
    await Deno.remove(kept, { recursive: true });
    await Deno.remove(join(resultsFolder(other), "manifest.json"));
    assert.deepEqual(await last(0), [
      "NAS-Bench-201, training_seeds: 2 rows not counted again, as samples of training seed 4 are not here",
      `${run}: all 16 figures agree with what they are counted from`,
    ]);
  }));

/** A stage that has ended. */
const record = (name: string) => ({
  ...{ name, key: "k", git: null, seconds: 1, files: {} },
  ...{ peakMemoryBytes: null, finished: "2026-01-01T00:00:00.000Z" },
});

Deno.test("recount says in a sentence what cannot be counted", () =>
  withFolder(async (root) => {
    const none = await recount(root);
    assert.equal(none.code, 1);
    assert.match(
      none.errors,
      /^Cannot recount: there must be a run of record in \S+, got none$/,
    );
    const [theirs, { samplesKey: _, ...old }] = ROWS;
    await writeMadeUp(join(root, "nasbench201"), [theirs, old]);
    await writeMadeUp(join(root, "runs", "mine"));
    await writeJson(join(root, "runs", "odd", "manifest.json"), {});
    const cases: [args: string[], message: RegExp][] = [
      [
        [],
        /^Cannot recount \S+nasbench201: its tables must name their samples, got none that do; deno task reproduce --space nasbench201 makes .*recorded$/,
      ],
      [["nasbench101"], /^Cannot recount \S+nasbench101: its tables must name/],
      [["atlantis"], /^Cannot open a search space: .*, got "atlantis"$/],
      [
        ["nasbench201", "--run", "mine"],
        /^Cannot recount: with --run there must be no space, got nasbench201$/,
      ],
      [
        ["--run", "yours"],
        /^Cannot recount: --run must be a folder with manifest\.json, got nothing at /,
      ],
      [
        ["--run", "mine"],
        /^Cannot recount: --run must be .*, got \S+ without manifest\.json$/,
      ],
      [
        ["--run", "odd"],
        /^Cannot read the manifest: .* must be one that a run/,
      ],
    ];
    for (const [args, message] of cases) {
      const { code, errors } = await recount(root, ...args);
      assert.equal(code, 1);
      assert.match(errors, message);
    }
  }));
