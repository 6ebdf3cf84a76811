import assert from "node:assert/strict";
import { join } from "node:path";
import type { Evaluation, Evaluator } from "../../lib/evaluation/evaluator.ts";
import { Journal, journalled } from "../../lib/evaluation/journal.ts";
import { withFolder } from "../_helpers.ts";
import { cell, CountingEvaluator, TABLE } from "../search/_tables.ts";

const KEY = "some evaluator";
const answer = (index: number, validation: number) => ({
  cell: cell(index),
  validation,
});

/** A journal of two answers, closed. */
async function written(folder: string): Promise<string> {
  const path = join(folder, "trials", "a.journal");
  const journal = await Journal.open(path, KEY);
  await journal.add(answer(1, 0.25));
  await journal.add({ cell: cell(2), error: "diverged" });
  journal.close();
  return path;
}

/** What a journal knows of three cells. */
async function known(path: string) {
  const journal = await Journal.open(path, KEY);
  const { torn } = journal;
  const evaluations = [1, 2, 4].map((at) => journal.evaluationOf(cell(at)));
  journal.close();
  return { torn, evaluations };
}

Deno.test("Journal keeps answers and failures, one JSON line each", async () => {
  await withFolder(async (folder) => {
    const path = await written(folder);
    const first = cell(1).key, second = cell(2).key;
    assert.equal(
      await Deno.readTextFile(path),
      `{"evaluator":"${KEY}"}\n` +
        `{"cell":"${first}","validation":0.25}\n` +
        `{"cell":"${second}","error":"diverged"}\n`,
    );
    assert.deepEqual(await known(path), {
      torn: false,
      evaluations: [
        answer(1, 0.25),
        { cell: cell(2), error: "diverged" },
        null,
      ],
    });
  });
});

Deno.test("Journal takes the first evaluation of a cell", async () => {
  await withFolder(async (folder) => {
    const path = await written(folder);
    const journal = await Journal.open(path, KEY);
    assert.equal(await journal.add(answer(1, 0.75)), false);
    assert.equal(await journal.add(answer(4, 0.75)), true);
    assert.equal(await journal.add(answer(4, 0.5)), false);
    await journal.flush();
    journal.close();
    assert.deepEqual((await known(path)).evaluations, [
      answer(1, 0.25),
      { cell: cell(2), error: "diverged" },
      answer(4, 0.75),
    ]);
  });
});

Deno.test("Journal drops a torn last line, says so, and goes on after the others", async () => {
  await withFolder(async (folder) => {
    const path = await written(folder);
    const whole = await Deno.readTextFile(path);
    for (const torn of ['{"cell":"x","va', "{", "\0\0\0\n"]) {
      await Deno.writeTextFile(path, whole + torn);
      const journal = await Journal.open(path, KEY);
      assert.equal(journal.torn, true);
      await journal.add(answer(4, 0.75));
      journal.close();
      assert.deepEqual(await known(path), {
        torn: false,
        evaluations: [
          answer(1, 0.25),
          { cell: cell(2), error: "diverged" },
          answer(4, 0.75),
        ],
      });
    }
    // Torn in its first line, there is nothing but to begin it.
    await Deno.writeTextFile(path, '{"evalu');
    assert.deepEqual(await known(path), {
      torn: true,
      evaluations: [null, null, null],
    });
    assert.equal(await Deno.readTextFile(path), `{"evaluator":"${KEY}"}\n`);
  });
});

Deno.test("Journal refuses what is broken elsewhere, or another evaluator's", async () => {
  await withFolder(async (folder) => {
    const path = await written(folder);
    const whole = await Deno.readTextFile(path);
    const [header, first, second] = whole.split("\n");
    for (
      const [broken, line] of [
        [[header, "{", second], 2],
        [[header, '{"cell":1}', second], 2],
        [["[]", first, second], 1],
        [[first, first, second], 1],
        [[header, first, '{"cell":"x","validation":null}'], 3],
      ] as const
    ) {
      await Deno.writeTextFile(path, broken.join("\n") + "\n");
      await assert.rejects(Journal.open(path, KEY), {
        name: "SyntaxError",
        message: new RegExp(
          `^Cannot read the journal: .*a\\.journal must be one JSON object a line, as a journal has them, got .* in line ${line}$`,
        ),
      });
    }
    await Deno.writeTextFile(path, whole);
    await assert.rejects(Journal.open(path, "another"), {
      name: "RangeError",
      message:
        `Cannot go on with the journal: ${path} must be of the evaluator another, got ${KEY}`,
    });
    assert.equal(await Deno.readTextFile(path), whole);
  });
});

Deno.test("journalled() asks only for what the journal does not know", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.journal");
    const counting = new CountingEvaluator();
    const ask = async (...at: number[]) => {
      const journal = await Journal.open(path, counting.key);
      const answers = await Array.fromAsync(
        journalled(counting, journal).evaluate(at.map(cell)),
      );
      journal.close();
      return answers;
    };
    await ask(1, 2);
    assert.deepEqual(
      await ask(4, 2, 1),
      [2, 1, 4].map((at) => answer(at, TABLE.validation[at])),
    );
    await ask(1, 4);
    assert.deepEqual(counting.batches, [2, 1]);
    const journal = await Journal.open(path, counting.key);
    const evaluator = journalled(counting, journal);
    assert.deepEqual(
      [evaluator.covers(cell(2)), evaluator.covers(cell(3))],
      [true, false],
    );
    assert.equal(evaluator.covered, counting.covered);
    journal.close();
  });
});

Deno.test("journalled() has each answer on disk before it is seen, and keeps what came before an error", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.journal");
    const evaluator: Evaluator = {
      name: "made up",
      key: KEY,
      covers: () => true,
      async *evaluate() {
        yield answer(1, 0.25);
        yield answer(1, 0.5);
        yield answer(2, NaN);
        throw new Error("no machine is left");
      },
    };
    const journal = await Journal.open(path, KEY);
    const seen: Evaluation[] = [];
    await assert.rejects(async () => {
      for await (
        const evaluation of journalled(evaluator, journal)
          .evaluate([1, 2, 4].map(cell))
      ) {
        seen.push(evaluation);
        const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
        assert.equal(lines.length, 1 + seen.length);
      }
    }, /no machine is left/);
    journal.close();
    assert.deepEqual(seen.map(({ cell }) => cell.index), [1, 2]);
    assert.deepEqual((await known(path)).evaluations, [...seen, null]);
  });
});

Deno.test("Journal refuses accuracies that are no fractions, and both an answer and a failure", async () => {
  await withFolder(async (folder) => {
    const path = await written(folder);
    const text = await Deno.readTextFile(path);
    for (
      const other of [
        "25",
        "-0.25",
        "1e999",
        '"0.25"',
        '0.25,"error":"diverged"',
      ]
    ) {
      await Deno.writeTextFile(path, text.replace("0.25", other));
      await assert.rejects(Journal.open(path, KEY), {
        name: "SyntaxError",
        message: /^Cannot read the journal: .* in line 2$/,
      });
    }
    // A long line is not repeated whole.
    await Deno.writeTextFile(path, text + "x".repeat(1_000) + "\n" + text);
    await assert.rejects(Journal.open(path, KEY), {
      message: /^Cannot read the journal: .*, got x{80}… in line 4$/,
    });
  });
});
