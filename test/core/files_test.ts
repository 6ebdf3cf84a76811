import assert from "node:assert/strict";
import { join } from "node:path";
import {
  exists,
  flushFolder,
  readJson,
  writeFileAtomic,
  writeJson,
} from "../../lib/core/files.ts";
import { withFolder } from "../_helpers.ts";
import { withMount } from "../_mounts.ts";

const names = (folder: string) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("writeFileAtomic() writes texts and bytes, in folders that are not there yet", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "Ergebnisse für 数据", "a b", "t.bin");
    await writeFileAtomic(path, "größer");
    assert.equal(await Deno.readTextFile(path), "größer");
    const bytes = new Uint8Array(3_000_000).map((_, i) => i * 31);
    await writeFileAtomic(path, bytes);
    assert.deepEqual(await Deno.readFile(path), bytes);
    await writeFileAtomic(path, "");
    assert.equal((await Deno.stat(path)).size, 0);
    assert.deepEqual(names(join(path, "..")), ["t.bin"]);
  });
});

Deno.test("writeFileAtomic() leaves no part behind where it cannot write", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(join(folder, "taken"));
    await assert.rejects(
      writeFileAtomic(join(folder, "taken"), "text"),
      /^Error: Cannot write .*taken: [^\n]+$/,
    );
    assert.deepEqual(names(folder), ["taken"]);
  });
});

Deno.test("writeFileAtomic() keeps the file that is there when the disk is full", async (t) => {
  await withMount(t, "size=1m", async (disk) => {
    const path = join(disk, "model.safetensors");
    await writeFileAtomic(path, "the old one");
    await assert.rejects(
      writeFileAtomic(path, new Uint8Array(2 ** 21)),
      /^Error: Cannot write .*model\.safetensors: No space left on device[^\n]*$/,
    );
    assert.equal(await Deno.readTextFile(path), "the old one");
    assert.deepEqual(names(disk), ["model.safetensors"]);
    await writeFileAtomic(path, "the next one");
  });
});

Deno.test("flushFolder() is silent about what cannot be flushed", async () => {
  await flushFolder("/no such folder");
});

Deno.test("readJson() reads what writeJson() wrote, and says which file is none", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.json");
    await writeJson(path, { a: [1, null] });
    assert.deepEqual(await readJson(path, "note"), { a: [1, null] });
    await Deno.writeTextFile(path, '{"a": ');
    await assert.rejects(readJson(path, "note"), {
      name: "SyntaxError",
      message: /^Cannot read the note: .*a\.json must be JSON: /,
    });
    await assert.rejects(
      readJson(join(folder, "b.json"), "note"),
      /^Error: Cannot read the note: .*b\.json: No such file/,
    );
    assert.equal(await exists(path), true);
    assert.equal(await exists(join(folder, "b.json")), false);
  });
});
