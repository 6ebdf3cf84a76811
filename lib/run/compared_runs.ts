/**
 * Runs that are set side by side: finding them by what a person calls them, telling which differ
 * in nothing but the training seed, and in what the others differ.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { shown } from "../core/shown.ts";
import { RESULT_METRICS, type ResultRow } from "../metrics/result_row.ts";
import { generationTableName } from "../report/generation_report.ts";
import type { RunResults } from "../report/run_comparison.ts";
import { searchTableName } from "../report/search_tables.ts";
import type { SearchRow } from "../search/rows.ts";
import { getSpace, SPACES } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { savedRows } from "./counted_tables.ts";
import {
  isRunName,
  manifestPath,
  recordFolder,
  runFolder,
  runsFolder,
  shownPath,
} from "./folders.ts";
import { type Manifest, readManifest } from "./manifest.ts";

/** A finished run or a record, opened to be compared. */
export interface ComparedRun {
  /** Absolute. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly results: RunResults;
}

/** Runs of one space. */
export interface ComparedRuns {
  readonly space: SearchSpace;
  readonly runs: readonly ComparedRun[];
}

const ACTION = "compare runs";

/**
 * Opens runs.
 *
 * @param names Each the folder of a run, its name below the root, or a space with a run of record.
 * @param options `root`: absolute folder of all runs and records; `folder`: what a relative path
 *   is relative to.
 * @throws {RangeError} If there are not two runs at least, one is none, or they are of several
 *   spaces.
 * @throws {Error} If a manifest or a table cannot be read.
 * @throws {SyntaxError} If one is not as a run writes it.
 */
export async function openComparedRuns(
  names: readonly string[],
  places: { readonly root: string; readonly folder: string },
): Promise<ComparedRuns> {
  const folders = names.map((name) => _folderOf(name, places));
  const twice = folders.findIndex((path, at) => folders.indexOf(path) !== at);
  if (twice >= 0) {
    throw new RangeError(
      `Cannot ${ACTION}: each must be another, got ${
        shownPath(folders[twice])
      } twice`,
    );
  }
  if (folders.length < 2) {
    throw new RangeError(
      `Cannot ${ACTION}: there must be two at least, got ${names[0] ?? "none"}`,
    );
  }
  const manifests: Manifest[] = [];
  for (const folder of folders) manifests.push(await readManifest(folder));
  const spaces = manifests.map(({ settings }) => settings.space);
  const other = spaces.findIndex((space) => space !== spaces[0]);
  if (other >= 0) {
    throw new RangeError(
      `Cannot ${ACTION}: all must be of one space, got ${
        shownPath(folders[0])
      } of ${spaces[0]} and ${shownPath(folders[other])} of ${spaces[other]}`,
    );
  }
  const space = getSpace(spaces[0]);
  const runs: ComparedRun[] = [];
  for (const [i, folder] of folders.entries()) {
    const manifest = manifests[i];
    const results = await _results(folder, space, manifest.settings.seed);
    runs.push({ folder, manifest, results });
  }
  return { space, runs };
}

/** The folder of a run by one of its names. */
function _folderOf(
  name: string,
  { root, folder }: { readonly root: string; readonly folder: string },
): string {
  const places = [
    resolve(folder, name),
    ...(isRunName(name) ? [runFolder(root, name)] : []),
    ...SPACES.filter((space) => space.name === name)
      .map((space) => recordFolder(root, space.name)),
  ];
  const found = places.find((place) => existsSync(manifestPath(place)));
  if (found !== undefined) return found;
  const unfinished = places.find((place) => existsSync(place));
  if (unfinished !== undefined) {
    throw new RangeError(
      `Cannot ${ACTION}: each must be a finished run with its manifest.json, got ${
        shownPath(unfinished)
      } without one`,
    );
  }
  const all = runsFolder(root);
  const there = existsSync(all)
    ? [...Deno.readDirSync(all)].map((entry) => entry.name).sort()
    : [];
  throw new RangeError(
    `Cannot ${ACTION}: each must be the folder of a run, a space with a run of record, or one of the runs in ${
      shownPath(all)
    }, ${
      there.length === 0 ? "which has none" : there.join(", ")
    }; got ${name}`,
  );
}

/** The measured rows of a run's tables. */
async function _results(
  folder: string,
  space: SearchSpace,
  seed: number,
): Promise<RunResults> {
  const rows = async <Checked>(
    name: string,
    isRow: (row: Readonly<Record<string, unknown>>) => boolean,
  ): Promise<Checked[]> => {
    const measured = (await savedRows(folder, name) ?? [])
      .filter(({ source }) => source !== "paper");
    const stray = measured.find((row) => !isRow(row));
    if (stray === undefined) return measured as unknown as Checked[];
    throw new SyntaxError(
      `Cannot ${ACTION}: each row of ${
        shownPath(join(folder, "tables", `${name}.json`))
      } must be as a run writes it, got ${shown(stray)}`,
    );
  };
  const isText = (value: unknown) => typeof value === "string";
  return {
    seed,
    generation: await rows<ResultRow>(
      generationTableName(space),
      (row) =>
        isText(row.method) && ["paper", "strict"].includes(`${row.mode}`) &&
        (row.chosenFor === undefined || isText(row.chosenFor)) &&
        RESULT_METRICS.every((metric) => typeof row[metric] === "number"),
    ),
    search: await rows<SearchRow>(
      searchTableName(space),
      (row) =>
        isText(row.source) && isText(row.method) &&
        typeof row.queries === "number",
    ),
  };
}

/**
 * Sorts runs into those that differ in nothing but the training seed: settings are the same, and
 * the versions of what both have run.
 *
 * @returns In the order of first appearance.
 */
export function groupsOfSeeds(
  runs: readonly ComparedRun[],
): ComparedRun[][] {
  const groups: ComparedRun[][] = [];
  for (const run of runs) {
    const group = groups.find((others) =>
      others.every((other) => _isOtherSeed(run, other))
    );
    if (group === undefined) groups.push([run]);
    else group.push(run);
  }
  return groups;
}

/** Settings that do not change what a run finds, or that are compared for themselves. */
const PLACES: readonly string[] = ["name", "root", "device", "seed"];

function _isOtherSeed(
  { manifest: a }: ComparedRun,
  { manifest: b }: ComparedRun,
): boolean {
  const settings = ({ settings }: Manifest) =>
    Object.entries(settings).filter(([name]) => !PLACES.includes(name)).sort();
  return a.settings.seed !== b.settings.seed &&
    isDeepStrictEqual(settings(a), settings(b)) &&
    a.stages.every(({ name, versions }) => {
      const other = b.stages.find((stage) => stage.name === name);
      return other === undefined ||
        isDeepStrictEqual(versions ?? {}, other.versions ?? {});
    });
}

/** A setting by column, in words. */
export interface SettingRow {
  readonly setting: string;
  readonly values: readonly string[];
}

/**
 * What columns of runs differ in: settings, device, commit, versions of parts and packages,
 * processor.
 *
 * @param columns Runs of each column.
 */
export function differingSettings(
  columns: readonly (readonly ComparedRun[])[],
): SettingRow[] {
  const facts = columns.map((runs) =>
    runs.map(({ manifest }) => _facts(manifest))
  );
  const names = new Set(facts.flat().flatMap((of) => Object.keys(of)));
  return [...names].map((setting) => ({
    setting,
    values: facts.map((runs) =>
      [...new Set(runs.map((of) => of[setting] ?? "–"))].join(", ")
    ),
  })).filter(({ values }) => new Set(values).size > 1);
}

/** What a manifest says of how results came about, by name. */
function _facts(manifest: Manifest): Record<string, string> {
  const { settings, device, git, stages, versions, machine } = manifest;
  const { name: _, ...asked } = settings;
  return Object.fromEntries([
    ...Object.entries(asked).map(([name, value]) => [
      name,
      value === null ? "none" : `${value}`,
    ]),
    ["device used", device.used ?? "unknown"],
    [
      "commit",
      git === null
        ? "unknown"
        : `${git.commit.slice(0, 7)}${git.modified ? ", modified" : ""}`,
    ],
    ["notebooks", stages.map(({ name }) => name.split("_")[0]).join(" ")],
    ...stages.flatMap(({ name, versions = {} }) =>
      Object.entries(versions)
        .map(([part, version]) => [`${name}, version of ${part}`, `${version}`])
    ),
    ...Object.entries(versions),
    ["processor", `${machine.processor}, ${machine.cores} cores`],
  ]);
}
