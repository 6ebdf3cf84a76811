/**
 * Generators of other papers, trained and measured beside those of notebook 5 where that is
 * asked for. Their rows, which the notebook shows, go to
 *
 *     outputs/rivals/<space>/generators.json, tables/    of a quick run in its own folder
 *
 * Checkpoints and samples lie with those of the run, so that nothing is trained again.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson, writeJson } from "../core/files.ts";
import { ceilings } from "../generation/ceilings.ts";
import { measuredRows } from "../generation/generator.ts";
import { rivalGenerators } from "../generation/rival_generators.ts";
import { generationTable } from "../report/generation_report.ts";
import {
  GENERATOR_TABLES,
  type GeneratorCost,
  generatorCostTable,
} from "../report/rival_report.ts";
import { saveTable } from "../report/save.ts";
import type { ReportTable } from "../report/tables.ts";
import type { ResultRow } from "../metrics/result_row.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { samplesFolder } from "./folders.ts";
import {
  GENERATOR_RECORD,
  recordedGeneratorsPath,
  rivalFolder,
} from "./recorded_rivals.ts";
import { openRivalPlace, type RivalOptions } from "./rival_place.ts";
import type { RunSettings } from "./settings.ts";

/** What was found, as it is recorded. */
export interface RecordedGenerators {
  readonly samples: number;
  readonly rows: readonly ResultRow[];
  readonly costs: readonly GeneratorCost[];
}

/**
 * Trains and measures generators that were not yet, and writes their tables.
 *
 * @param options `only`: their slugs; the tables have those and what was recorded before.
 * @returns The folder of the tables.
 */
export async function runRivalGenerators(
  settings: RunSettings,
  { only, onLine = () => {}, onProgress, signal }: RivalOptions = {},
): Promise<string> {
  // Two spaces side by side, a thread each, are trained sooner than one after the other with two.
  using place = await openRivalPlace(settings, { onProgress, threads: 1 });
  const { space, outputs, training } = place;
  const folder = rivalFolder(settings);
  const path = join(folder, GENERATOR_RECORD);
  const { samples } = settings;
  let recorded: RecordedGenerators = existsSync(path)
    ? await readJson(path, "generators")
    : { samples, rows: [], costs: [] };
  const generators = rivalGenerators(space);
  /** The place of a generator whose row or cost has a name. */
  const of = (name: string) =>
    generators.findIndex((generator) =>
      name === generator.name || name.startsWith(`${generator.name},`)
    );
  for (const { name, slug, measure } of generators) {
    if (only !== undefined && !only.includes(slug)) continue;
    await onLine(`${name}, trained and sampled`);
    const { measured, losses, ...cost } = await measure({
      ...training,
      space,
      samples,
      samplesOf: (model) => samplesFolder(outputs, model),
      signal,
    });
    const rows = measuredRows(measured);
    const names = rows.map(({ method }) => method);
    recorded = {
      samples,
      rows: [
        ...recorded.rows.filter(({ method }) => !names.includes(method)),
        ...rows,
      ].sort((a, b) => of(a.method) - of(b.method)),
      costs: [
        ...recorded.costs.filter((other) => other.name !== name),
        {
          ...cost,
          firstLoss: losses[0],
          lastLoss: losses.at(-1)!,
          samplingSeconds: Math.max(...measured.map(({ seconds }) => seconds)),
        },
      ].sort((a, b) => of(a.name) - of(b.name)),
    };
    await writeJson(path, recorded);
  }
  for (const [name, table] of generatorTables(recorded, space)) {
    await saveTable(folder, name, table);
  }
  return folder;
}

/** The tables of what was found, under the names of their files. */
export function generatorTables(
  { rows, costs, samples }: RecordedGenerators,
  space: SearchSpace,
): [name: string, table: ReportTable][] {
  if (rows.length === 0) return [];
  const [rowsName, costsName] = GENERATOR_TABLES;
  return [
    [rowsName, generationTable(space, rows, ceilings(space, samples))],
    [costsName, generatorCostTable(costs, space)],
  ];
}

/** What was recorded; null where there is nothing. */
export async function recordedGenerators(
  settings: RunSettings,
): Promise<RecordedGenerators | null> {
  const path = recordedGeneratorsPath(settings);
  return path === null ? null : await readJson(path, "generators");
}
