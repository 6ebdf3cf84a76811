/**
 * The stages of a run, one per notebook, and the records that let an unchanged one be skipped.
 *
 * A stage's key is a hash of all that its result depends on: the code cells, the
 * modules they import, the pinned packages, the settings that matter, what else it reads
 * (a pretrained T5; real accuracies, or what predicts them), and the key of the stage before.
 * The record of a finished stage holds its key and the files it left, in `outputs/<space>/stages/<name>.json`.
 *
 * @module
 */

import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { accuracyInputs } from "../evaluation/tables.ts";
import { getSpace } from "../spaces/registry.ts";
import { type SourceFile, sourceFile } from "../core/source_file.ts";
import { exists, readJson, sha256, writeJson } from "../core/files.ts";
import { codeCells, readNotebook } from "./notebook.ts";
import { type RunSettings } from "./settings.ts";
import { PROJECT_ROOT } from "../core/project.ts";
import { textHash } from "./sources.ts";

/** One stage: a notebook of `notebooks/`. */
export interface Stage {
  /** File name of the notebook without `.ipynb`. */
  readonly name: string;
  /** Settings that the notebook does not look at: a change of them leaves its result as it is. */
  readonly ignores: readonly (keyof RunSettings)[];
  /** Tells apart what it reads beside results of the stages before, such as real accuracies. */
  readonly inputs?: (settings: RunSettings) => Promise<unknown>;
}

/** The stages of a run in order. A further notebook is one more line here. */
export const STAGES: readonly Stage[] = [
  { name: "1_data", ignores: ["samples", "device", "t5", "optimizer"] },
  { name: "2_vqvae", ignores: ["samples", "t5", "optimizer"] },
  { name: "3_tokenize", ignores: ["samples", "t5", "optimizer"] },
  { name: "4_finetune", ignores: ["samples"], inputs: pretrainedFiles },
  { name: "5_generate", ignores: [] },
  { name: "6_latent", ignores: ["samples"], inputs: readAccuracies },
  { name: "7_nas", ignores: ["samples"], inputs: readAccuracies },
];

/** The files of a pretrained T5, where it is a folder. */
async function pretrainedFiles({ t5 }: RunSettings): Promise<SourceFile[]> {
  const isFolder = t5 !== null &&
    await Deno.stat(t5).then((info) => info.isDirectory, () => false);
  if (!isFolder) return [];
  const names = [...Deno.readDirSync(t5)].filter(({ isFile }) => isFile)
    .map(({ name }) => name).sort();
  return await Promise.all(names.map((name) => sourceFile(join(t5, name))));
}

/** The files of real accuracies; where there are none, a hash of what predicts them. */
function readAccuracies({ space }: RunSettings): Promise<unknown> {
  return accuracyInputs(getSpace(space));
}

/** Folders of `outputs/<space>` that hold results: what stages leave and a fresh run removes. */
const RESULT_FOLDERS = [
  "tables",
  "figures",
  "models",
  "samples",
  "trials",
] as const;

/** What is known of a stage that has ended well. */
export interface StageRecord {
  readonly name: string;
  readonly key: string;
  /** Random name of this execution. */
  readonly run: string;
  /** Name of the execution of the stage before that this one built on; null for the first. */
  readonly after: string | null;
  /** End, ISO 8601. */
  readonly finished: string;
  /** Wall clock from the kernel's start to its end. */
  readonly seconds: number;
  /** Peak resident memory of the kernel in bytes; null where the system does not tell. */
  readonly peakMemoryBytes: number | null;
  /** SHA-256 of each file the stage left, by path relative to the outputs folder. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Computes the key of each stage.
 *
 * @param stages In order.
 * @param notebooks Absolute folder of the notebooks.
 * @returns SHA-256 in hexadecimal, one per stage.
 * @throws {Error} If a notebook or `deno.json` cannot be read.
 */
export async function stageKeys(
  stages: readonly Stage[],
  notebooks: string,
  settings: RunSettings,
): Promise<string[]> {
  const { imports } = await readJson<{ imports: unknown }>(
    join(PROJECT_ROOT, "deno.json"),
    "project configuration",
  );
  const keys: string[] = [];
  let before: string | null = null;
  for (const stage of stages) {
    const path = join(notebooks, `${stage.name}.ipynb`);
    const code = codeCells(await readNotebook(path)).join("\n");
    const matters = Object.entries(settings).filter(([name]) =>
      name !== "outputs" && !(stage.ignores as string[]).includes(name)
    ).sort();
    before = sha256(JSON.stringify([
      await textHash(code, pathToFileURL(path)),
      imports,
      matters,
      before,
      ...(stage.inputs === undefined ? [] : [await stage.inputs(settings)]),
    ]));
    keys.push(before);
  }
  return keys;
}

function recordPath(outputs: string, name: string): string {
  return join(outputs, "stages", `${name}.json`);
}

/** Reads the record of a stage; null where there is none that can be read. */
export function readStageRecord(
  outputs: string,
  name: string,
): Promise<StageRecord | null> {
  return readJson<StageRecord>(recordPath(outputs, name), "stage record")
    .catch(() => null);
}

/**
 * Whether a stage need not run again: its key agrees, it built on the execution
 * of the stage before that is there now, and the files it left are still there.
 *
 * @param key What {@link stageKeys} gives now.
 * @param after The execution of the stage before; null for the first stage.
 */
export async function isStageDone(
  outputs: string,
  record: StageRecord | null,
  key: string,
  after: string | null,
): Promise<boolean> {
  if (record === null || record.key !== key || record.after !== after) {
    return false;
  }
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
  return writeJson(recordPath(outputs, record.name), record);
}

/** Removes a stage's record, so that a run cut short leaves it undone. */
export async function removeStageRecord(
  outputs: string,
  name: string,
): Promise<void> {
  await Deno.remove(recordPath(outputs, name)).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/**
 * Removes every stage record and result of earlier runs from an outputs folder.
 *
 * Only the folders that a run makes are touched.
 */
export async function removeResults(outputs: string): Promise<void> {
  for (const folder of ["stages", "notebooks", "logs", ...RESULT_FOLDERS]) {
    await Deno.remove(join(outputs, folder), { recursive: true }).catch(
      (error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      },
    );
  }
}

/** Lists the result files of an outputs folder: path relative to it, with `/`, in order. */
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
 * @returns SHA-256 by path relative to the outputs folder, in the order they were written.
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
