/**
 * The table of all cells of NAS-Bench-101 and their hashes, once for the whole program.
 *
 * @module
 */

import { join } from "node:path";
import type { OnProgress } from "../../core/progress.ts";
import { DATA_FOLDER } from "../../core/project.ts";
import type { CellTable } from "../space.ts";
import { loadCells } from "./cells.ts";
import { HASH_BYTES, MAX_NODES } from "./enumeration.ts";
import { edgeBit } from "./triangle.ts";

/** Where the cells are kept between runs. */
const CELLS_FILE: string = join(DATA_FOLDER, "nasbench101", "cells.bin");

interface Loaded {
  readonly table: CellTable;
  /** `[n, 16]`. */
  readonly hashes: Uint8Array;
}

let loaded: Loaded | undefined;
let loading: Promise<void> | undefined;

/** Whether the cells are at hand. */
export function isReady(): boolean {
  return loaded !== undefined;
}

/** Gets the cells ready; all that follows needs it. */
export async function prepare(onProgress?: OnProgress): Promise<void> {
  if (loaded !== undefined) return;
  loading ??= _load(onProgress).finally(() => loading = undefined);
  await loading;
}

async function _load(onProgress?: OnProgress): Promise<void> {
  const { count, ops, edges, hashes } = await loadCells(CELLS_FILE, {
    onProgress,
  });
  const incoming = new Uint32Array(count * MAX_NODES);
  for (let cell = 0; cell < count; cell++) {
    for (let to = 1; to < MAX_NODES; to++) {
      incoming[cell * MAX_NODES + to] = edges[cell] >>> edgeBit(0, to) &
        (1 << to) - 1;
    }
  }
  loaded = { table: { count, nodeCount: MAX_NODES, ops, incoming }, hashes };
}

function _loaded(): Loaded {
  if (loaded === undefined) {
    throw new Error(
      "Cannot list the cells of NAS-Bench-101: the space must be prepared before, with `await space.prepare()`",
    );
  }
  return loaded;
}

/** All cells, in the order of their hashes. */
export function preparedCells(): CellTable {
  return _loaded().table;
}

/**
 * The hash of a cell, by which the benchmark knows it.
 *
 * @returns 32 hexadecimal digits; they ascend with the index.
 * @throws {RangeError} If there is no such cell.
 * @throws {Error} If the space has not been prepared.
 */
export function hashOfCell(index: number): string {
  const { table, hashes } = _loaded();
  if (!Number.isInteger(index) || index < 0 || index >= table.count) {
    throw new RangeError(
      `Cannot tell the hash of a cell: index must be an integer in [0, ${table.count}), got ${index}`,
    );
  }
  return hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES).toHex();
}

/**
 * The index of the cell with a hash, or null if no cell has it.
 *
 * @param hash 32 hexadecimal digits in lower case.
 * @throws {Error} If the space has not been prepared.
 */
export function cellOfHash(hash: string): number | null {
  let low = 0, high = _loaded().table.count;
  while (low < high) {
    const middle = low + high >> 1;
    if (hashOfCell(middle) < hash) low = middle + 1;
    else high = middle;
  }
  return low < _loaded().table.count && hashOfCell(low) === hash ? low : null;
}

/** A cell of the table is its own pruned form: both keys are its hash. */
export function cellKeys(indices: Uint32Array): string[] {
  const { hashes } = _loaded();
  if (indices.length < 1_000) return Array.from(indices, hashOfCell);
  // All in one call, then cut: far faster than one call for each of many.
  const digits = hashes.toHex();
  const width = 2 * HASH_BYTES;
  return Array.from(
    indices,
    (index) => digits.slice(index * width, (index + 1) * width),
  );
}
