/**
 * The stages of a run, one per notebook, and the records that let an unchanged one be skipped.
 *
 * A stage's key is a hash of all that its result depends on, and all of it is data: the
 * versions that the stage and the parts it runs declare, its own code cells, the settings that
 * matter, and the digests of what it reads: models that stages before it left, a pretrained
 * T5, accuracies. The text of `lib/` is not, nor are the versions of packages: those stand in
 * the manifest, and a golden run among the tests tells a change of figures without a new
 * version.
 *
 * The record of a finished stage holds its key and the files it left, in
 * `outputs/runs/<name>/stages/<stage>.json`.
 *
 * @module
 */

import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { accuracyInputs } from "../evaluation/tables.ts";
import { getSpace } from "../spaces/registry.ts";
import { CHECKPOINT } from "../core/checkpoints.ts";
import { exists, readJson, sha256, writeJson } from "../core/files.ts";
import { VERSION as SAMPLING } from "../generation/generator.ts";
import { VERSION as ARCH2VEC } from "../models/arch2vec/training.ts";
import { VERSION as T5 } from "../models/t5/training.ts";
import { VERSION as VQVAE } from "../models/vqvae/training.ts";
import { SEARCH_VERSIONS } from "../search/versions.ts";
import { RESULT_FOLDERS, stagePath, WORK_FOLDERS } from "./folders.ts";
import type { GitState } from "./git.ts";
import { codeCells, readNotebook } from "./notebook.ts";
import type { RunSettings } from "./settings.ts";

/** One stage: a notebook of `notebooks/`. */
export interface Stage {
  /** File name of the notebook without `.ipynb`. */
  readonly name: string;
  /**
   * Versions by part: the stage's own, raised with every change of what it shows that no
   * other version tells, and those of the parts that it runs.
   */
  readonly versions: Readonly<Record<string, number>>;
  /** Settings that the notebook does not look at: a change of them leaves its result as it is. */
  readonly ignores: readonly (keyof RunSettings)[];
  /** Kinds of models that stages before it left and it reads. */
  readonly reads: readonly ("vqvae" | "t5")[];
  /** Tells apart what it reads beside results of the stages before, such as real accuracies. */
  readonly inputs?: (settings: RunSettings) => Promise<unknown>;
}

/** The stages of a run in order. A further notebook is one more entry here. */
export const STAGES: readonly Stage[] = [
  {
    name: "1_data",
    versions: { stage: 1 },
    ignores: ["samples", "device", "t5", "optimizer"],
    reads: [],
  },
  {
    name: "2_vqvae",
    versions: { stage: 1, vqvae: VQVAE },
    ignores: ["samples", "t5", "optimizer"],
    reads: [],
  },
  {
    name: "3_tokenize",
    versions: { stage: 1 },
    ignores: ["samples", "t5", "optimizer"],
    reads: ["vqvae"],
  },
  {
    name: "4_finetune",
    versions: { stage: 1, t5: T5 },
    ignores: ["samples"],
    reads: ["vqvae"],
    inputs: pretrainedFiles,
  },
  {
    name: "5_generate",
    versions: { stage: 1, sampling: SAMPLING, arch2vec: ARCH2VEC },
    ignores: [],
    reads: ["vqvae", "t5"],
  },
  {
    name: "6_latent",
    versions: { stage: 1, arch2vec: ARCH2VEC },
    ignores: ["samples"],
    reads: ["vqvae", "t5"],
    inputs: readAccuracies,
  },
  {
    name: "7_nas",
    versions: { stage: 1, arch2vec: ARCH2VEC, ...SEARCH_VERSIONS },
    ignores: ["samples"],
    reads: ["vqvae", "t5"],
    inputs: readAccuracies,
  },
];

/** The SHA-256 of each file of a pretrained T5 by name, where it is a folder. */
async function pretrainedFiles(
  { t5 }: RunSettings,
): Promise<[string, string][]> {
  const isFolder = t5 !== null &&
    await Deno.stat(t5).then((info) => info.isDirectory, () => false);
  if (!isFolder) return [];
  const names = [...Deno.readDirSync(t5)].filter(({ isFile }) => isFile)
    .map(({ name }) => name).sort();
  return await Promise.all(
    names.map(async (name) =>
      [name, await fileHash(join(t5, name))] as [string, string]
    ),
  );
}

/** The files of real accuracies; where there are none, a hash of what predicts them. */
function readAccuracies({ space }: RunSettings): Promise<unknown> {
  return accuracyInputs(getSpace(space));
}

/** What is known of a stage that has ended well. */
export interface StageRecord {
  readonly name: string;
  readonly key: string;
  /** The checkout that it was run from, as it was at the start; null where git does not say. */
  readonly git: GitState | null;
  /** End, ISO 8601. */
  readonly finished: string;
  /** Wall clock from the kernel's start to its end. */
  readonly seconds: number;
  /** Peak resident memory of the kernel in bytes; null where the system does not tell. */
  readonly peakMemoryBytes: number | null;
  /** SHA-256 of each file the stage left, by path relative to the folder of its run. */
  readonly files: Readonly<Record<string, string>>;
}

/** Settings that say where results go, not what they are. */
const PLACES: readonly string[] = ["name", "root"] satisfies (
  keyof RunSettings
)[];

/**
 * Computes the key of a stage.
 *
 * @param before The records of the stages before it.
 * @param notebooks Absolute folder of the notebooks.
 * @returns SHA-256 in hexadecimal.
 * @throws {Error} If the notebook cannot be read.
 */
