/**
 * Makes a run the run of record of its space: what a reader of the repository sees.
 *
 * A run of record is a full run that has finished, each stage of it run from a commit whose
 * code is that of the checkout, with nothing changed. Of its files tables, the samples and
 * reconstructed cells that their rows were counted from, figures as data and as images, trained models, manifest and
 * executed notebooks are kept; other samples, trials and checkpoints stay with the run. Of runs
 * of further training seeds, which its table over seeds is made from, tables and samples are kept.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { CHECKPOINT } from "../core/checkpoints.ts";
import {
  exists,
  flushFolder,
  writeFileAtomic,
  writeJson,
} from "../core/files.ts";
import { PROJECT_ROOT } from "../core/project.ts";
import { generationTableName } from "../report/generation_report.ts";
import { SAMPLES_SUFFIX, samplesKey } from "../generation/saved_samples.ts";
import { DEFAULT_SPACE, getSpace } from "../spaces/registry.ts";
import { countedTables } from "./counted_tables.ts";
import {
  executedNotebook,
  manifestPath,
  OUTPUTS,
  recordedSeeds,
  recordFolder,
  runFolder,
  runsFolder,
  seedFolder,
  shownPath,
} from "./folders.ts";
import { changedCode } from "./git.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import {
  notebookText,
  readNotebook,
  stableNotebook,
  withOutputs,
} from "./notebook.ts";
import { fileHash } from "./stage_files.ts";
import { readStageRecord, SEED_STAGES, STAGES, stagesOn } from "./stages.ts";

/** A notebook of the repository stays below this many bytes, so that GitHub shows it. */
export const MAX_NOTEBOOK_BYTES = 1_000_000;

/** Where a run is looked for and recorded, and what tests replace. */
export interface RecordOptions {
  /** Absolute folder of all runs and records. */
  readonly root?: string;
  /** The project's folder in its checkout. */
  readonly project?: string;
  /** Names of the stages of a finished run; by default those of its space. */
  readonly stages?: readonly string[];
  /** Whether it is a run of a further training seed, kept beside what is recorded of its space. */
  readonly further?: boolean;
  /** Whether trained models are kept; without them a record is a third of its size. */
  readonly models?: boolean;
}

/**
 * Writes the run of record of a space, whole or not at all, in place of the one that is there.
 * What is recorded of further training seeds is written by itself, and stays.
 *
 * Executed notebooks are kept with the prose of `notebooks/` as it is now. Those of the default
 * space are also written to `notebooks/` itself.
 *
 * @param name Of the run.
 * @returns The folder of the record.
 * @throws {RangeError} If the run may not be recorded; nothing is written then.
 */
export async function recordRun(
  name: string,
  {
    root = OUTPUTS,
    project = PROJECT_ROOT,
    stages,
    models = true,
    further = false,
  }: RecordOptions = {},
): Promise<string> {
  const action = `record the run ${name}`;
  const outputs = runFolder(root, name);
  const asked = stages ??
    (further ? SEED_STAGES.map((stage) => stage.name) : undefined);
  const { manifest, left, done } = await _finishedRun(
    root,
    name,
    asked,
    action,
  );
  await _checkCode(manifest, project, action);
  const { space, seed } = manifest.settings;
  const files = Object.keys(manifest.files).filter((path) => left.has(path));
  const paths = [
    ...files.filter((path) =>
      further ? path.startsWith("tables/") : _isKept(path, models)
    ),
    ...await _countedSamples(outputs, manifest, files, action, further),
  ];
  await _checkFiles(outputs, manifest, paths, action);
  const notebooks = further
    ? new Map<string, string>()
    : await _notebooks(outputs, project, done);

  const whole = recordFolder(root, space);
  const record = further ? seedFolder(whole, seed) : whole;
  const fresh = `${record}.${Deno.pid}.new.tmp`;
  const old = `${record}.${Deno.pid}.old.tmp`;
  try {
    for (const path of paths) {
      await writeFileAtomic(
        join(fresh, path),
        await Deno.readFile(join(outputs, path)),
      );
    }
    for (const [stage, text] of notebooks) {
      await writeFileAtomic(join(fresh, executedNotebook(stage)), text);
    }
    const kept: Manifest = {
      ...manifest,
      files: Object.fromEntries(
        paths.map((path) => [path, manifest.files[path]]),
      ),
    };
    await writeJson(manifestPath(fresh), kept);
    if (!further) await _keepSeeds(whole, fresh);
    const replaces = await exists(record);
    if (replaces) await Deno.rename(record, old);
    try {
      await Deno.rename(fresh, record);
      await flushFolder(dirname(record));
    } catch (error) {
      if (replaces) await Deno.rename(old, record);
      throw error;
    }
  } finally {
    // The old record is the only one where it could not be put back either.
    const left = await exists(record) ? [fresh, old] : [fresh];
    for (const folder of left) {
      await Deno.remove(folder, { recursive: true }).catch(() => {});
    }
  }
  if (space === DEFAULT_SPACE.name && !further) {
    for (const [stage, text] of notebooks) {
      await writeFileAtomic(join(project, executedNotebook(stage)), text);
    }
  }
  return record;
}

