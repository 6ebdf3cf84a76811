/**
 * How long a run will still take, told from how long an earlier one took.
 *
 * @module
 */

import { join } from "node:path";
import { recordFolder, runsFolder } from "./folders.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import type { RunSettings } from "./settings.ts";

/** Seconds of stages by their names. */
export type StageSeconds = ReadonlyMap<string, number>;

/**
 * The times of the last finished run of the same space and size, else those of the run of
 * record where it is of the same size; null where there is neither.
 */
export async function earlierSeconds(
  { root, space, quick, samples }: RunSettings,
): Promise<StageSeconds | null> {
  const runs = runsFolder(root);
  const folders = await Array.fromAsync(
    Deno.readDir(runs),
    ({ name }) => join(runs, name),
  ).catch(() => []);
  const alike = (manifest: Manifest | null) =>
    manifest !== null && manifest.settings.space === space &&
    manifest.settings.quick === quick && manifest.settings.samples === samples;
  const manifests = await Promise.all(folders.map(_manifest));
  const last = manifests.filter(alike)
    .sort((a, b) => a!.finished < b!.finished ? -1 : 1).at(-1);
  const record = await _manifest(recordFolder(root, space));
  const manifest = last ?? (alike(record) ? record : null);
  return manifest === null ? null : new Map(
    manifest.stages.map(({ name, seconds }) => [name, seconds]),
  );
}

/** A manifest that can be read; an estimate fails nobody. */
function _manifest(folder: string): Promise<Manifest | null> {
  return readManifest(folder).catch(() => null);
}

/**
 * What stages will take, in seconds: their earlier times, as much longer or shorter as those
 * that have run now took.
 *
 * @param now Those that have run.
 * @param open Names of those that are to come.
 * @returns Null where the earlier run has not all of them.
 */
export function secondsLeft(
  earlier: StageSeconds | null,
  now: StageSeconds,
  open: readonly string[],
): number | null {
  if (earlier === null) return null;
  const sum = (names: Iterable<string>, of: StageSeconds) => {
    let total = 0;
    for (const name of names) total += of.get(name) ?? NaN;
    return total;
  };
  const known = [...now.keys()].filter((name) => earlier.has(name));
  const ratio = known.length === 0 ? 1 : sum(known, now) / sum(known, earlier);
  const left = ratio * sum(open, earlier);
  return Number.isFinite(left) ? left : null;
}
