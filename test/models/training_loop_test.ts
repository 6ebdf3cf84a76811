/** The loop on a model of one number, whose steps can be followed by hand. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { saveCheckpoint } from "../../lib/core/checkpoints.ts";
import type { Progress } from "../../lib/core/progress.ts";
import { Random } from "../../lib/core/random.ts";
import { floats, scalar } from "../../lib/core/tensors.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import {
  runTraining,
  shuffledBatches,
  type Training,
} from "../../lib/models/training_loop.ts";
import { withFolder } from "../_helpers.ts";
import { counting } from "./_counting.ts";

const ROWS = 5;
const EPOCHS = 4;

interface Figures {
  /** The number at the end of the epoch. */
  readonly value: number;
  /** Rows of each of its batches. */
  readonly batches: readonly number[][];
}

type Model = Training<Figures, { sum: number }>;

const executor = onnxExecutor({ provider: "cpu" });

const grow = executor.compile((state, { rate }) => ({
  outputs: { value: tf.add(state.value, rate) },
  state: {
    value: tf.add(state.value, rate),
    slot: tf.add(state.slot, tf.mul(rate, 2)),
  },
}), { name: "grow" });

/** `value` and `slot` grow by 1 and 2 a step, times the learning rate; `memory.sum` by the rows. */
function training(changes: Partial<Model> = {}, killAt = Infinity): Model {
  return {
    executor,
    weights: { value: floats([], [10]) },
    slots: { slot: floats([], [0]) },
    memory: { sum: 0 },
    epochs: EPOCHS,
    batches: shuffledBatches(ROWS, 2),
    random: Random.fromSeed(1),
    learningRate: () => 1,
    startEpoch({ state, memory }) {
      const batches: number[][] = [];
      return {
        async step({ rows, step, learningRate }) {
          batches.push([...rows]);
          for (const row of rows) memory.sum += row;
          const { value } = await grow.run(state, {
            rate: scalar(learningRate),
          });
          if (step === killAt) throw new Error("killed");
          return value.data[0];
        },
        async end() {
          const { value } = await state.read(["value"]);
          return { value: value.data[0], batches };
        },
      };
    },
    ...changes,
  };
}

/** Runs to the end; the time an epoch took is left out. */
async function run(changes: Partial<Model> = {}) {
  const { weights, history } = await runTraining(training(changes));
  return {
    value: weights.value.data[0],
    history: history.map((epoch) => ({ ...epoch, seconds: 0 })),
  };
}

Deno.test("shuffledBatches() hold each row once, the last batch what is left", () => {
  const batches = shuffledBatches(7, 3);
  assert.equal(batches.count, 3);
  const drawn = [...batches.draw(Random.fromSeed(1))].map((rows) => [...rows]);
  assert.deepEqual(drawn.map((rows) => rows.length), [3, 3, 1]);
  assert.deepEqual(drawn.flat().sort(), [0, 1, 2, 3, 4, 5, 6]);
  const again = [...batches.draw(Random.fromSeed(2))].map((rows) => [...rows]);
  assert.notDeepEqual(again, drawn);
});

Deno.test("runTraining() takes every batch of every epoch, each in an order of its own", async () => {
  const { value, history } = await run();
  // 4 epochs of 3 batches.
  assert.equal(value, 10 + 12);
  assert.deepEqual(history.map(({ epoch }) => epoch), [1, 2, 3, 4]);
  assert.deepEqual(history.map(({ value }) => value), [13, 16, 19, 22]);
  for (const [i, { batches }] of history.entries()) {
    // As drawn from the split of its number.
    const expected = shuffledBatches(ROWS, 2)
      .draw(Random.fromSeed(1).split(`epoch ${i}`));
    assert.deepEqual(batches, [...expected].map((rows) => [...rows]));
  }
  const fromOne = await run({ drawsFrom: 1 });
  assert.deepEqual(fromOne.history[0].batches, history[1].batches);
});

Deno.test("runTraining() asks for the learning rate of each step, and reports every so many", async () => {
  const asked: number[][] = [];
  const reports: Progress[] = [];
  const { value } = await run({
    learningRate: (step, steps) => {
      asked.push([step, steps]);
      return step / 2;
    },
    reportEvery: 5,
    onProgress: (progress) => reports.push(progress),
  });
  assert.deepEqual(asked, Array.from({ length: 12 }, (_, i) => [i + 1, 12]));
  assert.equal(value, 10 + 12 * 13 / 4); // Σ step / 2
  // After 5 steps the number is 10 + 15 / 2, after 10 it is 10 + 55 / 2.
  assert.deepEqual(reports, [
    { done: 5, total: 12, message: "epoch 2/4, loss 17.500" },
    { done: 10, total: 12, message: "epoch 4/4, loss 37.500" },
  ]);
});

