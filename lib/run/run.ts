/**
 * The run that a notebook belongs to: its settings, search space, device and places of files.
 *
 * @module
 */

import { join } from "node:path";
import { openDevice } from "../engine/device.ts";
import type { Executor } from "../engine/executor.ts";
import { writeJson } from "../core/files.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Figure } from "../report/figure.ts";
import { progressBar } from "../report/progress.ts";
import { publishFigure, publishTable } from "../report/save.ts";
import type { ReportTable } from "../report/tables.ts";
import { type SearchSpace } from "../spaces/space.ts";
import { getSpace } from "../spaces/registry.ts";
import { readRunSettings, type RunSettings } from "./settings.ts";

/** An open run. */
export interface Run extends RunSettings {
  /** The search space itself, not its name. */
  readonly cells: SearchSpace;
  readonly executor: Executor;
  /** A path under `outputs/<space>/models`. */
  model(name: string): string;
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
  const executor = await openDevice(settings.device);
  await writeJson(join(settings.outputs, "stages", `${stage}.metrics.json`), {
    device: executor.description,
  });
  const cells = getSpace(settings.space);
  await withProgress("Cells", (onProgress) => cells.prepare(onProgress));
  return {
    ...settings,
    cells,
    executor,
    model: (name) => join(settings.outputs, "models", name),
  };
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
 */
export async function withProgress<T>(
  label: string,
  task: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  let bar: ReturnType<typeof progressBar> | undefined;
  try {
    return await task(({ done, total, message }) => {
      bar ??= progressBar({ label, total, start: done - 1 });
      bar.update(done, message);
    });
  } finally {
    await bar?.finish();
  }
}
