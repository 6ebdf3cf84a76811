import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { HEX_WORDS, Md5Message } from "../../lib/spaces/md5.ts";

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

/** A digest as hexadecimal text. */
function text(message: Md5Message): string {
  const hex = new Int32Array(HEX_WORDS);
  message.writeHex(hex, 0);
  const digits = new TextDecoder().decode(hex);
  assert.equal(new Uint8Array(message.digest.buffer).toHex(), digits);
  return digits;
}

Deno.test("Md5Message gives the digests of RFC 1321", () => {
  const message = new Md5Message();
  const cases = [
    ["", "d41d8cd98f00b204e9800998ecf8427e"],
    ["a", "0cc175b9c0f1b6a831c399e269772661"],
    ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
    ["abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"],
  ];
  for (const [plain, digest] of cases) {
    message.clear();
    message.appendText(plain);
    message.finish();
    assert.equal(text(message), digest);
  }
});

Deno.test("Md5Message agrees with node:crypto at every length", () => {
  const message = new Md5Message();
  // Downwards, so that what a longer message leaves behind would show.
  for (let length = 439; length >= 0; length--) {
    const plain = "0123456789~(, |)'[".repeat(25).slice(0, length);
    message.clear();
    message.appendText(plain);
    message.finish();
    assert.equal(text(message), md5(plain), `${length} bytes`);
  }
});

Deno.test("Md5Message appends a digest at any place", () => {
  const message = new Md5Message();
  const hex = new Int32Array(3 * HEX_WORDS);
  message.appendText("earlier");
  message.finish();
  message.writeHex(hex, HEX_WORDS);
  for (let before = 0; before < 9; before++) {
    message.clear();
    message.appendText("x".repeat(before));
    message.appendHex(hex, HEX_WORDS);
    message.appendByte("|".charCodeAt(0));
    message.appendHex(hex, HEX_WORDS);
    message.finish();
    const earlier = md5("earlier");
    assert.equal(
      text(message),
      md5(`${"x".repeat(before)}${earlier}|${earlier}`),
    );
  }
});

Deno.test("Md5Message refuses more than 439 bytes", () => {
  const message = new Md5Message();
  message.appendText("x".repeat(440));
  assert.throws(
    () => message.finish(),
    new RangeError(
      "Cannot compute an MD5 digest: the message must have at most 439 bytes, got 440",
    ),
  );
});