Deno.test("runTraining() killed goes on from the last epoch with state, slots and memory", async () => {
  await withFolder(async (folder) => {
    const saved = { path: join(folder, "checkpoint.safetensors"), key: "mine" };
    let prepared = 0;
    const prepare = () => {
      prepared++;
      return Promise.resolve();
    };
    const memory = { sum: 0 };
    const { executor: counted, open } = counting(executor);
    await assert.rejects(
      runTraining(training({ executor: counted, saved, prepare, memory }, 8)),
      /killed/,
    );
    assert.equal(prepared, 1);
    assert.equal(open(), 0);
    const steps: number[] = [];
    const sums: number[] = [];
    const resumed = await run({
      saved,
      prepare,
      onProgress: ({ done }) => steps.push(done),
      startEpoch: (context) => {
        sums.push(context.memory.sum);
        return training().startEpoch(context);
      },
    });
    // Two epochs were done: each adds 0 + 1 + 2 + 3 + 4.
    assert.deepEqual(sums, [20, 30]);
    assert.deepEqual(steps, [7, 8, 9, 10, 11, 12]);
    assert.equal(prepared, 1);
    assert.deepEqual(resumed, await run());
    // A finished run does nothing, another one begins anew.
    const again = await run({
      saved,
      prepare,
      onProgress: () => assert.fail("stepped"),
    });
    assert.deepEqual(again, resumed);
    await run({ saved: { ...saved, key: "another" }, prepare });
    assert.equal(prepared, 2);
  });
});

Deno.test("runTraining() keeps the weights with the lowest figure, and stops by patience", async () => {
  // The number after each epoch is 13, 16, 19, …; the figure is lowest at 16.
  const figure = ({ value }: Figures) => Math.abs(value - 16);
  const told: number[] = [];
  const patient = await run({
    epochs: 20,
    best: { figure, patience: 3 },
    onEpoch: ({ epoch }) => told.push(epoch),
  });
  assert.equal(patient.value, 16);
  assert.deepEqual(told, [1, 2, 3, 4, 5]);
  assert.equal(patient.history.length, 5);
  // Patience longer than the run, and none to wait for: the first of equals is kept.
  const whole = await run({ best: { figure, patience: 4 } });
  assert.deepEqual([whole.value, whole.history.length], [16, 4]);
  const flat = await run({
    epochs: 20,
    best: { figure: () => 1, patience: 2 },
  });
  assert.deepEqual([flat.value, flat.history.length], [13, 3]);
  // Killed after the best epoch it is still known.
  await withFolder(async (folder) => {
    const changes = {
      epochs: 20,
      best: { figure, patience: 3 },
      saved: { path: join(folder, "checkpoint.safetensors"), key: "" },
    };
    await assert.rejects(runTraining(training(changes, 11)), /killed/);
    assert.deepEqual(await run(changes), patient);
  });
});

Deno.test("runTraining() refuses a checkpoint whose progress is none of such a training", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "checkpoint.safetensors");
    const saved = { path, key: "k" };
    await run({ saved });
    const right = await run({ saved }); // reads it
    assert.equal(right.history.length, EPOCHS);
    const state = { value: floats([], [1]), slot: floats([], [1]) };
    const epoch = (epoch: number) => ({ epoch, seconds: 1 });
    const memory = { sum: 3 };
    const wrong: unknown[] = [
      null,
      { step: 3, history: [], memory },
      { step: 4, history: [epoch(1)], memory }, // an epoch has 3 batches
      { step: 3, history: [epoch(2)], memory },
      { step: 3, history: [{ epoch: 1, seconds: null }], memory },
      { step: 3, history: [epoch(1)], memory: null },
      { step: 3, history: [epoch(1)], memory: { sum: "3" } },
      { step: 3, history: [epoch(1)], memory: { sum: 3, more: 1 } },
      { step: 15, history: [1, 2, 3, 4, 5].map(epoch), memory },
    ];
    for (const progress of wrong) {
      await saveCheckpoint(path, "k", { tensors: state, progress });
      await assert.rejects(run({ saved }), {
        name: "DamagedCheckpointError",
        message:
          /: its progress must be that of such a run, got .*; delete it to start anew$/,
      });
    }
  });
});
