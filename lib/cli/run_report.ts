/**
 * The report of a run: a section per notebook with the tables and figures that it left.
 *
 * @module
 */

import { basename, join } from "node:path";
import {
  type PlannedSection,
  readSections,
  writeReport,
} from "../report/html_report.ts";
import { executedNotebook, reportPath } from "../run/folders.ts";
import type { Manifest } from "../run/manifest.ts";
import { introduction, notebookTitle, readNotebook } from "../run/notebook.ts";
import { resultsFolder, type RunSettings } from "../run/settings.ts";
import type { StageRecord } from "../run/stage.ts";
import { getSpace } from "../spaces/registry.ts";
import { formatSeconds } from "./command.ts";

/** Names of the files of a record under `folder` that end in `ending`, without both. */
function namesOf(
  record: StageRecord,
  folder: string,
  ending: string,
): string[] {
  return Object.keys(record.files)
    .filter((path) => path.startsWith(`${folder}/`) && path.endsWith(ending))
    .map((path) => basename(path, ending));
}

/**
 * Writes `report.html` beside the manifest.
 *
 * @param records One per stage, in order.
 * @returns Its path.
 */
export async function writeRunReport(
  settings: RunSettings,
  records: readonly StageRecord[],
  manifest: Manifest,
): Promise<string> {
  const outputs = resultsFolder(settings);
  const { space, seed, samples, quick } = settings;
  const plan: PlannedSection[] = [];
  for (const record of records) {
    const notebook = await readNotebook(
      join(outputs, executedNotebook(record.name)),
    );
    plan.push({
      title: notebookTitle(notebook, record.name),
      markdown: introduction(notebook),
      tables: namesOf(record, "tables", ".md"),
      figures: namesOf(record, "figures", ".json"),
    });
  }
  const facts = [
    `Seed ${seed}`,
    `${samples.toLocaleString("en-US")} samples per setting`,
    `device ${manifest.device.used ?? manifest.device.asked}`,
    `${
      formatSeconds(manifest.totalSeconds)
    } on ${manifest.machine.cores} cores (${manifest.machine.processor})`,
  ].join(", ");
  const path = reportPath(outputs);
  await writeReport({
    title: `Arch-LLM on ${getSpace(space).title}`,
    intro: quick
      ? `**Quick run: every stage on a slice, not for results.** ${facts}.`
      : `${facts}.`,
    sections: await readSections(outputs, plan),
    manifest: { ...manifest },
  }, path);
  return path;
}
