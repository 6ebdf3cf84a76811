/**
 * Downloads of published files: checked, resumed where they were cut, tried again.
 *
 * What has arrived lies beside the target under `.part`. It gets its name once size
 * and SHA-256 are right.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { PublishedFile } from "../spaces/accuracies.ts";

/** Times that a download is tried. */
const ATTEMPTS = 3;
/** Before the second attempt; doubled for the third. */
const BACKOFF_MS = 1_000;
/** A server that sends nothing for so long is taken for gone. */
const STALL_MS = 60_000;

/** How downloads are watched, and what tests replace. */
export interface DownloadOptions {
  /** Gets the bytes that are there, those of an earlier attempt included. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Waits between two attempts. */
  readonly wait?: (milliseconds: number) => Promise<void>;
  /** Milliseconds without a byte after which an attempt has failed. */
  readonly stallMs?: number;
}

/** An error that another attempt will not mend. */
class _Final extends Error {}

/**
 * Downloads a file.
 *
 * A server without ranges, or with another file than before, makes it start from
 * zero. What has arrived stays for the next call, unless its checksum is wrong.
 *
 * @param path Where it goes; missing folders are made.
 * @throws {Error} One sentence with the address, what was expected, and where to put
 *   the file by hand.
 */
export async function download(
  file: PublishedFile,
  path: string,
  options: DownloadOptions = {},
): Promise<void> {
  const { wait = _sleep } = options;
  const part = `${path}.part`;
  let last: Error | undefined;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await wait(BACKOFF_MS * 2 ** (attempt - 1));
      const start = await _size(part);
      try {
        if (start < file.bytes) await _fetchRest(file, part, start, options);
        await _checkDigest(file, part, start > 0);
        await Deno.rename(part, path);
        return;
      } catch (error) {
        last = error as Error;
        if (error instanceof _Final) break;
      }
    }
  } catch (error) {
    last = error as Error;
  }
  throw new Error(
    `Cannot download ${file.url}: ${
      _reason(last!)
    }; a copy from elsewhere, of ${file.bytes} bytes with SHA-256 ${file.sha256}, belongs at ${path}`,
    { cause: last },
  );
}

/** What went wrong; `fetch` has that in its cause, after the address. */
function _reason({ message, cause }: Error): string {
  if (!(cause instanceof Error)) return message;
  return `${message}: ${cause.message.replace(/^.* for url \(\S+\): /, "")}`;
}

/** Fetches what is missing, to the end of the part file. */
async function _fetchRest(
  file: PublishedFile,
  part: string,
  start: number,
  options: DownloadOptions,
): Promise<void> {
  const { onProgress, stallMs = STALL_MS } = options;
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () =>
        controller.abort(
          new Error(
            `the server must go on sending, got nothing for ${stallMs} ms`,
          ),
        ),
      stallMs,
    );
  };
  alive();
  try {
    const response = await fetch(file.url, {
      signal: controller.signal,
      // Encoded, a range would be one of other bytes.
      headers: {
        "accept-encoding": "identity",
        ...(start > 0 ? { range: `bytes=${start}-` } : {}),
      },
    });
    const resumed = response.status === 206 &&
      response.headers.get("content-range")?.startsWith(`bytes ${start}-`);
    if (response.body === null || !(resumed || response.status === 200)) {
      await response.body?.cancel();
      if (response.status === 206 || response.status === 416) {
        await _removeIfThere(part); // the next attempt asks for all of it
      }
      const { status } = response;
      const passing = status < 400 || status === 408 || status === 416 ||
        status === 429 || status >= 500;
      const message = `the answer must have status 200, got ${status}`;
      throw passing ? new Error(message) : new _Final(message);
    }
    let done = resumed ? start : 0;
    onProgress?.(done, file.bytes);
    using target = await Deno.open(part, {
      create: true,
      write: true,
      append: Boolean(resumed),
      truncate: !resumed,
    });
    for await (const chunk of response.body) {
      alive();
      done += chunk.length;
      if (done > file.bytes) break;
      await _writeAll(target, chunk);
      onProgress?.(done, file.bytes);
    }
    if (done > file.bytes) {
      target.close();
      await _removeIfThere(part);
      throw new _Final(`it must have ${file.bytes} bytes, got more`);
    }
    if (done < file.bytes) {
      throw new Error(`it must have ${file.bytes} bytes, got ${done}`);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** What was put together from several answers may be of two files: that is worth another attempt. */
async function _checkDigest(
  file: PublishedFile,
  part: string,
  resumed: boolean,
): Promise<void> {
  const hash = createHash("sha256");
  const source = await Deno.open(part);
  for await (const chunk of source.readable) hash.update(chunk);
  const digest = hash.digest("hex");
  if (digest === file.sha256) return;
  await _removeIfThere(part);
  const message = `its SHA-256 must be ${file.sha256}, got ${digest}`;
  throw resumed ? new Error(message) : new _Final(message);
}

async function _writeAll(
  target: Deno.FsFile,
  bytes: Uint8Array,
): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += await target.write(bytes.subarray(at));
}

async function _size(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

async function _removeIfThere(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

function _sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
