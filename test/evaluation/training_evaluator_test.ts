import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalBackend } from "../../lib/evaluation/backends/local.ts";
import type { Evaluation } from "../../lib/evaluation/evaluator.ts";
import { requestId } from "../../lib/evaluation/protocol.ts";
import {
  TrainingEvaluator,
  type TrainingEvent,
  type TrainingOptions,
} from "../../lib/evaluation/training_evaluator.ts";
import { withFolder } from "../_helpers.ts";
import { cell, SPACE } from "../search/_tables.ts";

const PROGRAM = fileURLToPath(new URL("_program.sh", import.meta.url));
const RECIPE = { seed: 0, epochs: 2 };

/** What came of cells, what happened on the way, and what the program wrote down. */
async function evaluated(
  folder: string,
  way: string,
  indices: readonly number[],
  { parallel, heartbeatSeconds, signal, ...options }:
    & Partial<TrainingOptions>
    & {
      readonly parallel?: number;
      readonly heartbeatSeconds?: number;
      readonly signal?: AbortSignal;
    } = {},
) {
  const ledger = join(folder, "ledger");
  const files = way === "print" ? ["{request}"] : ["{request}", "{result}"];
  const happened: TrainingEvent[] = [];
  await using backend = new LocalBackend(
    ["sh", PROGRAM, way, ledger, ...files],
    { parallel, heartbeatSeconds },
  );
  const evaluator = new TrainingEvaluator(SPACE, backend, {
    folder: join(folder, "evaluations"),
    recipe: RECIPE,
    program: "test",
    onEvent: (event) => happened.push(event),
    retryAfterMs: 1,
    ...options,
  });
  const evaluations: Evaluation[] = [];
  const cells = indices.map(cell);
  for await (const one of evaluator.evaluate(cells, { signal })) {
    evaluations.push(one);
  }
  const lines = (await Deno.readTextFile(ledger).catch(() => ""))
    .trim().split("\n");
  const count = (what: string) =>
    lines.filter((line) => line.startsWith(what)).length;
  return {
    evaluations,
    happened,
    begun: count("begun"),
    ended: count("ended"),
    errors: evaluations.map((one) => "error" in one ? one.error : null),
  };
}

/** That one cell ends as it is to. */
function endsWith(
  way: string,
  expected: { readonly error: RegExp | null; readonly begun: number },
  options: Parameters<typeof evaluated>[3] = {},
) {
  return withFolder(async (folder) => {
    const { evaluations: [one], begun } = await evaluated(
      folder,
      way,
      [7],
      options,
    );
    if (expected.error === null) {
      assert.deepEqual(one, { cell: cell(7), validation: 0.75 });
    } else assert.match((one as { error: string }).error, expected.error);
    assert.equal(begun, expected.begun);
  });
}

Deno.test("TrainingEvaluator gives the accuracy that a program has found", () =>
  endsWith("ok", { error: null, begun: 1 }));

Deno.test("TrainingEvaluator takes the result of a program that prints it", () =>
  endsWith("print", { error: null, begun: 1 }));

Deno.test("TrainingEvaluator tries a program that crashed again, three times in all", async () => {
  await endsWith("crash-once", { error: null, begun: 2 });
  await endsWith("crash", {
    error: /^it ended with exit code 3 and no result: no such thing, 3 times$/,
    begun: 3,
  });
});

Deno.test("TrainingEvaluator gives a diverged training up at once", () =>
  endsWith("diverged", { error: /^diverged: loss is NaN$/, begun: 1 }));

Deno.test("TrainingEvaluator tries a failure again that can be retried", () =>
  endsWith("memory-once", { error: null, begun: 2 }));

Deno.test("TrainingEvaluator refuses results that are none, or another's", async () => {
  await endsWith("malformed", { error: /must be a JSON object/, begun: 3 });
  await endsWith("other", { error: /id of .* must be nasbench201-/, begun: 3 });
  await endsWith("above", {
    error: /validation_accuracy of .* must be a fraction from 0 to 1, got 1.5/,
    begun: 3,
  });
});

Deno.test("TrainingEvaluator goes on with a program that stopped on the way", () =>
  endsWith("stops", { error: null, begun: 2 }));

Deno.test("TrainingEvaluator ends a training that takes longer than it may", () =>
  endsWith(
    "forever",
    { error: /^timeout: it took more than 0.3 s$/, begun: 1 },
    {
      recipe: { ...RECIPE, budget_s: 0.3 },
    },
  ));

Deno.test("TrainingEvaluator gives a program up that shows no sign of life", () =>
  withFolder(async (folder) => {
    const { errors, begun } = await evaluated(folder, "silent", [7], {
      heartbeatSeconds: 0.02,
    });
    assert.match(errors[0]!, /^it printed nothing for 0.06 s, 10 times$/);
    assert.equal(begun, 10);
  }));

Deno.test("TrainingEvaluator trains nothing that was trained before", () =>
  withFolder(async (folder) => {
    await evaluated(folder, "ok", [1, 2, 3]);
    const { evaluations, begun, happened } = await evaluated(folder, "ok", [
      ...[3, 4, 1],
    ]);
    assert.equal(begun, 4);
    assert.deepEqual(
      evaluations.map((one) => one.cell.index).sort(),
      [1, 3, 4],
    );
    assert.deepEqual(happened.map(({ event }) => event), [
      "started",
      "progress",
      "ended",
    ]);
    // Another seed is another training.
    const other = await evaluated(folder, "ok", [1], {
      recipe: { ...RECIPE, seed: 1 },
    });
    assert.equal(other.begun, 5);
  }));

Deno.test("LocalBackend runs so many programs at a time", () =>
  withFolder(async (folder) => {
    const started = performance.now();
    const { begun, ended, errors } = await evaluated(
      folder,
      "slow",
      [1, 2, 3, 4, 5, 6, 7, 8],
      { parallel: 8 },
    );
    assert.deepEqual([begun, ended], [8, 8]);
    assert.deepEqual(errors, Array(8).fill(null));
    // One after another they sleep for 4 s.
    assert.ok(performance.now() - started < 3500);
  }));

Deno.test("TrainingEvaluator ends its programs when it is aborted", () =>
  withFolder(async (folder) => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error("enough")), 400);
    await assert.rejects(
      evaluated(folder, "forever", [1, 2], {
        parallel: 2,
        signal: abort.signal,
      }),
      /^Error: enough$/,
    );
    const ledger = await Deno.readTextFile(join(folder, "ledger"));
    assert.equal(ledger.match(/ended/g)?.length, 2);
  }));

Deno.test("requestId() tells cells, recipes and seeds apart, not the order of fields", () => {
  const id = (index: number, recipe: Parameters<typeof requestId>[2]) =>
    requestId(SPACE, cell(index), recipe);
  const ids = [
    id(1, { seed: 0, epochs: 2, channels: 8 }),
    id(2, { seed: 0, epochs: 2, channels: 8 }),
    id(1, { seed: 1, epochs: 2, channels: 8 }),
    id(1, { seed: 0, epochs: 3, channels: 8 }),
  ];
  assert.equal(new Set(ids).size, 4);
  assert.equal(id(1, { channels: 8, epochs: 2, seed: 0 }), ids[0]);
  for (const id of ids) assert.match(id, /^[\w-]+$/);
});
