/**
 * Small finished runs with tables of a few rows.
 *
 * @module
 */

import { join } from "node:path";
import { writeJson } from "../../lib/core/files.ts";
import { writeManifest } from "../../lib/run/manifest.ts";
import {
  checkRunSettings,
  resultsFolder,
  type UncheckedSettings,
} from "../../lib/run/settings.ts";

/** Leaves a finished run behind; its figures grow with the seed. Returns its folder. */
export async function finishRun(
  asked: UncheckedSettings,
  { version = 2 }: { readonly version?: number } = {},
): Promise<string> {
  const settings = checkRunSettings(asked);
  const outputs = resultsFolder(settings);
  const { seed, samples, space } = settings;
  const isOther = space === "nasbench101";
  const table = (number: number) =>
    join(outputs, "tables", `table_${isOther ? number - 1 : number}.json`);
  await writeJson(table(2), [
    { method: "Theirs", source: "paper" },
    ...["paper", "strict"].map((mode) => ({
      ...{ method: "Ours", source: "measured", mode, seed, samples },
      ...{ reconstruction: 100, validity: 80 + seed, uniqueness: 50 },
      ...{ absoluteUniqueness: 40, novelty: 25, absoluteNovelty: 20 },
    })),
  ]);
  await writeJson(table(4), [
    { method: "Theirs", source: "paper", queries: null },
    {
      ...{ method: "Search", source: "measured", queries: 192 },
      "cifar10 validation": 94 + seed,
      "cifar10 validation error": 0.5,
      "cifar10 test": 93,
      "cifar10 test error": 0.5,
      "cifar10 optimum found": 3,
      "cifar10 trials": 30,
    },
  ]);
  const stage = {
    name: "5_generate",
    versions: { generation: version },
    ignores: [],
    reads: [],
  };
  const record = {
    ...{ name: stage.name, key: "k", git: null, seconds: 1, files: {} },
    ...{ peakMemoryBytes: null, finished: "2026-01-01T00:00:00.000Z" },
  };
  await writeManifest(settings, [record], {
    ...{ command: "c", stages: [stage], jupyterVersions: {} },
  });
  return outputs;
}
