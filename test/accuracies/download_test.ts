import assert from "node:assert/strict";
import { join } from "node:path";
import {
  download,
  type DownloadOptions,
} from "../../lib/accuracies/download.ts";

import type { PublishedFile } from "../../lib/spaces/accuracies.ts";
import { sha256 } from "../../lib/core/files.ts";
import { Random } from "../../lib/core/random.ts";
import { withFolder } from "../_helpers.ts";

const SIZE = 100_000;
const RNG = Random.fromSeed(4);
const CONTENT = Uint8Array.from({ length: SIZE }, () => RNG.integer(256));

/** A test's view of a download. */
interface Exchange {
  readonly file: PublishedFile;
  readonly path: string;
  readonly part: string;
  /** `Range` of each request, null where there was none. */
  readonly ranges: (string | null)[];
  readonly waits: number[];
  start(options?: DownloadOptions): Promise<void>;
}

/** Serves answers, one for each request, the last one for all that follow. */
async function withServer(
  answers: readonly ((request: Request) => Response)[],
  use: (exchange: Exchange) => Promise<void>,
): Promise<void> {
  const ranges: (string | null)[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      ranges.push(request.headers.get("range"));
      return answers[Math.min(ranges.length, answers.length) - 1](request);
    },
  );
  try {
    await withFolder(async (folder) => {
      const file: PublishedFile = {
        name: "f.bin",
        url: `http://127.0.0.1:${server.addr.port}/f.bin`,
        bytes: SIZE,
        sha256: sha256(CONTENT),
      };
      const path = join(folder, "deep", "f.bin");
      const waits: number[] = [];
      await use({
        file,
        path,
        part: `${path}.part`,
        ranges,
        waits,
        start: (options) =>
          download(file, path, {
            wait: (milliseconds) => {
              waits.push(milliseconds);
              return Promise.resolve();
            },
            ...options,
          }),
      });
    });
  } finally {
    await server.shutdown();
  }
}

const whole = () => new Response(CONTENT);

/** Answers as a server with ranges does. */
function ranged(request: Request): Response {
  const range = request.headers.get("range")?.match(/^bytes=(\d+)-$/);
  if (!range) return whole();
  const start = Number(range[1]);
  return new Response(CONTENT.subarray(start), {
    status: 206,
    headers: { "content-range": `bytes ${start}-${SIZE - 1}/${SIZE}` },
  });
}

/** Promises the whole, sends the first bytes, and cuts the connection once `arrived` says so. */
function cut(size: number, arrived: Promise<void>) {
  return () =>
    new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(CONTENT.slice(0, size));
          await arrived;
          controller.close();
        },
      }),
      { headers: { "content-length": String(SIZE) } },
    );
}

async function assertDone({ path, part }: Exchange): Promise<void> {
  assert.equal(sha256(await Deno.readFile(path)), sha256(CONTENT));
  await assert.rejects(Deno.stat(part), Deno.errors.NotFound);
}

async function assertFails(
  exchange: Exchange,
  reason: string | RegExp,
  options?: DownloadOptions,
): Promise<void> {
  const { file, path } = exchange;
  await assert.rejects(exchange.start(options), (error: Error) => {
    const head = `Cannot download ${file.url}: `;
    const tail =
      `; a copy from elsewhere, of ${SIZE} bytes with SHA-256 ${file.sha256}, belongs at ${path}`;
    assert.ok(error.message.startsWith(head), error.message);
    assert.ok(error.message.endsWith(tail), error.message);
    const found = error.message.slice(head.length, -tail.length);
    if (typeof reason === "string") assert.equal(found, reason);
    else assert.match(found, reason);
    return true;
  });
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
}

Deno.test("download() checks what arrives and reports the bytes", async () => {
  await withServer([whole], async (exchange) => {
    const seen: number[] = [];
    await exchange.start({
      onProgress: (done, total) => {
        assert.equal(total, SIZE);
        seen.push(done);
      },
    });
    await assertDone(exchange);
    assert.equal(seen[0], 0);
    assert.equal(seen.at(-1), SIZE);
    assert.deepEqual(exchange.ranges, [null]);
    assert.deepEqual(exchange.waits, []);
  });
});

for (
  const [what, rest] of [["goes on", ranged], [
    "starts from zero where there are no ranges",
    whole,
  ]] as const
) {
  Deno.test(`download() ${what} after a cut connection`, async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await withServer([cut(40_000, promise), rest], async (exchange) => {
      const seen: number[] = [];
      await exchange.start({
        onProgress: (done) => {
          seen.push(done);
          if (done === 40_000) resolve();
        },
      });
      await assertDone(exchange);
      assert.deepEqual(exchange.ranges, [null, "bytes=40000-"]);
      assert.deepEqual(exchange.waits, [1000]);
      const again = seen.indexOf(40_000) + 1;
      assert.equal(seen[again], rest === ranged ? 40_000 : 0);
    });
  });
}

