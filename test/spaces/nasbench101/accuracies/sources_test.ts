import assert from "node:assert/strict";
import { join } from "node:path";
import { readCache } from "../../../../lib/spaces/nasbench101/accuracies/cache.ts";
import {
  cachedRepeats,
  importRepeats,
  readRepeats,
} from "../../../../lib/spaces/nasbench101/accuracies/sources.ts";
import { isReady } from "../../../../lib/spaces/nasbench101/table.ts";
import { withFolder } from "../../../_helpers.ts";
import {
  HASHES,
  HEADER,
  record,
  repeats,
  row,
  tfrecords,
  write,
} from "../../../accuracies/_files.ts";

const RECORDS = [...repeats(HASHES[0]), ...repeats(HASHES[1])];
const TABLE = `${HEADER}\n${row(HASHES[0])}\n`;

// The first test of this file: no other has prepared the space.
Deno.test("readRepeats() looks at the whole file before cells are enumerated", async () => {
  assert.ok(!isReady());
  await withFolder(async (folder) => {
    const flipped = tfrecords(RECORDS);
    flipped[flipped.length - 30] ^= 4;
    const wrong: [name: string, content: Uint8Array | string][] = [
      ["a.csv", "module_hash\n"],
      ["b.csv", `${TABLE}${row(HASHES[1]).replace("0.75", "1.5")}\n`],
      ["c.csv.gz", `${TABLE}${row("no hash")}\n`],
      ["d.csv", ""],
      ["e.tfrecord", flipped],
    ];
    for (const [name, content] of wrong) {
      const path = await write(folder, name, content);
      await assert.rejects(readRepeats(path), /^\w+: Cannot read /);
    }
    await assert.rejects(readRepeats(join(folder, "none.csv")));
    assert.ok(!isReady());
    await readRepeats(await write(folder, "good.csv", TABLE));
    assert.ok(isReady());
  });
});

Deno.test("readRepeats() goes by the name and reports the bytes", async () => {
  await withFolder(async (folder) => {
    const bytes = tfrecords(RECORDS);
    const records = await write(folder, "f.tfrecord", bytes);
    const shown: unknown[] = [];
    const read = await readRepeats(records, {
      onProgress: (progress) => shown.push(progress),
    });
    assert.equal(read.cells.length, 2);
    assert.deepEqual(shown.at(-1), {
      done: bytes.length,
      total: bytes.length,
      message: "f.tfrecord",
    });
    for (const name of ["t.csv", "t.csv.gz"]) {
      const path = await write(folder, name, TABLE);
      assert.equal((await readRepeats(path)).cells.length, 1);
    }
    await assert.rejects(readRepeats(await write(folder, "t.txt", TABLE)), {
      name: "RangeError",
      message:
        "Cannot read accuracies: the name of a file of NAS-Bench-101 must end in .tfrecord, .csv.gz, .csv, got t.txt",
    });
  });
});

Deno.test("importRepeats() writes the cache, and leaves it as it was on corrupt input", async () => {
  await withFolder(async (folder) => {
    const cache = join(folder, "accuracies.bin");
    const good = await write(folder, "good.tfrecord", tfrecords(RECORDS));
    const imported = await importRepeats(good, cache);
    assert.deepEqual(await readCache(cache), imported);
    const before = await Deno.readFile(cache);

    const bytes = tfrecords(RECORDS);
    const flipped = bytes.slice();
    flipped[bytes.length - 30] ^= 4;
    const json = [...RECORDS, new TextEncoder().encode("[not JSON")];
    const corrupt: [name: string, content: Uint8Array | string, RegExp][] = [
      ["a.tfrecord", flipped, /the checksum of record 5's data must be/],
      ["b.tfrecord", bytes.subarray(0, -3), /record 5 must be complete, got/],
      ["c.tfrecord", tfrecords(json), /record 6 of c.tfrecord must be JSON/],
      [
        "d.tfrecord",
        tfrecords([...repeats("f".repeat(32)), ...RECORDS]),
        /the hash of record 0 of d.tfrecord must be/,
      ],
      [
        "e.tfrecord",
        tfrecords([...RECORDS, record(HASHES[2], 1, 2)]),
        /the test accuracy of record 6 of e.tfrecord must be in \[0, 1\], got 2/,
      ],
      ["f.csv", `${TABLE}x,1`, /line 3 of f.csv must have 7 values, got 2/],
    ];
    for (const [name, content, message] of corrupt) {
      const path = await write(folder, name, content);
      await assert.rejects(importRepeats(path, cache), { message });
      assert.deepEqual(await Deno.readFile(cache), before, name);
      const none = join(folder, "none.bin");
      await assert.rejects(importRepeats(path, none), { message });
      await assert.rejects(Deno.stat(none), Deno.errors.NotFound);
    }
    const left = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assert.deepEqual(left.filter((name) => /tmp|part/.test(name)), []);
  });
});

Deno.test("cachedRepeats() serves the very file that the cache was made from", async () => {
  await withFolder(async (folder) => {
    const cache = join(folder, "accuracies.bin");
    const table = await write(folder, "t.csv", TABLE);
    assert.equal(await cachedRepeats(cache, table), null);
    await importRepeats(table, cache);
    assert.equal((await cachedRepeats(cache, table))!.cells.length, 1);
    const other = await write(folder, "u.csv", TABLE);
    assert.equal(await cachedRepeats(cache, other), null);
    await Deno.utime(table, 1000, 1000);
    assert.equal(await cachedRepeats(cache, table), null);
  });
});
