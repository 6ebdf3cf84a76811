import assert from "node:assert/strict";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { gzipped, readGzipJson, writeGzipJson } from "../../lib/core/gzip.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("readGzipJson() gives back what writeGzipJson() wrote", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a", "file.json.gz");
    const value = { key: "k", list: ["ä", 1.5, null] };
    await writeGzipJson(path, value);
    assert.deepEqual(await readGzipJson(path, "list"), value);
    const text = gunzipSync(await Deno.readFile(path)).toString();
    assert.equal(text.split("\n").length, 9);
  }));

Deno.test("gzipped() names neither time nor system", () => {
  const bytes = gzipped("text");
  // Magic number, deflate, no flags, no time, slowest, unknown system.
  assert.deepEqual(
    [...bytes.slice(0, 10)],
    [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255],
  );
  assert.equal(gunzipSync(bytes).toString(), "text");
});

Deno.test("readGzipJson() refuses what is no packed JSON, in one sentence", () =>
  withFolder(async (folder) => {
    const path = join(folder, "file.json.gz");
    const packed = gzipped('{"a": "a longer text"}');
    const damaged = packed.slice();
    damaged[packed.length - 6] ^= 1; // of the checksum
    for (
      const bytes of [
        new TextEncoder().encode('{"a": 1}'),
        packed.subarray(0, packed.length - 9),
        damaged,
        Uint8Array.of(...packed, 7),
        new Uint8Array(0),
        gzipped("{"),
        gzipped('{"a": 1, "a": 2}'),
        gzipSync(Uint8Array.of(0x22, 0xff, 0x22)),
      ]
    ) {
      await Deno.writeFile(path, bytes);
      await assert.rejects(readGzipJson(path, "list"), {
        name: "SyntaxError",
        message: /^Cannot read the list: \S+ must be packed JSON: .+$/,
      });
    }
    await assert.rejects(readGzipJson(join(folder, "none"), "list"), {
      name: "Error",
      message: /^Cannot read the list: \S+none: No such file.*$/,
    });
  }));
