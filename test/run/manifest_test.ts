import assert from "node:assert/strict";
import { join } from "node:path";
import { readJson, writeJson } from "../../lib/core/files.ts";
import {
  denoVersions,
  gitState,
  type Manifest,
  writeManifest,
} from "../../lib/run/manifest.ts";
import { checkRunSettings } from "../../lib/run/settings.ts";

Deno.test("denoVersions() holds Deno and each pinned package", async () => {
  const versions = await denoVersions();
  assert.equal(versions.deno, Deno.version.deno);
  assert.equal(versions["@tensorflow/tfjs"], "4.22.0");
  for (const version of Object.values(versions)) assert.match(version, /^\d/);
});

Deno.test("gitState() is null where there is no checkout", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assert.equal(await gitState(folder), null);
    assert.equal(await gitState(join(folder, "gone")), null);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("writeManifest() sums times, merges metrics and hashes results", async () => {
  const outputs = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(outputs, "tables"));
    await Deno.writeTextFile(join(outputs, "tables", "t.md"), "abc");
    await writeJson(join(outputs, "stages", "2_b.metrics.json"), {
      device: "cpu",
      stepsPerSecond: 3,
    });
    const record = {
      key: "k",
      run: "r",
      after: null,
      finished: "2026-01-01T00:00:00.000Z",
      peakMemoryBytes: 5,
      files: {},
    };
    const settings = checkRunSettings({ seed: 4, outputs });
    const manifest = await writeManifest(settings, [
      { ...record, name: "1_a", seconds: 1.5 },
      { ...record, name: "2_b", seconds: 2 },
    ], {
      command: "deno task reproduce --seed 4",
      jupyterVersions: { python: "3.12.0" },
    });
    assert.deepEqual(
      await readJson<Manifest>(join(outputs, "manifest.json"), "manifest"),
      JSON.parse(JSON.stringify(manifest)),
    );
    assert.equal(manifest.command, "deno task reproduce --seed 4");
    assert.equal(manifest.settings.seed, 4);
    assert.equal("outputs" in manifest.settings, false);
    assert.equal(manifest.totalSeconds, 3.5);
    assert.deepEqual(manifest.device, { asked: "auto", used: "cpu" });
    assert.equal(manifest.stages[0].metrics, undefined);
    assert.equal(manifest.stages[1].metrics?.stepsPerSecond, 3);
    assert.equal(manifest.versions.python, "3.12.0");
    assert.ok(manifest.machine.cores >= 1 && manifest.machine.memoryBytes > 0);
    // printf abc | sha256sum
    assert.deepEqual(manifest.files, {
      "tables/t.md":
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    });
  } finally {
    await Deno.remove(outputs, { recursive: true });
  }
});
