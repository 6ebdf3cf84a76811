/**
 * The stages of a run, one per notebook, and the records that let an unchanged one be skipped.
 *
 * A stage's key is a hash of all that its result depends on, and all of it is data: the
 * versions that the stage, the parts it runs and its space declare, its own code cells, the settings that
 * matter, and the digests of what it reads: models that stages before it left, a pretrained
 * T5, accuracies. The text of `lib/` is not, nor are the versions of packages: those stand in
 * the manifest, and a golden run among the tests tells a change of figures without a new
 * version.
 *
 * The record of a finished stage holds its key and the files it left, in
 * `outputs/runs/<name>/stages/<stage>.json`. While a stage runs, `<stage>.begun.json` is there
 * instead: what it takes to tell the files of an attempt that was cut short.
 *
 * @module
 */

import { join } from "node:path";
import { CHECKPOINT } from "../core/checkpoints.ts";
import { readJson, sha256, writeJson } from "../core/files.ts";
import { accuracyInputs, hasAccuracies } from "../evaluation/tables.ts";
import { generationTableName } from "../report/generation_report.ts";
import { searchTableName } from "../report/search_tables.ts";
import { getSpace } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { begunPath, manifestPath, reportPath, stagePath } from "./folders.ts";
import { codeCells, readNotebook } from "./notebook.ts";
import {
  recordedGeneratorsPath,
  recordedRivalsPath,
} from "./recorded_rivals.ts";
import { furtherTables } from "./seeds.ts";
import type { RunSettings } from "./settings.ts";
import type { Stage, StageRecord } from "./stage.ts";
import {
  changedSince,
  fileHash,
  filesLeft,
  type FileState,
  isAsLeft,
  leftFile,
  removeStale,
  resultFiles,
  type ResultSnapshot,
  snapshotResults,
} from "./stage_files.ts";
import { declaredVersions } from "./versions.ts";

/** The stages of a run in order. A further notebook is one more entry here. */
export const STAGES: readonly Stage[] = [
  {
    name: "1_data",
    versions: { stage: 1 },
    ignores: ["samples", "trials", "device", "t5", "optimizer", "dataset"],
    reads: [],
  },
  {
    name: "2_vqvae",
    versions: { stage: 1, ...declaredVersions("models/vqvae") },
    ignores: ["samples", "trials", "t5", "optimizer", "dataset"],
    reads: [],
    everySeed: true,
  },
  {
    name: "3_tokenize",
    versions: { stage: 1 },
    ignores: ["samples", "trials", "t5", "optimizer", "dataset"],
    reads: ["vqvae"],
  },
  {
    name: "4_finetune",
    versions: { stage: 1, ...declaredVersions("models/t5") },
    ignores: ["samples", "trials", "dataset"],
    reads: ["vqvae"],
    everySeed: true,
    inputs: pretrainedFiles,
  },
  {
    name: "5_generate",
    versions: {
      stage: 3,
      ...declaredVersions("generation", "models/arch2vec"),
    },
    ignores: ["trials", "dataset"],
    reads: ["vqvae", "t5"],
    everySeed: true,
    inputs: async (settings) => [
      await furtherTables(
        settings,
        generationTableName(getSpace(settings.space)),
        furtherStages("5_generate"),
      ),
      await readRecord(recordedGeneratorsPath(settings)),
    ],
  },
  {
    name: "6_latent",
    versions: { stage: 1, ...declaredVersions("analysis", "models/arch2vec") },
    ignores: ["samples", "trials"],
    reads: ["vqvae", "t5"],
    inputs: readAccuracies,
  },
  {
    name: "7_nas",
    versions: {
      stage: 1,
      ...declaredVersions("models/arch2vec", "analysis", "search"),
    },
    ignores: ["samples"],
    reads: ["vqvae", "t5"],
    needsAccuracies: true,
    inputs: async (settings) => [
      await readAccuracies(settings),
      await furtherTables(
        settings,
        searchTableName(getSpace(settings.space)),
        furtherStages("7_nas"),
      ),
      await readRecord(recordedRivalsPath(settings)),
    ],
  },
];

/** Those of them that a run on a space has. */
export function stagesOn(space: SearchSpace): Stage[] {
  return STAGES.filter(({ needsAccuracies }) =>
    needsAccuracies !== true || hasAccuracies(space)
  );
}

/** Those of them that a run of a further training seed has. */
export const SEED_STAGES: readonly Stage[] = STAGES.filter(({ everySeed }) =>
  everySeed === true
);

/**
 * Those that a run of a further training seed has to have for a stage to read what the same
 * stage left there: trainings, and that stage.
 *
 * @param name Of the stage.
 */
export function furtherStages(name: string): Stage[] {
  return STAGES.filter((stage) => stage.everySeed || stage.name === name);
}

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
function readAccuracies({ space, dataset }: RunSettings): Promise<unknown> {
  return accuracyInputs(getSpace(space), dataset);
}

