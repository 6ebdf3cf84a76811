import assert from "node:assert/strict";
import { join } from "node:path";
import {
  loadCheckpoint,
  loadResult,
  saveCheckpoint,
} from "../../lib/core/checkpoints.ts";
import { writeJson } from "../../lib/core/files.ts";
import { floats } from "../../lib/core/tensors.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("loadCheckpoint() gives back what saveCheckpoint() wrote, to the same run alone", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "deep", "checkpoint.safetensors");
    assert.equal(await loadCheckpoint(path, "mine"), null);
    const checkpoint = {
      tensors: { weight: floats([1, 2], [0.1, -3]), step: floats([], [7]) },
      progress: { step: 7, history: [{ loss: 1.25 }] },
    };
    await saveCheckpoint(path, "mine", checkpoint);
    assert.deepEqual(await loadCheckpoint(path, "mine"), checkpoint);
    assert.equal(await loadCheckpoint(path, "another"), null);
  });
});

Deno.test("loadResult() gives the result of the same run alone", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "result.json");
    assert.equal(await loadResult(path, "mine", "result"), null);
    await writeJson(path, { key: "mine", rows: [1, 2] });
    assert.deepEqual(await loadResult(path, "mine", "result"), {
      key: "mine",
      rows: [1, 2],
    });
    assert.equal(await loadResult(path, "another", "result"), null);
    assert.equal(await loadResult(null, "mine", "result"), null);
    await Deno.writeTextFile(path, "{");
    await assert.rejects(loadResult(path, "mine", "result"), {
      name: "SyntaxError",
      message: /^Cannot read the result: .*result\.json must be JSON/,
    });
  });
});
