/**
 * Trials side by side: on the CPU a worker a core, each with one thread, runs one after the
 * other.
 *
 * The steps of a search are too small to keep several cores busy, and trials do not depend on
 * one another. Which worker runs a trial changes nothing about it: it is saved as `runTrials`
 * saves it, and what was saved is not run again.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import { inWorkers, mostWorkers } from "../core/workers.ts";
import type { Executor } from "../engine/executor.ts";
import { TableEvaluator } from "../evaluation/table_evaluator.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import { SPACES } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { NamedMethod } from "./method.ts";
import type { MethodModels, OpenedMethods } from "./opened_methods.ts";
import { runTrials, type Trial } from "./trials.ts";

/** The most workers: each holds the space and the models, a few hundred megabytes. */
const MOST_WORKERS = 8;

/** What each worker gets. */
export interface TrialPlace {
  /** Name of the space. */
  readonly space: string;
  readonly models: MethodModels;
  readonly tables: readonly AccuracyTable[];
  /** Where trials are saved. */
  readonly folder: string;
}

/** A trial to be run. */
export interface TrialJob {
  /** Name of the data set. */
  readonly dataset: string;
  readonly method: Pick<NamedMethod, "name" | "key" | "budget">;
  readonly seed: number;
}

/**
 * Runs what was not run yet of each method with each seed on each table.
 *
 * Methods other than those opened, a user's own for example, run here, one trial after the
 * other, as all do on devices other than the CPU and in a space that the registry does not have.
 *
 * @param opened The methods that workers make anew.
 * @param options `folder`: where trials are saved.
 * @throws {Error} As `runTrials`.
 */
export async function runTrialsSideBySide(
  space: SearchSpace,
  tables: readonly AccuracyTable[],
  methods: readonly NamedMethod[],
  opened: OpenedMethods,
  { executor, seeds, folder, onProgress = () => {} }: {
    readonly executor: Executor;
    readonly seeds: readonly number[];
    readonly folder: string;
    readonly onProgress?: OnProgress;
  },
): Promise<Trial[]> {
  const keys = [...opened.methods, ...opened.algorithm1].map(({ key }) => key);
  const known = methods.filter(({ key }) => keys.includes(key));
  const works = executor.description === "onnxruntime cpu" &&
    SPACES.includes(space);
  const jobs = !works
    ? []
    : tables.flatMap(({ dataset }) =>
      known.flatMap(({ name, key, budget }) =>
        seeds.map((seed): TrialJob => ({
          dataset,
          method: { name, key, budget },
          seed,
        }))
      )
    );
  const total = tables.length * methods.length * seeds.length;
  let done = 0;
  await inWorkers<TrialPlace, TrialJob, null>(
    new URL("./trial_worker.ts", import.meta.url),
    { space: space.name, models: opened.models, tables, folder },
    jobs,
    {
      workers: Math.min(mostWorkers(), MOST_WORKERS),
      onResult: (job) => {
        const { dataset, method, seed } = jobs[job];
        onProgress({
          done: ++done,
          total,
          message: `${method.name}, ${dataset}, seed ${seed}`,
        });
      },
    },
  );
  const evaluators = tables.map((table) => new TableEvaluator(table));
  return await runTrials(space, evaluators, methods, {
    seeds,
    folder,
    onProgress: (progress) => {
      if (progress.done > done) onProgress(progress);
    },
  });
}
