/**
 * The run that a notebook belongs to: its settings, search space, device and places of files.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { writeJson } from "../core/files.ts";
import type { OnProgress } from "../core/progress.ts";
import { openDevice } from "../engine/device.ts";
import type { Executor } from "../engine/executor.ts";
import type { Figure } from "../report/figure.ts";
import { outliveStops, stopPresses } from "../report/kernel.ts";
import { progressBar } from "../report/progress.ts";
import { publishFigure, publishTable } from "../report/save.ts";
import type { ReportTable } from "../report/tables.ts";
import { getSpace } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import {
  defaultRunName,
  hasModel,
  isHandRun,
  manifestPath,
  metricsPath,
  modelFolder,
  modelSources,
  recordFolder,
  runFolder,
  samplesFolder,
  shownPath,
  trialsFolder,
} from "./folders.ts";
import { recordedRivals, rivalTables } from "./recorded_rivals.ts";
import { generatorTables, recordedGenerators } from "./rival_generators.ts";
import { furtherRows, type SeedRows } from "./seeds.ts";
import {
  readRunSettings,
  resultsFolder,
  RUN_VARIABLE,
  type RunSettings,
} from "./settings.ts";
import { furtherStages } from "./stages.ts";

/** An open run. */
export interface Run extends RunSettings {
  /** The search space itself, not its name. */
  readonly cells: SearchSpace;
  readonly executor: Executor;
  /** Absolute folder of the results. */
  readonly outputs: string;
  /** Where trials of searches are saved. */
  readonly trialsFolder: string;
  /** Where samples of a model are saved. */
  samplesOf(name: string): string;
  /** Where a model of this run is written, and its checkpoints. */
  newModel(name: string): string;
  /**
   * The folder of a trained model: this run's own. For a notebook opened by hand, where it has
   * none, that of a finished run of the same settings, else that of the run of record.
   *
   * @param name `<code>/vqvae` or `<code>/t5`.
   * @throws {Error} If there is none, with the folders that were looked at, and what makes it.
   */
  model(name: string): string;
  /**
   * The rows of a table that this notebook leaves, in the finished runs of further training
   * seeds: of the seeds after this run's own, with the same settings; none where there are none.
   *
   * @param name Of the table's files.
   */
  furtherRows<Row>(name: string): Promise<SeedRows<Row>[]>;
  /** The tables of searches of other papers, as they were recorded, by name; none where none were. */
  rivals(): Promise<[name: string, table: ReportTable][]>;
  /** The same of generators of other papers. */
  rivalGenerators(): Promise<[name: string, table: ReportTable][]>;
}

/**
 * Opens the run of a notebook.
 *
 * @param stage The notebook's name; the device used is noted for the manifest.
 * @throws {RangeError} If a setting is wrong.
 * @throws {Error} If the device is not to be had.
 */
export async function openRun(
  stage: string,
  defaults: Partial<RunSettings> = {},
): Promise<Run> {
  const settings = readRunSettings(defaults);
  // A kernel of `reproduce` ends with it.
  if (Deno.env.get(RUN_VARIABLE) === undefined) outliveStops();
  const outputs = resultsFolder(settings);
  const executor = await openDevice(settings.device);
  await writeJson(metricsPath(outputs, stage), {
    device: executor.description,
  });
  const cells = getSpace(settings.space);
  await withProgress("Cells", (onProgress) => cells.prepare(onProgress));
  return {
    ...settings,
    cells,
    executor,
    outputs,
    trialsFolder: trialsFolder(outputs),
    samplesOf: (name) => samplesFolder(outputs, name),
    newModel: (name) => modelFolder(outputs, name),
    model: (name) => _trainedModel(name, settings),
    furtherRows: (name) => furtherRows(settings, name, furtherStages(stage)),
    rivals: async () => {
      const recorded = await recordedRivals(settings);
      return recorded === null ? [] : rivalTables(recorded, cells);
    },
    rivalGenerators: async () => {
      const recorded = await recordedGenerators(settings);
      return recorded === null ? [] : generatorTables(recorded, cells);
    },
  };
}

/** See {@link Run.model}. */
function _trainedModel(name: string, settings: RunSettings): string {
  const { root, space, seed, quick } = settings;
  const folders = [resultsFolder(settings)];
  if (isHandRun(settings.name)) {
    const run = runFolder(root, defaultRunName(settings));
    if (existsSync(manifestPath(run))) folders.push(run);
    folders.push(recordFolder(root, space));
  }
  const sources = modelSources(name, folders);
  const found = sources.find((folder) => hasModel(folder, name));
  if (found !== undefined) return modelFolder(found, name);
  const command = [
    `deno task reproduce --space ${space}`,
    ...seed === 0 ? [] : [`--seed ${seed}`],
    ...quick ? ["--quick"] : [],
  ].join(" ");
  throw new Error(
    `Cannot open the model ${name} of ${
      getSpace(space).title
    }: it must be in models/ of ${
      sources.map(shownPath).join(" or ")
    }, got none; ${command} makes it, as do the notebooks before this one`,
  );
}

/**
 * Saves a table or a figure under the run's outputs, and shows it.
 *
 * In a quick run every row of a table, and its caption, say so.
 *
 * @param name Name of the files.
 */
export async function publish(
  run: Run,
  name: string,
  item: ReportTable | Figure,
): Promise<void> {
  if ("data" in item) return await publishFigure(run.outputs, name, item);
  await publishTable(
    run.outputs,
    name,
    run.quick
      ? {
        ...item,
        caption: `${item.caption} (quick run, not a result)`,
        rows: item.rows.map((row) => ({ ...row, quick: true })),
      }
      : item,
  );
}

/**
 * Runs a task under a progress bar.
 *
 * @param task Gets the function to report to; the bar appears with the first report.
 * @throws {Error} At the next report, once the stop button of the notebook was pressed.
 */
export async function withProgress<T>(
  label: string,
  task: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  let bar: ReturnType<typeof progressBar> | undefined;
  const before = stopPresses();
  try {
    return await task(({ done, total, message }) => {
      if (stopPresses() > before) {
        throw new Error(
          `Stopped ${label}: run the cell again, and it goes on from what was saved`,
        );
      }
      bar ??= progressBar({ label, total, start: done - 1 });
      bar.update(done, message);
    });
  } finally {
    await bar?.finish();
  }
}
