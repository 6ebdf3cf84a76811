/**
 * The file that accuracies are read from: its chunks, and which file it was.
 *
 * @module
 */

import { basename } from "node:path";

/** Bytes read at a time. */
const CHUNK_BYTES = 2 ** 20;

/** Which file accuracies were read from. */
export interface SourceFile {
  /** Without its folder. */
  readonly name: string;
  readonly bytes: number;
  /** When it was last changed, in milliseconds since 1970; null where not known. */
  readonly modifiedMs: number | null;
}

/**
 * Looks a file up.
 *
 * @throws {Error} If it cannot be read.
 */
export async function sourceFile(path: string): Promise<SourceFile> {
  const { size, mtime } = await Deno.stat(path).catch((error) =>
    _fail(path, error)
  );
  return {
    name: basename(path),
    bytes: size,
    modifiedMs: mtime?.getTime() ?? null,
  };
}

/**
 * The content of a file, chunk by chunk.
 *
 * @param options `onBytes` gets the number of bytes so far.
 * @throws {Error} If it cannot be read.
 */
export async function* readChunks(
  path: string,
  options: { readonly onBytes?: (done: number) => void } = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  using file = await Deno.open(path).catch((error) => _fail(path, error));
  let done = 0;
  while (true) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const count = await file.read(chunk).catch((error) => _fail(path, error));
    if (count === null) return;
    yield chunk.subarray(0, count);
    done += count;
    options.onBytes?.(done);
  }
}

function _fail(path: string, error: Error): never {
  throw new Error(`Cannot read accuracies: ${path}: ${error.message}`, {
    cause: error,
  });
}
