/**
 * The layout of `outputs/`: which folder belongs to which run, and what lies where in it.
 *
 *     outputs/
 *       runs/<name>/   what a run produces; not in git
 *         tables/ figures/ models/ samples/ trials/     results
 *         notebooks/ stages/ logs/                      how they came about
 *         manifest.json report.html                     of a finished run
 *       <space>/       the run of record of a space; in git, written by `deno task record`
 *         tables/ figures/ models/ samples/ notebooks/ manifest.json
 *         seeds/<seed>/ of a further training seed: tables/ samples/ manifest.json
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { PROJECT_ROOT } from "../core/project.ts";

/** The project's own folder of all results: the root of runs and records. */
export const OUTPUTS: string = join(PROJECT_ROOT, "outputs");

/** Folders of a run that hold results: what stages leave and a fresh run removes. */
export const RESULT_FOLDERS = [
  "tables",
  "figures",
  "models",
  "samples",
  "trials",
] as const;

/** Folders of a run that tell how its results came about. */
export const WORK_FOLDERS = ["stages", "notebooks", "logs"] as const;

/** The folder of all runs. */
export function runsFolder(root: string): string {
  return join(root, "runs");
}

/** The folder of a run. */
export function runFolder(root: string, name: string): string {
  return join(runsFolder(root), name);
}

/** The folder of the run of record of a space. */
export function recordFolder(root: string, space: string): string {
  return join(root, space);
}

const SEEDS = "seeds";

/** The folder of a further training seed in the run of record of a space. */
export function seedFolder(record: string, seed: number): string {
  return join(record, SEEDS, String(seed));
}

/** The further training seeds that a run of record has, ascending. */
export function recordedSeeds(record: string): number[] {
  const folder = join(record, SEEDS);
  if (!existsSync(folder)) return [];
  return [...Deno.readDirSync(folder)].map(({ name }) => Number(name))
    .filter(Number.isInteger).sort((a, b) => a - b);
}

/** The name of a run for which none was asked: another seed is another run. */
export function defaultRunName(
  { space, seed, quick }: {
    readonly space: string;
    readonly seed: number;
    readonly quick: boolean;
  },
): string {
  return `${space}-seed${seed}${quick ? "-quick" : ""}`;
}

const BY_HAND = "lab-";

/** The name of the run of notebooks that are opened by hand: one a space. */
export function handRunName(space: string): string {
  return BY_HAND + space;
}

/** Whether a run is one of notebooks opened by hand. */
export function isHandRun(name: string): boolean {
  return name.startsWith(BY_HAND);
}

/** What the name of a run must be. */
export const RUN_NAME_RULE = "up to 100 letters, digits, - _ and . (not first)";

/** Whether a text can name a run, by {@link RUN_NAME_RULE}. */
export function isRunName(name: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$/.test(name);
}

/** Where a model lies in the folder of a run or of a record, such as `arch-llm/t5`. */
export function modelFolder(outputs: string, name: string): string {
  return join(outputs, "models", name);
}

/** Where the samples of a model lie. */
export function samplesFolder(outputs: string, name: string): string {
  return join(outputs, "samples", name);
}

/** Where the trials of searches lie. */
export function trialsFolder(outputs: string): string {
  return join(outputs, "trials");
}

/** The record of a finished stage. */
export function stagePath(outputs: string, stage: string): string {
  return join(outputs, "stages", `${stage}.json`);
}

/** What is noted of a stage that has begun and not ended. */
export function begunPath(outputs: string, stage: string): string {
  return join(outputs, "stages", `${stage}.begun.json`);
}

/** What the notebook of a stage tells of itself. */
export function metricsPath(outputs: string, stage: string): string {
  return join(outputs, "stages", `${stage}.metrics.json`);
}

/** The executed notebook of a stage, relative to the folder of its run. */
export function executedNotebook(stage: string): string {
  return `notebooks/${stage}.ipynb`;
}

/** What a stage wrote when it failed. */
export function logPath(outputs: string, stage: string): string {
  return join(outputs, "logs", `${stage}.log`);
}

/** The manifest of a finished run or of a record. */
export function manifestPath(outputs: string): string {
  return join(outputs, "manifest.json");
}

/** The report of a finished run. */
export function reportPath(outputs: string): string {
  return join(outputs, "report.html");
}

/** Whether a run or a record has a model that is trained to its end: weights are written last. */
export function hasModel(outputs: string, name: string): boolean {
  return existsSync(join(modelFolder(outputs, name), "model.safetensors"));
}

/**
 * Those of several runs that a model may be taken from, in the same order.
 *
 * A language model writes the codes of one VQ-VAE: it is not taken from a run that comes after
 * one with a VQ-VAE of its own.
 *
 * @param name `<code>/vqvae` or `<code>/t5`.
 * @param folders Of runs and records.
 */
export function modelSources(
  name: string,
  folders: readonly string[],
): string[] {
  const vqvae = name.replace(/\/t5$/, "/vqvae");
  const last = folders.findIndex((folder) => hasModel(folder, vqvae));
  return folders.slice(0, last === -1 ? undefined : last + 1);
}

/** A path as the user would type it in the project's folder. */
export function shownPath(path: string): string {
  const short = relative(PROJECT_ROOT, path);
  return short.startsWith("..") ? path : short;
}