Deno.test("download() goes on with what an earlier call left", async () => {
  await withServer([ranged], async (exchange) => {
    await Deno.mkdir(join(exchange.path, ".."));
    await Deno.writeFile(exchange.part, CONTENT.subarray(0, 70_000));
    const seen: number[] = [];
    await exchange.start({ onProgress: (done) => seen.push(done) });
    await assertDone(exchange);
    assert.deepEqual(exchange.ranges, ["bytes=70000-"]);
    assert.equal(seen[0], 70_000);
  });
});

Deno.test("download() starts from zero where the rest belongs to another file", async () => {
  await withServer([ranged], async (exchange) => {
    await Deno.mkdir(join(exchange.path, ".."));
    await Deno.writeFile(exchange.part, new Uint8Array(10));
    await exchange.start();
    await assertDone(exchange);
    assert.deepEqual(exchange.ranges, ["bytes=10-", null]);
  });
  // A part that is too long is no part of the file.
  await withServer([ranged], async (exchange) => {
    await Deno.mkdir(join(exchange.path, ".."));
    await Deno.writeFile(exchange.part, new Uint8Array(SIZE + 1));
    await exchange.start();
    await assertDone(exchange);
    assert.deepEqual(exchange.ranges, [null]);
  });
  const refused = () => new Response(null, { status: 416 });
  await withServer([refused, ranged], async (exchange) => {
    await Deno.mkdir(join(exchange.path, ".."));
    await Deno.writeFile(exchange.part, CONTENT.subarray(0, 5));
    await exchange.start();
    await assertDone(exchange);
    assert.deepEqual(exchange.ranges, ["bytes=5-", null]);
  });
});

Deno.test("download() refuses a wrong checksum and leaves nothing", async () => {
  const other = CONTENT.slice();
  other[SIZE - 1] ^= 1;
  await withServer([() => new Response(other)], async (exchange) => {
    await assertFails(
      exchange,
      `its SHA-256 must be ${sha256(CONTENT)}, got ${sha256(other)}`,
    );
    await assert.rejects(Deno.stat(exchange.part), Deno.errors.NotFound);
    assert.equal(exchange.ranges.length, 1);
  });
});

Deno.test("download() refuses more bytes than there must be", async () => {
  const longer = new Uint8Array(SIZE + 1);
  await withServer([() => new Response(longer)], async (exchange) => {
    await assertFails(exchange, `it must have ${SIZE} bytes, got more`);
    await assert.rejects(Deno.stat(exchange.part), Deno.errors.NotFound);
    assert.equal(exchange.ranges.length, 1);
  });
});

Deno.test("download() tries a missing file once, a failing server three times", async () => {
  const answer = (status: number) => () => new Response("no", { status });
  await withServer([answer(404)], async (exchange) => {
    await assertFails(exchange, "the answer must have status 200, got 404");
    assert.equal(exchange.ranges.length, 1);
  });
  await withServer([answer(503)], async (exchange) => {
    await assertFails(exchange, "the answer must have status 200, got 503");
    assert.equal(exchange.ranges.length, 3);
    assert.deepEqual(exchange.waits, [1000, 2000]);
  });
  await withServer([answer(500), answer(429), whole], async (exchange) => {
    await exchange.start();
    await assertDone(exchange);
  });
});

Deno.test("download() keeps what has arrived when all attempts fail", async () => {
  const short = () => new Response(CONTENT.slice(0, 30_000));
  const refuse = () => new Response(null, { status: 503 });
  await withServer([short, refuse, refuse], async (exchange) => {
    await assertFails(exchange, "the answer must have status 200, got 503");
    assert.deepEqual(exchange.ranges, [null, "bytes=30000-", "bytes=30000-"]);
    assert.equal((await Deno.stat(exchange.part)).size, 30_000);
  });
});

Deno.test("download() gives up on a server that stops sending", async () => {
  // It sends nothing at all: however slow the machine, the attempt ends.
  const silent = () => new Response(new ReadableStream({}));
  await withServer([silent], async (exchange) => {
    await assertFails(
      exchange,
      "the server must go on sending, got nothing for 20 ms",
      { stallMs: 20 },
    );
    assert.ok(exchange.waits.length === 2);
  });
});

Deno.test("download() names a server that is not there", async () => {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    whole,
  );
  const url = `http://127.0.0.1:${server.addr.port}/f.bin`;
  await server.shutdown();
  await withFolder(async (folder) => {
    const file = { name: "f.bin", url, bytes: 1, sha256: "00" };
    await assert.rejects(
      download(file, join(folder, "f.bin"), { wait: () => Promise.resolve() }),
      {
        message: /^Cannot download http:.*; a copy from elsewhere, of 1 bytes/,
      },
    );
  });
});
