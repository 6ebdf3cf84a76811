/**
 * What a run is refused for before its first notebook, rather than hours later by the notebook
 * that comes upon it: a pretrained T5, a device or accuracies that cannot be used.
 *
 * @module
 */

import {
  loadAccuracies,
  MissingAccuraciesError,
} from "../accuracies/accuracies.ts";
import { loadOwnTable } from "../accuracies/own_tables.ts";
import { openDevice } from "../engine/device.ts";
import { hasAccuracies, isOwnDataset } from "../evaluation/tables.ts";
import { surrogatePath } from "../models/surrogate/surrogate.ts";
import { openT5Base } from "../models/t5/base.ts";
import { T5_FILES } from "../models/t5/files.ts";
import { isHubName, TOKENIZER_FILES } from "../models/t5/pretrained.ts";
import { vqvaeConfig } from "../models/vqvae/config.ts";
import { resultsFolder, type RunSettings } from "../run/settings.ts";
import { MOST_QUERIES, searchStudy } from "../search/compared.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import { getSpace } from "../spaces/registry.ts";
import { withBars } from "./bars.ts";
import { existingFolder } from "./command.ts";

/**
 * Checks all that a run reads, as its notebooks will read it.
 *
 * @param action What cannot be done on an error.
 * @throws {RangeError} If a pretrained T5 is none, or accuracies are too few for a search.
 * @throws {Error} If the device is not to be had, or a file cannot be read.
 */
export async function checkRun(
  settings: RunSettings,
  action: string,
): Promise<void> {
  // `auto` takes what there is.
  if (settings.device !== "auto") await openDevice(settings.device);
  if (settings.t5 !== null) await _checkT5(settings, settings.t5, action);
  await _checkAccuracies(settings, action);
}

/**
 * A folder is opened as it will be for training; of a model on the hub only the name is
 * looked at, so that a finished run needs no network.
 */
async function _checkT5(
  settings: RunSettings,
  source: string,
  action: string,
): Promise<void> {
  const there = await Deno.stat(source).catch(() => null);
  if (there === null) {
    if (isHubName(source)) return;
    throw new RangeError(
      `Cannot ${action}: --t5 must be a folder that is there or a name on the hub, owner/name, got ${source}`,
    );
  }
  const files = [T5_FILES.config, ...TOKENIZER_FILES];
  existingFolder(source, "--t5", action, { files });
  const space = getSpace(settings.space);
  const { nodes: length, codebookSize } = vqvaeConfig(space);
  try {
    await openT5Base(source, space, { length, codebookSize }, {
      scratch: resultsFolder(settings), // for a model of ours alone: nothing is written
    });
  } catch (error) {
    throw new RangeError(
      `Cannot ${action}: --t5 must be a T5 that can be fine-tuned, got ${source}: ${
        (error as Error).message
      }`,
      { cause: error },
    );
  }
}

/** Real accuracies have to be enough for the searches; where there are none, they are predicted. */
async function _checkAccuracies(
  { space: name, trials, quick, dataset }: RunSettings,
  action: string,
): Promise<void> {
  const space = getSpace(name);
  if (!hasAccuracies(space)) return; // no stage looks at any
  let tables: readonly AccuracyTable[] = [];
  try {
    tables = await withBars(
      undefined,
      (onProgress) => loadAccuracies(space, { onProgress }),
    );
  } catch (error) {
    const predicted = surrogatePath(space) !== null;
    if (!(error instanceof MissingAccuraciesError && predicted)) throw error;
  }
  const own = isOwnDataset(space, dataset)
    ? [await loadOwnTable(space, dataset)]
    : [];
  checkCoverage(
    [...tables, ...own],
    Math.min(MOST_QUERIES, searchStudy({ trials, quick }).mostQueries),
    action,
  );
}

/**
 * Checks that tables have as many cells as a search asks for.
 *
 * @throws {RangeError} If one has fewer.
 */
export function checkCoverage(
  tables: readonly Pick<AccuracyTable, "title" | "covered" | "source">[],
  queries: number,
  action: string,
): void {
  for (const { title, covered, source } of tables) {
    if (covered.length >= queries) continue;
    throw new RangeError(
      `Cannot ${action}: the accuracies of ${title} must be of at least ${queries} cells, as many as a search asks for, got ${covered.length} (${source}); import more (deno task data --from), or remove the file: a predictor takes its place`,
    );
  }
}
