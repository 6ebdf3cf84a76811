/**
 * `deno task surrogate`: trains what predicts accuracies where there are no real ones.
 *
 * @module
 */

import { loadAccuracies } from "../accuracies/accuracies.ts";
import { Random } from "../core/random.ts";
import { openDevice } from "../engine/device.ts";
import {
  saveSurrogate,
  surrogatePath,
  trainSurrogate,
} from "../models/surrogate/surrogate.ts";
import { withProgress } from "../run/run.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import { getSpace, SPACES } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { parseOptions, runCommand } from "./command.ts";

const ACTION = "train the surrogate";

const HELP = `deno task surrogate [--space NAME]

Trains the predictor of accuracies on the real tables of a space, which must be there
(deno task data), and writes it to lib/spaces. By default: of every space that has one.
`;

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { space: asked } = parseOptions(args, {
    space: { type: "string" },
  }, ACTION);
  const spaces = asked === undefined
    ? SPACES.filter((space) => surrogatePath(space) !== null)
    : [getSpace(asked)];
  const jobs: [SearchSpace, string, readonly AccuracyTable[]][] = [];
  for (const space of spaces) {
    const path = surrogatePath(space);
    if (path === null) {
      throw new RangeError(
        `Cannot ${ACTION}: ${space.title} must say where it is kept, got no file`,
      );
    }
    jobs.push([space, path, await loadAccuracies(space)]);
  }
  const executor = await openDevice("auto");
  for (const [space, path, tables] of jobs) {
    await space.prepare();
    const surrogate = await withProgress(
      space.title,
      (onProgress) =>
        trainSurrogate(space, tables, {
          executor,
          random: Random.fromSeed(0).split("surrogate"),
          onProgress,
        }),
    );
    await saveSurrogate(path, surrogate);
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

if (import.meta.main) await runCommand(HELP, main);
