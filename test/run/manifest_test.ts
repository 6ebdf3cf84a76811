import assert from "node:assert/strict";
import { join } from "node:path";
import { readJson, writeFileAtomic, writeJson } from "../../lib/core/files.ts";
import type { GitState } from "../../lib/run/git.ts";
import {
  denoVersions,
  type Manifest,
  readManifest,
  writeManifest,
} from "../../lib/run/manifest.ts";
import { checkRunSettings } from "../../lib/run/settings.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("denoVersions() holds Deno and each pinned package", async () => {
  const versions = await denoVersions();
  assert.equal(versions.deno, Deno.version.deno);
  assert.equal(versions["@tensorflow/tfjs"], "4.22.0");
  for (const version of Object.values(versions)) assert.match(version, /^\d/);
});

Deno.test("writeManifest() sums times, merges metrics and hashes results", async () => {
  await withFolder(async (root) => {
    const settings = checkRunSettings({ seed: 4, root, name: "mine" });
    const outputs = join(root, "runs", "mine");
    await writeFileAtomic(join(outputs, "tables", "t.md"), "abc");
    await writeJson(join(outputs, "stages", "2_b.metrics.json"), {
      device: "cpu",
      stepsPerSecond: 3,
    });
    const write = (...git: (GitState | null)[]) =>
      writeManifest(
        settings,
        git.map((git, i) => ({
          name: ["1_a", "2_b"][i],
          seconds: 1.5 + 0.5 * i,
          key: "k",
          git,
          finished: "2026-01-01T00:00:00.000Z",
          peakMemoryBytes: 5,
          files: {},
        })),
        {
          command: "deno task reproduce --seed 4",
          stages: [{
            ...{ name: "2_b", ignores: [], reads: [] },
            versions: { stage: 3, "models/b.ts": 2 },
          }],
          jupyterVersions: { python: "3.12.0" },
        },
      );
    const manifest = await write(
      { commit: "a", modified: true },
      { commit: "b", modified: false },
    );
    assert.deepEqual(
      await readJson<Manifest>(join(outputs, "manifest.json"), "manifest"),
      JSON.parse(JSON.stringify(manifest)),
    );
    assert.equal(manifest.command, "deno task reproduce --seed 4");
    assert.equal(manifest.settings.seed, 4);
    assert.equal(manifest.settings.name, "mine");
    assert.equal("root" in manifest.settings, false);
    assert.equal(manifest.totalSeconds, 3.5);
    assert.deepEqual(manifest.device, { asked: "auto", used: "cpu" });
    assert.equal(manifest.stages[0].metrics, undefined);
    assert.equal(manifest.stages[0].versions, undefined);
    assert.deepEqual(manifest.stages[1].versions, {
      ...{ stage: 3, "models/b.ts": 2 },
    });
    assert.equal(manifest.stages[1].metrics?.stepsPerSecond, 3);
    assert.deepEqual(manifest.stages[0].git, { commit: "a", modified: true });
    // One stage of a modified checkout makes the run one.
    assert.deepEqual(manifest.git, { commit: "b", modified: true });
    assert.equal(manifest.versions.python, "3.12.0");
    assert.ok(manifest.machine.cores >= 1 && manifest.machine.memoryBytes > 0);
    // printf abc | sha256sum
    assert.deepEqual(manifest.files, {
      "tables/t.md":
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    });
    const unknown = await write({ commit: "a", modified: false }, null);
    assert.equal(unknown.git, null);
  });
});

Deno.test("readManifest() gives back what was written, and names the field that is none", async () => {
  await withFolder(async (root) => {
    const settings = checkRunSettings({ root, name: "mine" });
    const outputs = join(root, "runs", "mine");
    const stage = {
      name: "1_a",
      key: "k",
      seconds: 1.5,
      git: null,
      finished: "2026-01-01T00:00:00.000Z",
      peakMemoryBytes: null,
      files: {},
    };
    await writeManifest(settings, [stage], {
      command: "c",
      stages: [],
      jupyterVersions: {},
    });
    const path = join(outputs, "manifest.json");
    const written = JSON.parse(await Deno.readTextFile(path));
    assert.deepEqual(
      JSON.parse(JSON.stringify(await readManifest(outputs))),
      written,
    );
    const [only] = written.stages;
    const wrong: [changes: Record<string, unknown>, field: string][] = [
      [{ command: 1 }, "command"],
      [{ settings: { ...written.settings, seed: -1 } }, "settings"],
      [{ settings: { ...written.settings, quick: undefined } }, "settings"],
      [{ device: { asked: "auto", used: 7 } }, "device"],
      [{ machine: { ...written.machine, cores: 1.5 } }, "machine"],
      [{ stages: [{ ...only, seconds: "1" }] }, "stages"],
      [{ stages: [{ ...only, git: {} }] }, "stages"],
      [{ stages: [{ ...only, versions: { stage: "1" } }] }, "stages"],
      [{ totalSeconds: -1 }, "totalSeconds"],
      [{ files: { a: 1 } }, "files"],
    ];
    for (const [changes, field] of wrong) {
      await writeJson(path, { ...written, ...changes });
      await assert.rejects(readManifest(outputs, "page"), {
        name: "SyntaxError",
        message:
          `Cannot read the page: ${path} must be one that a run wrote, got another ${field}`,
      });
    }
    await writeJson(path, null);
    await assert.rejects(readManifest(outputs), /got another value$/);
  });
});
