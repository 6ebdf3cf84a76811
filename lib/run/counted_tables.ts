/**
 * The tables of a run whose figures are counted from samples that are kept with them.
 *
 * Their rows name their samples by `samplesKey`.
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
    const path = join(outputs, "tables", `${name}.json`);
    if (!await exists(path)) continue;
    const rows = await readJson<unknown>(path, "table");
    if (!_isRows(rows)) {
      throw new SyntaxError(
        `Cannot read the table: ${path} must be a list of rows, got ${
          shown(rows)
        }`,
      );
    }
    tables.push({ name, rows });
  }
  return tables;
}

function _isRows(value: unknown): value is CountedTable["rows"] {
  return Array.isArray(value) &&
    value.every((row) => typeof row === "object" && row !== null);
}
