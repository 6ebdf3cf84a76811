import assert from "node:assert/strict";
import { crc32c, maskedCrc } from "../../lib/core/crc32c.ts";
import { readTfrecords } from "../../lib/core/tfrecord.ts";
import { tfrecords } from "../accuracies/_files.ts";

const RECORDS = ["first", "", "the third record", "x"].map((text) =>
  new TextEncoder().encode(text)
);
const BYTES = tfrecords(RECORDS);

function* chunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

async function read(bytes: Uint8Array, size = 7): Promise<string[]> {
  const texts: string[] = [];
  const stream = ReadableStream.from(chunks(bytes, size));
  for await (const data of readTfrecords(stream, "f")) {
    texts.push(new TextDecoder().decode(data));
  }
  return texts;
}

Deno.test("readTfrecords() gives the records whatever the chunks", async () => {
  for (let size = 1; size <= BYTES.length; size++) {
    assert.deepEqual(
      await read(BYTES, size),
      ["first", "", "the third record", "x"],
      `chunks of ${size}`,
    );
  }
  assert.deepEqual(await read(new Uint8Array(0)), []);
});

Deno.test("readTfrecords() finds every flipped bit and names the record", async () => {
  // Record 2 begins after 5 + 16 and 0 + 16 bytes and has 16 + 16.
  for (let at = 37; at < 37 + 32; at++) {
    for (const bit of [0, 7]) {
      const bytes = BYTES.slice();
      bytes[at] ^= 1 << bit;
      const what = at < 37 + 12 ? "length" : "data";
      await assert.rejects(read(bytes), {
        name: "RangeError",
        message: new RegExp(
          `^Cannot read f: the checksum of record 2's ${what} must be 0x[0-9a-f]{8}, got 0x[0-9a-f]{8}$`,
        ),
      });
    }
  }
});

Deno.test("readTfrecords() names the record within which the file ends", async () => {
  const starts = [0, 21, 37, 69, BYTES.length];
  for (let size = 0; size < BYTES.length; size++) {
    const record = starts.findLastIndex((start) => start <= size);
    const rest = size - starts[record];
    if (rest === 0) {
      assert.equal((await read(BYTES.subarray(0, size))).length, record);
      continue;
    }
    await assert.rejects(read(BYTES.subarray(0, size)), {
      name: "RangeError",
      message:
        `Cannot read f: record ${record} must be complete, got the end of the file after ${rest} of its bytes`,
    });
  }
});

/** The header of a record that says how long it is. */
function header(length: bigint): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, length, true);
  view.setUint32(8, maskedCrc(crc32c(bytes, 0, 8)), true);
  return bytes;
}

Deno.test("readTfrecords() refuses a length that no record has, before it waits for it", async () => {
  let given = 0;
  async function* file(length: bigint) {
    yield header(length);
    for (; given < 2 ** 30; given += 2 ** 20) yield new Uint8Array(2 ** 20);
  }
  for (const length of [2n ** 20n + 1n, 2n ** 30n, 2n ** 40n + 1n, 2n ** 63n]) {
    await assert.rejects(Array.fromAsync(readTfrecords(file(length), "f")), {
      name: "RangeError",
      message:
        `Cannot read f: the length of record 0 must be at most 1048576 bytes, got ${
          Number(length)
        }`,
    });
  }
  assert.equal(given, 0);
});

Deno.test("readTfrecords() joins the chunks of a record in linear time", async () => {
  // A record of a megabyte, byte by byte: were all joined with each, 5 · 10¹¹ were copied.
  const data = new Uint8Array(2 ** 20).fill(7);
  const bytes = tfrecords([data, data.subarray(0, 3)]);
  const started = performance.now();
  async function* single() {
    for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
  }
  const sizes: number[] = [];
  for await (const { length } of readTfrecords(single(), "f")) {
    sizes.push(length);
  }
  assert.deepEqual(sizes, [2 ** 20, 3]);
  assert.ok(performance.now() - started < 10_000);
});

Deno.test("readTfrecords() ends the reading of chunks when it is ended", async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(BYTES),
    cancel: () => {
      cancelled = true;
    },
  });
  for await (const data of readTfrecords(stream, "f")) {
    assert.equal(data.length, 5);
    break;
  }
  assert.ok(cancelled);
});
