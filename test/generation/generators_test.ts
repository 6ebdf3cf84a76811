import assert from "node:assert/strict";
import { join } from "node:path";
import {
  bestDraws,
  GENERATORS,
  longestSampling,
  reportedRows,
  sweepOutcomes,
  sweepRows,
  temperatureRows,
  trainingNote,
} from "../../lib/generation/generators.ts";
import { cellSplit } from "../../lib/spaces/split.ts";
import { withFolder } from "../_helpers.ts";
import { executor, saveLearnedModel, space } from "../models/_learned_model.ts";

/** The space, of which none of the cells that the model has learned is for training. */
const small = {
  ...space,
  split: () =>
    cellSplit(
      Uint32Array.from({ length: 20 }, (_, i) => i),
      Uint32Array.of(20, 21),
    ),
};

Deno.test("GENERATORS are in the order of the tables, each under a name of its own", () => {
  assert.deepEqual(
    GENERATORS.map(({ name }) => name),
    ["arch2vec", "Arch-LLM", "Arch-LLM+"],
  );
});

Deno.test("trainingNote() says what the T5 began as", () => {
  assert.equal(
    trainingNote({ quick: false, t5: null }),
    "T5 trained from scratch, not pretrained.",
  );
  assert.equal(
    trainingNote({ quick: false, t5: "google/t5-small" }),
    "T5 fine-tuned from google/t5-small.",
  );
  assert.match(trainingNote({ quick: true, t5: null }), /not a result/);
});

Deno.test("Arch-LLM is opened, sampled at all settings, saved, measured, and put into rows", async () => {
  await withFolder(async (folder) => {
    const model = (name: string) => join(folder, name);
    await saveLearnedModel({
      vqvae: model("arch-llm/vqvae"),
      t5: model("arch-llm/t5"),
    });
    const done: number[] = [];
    const archLlm = GENERATORS.find(({ name }) => name === "Arch-LLM")!;
    const measured = await archLlm.measure({
      space: small,
      executor,
      model,
      newModel: model,
      samplesOf: (code) => join(model("samples"), code),
      samples: 2,
      seed: 3,
      quick: true,
      t5: null,
      onProgress: (progress) => {
        assert.equal(progress.total, 12);
        done.push(progress.done);
      },
    });
    assert.deepEqual(done, done.toSorted((a, b) => a - b));
    assert.equal(done.at(-1), 12);
    const rows = sweepRows([measured]);
    const names = rows.filter(({ mode }) => mode === "strict")
      .map(({ method }) => method.replace(/t=.*/, ""));
    assert.deepEqual(names, [
      ...new Array(3).fill("Arch-LLM "),
      "Arch-LLM, well-formed, ",
      "Arch-LLM, distinct, ",
      "Arch-LLM, unique, ",
      "Arch-LLM, novel, ",
    ]);
    assert.equal(
      [...Deno.readDirSync(model("samples/arch-llm"))].length,
      names.length,
    );
    for (const row of rows) {
      assert.equal(row.seed, 3);
      assert.match(row.note!, /Quick run/);
    }
    // Every reported row is one of the sweep; the paper's t = 1.8 is among them.
    const reported = reportedRows([measured]);
    assert.ok(reported.every((row) => rows.includes(row)));
    assert.ok(reported.some(({ method }) => method === "Arch-LLM t=1.8"));
    // Independent draws are those without an aim.
    assert.deepEqual(
      temperatureRows([measured], "arch-llm"),
      rows.filter(({ method }) => /^Arch-LLM t=/.test(method)),
    );
    assert.deepEqual(temperatureRows([measured], "arch-llm-plus"), []);
    const { temperatures, aimed } = measured.sweep!;
    const uniqueness = temperatures.map(({ reports }) =>
      reports.strict.absoluteUniqueness
    );
    assert.equal(
      bestDraws([measured], "arch-llm"),
      temperatures[uniqueness.indexOf(Math.max(...uniqueness))],
    );
    assert.throws(() => bestDraws([measured], "arch-llm-plus"), RangeError);
    assert.equal(
      longestSampling([measured]),
      Math.max(...[...temperatures, ...aimed].map(({ seconds }) => seconds)),
    );
    const outcomes = sweepOutcomes([measured]);
    assert.deepEqual(
      outcomes.map(({ method, temperature }) => [method, temperature]),
      [0.8, 1, 1.8].map((temperature) => ["Arch-LLM", temperature]),
    );
    for (const { samples, valid, reasons } of outcomes) {
      const invalid = Object.values(reasons).reduce((sum, n) => sum + n, 0);
      assert.equal(valid + invalid, samples);
    }
  });
});
