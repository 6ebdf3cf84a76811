/**
 * JSON in a gzip file: what is large, kept for long, and read by people now and then
 * (`gunzip -c`).
 *
 * @module
 */

import { gunzipSync, gzipSync } from "node:zlib";
import { systemReason, writeFileAtomic } from "./files.ts";
import { reasonOf } from "./shown.ts";
import { parseStrictJson } from "./strict_json.ts";

/** The longest text that is unpacked, in bytes: some 10 million samples. */
const LONGEST = 2 ** 29 - 2 ** 10;
/** The byte of a gzip file that names the system it was written on, and what says that it is not known. */
const SYSTEM_BYTE = 9, UNKNOWN_SYSTEM = 255;

/** A text, packed: the same bytes on every system. */
export function gzipped(text: string): Uint8Array {
  const bytes = Uint8Array.from(gzipSync(text, { level: 9 }));
  bytes[SYSTEM_BYTE] = UNKNOWN_SYSTEM;
  return bytes;
}

/** Writes a value as packed JSON, an entry a line, whole or not at all. */
export function writeGzipJson(path: string, value: unknown): Promise<void> {
  return writeFileAtomic(path, gzipped(JSON.stringify(value, null, 1) + "\n"));
}

/**
 * Reads a file of packed JSON.
 *
 * @param what What the file holds, for the error.
 * @throws {Error} If the file cannot be read.
 * @throws {SyntaxError} If it is no gzip file, longer than anything written here, or not of
 *   strict JSON.
 */
export async function readGzipJson(
  path: string,
  what: string,
): Promise<unknown> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new Error(
      `Cannot read the ${what}: ${path}: ${systemReason(error)}`,
      { cause: error },
    );
  }
  try {
    const packed = gunzipSync(bytes, { maxOutputLength: LONGEST });
    const text = new TextDecoder("utf-8", { fatal: true }).decode(packed);
    return parseStrictJson(text);
  } catch (error) {
    throw new SyntaxError(
      `Cannot read the ${what}: ${path} must be packed JSON: ${
        reasonOf(error)
      }`,
      { cause: error },
    );
  }
}
