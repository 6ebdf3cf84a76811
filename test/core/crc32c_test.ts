import assert from "node:assert/strict";
import { crc32c, maskedCrc } from "../../lib/core/crc32c.ts";
import { Random } from "../../lib/core/random.ts";

Deno.test("crc32c() gives the check values of RFC 3720", () => {
  const bytes = (value: (i: number) => number) =>
    Uint8Array.from({ length: 32 }, (_, i) => value(i));
  assert.equal(crc32c(bytes(() => 0)), 0x8a9136aa);
  assert.equal(crc32c(bytes(() => 255)), 0x62a8ab43);
  assert.equal(crc32c(bytes((i) => i)), 0x46dd794e);
  assert.equal(crc32c(bytes((i) => 31 - i)), 0x113fdb5c);
  assert.equal(crc32c(new Uint8Array(0)), 0);
});

Deno.test("crc32c() of part of an array equals that of its bits, one by one", () => {
  const rng = Random.fromSeed(1);
  const bytes = Uint8Array.from({ length: 100 }, () => rng.integer(256));
  for (let start = 0; start < 10; start++) {
    for (let end = start; end <= 40; end++) {
      let crc = 0xffffffff;
      for (let i = start; i < end; i++) {
        crc ^= bytes[i];
        for (let bit = 0; bit < 8; bit++) {
          crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
        }
      }
      assert.equal(crc32c(bytes, start, end), ~crc >>> 0, `[${start}, ${end})`);
    }
  }
});

Deno.test("maskedCrc() turns right by 15 bits and adds the constant", () => {
  assert.equal(maskedCrc(0), 0xa282ead8);
  assert.equal(maskedCrc(1 << 15), 0xa282ead9);
  assert.equal(maskedCrc(1), 0xa282ead8 + 0x20000);
  // All ones stay all ones, −1 modulo 2³².
  assert.equal(maskedCrc(0xffffffff), 0xa282ead7);
  // The first 12 bytes of a file of the official format: length 403 and this.
  const length = new Uint8Array([0x93, 1, 0, 0, 0, 0, 0, 0]);
  assert.equal(maskedCrc(crc32c(length)), 0xb07a0909);
});
