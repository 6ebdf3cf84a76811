/**
 * `deno task surrogate`: trains what predicts accuracies where there are no real ones.
 *
 * @module
 */

import { loadAccuracies } from "../accuracies/accuracies.ts";
import {
  saveSurrogate,
  surrogatePath,
  trainSurrogate,
} from "../models/surrogate/surrogate.ts";
import { openDevice } from "../engine/device.ts";
import { Random } from "../core/random.ts";
import { withProgress } from "../run/run.ts";

import { getSpace } from "../spaces/registry.ts";
import { parseOptions, runCommand } from "./command.ts";

const HELP = `deno task surrogate [--space NAME]

Trains the predictor of accuracies on the real tables of a space, which must be there
(deno task data), and writes it to lib/spaces. By default: both spaces.
`;

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { space: asked, help } = parseOptions(args, {
    space: { type: "string" },
    help: { type: "boolean" },
  }, "train the surrogate");
  if (help) {
    console.log(HELP);
    return 0;
  }
  const executor = await openDevice("auto");
  const names = asked === undefined ? ["nasbench201", "nasbench101"] : [asked];
  for (const name of names) {
    const space = getSpace(name);
    await space.prepare();
    const tables = await loadAccuracies(space.name);
    const surrogate = await withProgress(
      space.title,
      (onProgress) =>
        trainSurrogate(space, tables, {
          executor,
          random: Random.fromSeed(0).split("surrogate"),
          onProgress,
        }),
    );
    await saveSurrogate(surrogatePath(space), surrogate);
    for (const { dataset, accuracy, r2, tau, cells } of surrogate.quality) {
      console.log(
        `${dataset}, ${accuracy} accuracy of ${
          cells.toLocaleString("en")
        } held-out cells: R² ${r2.toFixed(3)}, Kendall's τ ${tau.toFixed(3)}`,
      );
    }
  }
  return 0;
}

if (import.meta.main) await runCommand(() => main(Deno.args));
