import assert from "node:assert/strict";
import { join } from "node:path";
import {
  bestDraws,
  GENERATORS,
  longestSampling,
  reportedRows,
  sweepOutcomes,
  temperatureRows,
  trainingNote,
} from "../../lib/generation/generators.ts";
import { cellSplit } from "../../lib/spaces/split.ts";
import { withFolder } from "../_helpers.ts";
import {
  bestPoint,
  chooseTemperatures,
  MOST_DIFFERENT_CELLS,
} from "../../lib/generation/sampling_sweep.ts";
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

/** Measures Arch-LLM with two samples of each setting. */
async function measured(folder: string) {
  const model = (name: string) => join(folder, name);
  await saveLearnedModel({
    vqvae: model("arch-llm/vqvae"),
    t5: model("arch-llm/t5"),
  });
  const done: number[] = [];
  const archLlm = GENERATORS.find(({ name }) => name === "Arch-LLM")!;
  const result = await archLlm.measure({
    space: small,
    executor,
    model,
    newModel: model,
    samplesOf: (code) => join(model("samples"), code),
    samples: 4,
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
  return result;
}

const files = (folder: string) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("Arch-LLM is swept, reported at the temperatures chosen on that, on other draws, and sampled with aims", async () => {
  await withFolder(async (folder) => {
    const result = await measured(folder);
    const { reported, writer } = result;
    const { sweep, aimed } = writer!;
    assert.deepEqual(
      sweep.map(({ setting }) => setting.temperature),
      [0.8, 1, 1.8],
    );
    assert.deepEqual(
      aimed.map(({ setting }) => setting.aim),
      ["distinct", "unique", "novel"],
    );
    // What is reported is what chooseTemperatures() says of the sweep, and why.
    const chosen = chooseTemperatures(sweep, [1.8, 2]);
    assert.deepEqual(
      reported.map(({ rows: { paper, strict } }) => [
        paper.temperature,
        paper.chosenFor,
        strict.temperature,
        strict.chosenFor,
      ]),
      chosen.map(({ temperature, chosenFor }) => [
        ...[temperature, chosenFor],
        ...[temperature, chosenFor],
      ]),
    );
    assert.deepEqual(files(join(folder, "samples/arch-llm")), [
      "aimed",
      "reconstruction.json.gz",
      "reported",
      "sweep",
    ]);
    assert.equal(
      files(join(folder, "samples/arch-llm/reported")).length,
      chosen.length,
    );
    // At a temperature of both, the samples are of other random draws.
    const [{ temperature }] = chosen.filter(({ chosenFor }) =>
      chosenFor.includes(MOST_DIFFERENT_CELLS)
    );
    const [swept, drawnAnew] = [sweep, reported].map((points) =>
      points.find(({ settings }) => settings.temperature === temperature)!
    );
    assert.notDeepEqual(swept.samples, drawnAnew.samples);
    for (
      const row of [
        ...reportedRows([result]),
        ...temperatureRows([result], "arch-llm"),
      ]
    ) {
      assert.equal(row.seed, 3);
      assert.match(row.note!, /Quick run/);
      assert.equal(row.draws, row.samples);
    }
    const rows = temperatureRows([result], "arch-llm");
    assert.equal(rows.length, 2 * sweep.length);
    assert.ok(rows.every(({ chosenFor }) => chosenFor === undefined));
    assert.deepEqual(temperatureRows([result], "arch-llm-plus"), []);
    const best = bestDraws([result], "arch-llm");
    assert.ok(reported.includes(best));
    assert.equal(
      best.settings.temperature,
      bestPoint(sweep, "strict", "absoluteUniqueness").setting.temperature,
    );
    assert.ok(
      aimed.every(({ setting }) =>
        setting.temperature === best.settings.temperature
      ),
    );
    assert.throws(() => bestDraws([result], "arch-llm-plus"), {
      name: "RangeError",
      message:
        "Cannot take the best draws: arch-llm-plus must be among the generators measured, got Arch-LLM",
    });
    assert.equal(
      longestSampling([result]),
      Math.max(
        ...[...reported, ...sweep, ...aimed].map(({ seconds }) => seconds),
      ),
    );
    const outcomes = sweepOutcomes([result]);
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
