import assert from "node:assert/strict";
import { join } from "node:path";
import { readJson } from "../../lib/core/files.ts";
import {
  loadSamples,
  type SavedSamples,
  saveSamples,
} from "../../lib/generation/saved_samples.ts";
import { graphOf } from "../../lib/spaces/graph.ts";
import { withFolder } from "../_helpers.ts";

const SAVED: SavedSamples = {
  draws: 5,
  seconds: 1.5,
  samples: [
    graphOf([0, 3, 6], [[0, 1], [1, 2], [0, 2]]),
    "not a number",
    graphOf([0], []),
    // All bits of a set of nodes are kept, the highest too.
    { ops: Uint8Array.of(0), incoming: Uint32Array.of(2 ** 31) },
  ],
  sequences: [
    { codes: Int32Array.of(8, 15), malformed: null },
    { codes: null, malformed: "missing sentinel" },
    { codes: Int32Array.of(1, 0), malformed: null },
    { codes: Int32Array.of(511, 2), malformed: null },
  ],
};
const LABELS = { key: "k", generator: "A model" };

Deno.test("loadSamples() gives back what saveSamples() wrote, for its key alone", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "samples.json");
    await saveSamples(path, { ...LABELS, ...SAVED });
    assert.deepEqual(await loadSamples(path, "k"), SAVED);
    assert.equal(await loadSamples(path, "another"), null);
    assert.equal(await loadSamples(join(folder, "none.json"), "k"), null);
    const { sequences: _, ...without } = SAVED;
    await saveSamples(path, { ...LABELS, ...without });
    assert.deepEqual(await loadSamples(path, "k"), without);
  });
});

Deno.test("saveSamples() writes lines that people can read", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "samples.json");
    await saveSamples(path, { ...LABELS, ...SAVED });
    const { generator, samples, sentences } = await readJson<
      Record<string, string[]>
    >(path, "samples");
    assert.equal(generator, "A model");
    assert.deepEqual(samples.slice(0, 2), ["0,3,6;0,1,3", "not a number"]);
    assert.deepEqual(sentences.slice(0, 2), ["8 15", "missing sentinel"]);
  });
});
