/**
 * The manifest of a run: what was asked, on what machine, with which versions, how long it took, what came out.
 *
 * Source of the fields: what a reader needs to run the same again and to see
 * where a number differs.
 *
 * @module
 */

import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { readJson, writeJson } from "../core/files.ts";
import { PROJECT_ROOT } from "../core/project.ts";
import type { Device } from "../engine/devices.ts";
import { manifestPath, metricsPath } from "./folders.ts";
import type { GitState } from "./git.ts";
import {
  checkRunSettings,
  resultsFolder,
  type RunSettings,
} from "./settings.ts";
import { fileHash, resultFiles } from "./stage_files.ts";
import type { Stage, StageRecord } from "./stage.ts";

/** Written to `manifest.json` in the folder of the run. */
export interface Manifest {
  /** The command as typed. */
  readonly command: string;
  /** When the last stage ended, ISO 8601. */
  readonly finished: string;
  readonly settings: Omit<RunSettings, "root">;
  /** The device asked for, and the one that the notebooks report in their metrics. */
  readonly device: { readonly asked: Device; readonly used: string | null };
  /** Version by name: deno, v8, typescript, python, and each package. */
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: {
    /** System and architecture, such as `linux 6.1.0 x86_64`. */
    readonly system: string;
    readonly processor: string;
    readonly cores: number;
    readonly memoryBytes: number;
  };
  /**
   * The checkout that the last stage was run from; modified, if that or any other stage was run
   * from a modified one. Null if it is not known of all.
   */
  readonly git: GitState | null;
  readonly stages: readonly {
    readonly name: string;
    readonly finished: string;
    readonly git: GitState | null;
    readonly seconds: number;
    readonly peakMemoryBytes: number | null;
    /** Versions that it was run with, by part, where they were noted. */
    readonly versions?: Readonly<Record<string, number>>;
    /** What the notebook wrote to `stages/<name>.metrics.json`, if it did; `device` is the one used. */
    readonly metrics?: Readonly<Record<string, unknown>>;
  }[];
  /** Sum of the stages' times. */
  readonly totalSeconds: number;
  /** SHA-256 of each table, figure, model and sample file, by path relative to the manifest. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Reads the manifest of a finished run or of a record.
 *
 * Early records lack some settings, and the checkouts of stages, which are then not known.
 *
 * @param outputs Folder of the run.
 * @param what Names it in errors.
 * @throws {Error} If it is not there or cannot be read.
 * @throws {SyntaxError} If it is none.
 */
export async function readManifest(
  outputs: string,
  what = "manifest",
): Promise<Manifest> {
  const path = manifestPath(outputs);
  const value = await readJson<Partial<Manifest> | null>(path, what);
  const wrong = _unlike(value);
  if (wrong !== null) {
    throw new SyntaxError(
      `Cannot read the ${what}: ${path} must be one that a run wrote, got another ${wrong}`,
    );
  }
  const { stages, ...rest } = value as Manifest;
  return {
    ...rest,
    stages: stages.map((stage) => ({ ...stage, git: stage.git ?? null })),
  };
}

/** The first field of a value that no manifest has so, or null. */
function _unlike(value: Partial<Manifest> | null): string | null {
  if (!_isRecord(value)) return "value";
  const { settings, machine, git, stages, versions, files, device } = value;
  const texts = (of: unknown) =>
    _isRecord(of) && Object.values(of).every(_isText);
  const checks: Record<string, boolean> = {
    command: _isText(value.command),
    finished: _isText(value.finished),
    settings: _isSettings(settings),
    device: _isRecord(device) && device.asked === settings?.device &&
      (device.used === null || _isText(device.used)),
    versions: texts(versions),
    machine: _isRecord(machine) && _isText(machine.system) &&
      _isText(machine.processor) && _isCount(machine.cores) &&
      _isCount(machine.memoryBytes),
    git: _isGit(git),
    stages: Array.isArray(stages) &&
      stages.every((stage) =>
        _isRecord(stage) && _isText(stage.name) && _isText(stage.finished) &&
        _isGit(stage.git ?? null) && _isAmount(stage.seconds) &&
        (stage.peakMemoryBytes === null || _isCount(stage.peakMemoryBytes)) &&
        (stage.versions === undefined || _isRecord(stage.versions) &&
            Object.values(stage.versions).every(_isCount)) &&
        (stage.metrics === undefined || _isRecord(stage.metrics))
      ),
    totalSeconds: _isAmount(value.totalSeconds),
    files: texts(files),
  };
  return Object.keys(checks).find((name) => !checks[name]) ?? null;
}

/** Whether settings are those of a run. */
function _isSettings(settings: unknown): boolean {
  if (!_isRecord(settings)) return false;
  try {
    checkRunSettings(settings);
  } catch {
    return false;
  }
  const { space, seed, samples, quick } = settings;
  return [space, seed, samples, quick].every((value) => value !== undefined);
}

function _isGit(value: unknown): value is GitState | null {
  return value === null || _isRecord(value) && _isText(value.commit) &&
      typeof value.modified === "boolean";
}

function _isText(value: unknown): value is string {
  return typeof value === "string";
}

function _isAmount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < Infinity;
}

