import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipped, readGzipJson } from "../../lib/core/gzip.ts";
import {
  loadSamples,
  samplesKey,
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
    {
      ops: new Uint8Array(32),
      incoming: new Uint32Array(32).fill(2 ** 31 - 1, 31),
    },
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
    const path = join(folder, "samples.json.gz");
    await saveSamples(path, { ...LABELS, ...SAVED });
    assert.deepEqual(await loadSamples(path, "k"), SAVED);
    assert.equal(await samplesKey(path), "k");
    assert.equal(await loadSamples(path, "another"), null);
    assert.equal(await loadSamples(join(folder, "none.json.gz"), "k"), null);
    const { sequences: _, ...without } = SAVED;
    await saveSamples(path, { ...LABELS, ...without });
    assert.deepEqual(await loadSamples(path, "k"), without);
  });
});

Deno.test("loadSamples() refuses what was not saved so", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "samples.json.gz");
    await saveSamples(path, { ...LABELS, ...SAVED });
    const text = JSON.stringify(await readGzipJson(path, "samples"), null, 1);
    const wrong: [from: string, to: string, message: RegExp][] = [
      // As bytes, 259 would be 3; an edge into the first node leads from nowhere.
      ["0,3,6;", "0,259,6;", /samples in .*, got "0,259,6;0,1,3"; delete/],
      ["0,3,6;0,", "0,3,6;1,", /samples in .*, got "0,3,6;1,1,3"/],
      ["0,3,6;0,1,", "0,3,6;0,", /samples in .*, got "0,3,6;0,3"/],
      ['"not a number"', '"no number"', /samples in .*, got "no number"/],
      ['"8 15"', '"8 1.5"', /sentences in .*, got "8 1\.5"/],
      ['"8 15",', "", /sentences in .*, got 3/],
      [`"draws": ${SAVED.draws}`, '"draws": -1', /draws in .*, got -1/],
      [
        `"seconds": ${SAVED.seconds}`,
        '"seconds": "1"',
        /seconds in .*, got "1"/,
      ],
      ['"samples": [', '"samples": [0,', /samples in .*, got \[0,"0,3,6/],
      ['"key": "k"', '"key": 1', /.* must be a JSON object with a key, got \{/],
      ['"key": "k"', '"key": "k", "key": "k"', /.* stand once .* "key" twice/],
    ];
    for (const [from, to, message] of wrong) {
      assert.ok(text.includes(from), from);
      await Deno.writeFile(path, gzipped(text.replace(from, to)));
      await assert.rejects(loadSamples(path, "k"), {
        name: "SyntaxError",
        message: new RegExp(
          `^Cannot read the saved samples: ${message.source}`,
        ),
      });
    }
  });
});

Deno.test("saveSamples() writes lines that people can read", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "samples.json.gz");
    await saveSamples(path, { ...LABELS, ...SAVED });
    const { generator, samples, sentences } = await readGzipJson(
      path,
      "samples",
    ) as Record<string, string[]>;
    assert.equal(generator, "A model");
    assert.deepEqual(samples.slice(0, 2), ["0,3,6;0,1,3", "not a number"]);
    assert.deepEqual(sentences.slice(0, 2), ["8 15", "missing sentinel"]);
  });
});
