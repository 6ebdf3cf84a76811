/**
 * The run that a notebook belongs to: its settings, search space, device and places of files.
 *
 * @module
 */

import { join } from "node:path";
import { openDevice } from "../compile/device.ts";
import type { Executor } from "../compile/executor.ts";
import { writeJson } from "../files.ts";
import { progressBar } from "../report/progress.ts";
import { getSpace, type SearchSpace } from "../spaces/space.ts";
import { readRunSettings, type RunSettings } from "./settings.ts";

/** What `OnProgress` callbacks report. */
interface Progress {
  readonly done: number;
  readonly total: number;
  readonly message: string;
}

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
  return {
    ...settings,
    cells: getSpace(settings.space),
    executor,
    model: (name) => join(settings.outputs, "models", name),
  };
}

/**
 * Runs a task under a progress bar.
 *
 * @param task Gets the function to report to; the bar appears with the first report.
 */
export async function withProgress<T>(
  label: string,
  task: (onProgress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  let bar: ReturnType<typeof progressBar> | undefined;
  const result = await task(({ done, total, message }) => {
    bar ??= progressBar({ label, total, start: done - 1 });
    bar.update(done, message);
  });
  await bar?.finish();
  return result;
}
