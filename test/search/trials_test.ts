import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import { limitBudgets, type NamedMethod } from "../../lib/search/method.ts";
import { randomSearch } from "../../lib/search/random_search.ts";
import { readTrials, runTrials, type Trial } from "../../lib/search/trials.ts";
import { withFolder } from "../_helpers.ts";
import { KILLED_METHOD } from "./_killed.ts";
import {
  CountingEvaluator,
  SPACE,
  TABLE,
  UNLISTED,
  unlistedEvaluator,
} from "./_tables.ts";

const evaluator = new TableEvaluator(TABLE);
const METHODS: readonly NamedMethod[] = [
  { name: "Random search", budget: 20, ...randomSearch() },
  { name: "Random search+", budget: 10, ...randomSearch() },
];
const seeds = [0, 1, 2];
const withoutTime = (trials: readonly Trial[]) =>
  trials.map((trial) => ({ ...trial, seconds: 0 }));

/** The names of the files in a folder, sorted. */
const filesIn = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();

Deno.test("runTrials() runs each method with each seed, the same for all", async () => {
  const trials = await runTrials(SPACE, [evaluator], METHODS, { seeds });
  assert.deepEqual(
    trials.map(({ method, dataset, seed, queries }) => [
      method,
      dataset,
      seed,
      queries.length,
    ]),
    METHODS.flatMap(({ name, budget }) =>
      seeds.map((seed) => [name, "cifar10", seed, budget])
    ),
  );
  for (const seed of seeds) {
    const [long, short] = trials.filter((trial) => trial.seed === seed);
    assert.deepEqual(long.queries.slice(0, 10), short.queries);
  }
});

class Killed extends Error {}

Deno.test("runTrials() killed between trials goes on with the next one", async () => {
  const reference = await runTrials(SPACE, [evaluator], METHODS, { seeds });
  await withFolder(async (folder) => {
    const run = async (killAt: number, methods = METHODS) => {
      const counting = new CountingEvaluator();
      const trials = await runTrials(SPACE, [counting], methods, {
        seeds,
        folder,
        onProgress: ({ done }) => {
          if (done === killAt) throw new Killed();
        },
      });
      return { asked: counting.asked, trials };
    };
    await assert.rejects(run(4), Killed);
    const { asked, trials } = await run(Infinity);
    assert.equal(asked, 2 * 10);
    assert.deepEqual(withoutTime(trials), withoutTime(reference));
    assert.equal((await run(Infinity)).asked, 0);
    // A method that is another one runs again, and no other does.
    const [first, second] = METHODS;
    const other = await run(Infinity, [first, { ...second, key: "another" }]);
    assert.equal(other.asked, 3 * 10);
    assert.equal((await run(Infinity, limitBudgets(METHODS, 5))).asked, 30);
  });
});

Deno.test("a search killed after 150 of 192 evaluations asks for 42 more, and ends as if undisturbed", async () => {
  const [undisturbed] = await runTrials(SPACE, [evaluator], [KILLED_METHOD], {
    seeds: [0],
  });
  await withFolder(async (folder) => {
    const { signal } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        fileURLToPath(new URL("./_killed.ts", import.meta.url)),
        folder,
        "150",
      ],
      stdout: "null",
      stderr: "null",
    }).output();
    assert.equal(signal, "SIGKILL");
    const own = join(folder, "cifar10");
    const [journal] = await filesIn(own);
    assert.match(journal, /^gaussian_process_0\.[0-9a-f]{8}\.journal$/);
    // As a power cut would leave it.
    await Deno.writeTextFile(join(own, journal), '{"cell":"|nor_conv', {
      append: true,
    });

    const counting = new CountingEvaluator();
    const warnings: string[] = [];
    const [resumed] = await runTrials(SPACE, [counting], [KILLED_METHOD], {
      seeds: [0],
      folder,
      onWarning: (text) => warnings.push(text),
    });
    assert.equal(counting.asked, 42);
    assert.deepEqual(resumed.queries, undisturbed.queries);
    assert.equal(resumed.queries.length, 192);
    assert.deepEqual(warnings, [
      `A torn last line of ${join(own, journal)} was dropped`,
    ]);
    assert.deepEqual(await filesIn(own), ["gaussian_process_0.json"]);
  });
});

