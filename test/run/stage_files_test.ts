import assert from "node:assert/strict";
import { join } from "node:path";
import { exists, writeFileAtomic } from "../../lib/core/files.ts";
import {
  filesLeft,
  removeResults,
  removeStale,
  removeTemporaries,
  resultFiles,
  snapshotResults,
} from "../../lib/run/stage_files.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("filesLeft() lists what was written since, and what is the stage's own", async () => {
  await withFolder(async (outputs) => {
    for (const name of ["old", "mine", "changed"]) {
      await writeFileAtomic(join(outputs, "models", name, "w"), name);
    }
    const before = await snapshotResults(outputs);
    await writeFileAtomic(join(outputs, "models", "changed", "w"), "longer");
    await writeFileAtomic(join(outputs, "tables", "new.md"), "abc");
    await writeFileAtomic(join(outputs, "tables", "half.md.1.tmp"), "");
    const own = new Set(["models/mine/w", "models/gone/w"]);
    const left = await filesLeft(outputs, before, own);
    assert.deepEqual(Object.keys(left).sort(), [
      "models/changed/w",
      "models/mine/w",
      "tables/new.md",
    ]);
    const { sha256, size, changed } = left["tables/new.md"];
    // printf abc | sha256sum
    assert.equal(
      sha256,
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    assert.equal(size, 3);
    assert.ok(Math.abs(changed - Date.now()) < 60_000);
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
    for (const path of paths) await writeFileAtomic(join(outputs, path), "");
    const own = new Set([
      ...paths.filter((path) => !path.includes("other")),
      "tables/gone.md",
    ]);
    const before = await snapshotResults(outputs);
    await writeFileAtomic(join(outputs, "tables/again.md"), "longer");
    await removeStale(outputs, before, new Set());
    assert.equal((await resultFiles(outputs)).length, paths.length);
    await removeStale(outputs, before, own);
    assert.deepEqual(
      await resultFiles(outputs),
      paths.filter((path) => path !== "tables/renamed.md").sort(),
    );
  });
});

Deno.test("removeTemporaries() removes what killed writers left, and nothing else", async () => {
  await withFolder(async (outputs) => {
    const kept = ["models/a/t5/model.safetensors", "tables/t.md", "own/a.tmp"];
    const left = [
      "models/a/t5/model.safetensors.12.tmp",
      "stages/a.json.3.tmp",
    ];
    for (const path of [...kept, ...left]) {
      await writeFileAtomic(join(outputs, path), "");
    }
    await removeTemporaries(outputs);
    for (const path of kept) assert.ok(await exists(join(outputs, path)), path);
    for (const path of left) {
      assert.ok(!await exists(join(outputs, path)), path);
    }
  });
});

Deno.test("removeResults() removes what runs make and nothing else", async () => {
  await withFolder(async (outputs) => {
    for (const folder of ["tables", "models", "stages", "notebooks", "own"]) {
      await writeFileAtomic(join(outputs, folder, "f"), "");
    }
    await removeResults(outputs);
    assert.deepEqual(await resultFiles(outputs), []);
    assert.deepEqual(
      [...Deno.readDirSync(outputs)].map(({ name }) => name),
      ["own"],
    );
  });
});
