import assert from "node:assert/strict";
import { createHash as nodeHash } from "node:crypto";
import { createHash } from "../../lib/page/node_builtins.ts";

Deno.test("createHash() gives the SHA-256 of node:crypto at every length of padding", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => 37 * i + length);
    const expected = nodeHash("sha256").update(bytes).digest();
    const digest = createHash("sha256").update(bytes.subarray(0, length >> 1))
      .update(bytes.subarray(length >> 1)).digest();
    assert.deepEqual([...digest as Uint8Array], [...expected]);
  }
});

Deno.test("createHash() hashes text, and reads a digest as node:crypto does", () => {
  const text = "12,-5,3,0/zelle ä";
  const expected = nodeHash("sha256").update(text).digest();
  const hash = createHash("sha256").update(text);
  assert.equal(hash.digest("hex"), expected.toString("hex"));
  const digest = hash.digest();
  assert.ok(typeof digest !== "string");
  assert.equal(digest.readInt32LE(0), expected.readInt32LE(0));
});

Deno.test("createHash() refuses another algorithm", () => {
  assert.throws(() => createHash("md5"), {
    name: "RangeError",
    message: "Cannot hash: the algorithm must be sha256, got md5",
  });
});
