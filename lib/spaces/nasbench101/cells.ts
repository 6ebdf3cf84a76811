/**
 * The cells of NAS-Bench-101 at hand: from a file, or enumerated on all cores.
 *
 * The file is a cache. Its columns are those of `CellColumns` in little-endian
 * order, which is that of all machines Deno runs on:
 *
 *     bytes 0–7    "NB101CEL"
 *     bytes 8–11   version of this format, 1
 *     bytes 12–15  n, the number of cells
 *     then         edges [n] uint32, hashes [n, 16] uint8, ops [n, 7] uint8
 *
 * The enumeration always gives the same columns, so their digest is known: whatever
 * comes from here, read or enumerated, is the whole data set.
 *
 * @module
 */

import { sha256, writeFileAtomic } from "../../core/files.ts";
import type { OnProgress } from "../../core/progress.ts";
import { shown } from "../../core/shown.ts";
import {
  type CellColumns,
  cellMatrices,
  type CellMatrix,
  HASH_BYTES,
  hashCells,
  inDataSetOrder,
  MAX_NODES,
} from "./enumeration.ts";

/** How many cells there are. */
export const CELL_COUNT = 423_624;
/** SHA-256 of edges, hashes and ops, one after the other. */
export const COLUMNS_SHA256 =
  "44761383bb6f3dc1d5e016430385ee174333621a9ab686ca20f1e2749967dfad";

const MAGIC = "NB101CEL";
const VERSION = 1;
const HEADER_BYTES = 16;
const FILE_BYTES = HEADER_BYTES + CELL_COUNT * (4 + HASH_BYTES + MAX_NODES);
/** Workers beyond these would take longer to start than they save. */
const MAX_THREADS = 8;
/** Matrices that are hashed in one piece, a tenth of a second. */
const PART_MATRICES = 16;

/**
 * Reads the cells from a file, or enumerates them and writes it.
 *
 * A file that is not as it must be is said so in one sentence, and made anew; so is
 * one that cannot be written, and the cells are there all the same.
 *
 * @param options `onWarning` gets these sentences, by default the console;
 *   `onProgress` is called while cells are enumerated, not when they are read.
 */
export async function loadCells(
  path: string,
  options: {
    readonly onProgress?: OnProgress;
    readonly onWarning?: (sentence: string) => void;
  } = {},
): Promise<CellColumns> {
  const { onProgress, onWarning = console.warn } = options;
  try {
    return await readCells(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      onWarning(`${(error as Error).message}; they are enumerated anew`);
    }
  }
  const cells = await enumerateCells({ onProgress });
  try {
    await writeCells(path, cells);
  } catch (error) {
    onWarning((error as Error).message);
  }
  return cells;
}

/**
 * Reads the cells from a file.
 *
 * @throws {Deno.errors.NotFound} If there is none.
 * @throws {RangeError} If it is not the file that `writeCells` writes.
 * @throws {Error} If it cannot be read.
 */
export async function readCells(path: string): Promise<CellColumns> {
  const bytes = await Deno.readFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) throw error;
    throw new Error(
      `Cannot read the cells of NAS-Bench-101: ${path}: ${error.message}`,
      { cause: error },
    );
  });
  function check(what: string, expected: unknown, got: unknown): void {
    if (got === expected) return;
    throw new RangeError(
      `Cannot read the cells of NAS-Bench-101: ${what} of ${path} must be ${expected}, got ${got}`,
    );
  }
  check("the size in bytes", FILE_BYTES, bytes.length);
  const header = new DataView(bytes.buffer, 0, HEADER_BYTES);
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  check("the first word", shown(MAGIC), shown(magic));
  check("the version", VERSION, header.getUint32(8, true));
  check("the number of cells", CELL_COUNT, header.getUint32(12, true));
  const columns = bytes.subarray(HEADER_BYTES);
  check("the SHA-256 of the columns", COLUMNS_SHA256, sha256(columns));
  const hashes = 4 * CELL_COUNT, ops = hashes + HASH_BYTES * CELL_COUNT;
  return {
    count: CELL_COUNT,
    edges: new Uint32Array(bytes.buffer, HEADER_BYTES, CELL_COUNT),
    hashes: columns.subarray(hashes, ops),
    ops: columns.subarray(ops),
  };
}

/**
 * Writes the cells to a file, whole or not at all.
 *
 * @throws {Error} If it cannot be written.
 */
