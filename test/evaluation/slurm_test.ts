/** A cluster of one machine: limits of time, cancelled jobs, options that are refused. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { environmentPython } from "../../lib/cli/environment.ts";
import { exists } from "../../lib/core/files.ts";
import { outputOf, within } from "../../lib/core/processes.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { SlurmBackend } from "../../lib/evaluation/backends/slurm.ts";
import { type Recipe, requestId } from "../../lib/evaluation/protocol.ts";
import {
  TrainingEvaluator,
  type TrainingEvent,
} from "../../lib/evaluation/training_evaluator.ts";
import { searchFolder } from "../../lib/run/trained_search.ts";
import { withFolder } from "../_helpers.ts";
import { cell, SPACE } from "../search/_tables.ts";
import { engines, Slurm } from "./_engines.ts";

const PROGRAM = fileURLToPath(new URL("_look_up.py", import.meta.url));
const COMMAND = [
  ...[environmentPython(), PROGRAM],
  ...["--request", "{request}", "--result", "{result}"],
];

const ROOT = await engines();

/** Milliseconds that a step may take. */
const LIMIT_MS = 90_000;

Deno.test({
  name: "SLURM ends what takes too long, and what is cancelled",
  ignore: ROOT === null,
  fn: (test) =>
    withFolder(async (folder) => {
      await using slurm = await Slurm.start(ROOT!, join(folder, "slurm"));
      const happened: TrainingEvent[] = [];
      const evaluate = async (
        recipe: Recipe,
        { sbatch, signal, onEvent = () => {} }: {
          readonly sbatch?: readonly string[];
          readonly signal?: AbortSignal;
          readonly onEvent?: (event: TrainingEvent) => void;
        } = {},
      ) => {
        happened.length = 0;
        await using backend = await SlurmBackend.open(COMMAND, {
          ...{ parallel: 2, cwd: folder, sbatch, lookEveryMs: 300 },
        });
        const evaluator = new TrainingEvaluator(SPACE, backend, {
          folder: join(folder, "evaluations"),
          recipe,
          program: "test",
          onEvent: (event) => {
            happened.push(event);
            onEvent(event);
          },
        });
        const one = await Array.fromAsync(
          evaluator.evaluate([cell(7)], { signal }),
        );
        return "error" in one[0] ? one[0].error : one[0].validation;
      };
      const jobs = () => outputOf(["squeue", "--me", "--noheader"]);
      const step = (name: string, action: () => Promise<void>) =>
        test.step(name, async () => {
          const done = action().then(() => true);
          assert.ok(await within(done, LIMIT_MS), "it took too long");
          assert.equal(await jobs(), "", "the queue is empty again");
        });

      await step(
        "a minute before its time is over a program saves itself, and is gone on with",
        async () => {
          const validation = await evaluate({ seed: 0, waits: true }, {
            // The minute begins at once.
            sbatch: ["--time=1", "--ntasks=1"],
          });
          assert.equal(validation, 0.1);
          const retries = happened.filter(({ event }) => event === "retry");
          assert.deepEqual(
            retries.map((one) => one.event === "retry" && one.why),
            ["it stopped on the way"],
          );
          assert.ok(happened.some(({ event }) => event === "progress"));
        },
      );

      await step(
        "a training that takes longer than its budget has failed",
        async () => {
          const recipe = { seed: 1, waits: true, budget_s: 2 };
          assert.equal(
            await evaluate(recipe),
            "timeout: it took more than 2 s",
          );
          // Nor is it tried again by the next search.
          assert.match(`${await evaluate(recipe)}`, /^timeout/);
          assert.deepEqual(happened, []);
        },
      );

      await step(
        "a search that is stopped lets its jobs save themselves",
        async () => {
          const stop = new AbortController();
          const recipe = { seed: 2, waits: true };
          await assert.rejects(
            evaluate(recipe, {
              signal: stop.signal,
              onEvent: ({ event }) => {
                if (event === "progress") stop.abort(new Error("enough"));
              },
            }),
            /^Error: enough$/,
          );
          const id = requestId(SPACE, cell(7), recipe);
          assert.ok(
            await exists(join(folder, "evaluations", id, "work/checkpoint")),
          );
          assert.equal(await evaluate(recipe), 0.1);
        },
      );

      await step("options that sbatch refuses are an error in a sentence", () =>
        assert.rejects(
          evaluate({ seed: 3 }, { sbatch: ["--partition=none"] }),
          /^Error: Cannot submit to SLURM: sbatch must take the job, got .*partition/,
        ));

      await step("task search has cells trained on a cluster", async () => {
        const name = `test-slurm-${crypto.randomUUID()}`;
        try {
          const { success, stderr } = await new Deno.Command(Deno.execPath(), {
            args: [
              ...["task", "--quiet", "search", "--name", name],
              ...["--method", "random-search", "--budget", "4"],
              ...["--parallel", "2", "--device", "cpu"],
              ...["--sbatch=--partition=all --job-name='a search'"],
              ...[
                "--evaluator",
                COMMAND.map((word) =>
                  `'${word}'`
                ).join(" "),
              ],
            ],
            cwd: PROJECT_ROOT,
          }).output();
          assert.ok(success, new TextDecoder().decode(stderr));
          const csv = await Deno.readTextFile(
            join(searchFolder(name), "tables/queries.csv"),
          );
          assert.equal(csv.trim().split("\n").length, 1 + 4);
        } finally {
          await Deno.remove(searchFolder(name), { recursive: true });
        }
      });

      await test.step("a search that is stopped ends, although SLURM is away", async () => {
        const stop = new AbortController();
        const recipe = { seed: 4, waits: true };
        const evaluation = evaluate(recipe, {
          signal: stop.signal,
          onEvent: async ({ event }) => {
            if (event !== "progress") return;
            await slurm.controller.kill();
            stop.abort(new Error("enough"));
          },
        });
        const ended = Promise.allSettled([evaluation]);
        assert.ok(await within(ended, LIMIT_MS), "it took too long");
        await assert.rejects(evaluation, /^Error: enough$/);
      });
    }),
});

Deno.test("SLURM that does not answer is an error in a sentence", async () => {
  const path = Deno.env.get("PATH")!;
  Deno.env.set("PATH", "/nonexistent");
  try {
    await assert.rejects(
      SlurmBackend.open(["true"], { parallel: 1, cwd: "/" }),
      /^Error: Cannot use SLURM: squeue must answer on this machine, got /,
    );
  } finally {
    Deno.env.set("PATH", path);
  }
});

Deno.test("a task of SLURM that was submitted again begins nothing", () =>
  withFolder(async (folder) => {
    const script = fileURLToPath(
      new URL("../../lib/evaluation/backends/slurm_job.sh", import.meta.url),
    );
    const list = join(folder, "list");
    await Deno.writeTextFile(list, `${folder}/none\n${folder}\n`);
    await Deno.writeTextFile(join(folder, "slurm"), "second 1\n");
    await Deno.writeTextFile(join(folder, "run"), 'touch "$2-$1"\n');
    for (const name of ["first", "second"]) {
      const { success } = await new Deno.Command("sh", {
        args: [script, join(folder, "run"), list, join(folder, name)],
        env: { SLURM_JOB_NAME: name, SLURM_ARRAY_TASK_ID: "1" },
        cwd: folder,
      }).output();
      assert.equal(success, name === "first");
    }
  }));