/** Copies what a record has of further training seeds. */
async function _keepSeeds(record: string, fresh: string): Promise<void> {
  for (const seed of recordedSeeds(record)) {
    const folder = seedFolder(record, seed);
    const { files } = await readManifest(folder);
    for (
      const path of [...Object.keys(files), basename(manifestPath(folder))]
    ) {
      await writeFileAtomic(
        join(seedFolder(fresh, seed), path),
        await Deno.readFile(join(folder, path)),
      );
    }
  }
}

/** Whether a result of a run, given by its path, is kept in a record. */
function _isKept(path: string, models: boolean): boolean {
  if (path.startsWith("tables/")) return true;
  if (path.startsWith("figures/")) return /\.(?:json|png)$/.test(path);
  // Whole: both models of both codes, in the precision that they were saved in.
  return models && path.startsWith("models/") && !path.includes("/onnx/") &&
    basename(path) !== CHECKPOINT;
}

/**
 * Of the files of a run those of the samples and reconstructed cells that its tables report.
 *
 * @throws {RangeError} If those of a measured row are not among them.
 */
async function _countedSamples(
  outputs: string,
  { settings }: Manifest,
  files: readonly string[],
  action: string,
  further: boolean,
): Promise<string[]> {
  const keys = new Map<unknown, string>();
  for (const path of files) {
    if (!path.startsWith("samples/") || !path.endsWith(SAMPLES_SUFFIX)) {
      continue;
    }
    keys.set(await samplesKey(join(outputs, path)), path);
  }
  const kept = new Set<string>();
  const space = getSpace(settings.space);
  for (const { name, rows } of await countedTables(outputs, space)) {
    // Of further seeds nothing but this table is put together.
    if (further && name !== generationTableName(space)) continue;
    for (const { source, method, samplesKey, reconstructionKey } of rows) {
      if (source === "paper") continue;
      const needed = {
        samples: samplesKey,
        "reconstructed cells": reconstructionKey,
      };
      for (const [what, key] of Object.entries(needed)) {
        const path = keys.get(key);
        if (path === undefined) {
          throw new RangeError(
            `Cannot ${action}: the ${what} of each row of ${name} must be there, got none of ${method}; run it again with --fresh`,
          );
        }
        kept.add(path);
      }
    }
  }
  return [...kept];
}

