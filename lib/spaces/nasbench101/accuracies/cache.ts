/**
 * The compact cache of NAS-Bench-101's accuracies: all repeats in one binary file.
 *
 * It is read in a fraction of a second where the official file takes many. In
 * little-endian order, which is that of all machines Deno runs on:
 *
 *     bytes 0–7    "NB101ACC"
 *     bytes 8–11   version of this format, 1
 *     bytes 12–15  n, the number of covered cells
 *     bytes 16–19  1 where there are weights, and 2 where there are means alone, summed
 *     bytes 20–23  s, the number of bytes of the source
 *     bytes 24–55  SHA-256 of all that follows
 *     then         cells [n] uint32, validation [n, 3] float32, test [n, 3] float32,
 *                  weights [n] float32, source [s] JSON; of means alone, validation and
 *                  test are [n] float64
 *
 * @module
 */

import { sha256, writeFileAtomic } from "../../../core/files.ts";
import { shown } from "../../../core/shown.ts";
import type { SourceFile } from "../../../core/source_file.ts";
import { CELL_COUNT } from "../cells.ts";
import {
  accuracyColumn,
  type Nasbench101Repeats,
  REPEATS,
  type Repeats,
} from "./repeats.ts";

/** Its name in the project's own folder. */
export const CACHE_NAME = "accuracies.bin";

const MAGIC = "NB101ACC";
const VERSION = 1;
const WEIGHTED = 1;
const MEANS = 2;
const DIGEST_AT = 24;
const HEADER_BYTES = 56;

/**
 * Writes the cache, whole or not at all.
 *
 * @throws {Error} If it cannot be written.
 */
export async function writeCache(
  path: string,
  repeats: Nasbench101Repeats,
): Promise<void> {
  const { cells, validation, test, weights } = repeats;
  const source = new TextEncoder().encode(JSON.stringify(repeats.source));
  const columns = [cells, validation, test, ...(weights ? [weights] : [])];
  const width = columns.reduce((sum, column) => sum + column.byteLength, 0);
  const bytes = new Uint8Array(HEADER_BYTES + width + source.length);
  let at = HEADER_BYTES;
  for (const column of [...columns, source]) {
    bytes.set(
      new Uint8Array(column.buffer, column.byteOffset, column.byteLength),
      at,
    );
    at += column.byteLength;
  }
  bytes.set(new TextEncoder().encode(MAGIC));
  const header = new DataView(bytes.buffer);
  header.setUint32(8, VERSION, true);
  header.setUint32(12, cells.length, true);
  header.setUint32(
    16,
    (weights === null ? 0 : WEIGHTED) + (repeats.repeats === 1 ? MEANS : 0),
    true,
  );
  header.setUint32(20, source.length, true);
  bytes.set(
    Uint8Array.fromHex(sha256(bytes.subarray(HEADER_BYTES))),
    DIGEST_AT,
  );
  await writeFileAtomic(path, bytes);
}

/**
 * Reads the cache.
 *
 * @throws {Deno.errors.NotFound} If there is none.
 * @throws {RangeError} If it is not as `writeCache` wrote it.
 * @throws {Error} If it cannot be read.
 */
export async function readCache(path: string): Promise<Nasbench101Repeats> {
  const bytes = await Deno.readFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) throw error;
    throw new Error(`Cannot read accuracies: ${path}: ${error.message}`, {
      cause: error,
    });
  });
  function check(what: string, expected: unknown, got: unknown): void {
    if (got === expected) return;
    throw new RangeError(
      `Cannot read accuracies: ${what} of ${path} must be ${expected}, got ${got}; delete it, then run deno task data --space nasbench101`,
    );
  }
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  check("the first word", shown(MAGIC), shown(magic));
  check(
    "the header",
    `${HEADER_BYTES} bytes`,
    `${Math.min(bytes.length, HEADER_BYTES)} bytes`,
  );
  const header = new DataView(bytes.buffer, 0, HEADER_BYTES);
  check("the version", VERSION, header.getUint32(8, true));
  const n = header.getUint32(12, true);
  const flags = header.getUint32(16, true);
  check("the flags", flags & (WEIGHTED | MEANS), flags);
  const weighted = (flags & WEIGHTED) !== 0;
  const repeats: Repeats = flags & MEANS ? 1 : REPEATS;
  const rowBytes = repeats * accuracyColumn(repeats, 0).BYTES_PER_ELEMENT;
  const width = n * (4 + 2 * rowBytes + (weighted ? 4 : 0));
  check(
    "the size in bytes",
    HEADER_BYTES + width + header.getUint32(20, true),
    bytes.length,
  );
  check(
    "the SHA-256 of the columns",
    bytes.subarray(DIGEST_AT, HEADER_BYTES).toHex(),
    sha256(bytes.subarray(HEADER_BYTES)),
  );
  let at = HEADER_BYTES;
  /** The next bytes, from the beginning of a buffer of their own, as float64 wants them. */
  const next = (size: number) => bytes.buffer.slice(at, at += size);
  const cells = new Uint32Array(next(4 * n));
  const accuracies = () => {
    const column = next(n * rowBytes);
    return repeats === 1 ? new Float64Array(column) : new Float32Array(column);
  };
  const validation = accuracies(), test = accuracies();
  const weights = weighted ? new Float32Array(next(4 * n)) : null;
  // The digest holds for what another program wrote as well.
  const each = <T extends ArrayLike<number>>(
    what: string,
    rule: string,
    values: T,
    isRight: (value: number, i: number) => boolean,
  ) => {
    for (let i = 0; i < values.length; i++) {
      if (!isRight(values[i], i)) check(`every ${what}`, rule, values[i]);
    }
  };
  check("the number of cells", Math.max(n, 1), n);
  each("cell", `below ${CELL_COUNT}`, cells, (cell) => cell < CELL_COUNT);
  each(
    "cell",
    "above the one before it",
    cells,
    (cell, i) => i === 0 || cell > cells[i - 1],
  );
  const isFraction = (value: number) => value >= 0 && value <= 1;
  each("validation accuracy", "in [0, 1]", validation, isFraction);
  each("test accuracy", "in [0, 1]", test, isFraction);
  each(
    "weight",
    "a number above 0",
    weights ?? [],
    (weight) => weight > 0 && weight < Infinity,
  );
  const text = new TextDecoder().decode(bytes.subarray(at));
  const source = _sourceOf(text);
  if (source === null) check("the source", "a file", shown(text));
  return { repeats, cells, validation, test, weights, source: source! };
}

/** The file that a text tells of, or null. */
function _sourceOf(text: string): SourceFile | null {
  let value: Partial<Record<keyof SourceFile, unknown>> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { name, bytes, modifiedMs } = value ?? {};
  return typeof name === "string" && Number.isSafeInteger(bytes) &&
      Number(bytes) >= 0 && (modifiedMs === null || Number.isFinite(modifiedMs))
    ? { name, bytes: bytes as number, modifiedMs: modifiedMs as number | null }
    : null;
}
