/**
 * A worker that runs trials on one thread; see `side_by_side.ts`.
 *
 * @module
 */

import { takeJobs } from "../core/workers.ts";
import { onnxExecutor } from "../engine/onnx_executor.ts";
import { TableEvaluator } from "../evaluation/table_evaluator.ts";
import { getSpace } from "../spaces/registry.ts";
import { openMethods } from "./opened_methods.ts";
import type { TrialJob, TrialPlace } from "./side_by_side.ts";
import { runTrials } from "./trials.ts";

takeJobs(async ({ space: name, models, tables, folder }: TrialPlace) => {
  const space = getSpace(name);
  await space.prepare();
  const executor = onnxExecutor({ provider: "cpu", threads: 1 });
  const { methods, algorithm1 } = await openMethods(space, models, executor);
  const byKey = new Map(
    [...methods, ...algorithm1].map((method) => [method.key, method]),
  );
  const evaluators = new Map(
    tables.map((table) => [table.dataset, new TableEvaluator(table)]),
  );
  return async ({ dataset, method, seed }: TrialJob) => {
    const evaluator = evaluators.get(dataset)!;
    const { search } = byKey.get(method.key)!;
    await runTrials(space, [evaluator], [{ ...method, search }], {
      seeds: [seed],
      folder,
    });
    return null;
  };
});
