/**
 * The tables of a run whose figures are counted from samples and reconstructed cells that are
 * kept with them.
 *
 * Their rows name these by `samplesKey` and `reconstructionKey`.
 *
 * @module
 */

import { join } from "node:path";
import { exists, readJson } from "../core/files.ts";
import { shown } from "../core/shown.ts";
import { generationTableName } from "../report/generation_report.ts";
import type { SearchSpace } from "../spaces/space.ts";

/** A table as it lies in the folder of a run or a record: nothing is known of its rows. */
export interface CountedTable {
  readonly name: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Reads the tables that are there.
 *
 * @param outputs Folder of the run or the record.
 * @throws {Error} If one cannot be read.
 * @throws {SyntaxError} If one is no list of rows.
 */
export async function countedTables(
  outputs: string,
  space: SearchSpace,
): Promise<CountedTable[]> {
  const tables: CountedTable[] = [];
  for (const name of [generationTableName(space), "beyond_independent_draws"]) {
    const rows = await savedRows(outputs, name);
    if (rows !== null) tables.push({ name, rows });
  }
  return tables;
}

/**
 * Reads the rows of a table; null where there is none.
 *
 * @param outputs Folder of the run or the record.
 * @throws {Error} If it cannot be read.
 * @throws {SyntaxError} If it is no list of rows.
 */
export async function savedRows(
  outputs: string,
  name: string,
): Promise<CountedTable["rows"] | null> {
  const path = join(outputs, "tables", `${name}.json`);
  if (!await exists(path)) return null;
  const rows = await readJson<unknown>(path, "table");
  if (_isRows(rows)) return rows;
  throw new SyntaxError(
    `Cannot read the table: ${path} must be a list of rows, got ${shown(rows)}`,
  );
}

function _isRows(value: unknown): value is CountedTable["rows"] {
  return Array.isArray(value) &&
    value.every((row) => typeof row === "object" && row !== null);
}