function _isCount(value: unknown): value is number {
  return _isAmount(value) && Number.isSafeInteger(value);
}

function _isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Versions of Deno, its parts, and the packages that `deno.json` pins. */
export async function denoVersions(): Promise<Record<string, string>> {
  const { imports } = await readJson<{ imports: Record<string, string> }>(
    join(PROJECT_ROOT, "deno.json"),
    "project configuration",
  );
  const packages = Object.values(imports).map((specifier) =>
    // npm:@scope/name@1.2.3
    specifier.match(/^npm:((?:@[^/@]+\/)?[^/@]+)@([^/]+)/)
  ).filter((match) => match !== null)
    .map(([, name, version]) => [name, version]);
  return { ...Deno.version, ...Object.fromEntries(packages) };
}

/** The checkout that stages were run from; see {@link Manifest}. */
function _git(records: readonly StageRecord[]): GitState | null {
  const states = records.map(({ git }) => git).filter((git) => git !== null);
  if (states.length < records.length || states.length === 0) return null;
  return {
    commit: states.at(-1)!.commit,
    modified: states.some(({ modified }) => modified),
  };
}

/**
 * Gathers the manifest of a run whose stages have all ended, and writes it.
 *
 * @param records One per stage, in order.
 * @param options `stages`: what was run; `jupyterVersions`: version by name of Python and its
 *   packages.
 */
export async function writeManifest(
  settings: RunSettings,
  records: readonly StageRecord[],
  { command, stages: run, jupyterVersions }: {
    command: string;
    stages: readonly Stage[];
    jupyterVersions: Readonly<Record<string, string>>;
  },
): Promise<Manifest> {
  const outputs = resultsFolder(settings);
  const { root: _, ...asked } = settings;
  const stages = await Promise.all(records.map(async (record) => {
    const metrics = await readJson<Record<string, unknown>>(
      metricsPath(outputs, record.name),
      "stage metrics",
    ).catch(() => undefined);
    const { name, finished, git, seconds, peakMemoryBytes } = record;
    const versions = run.find((stage) => stage.name === name)?.versions;
    return { name, finished, git, seconds, peakMemoryBytes, versions, metrics };
  }));
  const files: Record<string, string> = {};
  for (const path of await resultFiles(outputs)) {
    files[path] = await fileHash(join(outputs, path));
  }
  const processors = cpus();
  const manifest: Manifest = {
    command,
    finished: records.at(-1)?.finished ?? new Date().toISOString(),
    settings: asked,
    device: {
      asked: asked.device,
      used: stages.map(({ metrics }) => metrics?.device)
        .findLast((device) => typeof device === "string") ?? null,
    },
    versions: { ...await denoVersions(), ...jupyterVersions },
    machine: {
      system: `${Deno.build.os} ${release()} ${Deno.build.arch}`,
      processor: processors[0]?.model.trim() ?? "unknown",
      cores: processors.length,
      memoryBytes: totalmem(),
    },
    git: _git(records),
    stages,
    totalSeconds: records.reduce((sum, record) => sum + record.seconds, 0),
    files,
  };
  await writeJson(manifestPath(outputs), manifest);
  return manifest;
}
