/**
 * Runs of further training seeds, and their rows for tables over seeds.
 *
 * Each seed has a run of its own, in the folder that it would have alone. A run looks at those
 * of the seeds after its own, one after the other, and never before: so the run of the first
 * seed puts all of them together, and none waits for another in a circle.
 *
 * A run counts if it has finished, with the same settings, and with the versions that parts
 * have now. Where there is no such run, what the run of record keeps of its seed stands for it.
 *
 * @module
 */

import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { exists, readJson } from "../core/files.ts";
import { manifestPath, recordFolder, seedFolder } from "./folders.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import {
  checkRunSettings,
  resultsFolder,
  type RunSettings,
} from "./settings.ts";
import type { Stage } from "./stage.ts";

/** A finished run of a further seed. */
export interface FurtherRun {
  readonly seed: number;
  /** Absolute folder of its results. */
  readonly outputs: string;
  readonly manifest: Manifest;
}

/** The settings of the run of another seed, in the folder that it has by default. */
export function withSeed(settings: RunSettings, seed: number): RunSettings {
  return checkRunSettings({ ...settings, seed, name: undefined });
}

/**
 * Finds the runs of the seeds after a run's own, up to the first that there is none of.
 *
 * @param stages Those that such a run has to have.
 * @throws {Error} If a manifest cannot be read.
 */
export async function furtherRuns(
  settings: RunSettings,
  stages: readonly Stage[],
): Promise<FurtherRun[]> {
  const runs: FurtherRun[] = [];
  for (let seed = settings.seed + 1; seed < 2 ** 32; seed++) {
    const run = await _runOf(withSeed(settings, seed), stages);
    if (run === null) break;
    runs.push(run);
  }
  return runs;
}

/** The run of a seed, else what is recorded of it; null where neither is alike. */
async function _runOf(
  settings: RunSettings,
  stages: readonly Stage[],
): Promise<FurtherRun | null> {
  const { root, space, seed } = settings;
  const folders = [
    resultsFolder(settings),
    seedFolder(recordFolder(root, space), seed),
  ];
  for (const outputs of folders) {
    if (!await exists(manifestPath(outputs))) continue;
    const manifest = await readManifest(outputs);
    if (_isAlike(manifest, settings, stages)) {
      return { seed, outputs, manifest };
    }
  }
  return null;
}

/** Whether a run is of the settings asked for, where they matter, and of the versions of now. */
function _isAlike(
  manifest: Manifest,
  { space, seed, samples, t5, optimizer, quick }: RunSettings,
  stages: readonly Stage[],
): boolean {
  const asked = { space, seed, samples, t5, optimizer, quick };
  const { settings } = manifest;
  return Object.entries(asked).every(([name, value]) =>
    settings[name as keyof typeof asked] === value
  ) && stages.every((stage) =>
    isDeepStrictEqual(
      manifest.stages.find(({ name }) => name === stage.name)?.versions,
      stage.versions,
    )
  );
}

/** The rows of a table in the run of a seed. */
export interface SeedRows<Row> {
  readonly seed: number;
  readonly rows: readonly Row[];
}

/**
 * The rows of a table in the runs of further seeds.
 *
 * @param name Of the table's files.
 * @throws {Error} If such a run has no such table.
 */
export async function furtherRows<Row>(
  settings: RunSettings,
  name: string,
  stages: readonly Stage[],
): Promise<SeedRows<Row>[]> {
  const tables: SeedRows<Row>[] = [];
  for (const { seed, outputs } of await furtherRuns(settings, stages)) {
    const path = join(outputs, "tables", `${name}.json`);
    const rows = await readJson<readonly Row[]>(path, "table");
    tables.push({ seed, rows });
  }
  return tables;
}

/** Tells the tables that {@link furtherRows} reads apart: seed and SHA-256 of each. */
export async function furtherTables(
  settings: RunSettings,
  name: string,
  stages: readonly Stage[],
): Promise<[seed: number, sha256: string | undefined][]> {
  const runs = await furtherRuns(settings, stages);
  return runs.map(({ seed, manifest }) => [
    seed,
    manifest.files[`tables/${name}.json`],
  ]);
}