/** The hash of what was recorded of other papers' methods, or null where nothing was. */
async function readRecord(path: string | null): Promise<string | null> {
  return path === null ? null : await fileHash(path);
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
    .map(([path, { sha256 }]) => [path, sha256])
    .sort();
  return sha256(JSON.stringify([
    stage.versions,
    codeCells(await readNotebook(join(notebooks, `${stage.name}.ipynb`))),
    getSpace(settings.space).version,
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
export async function readStageRecord(
  outputs: string,
  name: string,
): Promise<StageRecord | null> {
  const value = await readJson<unknown>(
    stagePath(outputs, name),
    "stage record",
  ).catch(() => null);
  return _isStageRecord(value) ? value : null;
}

/** Whether a value read from a file is a record, whole and of this version. */
function _isStageRecord(value: unknown): value is StageRecord {
  if (!_isObject(value)) return false;
  const { name, key, git, finished, seconds, peakMemoryBytes, files } = value;
  return [name, key, finished].every((text) => typeof text === "string") &&
    Number.isFinite(seconds) && Number(seconds) >= 0 &&
    (peakMemoryBytes === null || _isByteCount(peakMemoryBytes)) &&
    (git === null ||
      _isObject(git) && typeof git.commit === "string" &&
        typeof git.modified === "boolean") &&
    _isObject(files) &&
    Object.values(files).every((file) =>
      _isFileState(file) && "sha256" in file && typeof file.sha256 === "string"
    );
}

function _isFileState(value: unknown): value is FileState {
  return _isObject(value) && _isByteCount(value.size) &&
    typeof value.changed === "number";
}

function _isByteCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function _isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether a stage need not run again: its key agrees, and the files it left are as it left
 * them.
 *
 * @param key What {@link stageKey} gives now.
 */
export async function isStageDone(
  outputs: string,
  record: StageRecord | null,
  key: string,
): Promise<boolean> {
  if (record === null || record.key !== key) return false;
  for (const [path, file] of Object.entries(record.files)) {
    if (!await isAsLeft(join(outputs, path), file)) return false;
  }
  return true;
}

/** A stage that runs. */
export interface BegunStage {
  readonly name: string;
  /** The results when it began. */
  readonly before: ResultSnapshot;
  /**
   * Paths of files that are its own from earlier times: those of its last record, and those
   * that attempts cut short have written since.
   */
  readonly own: ReadonlySet<string>;
}

/** What is on disk while a stage runs. */
interface Begun {
  /** Paths of the files of the last record. */
  readonly own: readonly string[];
  /** The results when the first attempt since then began. */
  readonly before: Readonly<Record<string, FileState>>;
}

/**
 * Begins a stage: from here to {@link endStage} it is not done, and its run not finished.
 *
 * What its last record left and what has been changed since then is removed: a stage goes on
 * from files that it finds, and must not go on from those.
 */
export async function beginStage(
  outputs: string,
  name: string,
): Promise<BegunStage> {
  const last = await readStageRecord(outputs, name);
  if (last !== null) await _removeChanged(outputs, last);
  const before = await snapshotResults(outputs);
  const begun = last === null ? await _readBegun(outputs, name) : null;
  const own = new Set([
    ...begun?.own ?? Object.keys(last?.files ?? {}),
    ...begun === null
      ? []
      : changedSince(new Map(Object.entries(begun.before)), before),
  ]);
  if (begun === null) {
    const content: Begun = {
      own: [...own],
      before: Object.fromEntries(before),
    };
    await writeJson(begunPath(outputs, name), content);
  }
  await _removeIfThere(stagePath(outputs, name));
  await _removeIfThere(manifestPath(outputs));
  await _removeIfThere(reportPath(outputs));
  return { name, before, own };
}

/** Removes the results of a record that are not as they were left. */
async function _removeChanged(
  outputs: string,
  { files }: StageRecord,
): Promise<void> {
  for (const path of await resultFiles(outputs)) {
    const changed = Object.hasOwn(files, path) &&
      !await isAsLeft(join(outputs, path), files[path]);
    if (changed) await Deno.remove(join(outputs, path));
  }
}

async function _readBegun(
  outputs: string,
  name: string,
): Promise<Begun | null> {
  const value = await readJson<unknown>(
    begunPath(outputs, name),
    "note of a begun stage",
  ).catch(() => null);
  return _isObject(value) && Array.isArray(value.own) &&
      value.own.every((path) => typeof path === "string") &&
      _isObject(value.before) && Object.values(value.before).every(_isFileState)
    ? value as unknown as Begun
    : null;
}

/**
 * Ends a stage that went well: removes what no longer belongs to it, and writes its record.
 *
 * @param facts All but the name and the files left.
 * @param executed Path of the executed notebook, relative to the folder of the run.
 */
export async function endStage(
  outputs: string,
  { name, before, own }: BegunStage,
  facts: Omit<StageRecord, "name" | "files">,
  executed: string,
): Promise<StageRecord> {
  await removeStale(outputs, before, own);
  const record: StageRecord = {
    name,
    ...facts,
    files: {
      [executed]: await leftFile(join(outputs, executed)),
      ...await filesLeft(outputs, before, own),
    },
  };
  await writeJson(stagePath(outputs, name), record);
  await _removeIfThere(begunPath(outputs, name));
  return record;
}

async function _removeIfThere(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
