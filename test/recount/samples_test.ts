import assert from "node:assert/strict";
import { join } from "node:path";
import { writeGzipJson } from "../../lib/core/gzip.ts";
import { saveSamples } from "../../lib/generation/saved_samples.ts";
import { MALFORMED_KINDS } from "../../lib/metrics/generation.ts";
import { plainGraph } from "../../lib/recount/graph.ts";
import { readCounted, sampleFiles } from "../../lib/recount/samples.ts";
import { graphOf } from "../../lib/spaces/graph.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("readCounted() reads what saveSamples() wrote, whatever stands for a cell", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.json.gz");
    const graph = graphOf([0, 3, 4], [[0, 1], [1, 2], [0, 2]]);
    await saveSamples(path, {
      ...{ key: "k", generator: "G", draws: 9, seconds: 1 },
      samples: [graph, ...MALFORMED_KINDS, graph],
    });
    const same = plainGraph("0,3,4;0,1,3");
    assert.deepEqual(await readCounted(path), {
      key: "k",
      draws: 9,
      samples: [same, null, null, null, same],
    });
  }));

Deno.test("sampleFiles() finds files by their keys, in folders of folders", () =>
  withFolder(async (folder) => {
    const [a, b] = [join(folder, "a.json.gz"), join(folder, "b/c/d.json.gz")];
    await writeGzipJson(a, { key: "1" });
    await writeGzipJson(b, { key: "2" });
    await Deno.writeTextFile(join(folder, "b", "a note"), "");
    assert.deepEqual(
      await sampleFiles(folder),
      new Map([["1", a], ["2", b]]),
    );
    assert.equal((await sampleFiles(join(folder, "none"))).size, 0);
  }));

Deno.test("readCounted() refuses what no run saves", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.json.gz");
    const right = { key: "k", draws: 1, samples: ["0,4;0,1"] };
    const wrong: [value: unknown, message: RegExp][] = [
      [null, /the key in .*, got null$/],
      [{ ...right, key: 1 }, /the key in .*, got \{/],
      [{ ...right, draws: 1.5 }, /the number of draws in .*, got 1\.5$/],
      [{ ...right, samples: [] }, /the list of samples in .*, got \[\]$/],
      [{ ...right, samples: "0,4;0,1" }, /the list of samples in .*/],
      [{ ...right, samples: ["0,4;0,2"] }, /each sample in .*, got "0,4;0,2"$/],
      [{ ...right, samples: ["too long"] }, /each sample in .*"too long"$/],
      [{ ...right, samples: [null] }, /each sample in .*, got null$/],
    ];
    for (const [value, message] of wrong) {
      await writeGzipJson(path, value);
      await assert.rejects(readCounted(path), {
        name: "SyntaxError",
        message: new RegExp(`^Cannot read the samples: ${message.source}`),
      });
    }
  }));
