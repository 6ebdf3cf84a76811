/**
 * Files: written whole or not at all, flushed to the disk, read with an error that says which file.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { reasonOf, shownText } from "./shown.ts";

/**
 * Writes a file under a temporary name beside its target, flushes it, then renames it.
 *
 * A reader sees the old content or the new, never a part, and so does the next start of the
 * machine after a power cut. Missing folders are made.
 *
 * @param content Bytes, a text, or a text in pieces, which are written as they come.
 * @throws {Error} `Cannot write …`, with the path and the system's reason.
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | Iterable<string>,
): Promise<void> {
  const folder = dirname(path);
  const temporary = `${path}.${Deno.pid}${TEMPORARY}`;
  try {
    await Deno.mkdir(folder, { recursive: true });
    await _writeFlushed(
      temporary,
      content instanceof Uint8Array ? [content] : _encoded(content),
    );
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw new Error(`Cannot write ${path}: ${systemReason(error)}`, {
      cause: error,
    });
  }
  await flushFolder(folder);
}

/**
 * What the system said when it refused something, without the call and the path that Deno
 * puts after it: `Permission denied (os error 13)`.
 */
export function systemReason(error: unknown): string {
  return (error as Error).message.replace(/: \w+ '[^]*'$/, "");
}

/** How the names of files end that are not whole yet. */
export const TEMPORARY = ".tmp";

/** Writes a file and waits until the disk has it: a full one says so here at the latest. */
async function _writeFlushed(
  path: string,
  parts: Iterable<Uint8Array>,
): Promise<void> {
  using file = await Deno.open(path, {
    create: true,
    write: true,
    truncate: true,
  });
  for (const bytes of parts) {
    for (let at = 0; at < bytes.length;) {
      at += await file.write(bytes.subarray(at));
    }
  }
  await file.syncData();
}

/** Characters of a text in pieces that are written at a time. */
const PART_CHARACTERS = 2 ** 20;

/** A text, or one in pieces, as bytes. */
function* _encoded(
  pieces: string | Iterable<string>,
): Generator<Uint8Array, void, void> {
  const encoder = new TextEncoder();
  let part = "";
  for (const piece of typeof pieces === "string" ? [pieces] : pieces) {
    part += piece;
    if (part.length < PART_CHARACTERS) continue;
    yield encoder.encode(part);
    part = "";
  }
  if (part !== "") yield encoder.encode(part);
}

/**
 * Waits until the disk knows what the files of a folder are called.
 *
 * Not every system can do that of a folder; where it cannot, nothing is waited for.
 */
export async function flushFolder(folder: string): Promise<void> {
  try {
    using opened = await Deno.open(folder);
    await opened.sync();
  } catch {
    // Windows opens no folders, some network drives flush none.
  }
}

/** Writes a value as indented JSON, whole or not at all. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeFileAtomic(path, JSON.stringify(value, null, 2) + "\n");
}

/**
 * Reads a JSON file, with a byte-order mark or without.
 *
 * The caller names the type and checks what it relies on.
 *
 * @param what What the file holds, for the error.
 * @param parse Such as `parseStrictJson`, for a file that others wrote.
 * @throws {Error} If the file cannot be read.
 * @throws {SyntaxError} If it is not JSON.
 */
export async function readJson<T>(
  path: string,
  what: string,
  parse: (text: string) => unknown = JSON.parse,
): Promise<T> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(
      `Cannot read the ${what}: ${path}: ${systemReason(error)}`,
      { cause: error },
    );
  }
  try {
    return parse(text.replace(/^\ufeff/, "")) as T;
  } catch (error) {
    throw new SyntaxError(
      `Cannot read the ${what}: ${path} must be JSON: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

/**
 * Whether a file or folder is there.
 *
 * @throws {Error} If the system does not tell, as where a name is too long.
 */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    const [reason] = (error as Error).message.split(": ");
    throw new Error(`Cannot look for ${shownText(path)}: ${reason}`, {
      cause: error,
    });
  }
}

/** The SHA-256 digest in hexadecimal. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}
