import assert from "node:assert/strict";
import type { T5Base } from "../../lib/models/t5/base.ts";
import { T5_MINI, t5ParameterCount } from "../../lib/models/t5/config.ts";
import { type T5Epoch, t5Training } from "../../lib/models/t5/training.ts";
import { eachCode, vqvaeConfig } from "../../lib/models/vqvae/config.ts";
import {
  type VqvaeEpoch,
  vqvaeTraining,
} from "../../lib/models/vqvae/training.ts";
import {
  t5LossFigure,
  t5SettingsTable,
  trainingTimeTable,
  vqvaeLossFigure,
  vqvaeSettingsTable,
} from "../../lib/report/training_report.ts";
import { getSpace } from "../../lib/spaces/registry.ts";

const space = getSpace("nasbench101");

Deno.test("vqvaeSettingsTable() has the codes side by side", async () => {
  const { rows } = vqvaeSettingsTable(
    await eachCode((code) => vqvaeConfig(space, code)),
    { ...vqvaeTraining(space), seed: 7 },
  );
  const row = (setting: string) => rows.find((row) => row.setting === setting);
  assert.deepEqual(row("layers"), {
    setting: "layers",
    "Arch-LLM": "4",
    "Arch-LLM+": "1",
  });
  assert.deepEqual(row("seed"), {
    setting: "seed",
    "Arch-LLM": "7",
    "Arch-LLM+": "7",
  });
  assert.equal(row("code"), undefined, "the columns name the codes");
});

Deno.test("t5SettingsTable() tells size, sequences and origin of a T5", () => {
  const { rows, notes } = t5SettingsTable(
    { config: T5_MINI, description: "Made for a test." } as T5Base,
    t5Training(space, { quick: true }),
    { codes: new Int32Array(21), length: 7, codebookSize: 512 },
  );
  const values = Object.fromEntries(
    rows.map(({ setting, value }) => [setting, value]),
  );
  assert.equal(values.parameters, String(t5ParameterCount(T5_MINI)));
  assert.equal(values["sequences learned from"], "3");
  assert.equal(values.d_model, "128");
  assert.equal(values.optimizer, "adamw");
  assert.deepEqual(notes, ["Made for a test."]);
});

Deno.test("trainingTimeTable() has the median and the sum of an epoch's seconds", () => {
  const history = (...seconds: number[]) => ({
    history: seconds.map((seconds) => ({ seconds })),
  });
  const { rows, caption } = trainingTimeTable({
    "arch-llm": history(9, 1, 2),
    "arch-llm-plus": history(3),
  }, { cells: 50, device: "an abacus" });
  assert.deepEqual(rows, [
    { code: "Arch-LLM", epochs: 3, median: 2, total: 12, cells: 50 },
    { code: "Arch-LLM+", epochs: 1, median: 3, total: 3, cells: 50 },
  ]);
  assert.match(caption, /on an abacus$/);
});

/** Names and values of the lines of a figure. */
function lines({ data }: ReturnType<typeof vqvaeLossFigure>) {
  return data.map(({ name, x, y }) => ({ name, x, y }));
}

Deno.test("vqvaeLossFigure() has both terms of both codes by epoch", () => {
  const epochs = (...values: [number, number][]) => ({
    history: values.map(([reconstruction, quantization], i) => ({
      epoch: i + 1,
      reconstruction,
      quantization,
    } as VqvaeEpoch)),
  });
  const figure = vqvaeLossFigure(space, {
    "arch-llm": epochs([4, 2], [3, 1]),
    "arch-llm-plus": epochs([9, 8]),
  });
  assert.deepEqual(lines(figure), [
    { name: "Arch-LLM: reconstruction", x: [1, 2], y: [4, 3] },
    { name: "Arch-LLM: quantization terms", x: [1, 2], y: [2, 1] },
    { name: "Arch-LLM+: reconstruction", x: [1], y: [9] },
    { name: "Arch-LLM+: quantization terms", x: [1], y: [8] },
  ]);
});

Deno.test("t5LossFigure() has both kinds of sequences for each prompt", () => {
  const epoch: T5Epoch = {
    epoch: 1,
    generateLoss: 1,
    tuningGenerateLoss: 2,
    fillLoss: 3,
    tuningFillLoss: 4,
    seconds: 0,
  };
  const figure = t5LossFigure(space, "arch-llm-plus", { history: [epoch] });
  assert.deepEqual(lines(figure), [
    { name: "generate, training", x: [1], y: [1] },
    { name: "generate, tuning", x: [1], y: [2] },
    { name: "fill, training", x: [1], y: [3] },
    { name: "fill, tuning", x: [1], y: [4] },
  ]);
  assert.equal(
    figure.layout.title.text,
    "T5 loss by prompt, Arch-LLM+, NAS-Bench-101",
  );
});
