import assert from "node:assert/strict";
import { join } from "node:path";
import {
  loadCheckpoint,
  loadResult,
  saveCheckpoint,
} from "../../lib/core/checkpoints.ts";
import { writeJson } from "../../lib/core/files.ts";
import { floats, type HostTensors } from "../../lib/core/tensors.ts";
import { withFolder } from "../_helpers.ts";

const isProgress = (value: unknown): boolean => typeof value === "object";

Deno.test("loadCheckpoint() gives back what saveCheckpoint() wrote, to the same run alone", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "deep", "checkpoint.safetensors");
    const load = (key: string, tensors: HostTensors, progress = isProgress) =>
      loadCheckpoint<{ step: number }>(path, key, tensors, progress);
    assert.equal(await load("mine", {}), null);
    const checkpoint = {
      tensors: { weight: floats([1, 2], [0.1, -3]), step: floats([], [7]) },
      progress: { step: 7, history: [{ loss: 1.25 }] },
    };
    await saveCheckpoint(path, "mine", checkpoint);
    const { tensors } = checkpoint;
    assert.deepEqual(await load("mine", tensors), checkpoint);
    assert.equal(await load("another", tensors), null);
    const damaged = (problem: RegExp) => ({
      name: "DamagedCheckpointError",
      message: new RegExp(
        `^Cannot go on from the checkpoint .*checkpoint\\.safetensors: ${problem.source}; delete it to start anew$`,
      ),
    });
    const { weight, step } = tensors;
    await assert.rejects(
      load("mine", { weight }),
      damaged(/its tensors must be those of the model, got step/),
    );
    await assert.rejects(
      load("mine", { ...tensors, bias: step }),
      damaged(/its tensor bias must be of real numbers \[\], got none/),
    );
    await assert.rejects(
      load("mine", { weight: floats([2, 1], [0, 0]), step }),
      damaged(
        /its tensor weight must be of real numbers \[2, 1\], got Float32Array \[1, 2\]/,
      ),
    );
    await assert.rejects(
      load("mine", tensors, () => false),
      damaged(/its progress must be that of such a run, got \{"step":7.*\}/),
    );
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
    for (const text of ["null", "7", "[]", '{"key":1}']) {
      await Deno.writeTextFile(path, text);
      await assert.rejects(loadResult(path, "mine", "result"), {
        name: "SyntaxError",
        message:
          `Cannot read the result: ${path} must be a JSON object with a key, got ${text}`,
      });
    }
    await Deno.writeTextFile(path, "{");
    await assert.rejects(loadResult(path, "mine", "result"), {
      name: "SyntaxError",
      message: /^Cannot read the result: .*result\.json must be JSON/,
    });
  });
});
