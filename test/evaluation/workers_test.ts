/** Workers as users start them: `deno task worker`, and the one in Python. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { environmentPython } from "../../lib/cli/environment.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { within } from "../../lib/core/processes.ts";
import { BullmqBackend } from "../../lib/evaluation/backends/bullmq.ts";
import { requestCell } from "../../lib/evaluation/protocol.ts";
import {
  TrainingEvaluator,
  type TrainingEvent,
} from "../../lib/evaluation/training_evaluator.ts";
import { withFolder } from "../_helpers.ts";
import { cell, SPACE } from "../search/_tables.ts";
import { bullmqForPython, engines, Redis } from "./_engines.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const PROGRAM = path("_look_up.py");
const PYTHON_WORKER = path(
  "../../lib/evaluation/examples/bullmq_worker.py",
);

const ROOT = await engines();
const PYTHON = environmentPython();
const PACKAGES = ROOT === null ? null : await bullmqForPython(PYTHON);

/** Milliseconds that a test may take. */
const LIMIT_MS = 60_000;

/** What is answered for a cell: see the program. */
const edges = (index: number) =>
  (requestCell(SPACE, cell(index).graph).adjacency as number[][])
    .flat().reduce((sum, bit) => sum + bit) / 100;

/** Has workers train cells, and one that is told to stop hand its cell back to another. */
function trains(
  start: (redis: Redis, folder: string) => Deno.Command,
): Promise<void> {
  return withFolder(async (folder) => {
    await using redis = await Redis.start(ROOT!, join(folder, "redis"));
    const started: Deno.ChildProcess[] = [];
    const worker = () => {
      const child = start(redis, folder).spawn();
      started.push(child);
      return child;
    };
    const test = async () => {
      const happened: TrainingEvent[] = [];
      const evaluate = async (
        indices: readonly number[],
        recipe: { seed: number; waits?: boolean },
        onEvent: (event: TrainingEvent) => void = () => {},
      ) => {
        await using backend = await BullmqBackend.open(redis.url, {
          parallel: 2,
        });
        const evaluator = new TrainingEvaluator(SPACE, backend, {
          folder: join(folder, "evaluations"),
          recipe,
          program: "test",
          retryAfterMs: 1,
          onEvent: (event) => {
            happened.push(event);
            onEvent(event);
          },
        });
        const found = await Array.fromAsync(
          evaluator.evaluate(indices.map(cell)),
        );
        return Object.fromEntries(found.map((one) => [
          one.cell.index!,
          "error" in one ? one.error : one.validation,
        ]));
      };
      const first = worker();
      const indices = [1, 4000, 8000];
      assert.deepEqual(
        await evaluate(indices, { seed: 0 }),
        Object.fromEntries(indices.map((index) => [index, edges(index)])),
      );
      assert.ok(happened.some(({ event }) => event === "progress"));
      // This one waits until it is told to stop; then it is gone on with.
      let told = false;
      const answers = await evaluate([7], { seed: 0, waits: true }, (one) => {
        if (one.event !== "progress" || told) return;
        told = true;
        first.kill("SIGTERM");
        worker();
      });
      assert.deepEqual(answers, { 7: edges(7) });
      assert.equal(
        happened.filter((one) => one.event === "retry").length,
        1,
      );
      assert.equal((await first.status).code, 0);
      return true;
    };
    try {
      assert.ok(await within(test(), LIMIT_MS), "it took too long");
    } finally {
      for (const child of started) {
        try {
          child.kill("SIGTERM");
        } catch {
          // It has ended before.
        }
      }
      await Promise.all(started.map(({ status }) => status));
    }
  });
}

Deno.test({
  name: "task worker trains cells, and hands them back when it is stopped",
  ignore: ROOT === null,
  fn: () =>
    trains((redis, folder) => {
      const bare = new URL(redis.url);
      bare.password = "";
      return new Deno.Command(Deno.execPath(), {
        args: [
          ...["task", "--quiet", "worker", "--queue", bare.href],
          ...["--folder", join(folder, "worker"), "--evaluator"],
          `'${PYTHON}' '${PROGRAM}' --request {request} --result {result}`,
        ],
        cwd: PROJECT_ROOT,
        env: {
          REDIS_PASSWORD: decodeURIComponent(new URL(redis.url).password),
        },
        stdout: "null",
      });
    }),
});

Deno.test({
  name:
    "the Python worker trains cells, and hands them back when it is stopped",
  ignore: PACKAGES === null,
  fn: () =>
    trains((redis, folder) =>
      new Deno.Command(PYTHON, {
        args: [
          ...[PYTHON_WORKER, new URL(redis.url).host, PROGRAM],
          ...["--folder", join(folder, "worker")],
        ],
        env: {
          PYTHONPATH: PACKAGES!,
          REDIS_PASSWORD: decodeURIComponent(new URL(redis.url).password),
        },
        stdout: "null",
      })
    ),
});
