import assert from "node:assert/strict";
import { join } from "node:path";
import { writeJson } from "../../lib/core/files.ts";
import {
  differingSettings,
  groupsOfSeeds,
  openComparedRuns,
} from "../../lib/run/compared_runs.ts";
import type { Manifest } from "../../lib/run/manifest.ts";
import { withFolder } from "../_helpers.ts";
import { finishRun } from "./_finished_runs.ts";

const open = (root: string, ...names: readonly string[]) =>
  openComparedRuns(names, { root, folder: join(root, "runs") });

Deno.test("openComparedRuns() finds runs by folder, by name and as the record of a space", () =>
  withFolder(async (root) => {
    for (const seed of [0, 1]) await finishRun({ root, seed });
    const first = join(root, "runs", "nasbench201-seed0");
    await Deno.rename(first, join(root, "nasbench201"));
    const { space, runs } = await open(
      root,
      "nasbench201",
      "./nasbench201-seed1",
    );
    assert.equal(space.name, "nasbench201");
    assert.deepEqual(runs.map(({ folder }) => folder), [
      join(root, "nasbench201"),
      join(root, "runs", "nasbench201-seed1"),
    ]);
    assert.deepEqual(
      runs.map(({ results }) => [
        results.seed,
        results.generation.map(({ method }) => method),
        results.search.length,
      ]),
      [[0, ["Ours", "Ours"], 1], [1, ["Ours", "Ours"], 1]],
    );
    const byName = await openComparedRuns(
      ["nasbench201-seed1", join(root, "nasbench201")],
      { root, folder: "/" },
    );
    assert.equal(byName.runs[0].results.seed, 1);
  }));

Deno.test("openComparedRuns() says in a sentence what cannot be compared", () =>
  withFolder(async (root) => {
    for (const seed of [0, 1]) await finishRun({ root, seed });
    await finishRun({ root, space: "nasbench101" });
    await finishRun({ root, name: "torn" });
    await writeJson(join(root, "runs", "torn", "manifest.json"), { files: 1 });
    for (const name of ["odd", "list"]) await finishRun({ root, name });
    const table = (name: string) =>
      join(root, "runs", name, "tables", "table_2.json");
    await writeJson(table("odd"), [{ method: "Ours", source: "measured" }]);
    await writeJson(table("list"), { method: "Ours" });
    await Deno.mkdir(join(root, "runs", "begun"));
    const cases: [names: string[], name: string, message: RegExp][] = [
      [[], "RangeError", /there must be two at least, got none$/],
      [["odd"], "RangeError", /there must be two at least, got odd$/],
      [
        ["odd", "./odd"],
        "RangeError",
        /each must be another, got \S+odd twice$/,
      ],
      [
        ["odd", "begun"],
        "RangeError",
        /each must be a finished run with its manifest\.json, got \S+begun without one$/,
      ],
      [
        ["odd", "lost"],
        "RangeError",
        /a space with a run of record, or one of the runs in \S+runs, begun, list, .*torn; got lost$/,
      ],
      [
        ["nasbench201-seed0", "nasbench101-seed0"],
        "RangeError",
        /all must be of one space, got \S+201-seed0 of nasbench201 and \S+101-seed0 of nasbench101$/,
      ],
      [
        ["nasbench201-seed0", "torn"],
        "SyntaxError",
        /^Cannot read the manifest: \S+ must be one that a run wrote/,
      ],
      [
        ["nasbench201-seed0", "odd"],
        "SyntaxError",
        /each row of \S+odd\/tables\/table_2\.json must be as a run writes it, got \{/,
      ],
      [
        ["nasbench201-seed0", "list"],
        "SyntaxError",
        /^Cannot read the table: \S+ must be a list of rows/,
      ],
    ];
    for (const [names, name, message] of cases) {
      await assert.rejects(open(root, ...names), { name, message });
    }
  }));

Deno.test("groupsOfSeeds() puts together what differs in the training seed alone", () =>
  withFolder(async (root) => {
    await finishRun({ root, seed: 0 });
    await finishRun({ root, seed: 1 });
    await finishRun({ root, seed: 2, device: "wasm" });
    await finishRun({ root, seed: 3, samples: 500 });
    await finishRun({ root, seed: 0, name: "again" });
    await finishRun({ root, seed: 4, name: "older" }, { version: 1 });
    const { runs } = await open(
      root,
      ...[0, 1, 2, 3].map((seed) => `nasbench201-seed${seed}`),
      "again",
      "older",
    );
    const seeds = groupsOfSeeds(runs).map((group) =>
      group.map(({ manifest }) => manifest.settings.seed)
    );
    assert.deepEqual(seeds, [[0, 1, 2], [3], [0], [4]]);
  }));

Deno.test("differingSettings() has what columns differ in, and nothing else", () =>
  withFolder(async (root) => {
    await finishRun({ root, seed: 0 });
    await finishRun({ root, seed: 1 });
    await finishRun({ root, seed: 2, samples: 500 }, { version: 1 });
    const { runs } = await open(
      root,
      ...[0, 1, 2].map((seed) => `nasbench201-seed${seed}`),
    );
    assert.deepEqual(differingSettings([runs.slice(0, 2), [runs[2]]]), [
      { setting: "seed", values: ["0, 1", "2"] },
      { setting: "samples", values: ["10000", "500"] },
      { setting: "5_generate, version of generation", values: ["2", "1"] },
    ]);
    assert.deepEqual(differingSettings([[runs[0]], [runs[0]]]), []);
    const manifest: Manifest = {
      ...runs[0].manifest,
      git: { commit: "0123456789", modified: true },
      versions: { ...runs[0].manifest.versions, deno: "9.9.9" },
    };
    assert.deepEqual(
      differingSettings([[runs[0]], [{ ...runs[0], manifest }]])
        .map(({ setting, values }) => [setting, values[1]]),
      [["commit", "0123456, modified"], ["deno", "9.9.9"]],
    );
  }));
