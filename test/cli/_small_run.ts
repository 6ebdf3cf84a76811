/**
 * A run of three small stages in the place of the project's own: `_small_run.ts <root>
 * <notebooks>`. Their notebooks call what stands here; each prints a line when something is
 * done that a killed run goes on from.
 *
 * @module
 */

import { join } from "node:path";
import { runCommand } from "../../lib/cli/command.ts";
import { reproduce } from "../../lib/cli/reproduce.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { Random } from "../../lib/core/random.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import type { ArchLlmSetting } from "../../lib/generation/arch_llm.ts";
import { openCellModel } from "../../lib/generation/cell_model.ts";
import { sweepSampling } from "../../lib/generation/sampling_sweep.ts";
import {
  loadTokenizer,
  writeCodesTokenizer,
} from "../../lib/language/tokenizer.ts";
import { saveT5 } from "../../lib/models/t5/files.ts";
import { t5Training, trainT5 } from "../../lib/models/t5/training.ts";
import { vqvaeConfig } from "../../lib/models/vqvae/config.ts";
import { saveVqvae } from "../../lib/models/vqvae/files.ts";
import { trainVqvae, vqvaeTraining } from "../../lib/models/vqvae/training.ts";
import { table } from "../../lib/report/tables.ts";
import { openRun, publish, type Run } from "../../lib/run/run.ts";
import { checkRunSettings, resultsFolder } from "../../lib/run/settings.ts";
import type { Stage } from "../../lib/run/stage.ts";
import { randomSearch } from "../../lib/search/random_search.ts";
import { runTrials } from "../../lib/search/trials.ts";
import { NASBENCH201 } from "../../lib/spaces/nasbench201/space.ts";
import { tinyT5Config } from "../models/t5/_tiny_t5.ts";
import { KILLED_METHOD } from "../search/_killed.ts";
import { madeUpTable } from "../search/_tables.ts";

/** What the notebooks of the stages call, by the names of the stages. */
export const SMALL_STAGES: Readonly<Record<string, () => Promise<void>>> = {
  "1_train": async () => {
    const run = await openRun("1_train");
    await _trainVqvae(run);
    await _trainT5(run);
  },
  "2_sample": async () => {
    const run = await openRun("2_sample");
    const folder = join(PROJECT_ROOT, "test/fixtures/golden_model");
    await using model = await openCellModel(NASBENCH201, {
      vqvae: join(folder, "vqvae"),
      t5: join(folder, "t5"),
    }, run.executor);
    const settings: ArchLlmSetting[] = [
      { temperature: 0.8 }, // drawn in one pass with the next
      { temperature: 1.5 },
      { temperature: 1, aim: "distinct" },
    ];
    const points = await sweepSampling(model, settings, {
      samples: 200,
      seed: run.seed,
      random: Random.fromSeed(run.seed),
      folder: run.samplesOf("golden"),
      reconstruction: {
        ...{ cells: 1, ops: 1, edges: 1, elementwise: 1, wholeGraph: 1 },
      },
      onProgress: ({ done, message }) =>
        console.log(`sampled ${done} (${message})`),
    });
    await _publish(
      run,
      "samples",
      points.map(({ setting, draws, reports }) => ({
        ...setting,
        draws,
        ...reports.strict,
      })),
    );
  },
  "3_search": async () => {
    const run = await openRun("3_search");
    const trials = await runTrials(
      NASBENCH201,
      [new SlowEvaluator()],
      [{ name: "Random search", budget: 40, ...randomSearch() }, KILLED_METHOD],
      { seeds: [run.seed, run.seed + 1], folder: run.trialsFolder },
    );
    await _publish(
      run,
      "searches",
      trials.flatMap(({ method, seed, queries }) =>
        queries.map(({ cell, validation }) => ({
          ...{ method, seed, cell: cell.index, validation },
        }))
      ),
    );
  },
};

/** Tells of each answer, and takes its time for it. */
class SlowEvaluator extends TableEvaluator {
  #answers = 0;

  constructor() {
    super(madeUpTable());
  }

  override async *evaluate(
    ...args: Parameters<TableEvaluator["evaluate"]>
  ) {
    for await (const answer of super.evaluate(...args)) {
      yield answer;
      console.log(`answer ${++this.#answers}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

async function _trainVqvae(run: Run): Promise<void> {
  const folder = run.newModel("arch-llm-plus/vqvae");
  const training = { ...vqvaeTraining(NASBENCH201, true), epochs: 5 };
  const trained = await trainVqvae(
    NASBENCH201,
    {
      ...vqvaeConfig(NASBENCH201, "arch-llm-plus"),
      ...{ hidden: 16, codebookSize: 48 },
    },
    { ...training, batchSize: 32, warmupSteps: 3, reseedEvery: 4 },
    {
      executor: run.executor,
      checkpoint: join(folder, "checkpoint.safetensors"),
      trainIndices: NASBENCH201.split().train.subarray(0, 1024),
      onProgress: ({ done }) => console.log(`step ${done} of the VQ-VAE`),
    },
  );
  await saveVqvae(folder, trained);
  await _publish(
    run,
    "vqvae",
    trained.history.map(({ seconds: _, validation, ...epoch }) => ({
      ...epoch,
      ...validation,
    })),
  );
}

async function _trainT5(run: Run): Promise<void> {
  const folder = run.newModel("arch-llm-plus/t5");
  const [length, codebookSize] = [6, 20];
  const draw = Random.fromSeed(run.seed);
  const sequences = (count: number) => ({
    codes: Int32Array.from(
      { length: count * length },
      (_, i) => 3 * (i % length) + draw.integer(5),
    ),
    ...{ length, codebookSize },
  });
  await writeCodesTokenizer(folder, { codebookSize });
  const tokenizer = await loadTokenizer(folder);
  const trained = await trainT5(
    { fitting: sequences(320), tuning: sequences(32) },
    { ...tinyT5Config(tokenizer.vocabularySize), dropout_rate: 0.1 },
    { ...t5Training(NASBENCH201, { quick: true }), epochs: 4, batchSize: 32 },
    {
      executor: run.executor,
      tokenizer,
      checkpoint: join(folder, "checkpoint.safetensors"),
      onProgress: ({ done }) => console.log(`step ${done} of the T5`),
    },
  );
  await saveT5(folder, trained);
  await _publish(
    run,
    "t5",
    trained.history.map(({ seconds: _, ...epoch }) => epoch),
  );
}

async function _publish(
  run: Run,
  name: string,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const columns = Object.keys(rows[0]);
  await publish(run, name, table(rows, { caption: name, columns }));
}

const STAGES: readonly Stage[] = Object.keys(SMALL_STAGES).map((name) => ({
  name,
  versions: { stage: 1 },
  ignores: [],
  reads: [],
}));

/** The settings of the run below a root. */
export const smallSettings = (root: string) =>
  checkRunSettings({ quick: true, device: "cpu", root });

/** The folder of its results. */
export const smallOutputs = (root: string) =>
  resultsFolder(smallSettings(root));

if (import.meta.main) {
  await runCommand("", async ([root, notebooks]) => {
    await reproduce(smallSettings(root), { stages: STAGES, notebooks });
    return 0;
  });
}