export async function stageKey(
  stage: Stage,
  before: readonly StageRecord[],
  notebooks: string,
  settings: RunSettings,
): Promise<string> {
  const matters = Object.entries(settings).filter(([name]) =>
    !PLACES.includes(name) && !(stage.ignores as string[]).includes(name)
  ).sort();
  const models = before.flatMap(({ files }) => Object.entries(files))
    .filter(([path]) => stage.reads.some((kind) => isModelFile(path, kind)))
    .sort();
  return sha256(JSON.stringify([
    stage.versions,
    codeCells(await readNotebook(join(notebooks, `${stage.name}.ipynb`))),
    matters,
    models,
    stage.inputs === undefined ? null : await stage.inputs(settings),
  ]));
}

/**
 * Whether a file of a run, given by its path, is part of a trained model of a kind: neither a
 * checkpoint nor an export of it.
 */
export function isModelFile(path: string, kind: "vqvae" | "t5"): boolean {
  const [folder, , model, file, ...deeper] = path.split("/");
  return folder === "models" && model === kind && file !== undefined &&
    deeper.length === 0 && file !== CHECKPOINT;
}

/** Reads the record of a stage; null where there is none that can be read. */
export function readStageRecord(
  outputs: string,
  name: string,
): Promise<StageRecord | null> {
  return readJson<StageRecord>(stagePath(outputs, name), "stage record")
    .catch(() => null);
}

/**
 * Whether a stage need not run again: its key agrees, and the files it left are still there.
 *
 * @param key What {@link stageKey} gives now.
 */
export async function isStageDone(
  outputs: string,
  record: StageRecord | null,
  key: string,
): Promise<boolean> {
  if (record === null || record.key !== key) return false;
  for (const path of Object.keys(record.files)) {
    if (!await exists(join(outputs, path))) return false;
  }
  return true;
}

/** Writes a stage's record. */
export function writeStageRecord(
  outputs: string,
  record: StageRecord,
): Promise<void> {
  return writeJson(stagePath(outputs, record.name), record);
}

/** Removes a stage's record, so that a run cut short leaves it undone. */
export async function removeStageRecord(
  outputs: string,
  name: string,
): Promise<void> {
  await Deno.remove(stagePath(outputs, name)).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/**
 * Removes every stage record and result from the folder of a run.
 *
 * Only the folders that a run makes are touched.
 */
export async function removeResults(outputs: string): Promise<void> {
  for (const folder of [...WORK_FOLDERS, ...RESULT_FOLDERS]) {
    await Deno.remove(join(outputs, folder), { recursive: true }).catch(
      (error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      },
    );
  }
}

/** Lists the result files of a run: path relative to it, with `/`, in order. */
export async function resultFiles(outputs: string): Promise<string[]> {
  const files: string[] = [];
  async function walk(folder: string): Promise<void> {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory) await walk(path);
      else if (!entry.name.endsWith(".tmp")) {
        files.push(relative(outputs, path).replaceAll("\\", "/"));
      }
    }
  }
  for (const folder of RESULT_FOLDERS) {
    if (await exists(join(outputs, folder))) await walk(join(outputs, folder));
  }
  return files.sort();
}

/** Result files at one moment: size in bytes and time of change in milliseconds, by path. */
export type ResultSnapshot = ReadonlyMap<
  string,
  { readonly size: number; readonly changed: number }
>;

/** Notes size and time of change of each result file, the oldest first. */
export async function snapshotResults(
  outputs: string,
): Promise<ResultSnapshot> {
  const states = await Promise.all(
    (await resultFiles(outputs)).map(async (path) => {
      const { size, mtime } = await Deno.stat(join(outputs, path));
      return [path, { size, changed: mtime?.getTime() ?? 0 }] as const;
    }),
  );
  return new Map(states.sort(([, a], [, b]) => a.changed - b.changed));
}

/** Folders whose files a stage writes anew each time, never keeps. */
const REWRITTEN = /^(?:tables|figures)\/(?!plotly\.min\.js$)/;

/**
 * Removes tables and figures of a stage's last record that it has not written since `before`:
 * they no longer belong to it.
 */
export async function removeStale(
  outputs: string,
  before: ResultSnapshot,
  lastRecord: StageRecord | null,
): Promise<void> {
  const now = await snapshotResults(outputs);
  for (const path of Object.keys(lastRecord?.files ?? {})) {
    if (!REWRITTEN.test(path) || !now.has(path)) continue;
    if (!isDeepStrictEqual(before.get(path), now.get(path))) continue;
    await Deno.remove(join(outputs, path));
  }
}

/**
 * Hashes the files that a stage left: those written since `before`, and those of
 * its last record that it found up to date.
 *
 * @returns SHA-256 by path relative to the folder of the run, in the order they were written.
 */
export async function filesLeft(
  outputs: string,
  before: ResultSnapshot,
  lastRecord: StageRecord | null,
): Promise<Record<string, string>> {
  const left: Record<string, string> = {};
  for (const [path, state] of await snapshotResults(outputs)) {
    const kept = lastRecord !== null && path in lastRecord.files;
    if (!kept && isDeepStrictEqual(before.get(path), state)) continue;
    left[path] = await fileHash(join(outputs, path));
  }
  return left;
}

/** SHA-256 of a file in hexadecimal. */
export async function fileHash(path: string): Promise<string> {
  return sha256(await Deno.readFile(path));
}
