/**
 * Searches of other papers as they were recorded, for those who read them.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../core/files.ts";
import {
  checkTable,
  RIVAL_TABLES,
  rivalTable,
} from "../report/rival_report.ts";
import type { SearchedDataset } from "../report/search_tables.ts";
import type { ReportTable } from "../report/tables.ts";
import type { CheckRow } from "../search/rivals/check_curves.ts";
import type { SearchRow } from "../search/rows.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { OUTPUTS } from "./folders.ts";
import { resultsFolder, type RunSettings } from "./settings.ts";

/** Where the tables of a run's rivals go. */
export function rivalFolder(settings: RunSettings): string {
  return settings.quick
    ? resultsFolder(settings)
    : join(settings.root, "rivals", settings.space);
}

/** What was found, as it is recorded. */
export interface RecordedRivals {
  readonly seeds: readonly number[];
  readonly surrogate: boolean;
  readonly datasets: readonly SearchedDataset[];
  readonly rows: readonly SearchRow[];
  readonly checks: readonly CheckRow[];
}

/** Name of the file of what was found. */
export const RIVAL_RECORD: string = "rivals.json";

/** The tables of what was found, under the names of their files. */
export function rivalTables(
  { seeds, surrogate, datasets, rows, checks }: RecordedRivals,
  space: SearchSpace,
): [name: string, table: ReportTable][] {
  const text = { space, surrogate };
  const [rowsName, checkName] = RIVAL_TABLES;
  return [
    [rowsName, rivalTable(rows, datasets, seeds, text)],
    ...checks.length === 0
      ? []
      : [[checkName, checkTable(checks, text)] as [string, ReportTable]],
  ];
}

/** Name of the file of what was found of generators. */
export const GENERATOR_RECORD: string = "generators.json";

/** The file of what was found: the run's own, else the one of its root, else the project's; null where there is none. */
export function recordedRivalsPath(settings: RunSettings): string | null {
  return _recorded(settings, RIVAL_RECORD);
}

/** The same of generators. */
export function recordedGeneratorsPath(settings: RunSettings): string | null {
  return _recorded(settings, GENERATOR_RECORD);
}

function _recorded(settings: RunSettings, name: string): string | null {
  const folders = [
    rivalFolder(settings),
    ...[settings.root, OUTPUTS].map((root) =>
      join(root, "rivals", settings.space)
    ),
  ];
  return folders.map((folder) => join(folder, name)).find(existsSync) ?? null;
}

/**
 * Reads what was found.
 *
 * @returns Null where nothing was recorded.
 * @throws {Error} If the file cannot be read.
 */
export async function recordedRivals(
  settings: RunSettings,
): Promise<RecordedRivals | null> {
  const path = recordedRivalsPath(settings);
  return path === null ? null : await readJson(path, "searches");
}