export async function writeCells(
  path: string,
  cells: CellColumns,
): Promise<void> {
  const bytes = new Uint8Array(FILE_BYTES);
  bytes.set(new TextEncoder().encode(MAGIC));
  const header = new DataView(bytes.buffer);
  header.setUint32(8, VERSION, true);
  header.setUint32(12, cells.count, true);
  bytes.set(_columns(cells), HEADER_BYTES);
  await writeFileAtomic(path, bytes);
}

/**
 * Enumerates all cells, in data-set order, on all cores.
 *
 * @throws {Error} If they are not the cells there must be.
 */
export async function enumerateCells(
  options: { readonly onProgress?: OnProgress } = {},
): Promise<CellColumns> {
  const { onProgress } = options;
  const parts = await hashOnThreads(cellMatrices(), {
    onCells: (done) => onProgress?.({ done, total: CELL_COUNT, message: "" }),
  });
  const cells = inDataSetOrder(parts);
  const digest = sha256(_columns(cells));
  if (digest !== COLUMNS_SHA256) {
    throw new Error(
      `Internal: the cells of NAS-Bench-101 must have SHA-256 ${COLUMNS_SHA256}, got ${digest}`,
    );
  }
  return cells;
}

/**
 * Hashes the cells of some matrices on several threads.
 *
 * @param options `threads`: workers that hash, by default one for each core, up to 8;
 *   1 hashes here, without a worker. Where a worker cannot run, its parts are hashed
 *   here as well. `onCells` gets the number of cells so far; `worker` is the module
 *   that workers run.
 * @returns Parts that one after the other have the cells in the order met.
 * @throws {RangeError} If `threads` is not a positive integer.
 */
export async function hashOnThreads(
  matrices: readonly CellMatrix[],
  options: {
    readonly threads?: number;
    readonly onCells?: (done: number) => void;
    readonly worker?: URL;
  } = {},
): Promise<CellColumns[]> {
  const {
    threads = Math.min(navigator.hardwareConcurrency, MAX_THREADS),
    onCells,
    worker = new URL("./worker.ts", import.meta.url),
  } = options;
  if (!Number.isInteger(threads) || threads < 1) {
    throw new RangeError(
      `Cannot hash cells: threads must be a positive integer, got ${threads}`,
    );
  }
  const parts: CellColumns[] = [];
  let next = 0, done = 0;
  async function hashParts(): Promise<void> {
    let hasher = threads > 1 ? _workerHasher(worker) : _localHasher();
    try {
      while (next < matrices.length) {
        const part = matrices.slice(next, next + PART_MATRICES);
        const number = next / PART_MATRICES;
        next += PART_MATRICES;
        const cells = await hasher.hash(part).catch(() => {
          hasher.close();
          hasher = _localHasher();
          return hasher.hash(part);
        });
        parts[number] = cells;
        done += cells.count;
        onCells?.(done);
      }
    } finally {
      next = Infinity; // where one has failed, the others stop
      hasher.close();
    }
  }
  await Promise.all(Array.from({ length: threads }, hashParts));
  return parts;
}

/** What hashes one part of the matrices after the other. */
interface PartHasher {
  hash(matrices: readonly CellMatrix[]): Promise<CellColumns>;
  close(): void;
}

function _localHasher(): PartHasher {
  return {
    async hash(matrices) {
      // Lets what else is going on have its turn, such as a progress bar.
      await new Promise((resolve) => setTimeout(resolve));
      return hashCells(matrices);
    },
    close() {},
  };
}

function _workerHasher(module: URL): PartHasher {
  let worker: Worker | undefined;
  return {
    hash: (matrices) =>
      new Promise((resolve, reject) => {
        worker ??= new Worker(module, { type: "module" });
        worker.onmessage = ({ data }: MessageEvent<CellColumns>) =>
          resolve(data);
        worker.onerror = (event) => {
          event.preventDefault(); // else it would end the program
          reject(new Error(event.message));
        };
        worker.postMessage(matrices);
      }),
    close: () => worker?.terminate(),
  };
}

/** The columns as the file has them. */
function _columns({ count, edges, hashes, ops }: CellColumns): Uint8Array {
  const bytes = new Uint8Array(count * (4 + HASH_BYTES + MAX_NODES));
  bytes.set(new Uint8Array(edges.buffer, edges.byteOffset, edges.byteLength));
  bytes.set(hashes, edges.byteLength);
  bytes.set(ops, edges.byteLength + hashes.length);
  return bytes;
}
