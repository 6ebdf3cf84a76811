import assert from "node:assert/strict";
import { join } from "node:path";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { arch2vecConfig } from "../../lib/models/arch2vec/config.ts";
import {
  arch2vecTraining,
  trainArch2vec,
} from "../../lib/models/arch2vec/training.ts";
import { limitBudgets } from "../../lib/search/method.ts";
import { methodModels, openMethods } from "../../lib/search/opened_methods.ts";
import { randomSearch } from "../../lib/search/random_search.ts";
import { runTrialsSideBySide } from "../../lib/search/side_by_side.ts";
import { runTrials, type Trial } from "../../lib/search/trials.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import { saveLearnedModel, space } from "../models/_learned_model.ts";
import { withFolder } from "../_helpers.ts";
import { madeUpTable } from "./_tables.ts";

const executor = onnxExecutor({ provider: "cpu", threads: 1 });
const seeds = [3];
const withoutTime = (trials: readonly Trial[]) =>
  trials.map((trial) => ({ ...trial, seconds: 0 }));

Deno.test("runTrialsSideBySide() gives the trials of runTrials(), in the same order, and runs none twice", async () => {
  await withFolder(async (folder) => {
    const at = (name: string) =>
      join(folder, "models", name.replace("-plus", ""));
    await saveLearnedModel({
      vqvae: at("arch-llm/vqvae"),
      t5: at("arch-llm/t5"),
    }, { epochs: 1 });
    const config = { ...arch2vecConfig(space), hidden: 8, layers: 1 };
    const arch2vec = await trainArch2vec(
      space,
      config,
      { ...arch2vecTraining(space, 0), epochs: 1 },
      { executor, limit: 64 },
    );
    await using opened = await openMethods(
      space,
      methodModels(at, arch2vec),
      executor,
    );
    const own = { name: "My own", budget: 8, ...randomSearch() };
    const methods = limitBudgets([
      ...opened.methods.filter(({ name }) =>
        /arch2vec|LLM, .*any masks/.test(name)
      ),
      { ...own, key: "a user's" },
    ], 16);
    const tables = [
      madeUpTable(),
      { ...madeUpTable(), dataset: "cifar100", title: "CIFAR-100" },
    ];
    const trialsFolder = join(folder, "trials");
    const reports: number[] = [];
    const run = () =>
      runTrialsSideBySide(space, tables, methods, opened, {
        executor,
        seeds,
        folder: trialsFolder,
        onProgress: ({ done, total }) => reports.push(done / total),
      });
    const trials = await run();
    const alone = await runTrials(
      space,
      tables.map((table) => new TableEvaluator(table)),
      methods,
      { seeds },
    );
    assert.equal(trials.length, 2 * methods.length * seeds.length);
    assert.deepEqual(withoutTime(trials), withoutTime(alone));
    assert.deepEqual(reports, reports.toSorted((a, b) => a - b));
    assert.equal(reports.at(-1), 1);
    assert.deepEqual(await run(), trials);
  });
});