/** The manifest of a run that is there, full, and finished, and the files that its stages left. */
async function _finishedRun(
  root: string,
  name: string,
  named: readonly string[] | undefined,
  action: string,
): Promise<{
  manifest: Manifest;
  left: ReadonlySet<string>;
  done: readonly string[];
}> {
  const outputs = runFolder(root, name);
  if (!await exists(outputs)) {
    const folder = runsFolder(root);
    const names = await exists(folder)
      ? [...Deno.readDirSync(folder)].map((entry) => entry.name).sort()
      : [];
    throw new RangeError(
      `Cannot ${action}: it must be one of the runs in ${shownPath(folder)}, ${
        names.length === 0 ? "which has none" : names.join(", ")
      }`,
    );
  }
  const manifest = await readManifest(outputs).catch(() => null);
  const stages = named ??
    (manifest === null ? STAGES : stagesOn(getSpace(manifest.settings.space)))
      .map((stage) => stage.name);
  const records = await Promise.all(
    stages.map((stage) => readStageRecord(outputs, stage)),
  );
  const unfinished = stages.find((stage, i) =>
    records[i] === null ||
    manifest?.stages.find((one) => one.name === stage)?.finished !==
      records[i].finished
  );
  if (manifest === null || unfinished !== undefined) {
    throw new RangeError(
      `Cannot ${action}: it must be finished, got none of ${
        unfinished ?? basename(manifestPath(outputs))
      }; run it to its end`,
    );
  }
  if (manifest.settings.quick) {
    throw new RangeError(
      `Cannot ${action}: it must be a full run, got a quick one`,
    );
  }
  const left = records.flatMap((record) => Object.keys(record!.files));
  return { manifest, left: new Set(left), done: stages };
}

/** Refuses a run whose stages were not all run from code that the checkout has, unmodified. */
async function _checkCode(
  manifest: Manifest,
  project: string,
  action: string,
): Promise<void> {
  const again = "run it again with --fresh";
  for (const { name, git } of manifest.stages) {
    if (git === null) {
      throw new RangeError(
        `Cannot ${action}: ${name} must be run from a commit, got no checkout; ${again}`,
      );
    }
    if (git.modified) {
      throw new RangeError(
        `Cannot ${action}: ${name} must be run from an unmodified commit, got one with changes; commit them and ${again}`,
      );
    }
  }
  for (const commit of new Set(manifest.stages.map(({ git }) => git!.commit))) {
    const changed = await changedCode(commit, project);
    if (changed === null || changed.length > 0) {
      throw new RangeError(
        `Cannot ${action}: its code must be that of the checkout, got commit ${
          commit.slice(0, 10)
        }, ${
          changed === null
            ? "which the checkout does not know"
            : `which has another ${changed.join(", ")}`
        }; ${again}`,
      );
    }
  }
}

/** Refuses a run whose files are not as it left them, or whose figures have no images. */
async function _checkFiles(
  outputs: string,
  manifest: Manifest,
  paths: readonly string[],
  action: string,
): Promise<void> {
  for (const path of paths) {
    const hash = await fileHash(join(outputs, path)).catch(() => null);
    if (hash !== manifest.files[path]) {
      throw new RangeError(
        `Cannot ${action}: its files must be as it left them, got ${
          hash === null ? "no" : "another"
        } ${path}`,
      );
    }
  }
  const images = paths.filter((path) => /^figures\/.*\.json$/.test(path))
    .map((path) => path.replace(/json$/, "png"))
    .filter((path) => !paths.includes(path));
  if (images.length > 0) {
    throw new RangeError(
      `Cannot ${action}: each figure must have its image, got no ${
        images.join(", ")
      }; install Chromium, which draws them (deno task setup --browser does, on Linux), and run it again with --fresh`,
    );
  }
}

/**
 * The executed notebooks with the prose of the project's: text by stage.
 *
 * @throws {RangeError} If a notebook has {@link MAX_NOTEBOOK_BYTES} or more, or the project's
 *   holds other code than was executed.
 */
async function _notebooks(
  outputs: string,
  project: string,
  stages: readonly string[],
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const stage of stages) {
    const path = executedNotebook(stage);
    const text = notebookText(stableNotebook(withOutputs(
      await readNotebook(join(project, path)),
      await readNotebook(join(outputs, path)),
      `store ${stage}.ipynb`,
    )));
    const bytes = new TextEncoder().encode(text).length;
    if (bytes >= MAX_NOTEBOOK_BYTES) {
      throw new RangeError(
        `Cannot store ${stage}.ipynb: its size with outputs must be below ${MAX_NOTEBOOK_BYTES} bytes, got ${bytes}`,
      );
    }
    texts.set(stage, text);
  }
  return texts;
}