Deno.test("runTrials() ends with the reason of an abort, and goes on where it was", async () => {
  await withFolder(async (folder) => {
    const aborting = new AbortController();
    const counting = new CountingEvaluator();
    const run = (signal?: AbortSignal) =>
      runTrials(SPACE, [counting], [KILLED_METHOD], {
        seeds: [0],
        folder,
        signal,
      });
    const stop = {
      ...KILLED_METHOD,
      search: ((oracle, random) => {
        const { ask } = oracle;
        oracle.ask = (cells) => {
          if (oracle.history.length === 64) aborting.abort(new Killed());
          return ask.call(oracle, cells);
        };
        return KILLED_METHOD.search(oracle, random);
      }) satisfies NamedMethod["search"],
    };
    await assert.rejects(
      runTrials(SPACE, [counting], [stop], {
        seeds: [0],
        folder,
        signal: aborting.signal,
      }),
      Killed,
    );
    const [trial] = await run();
    assert.equal(trial.queries.length, 192);
    // The round that was aborted was asked for twice, and answered once.
    assert.deepEqual(
      counting.batches,
      [16, 16, 16, 16, 16, 16, ...new Array(7).fill(16)],
    );
  });
});

Deno.test("runTrials() restores the cells of a space that is not listed", async () => {
  await withFolder(async (folder) => {
    const failing = {
      ...unlistedEvaluator(),
      async *evaluate(...[cells]: Parameters<TableEvaluator["evaluate"]>) {
        for (const [i, cell] of cells.entries()) {
          await Promise.resolve();
          yield i === 3 ? { cell, error: "lost" } : { cell, validation: 0.5 };
        }
      },
    };
    const run = () =>
      runTrials(UNLISTED, [failing], [METHODS[0]], { seeds: [0], folder });
    const [first] = await run();
    const [restored] = await run();
    assert.deepEqual(restored, first);
    assert.equal(restored.queries[3].error, "lost");
    assert.ok(restored.queries[0].cell.graph.ops instanceof Uint8Array);
  });
});

Deno.test("runTrials() refuses a saved trial whose cells or accuracies are not as they were saved", async () => {
  await withFolder(async (folder) => {
    const run = () =>
      runTrials(SPACE, [evaluator], [METHODS[1]], { seeds: [0], folder });
    const [trial] = await run();
    const [path] = (await filesIn(join(folder, "cifar10")))
      .map((name) => join(folder, "cifar10", name));
    const text = await Deno.readTextFile(path);
    assert.deepEqual(await run(), [trial]);
    const [{ cell, validation }, second] = trial.queries;
    const wrong: [from: string, to: string, what: RegExp][] = [
      [`"index":${cell.index}`, '"index":1', /cells in .*, got \{"key":/],
      [cell.key, second.cell.key, /cells in /],
      [`[${cell.graph.ops}]`, `[${cell.graph.ops},0]`, /cells in /],
      [`[${cell.graph.ops}]`, "null", /cells in /],
      [`"validation":${validation}`, '"validation":75', /accuracies in /],
      [`"validation":${validation}`, '"validation":null', /accuracies in /],
      [
        `"validation":${validation}`,
        '"validation":0.5,"error":1',
        /accuracies in /,
      ],
      ['"seed":0', '"seed":1', /seed and data set in .*, got 1;/],
      [/"seconds":[\d.e-]+/.exec(text)![0], '"seconds":-1', /seconds in /],
      ['"covered":0', '"covered":-1', /proposals in /],
      ['"proposals":{', '"proposals":null,"x":{', /proposals in /],
      ['"queries":[', '"queries":[null,', /queries in |cells in /],
      [/"trial":.*\}/.exec(text)![0], '"trial":null}', /seed and data set in /],
    ];
    for (const [from, to, what] of wrong) {
      assert.ok(text.includes(from), from);
      await Deno.writeTextFile(path, text.replace(from, to));
      await assert.rejects(run(), {
        name: "SyntaxError",
        message: new RegExp(
          `^Cannot read the trial: ${what.source}.*; delete the file to run it again$`
            .replace(";.*;", ";.*"),
        ),
      });
    }
  });
});

Deno.test("readTrials() reads back all that were saved, and refuses what is none", async () => {
  await withFolder(async (folder) => {
    const trials = await runTrials(SPACE, [evaluator], METHODS, {
      seeds: [11, 2],
      folder,
    });
    assert.deepEqual(
      await readTrials(SPACE, folder),
      [trials[1], trials[0], trials[3], trials[2]],
    );
    await Deno.writeTextFile(join(folder, "cifar10", "a.json"), "{}");
    await assert.rejects(
      readTrials(SPACE, folder),
      /a\.json must be one that a search saved, got/,
    );
  });
});
