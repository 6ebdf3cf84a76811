/** Lines of a stream, and promises that take too long. */
import assert from "node:assert/strict";
import { readLines, within } from "../../lib/core/processes.ts";

Deno.test("readLines() gives lines as they end, however the bytes come", async () => {
  const bytes = new TextEncoder().encode("one\nzwölf\n\nhalf");
  for (const size of [1, 3, bytes.length]) {
    const chunks = Array.from(
      { length: Math.ceil(bytes.length / size) },
      (_, i) => bytes.slice(i * size, (i + 1) * size),
    );
    const lines = await Array.fromAsync(readLines(ReadableStream.from(chunks)));
    assert.deepEqual(lines, ["one", "zwölf", ""]);
  }
});

Deno.test("within() gives what comes in time, errors too, and null after that", async () => {
  assert.equal(await within(Promise.resolve(3), 1000), 3);
  await assert.rejects(within(Promise.reject(new RangeError("no")), 1000), {
    message: "no",
  });
  assert.equal(await within(new Promise(() => {}), 10), null);
});
