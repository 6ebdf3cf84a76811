import assert from "node:assert/strict";
import { join } from "node:path";
import { Random } from "../../../lib/core/random.ts";
import type { HostTensors } from "../../../lib/core/tensors.ts";
import type { Executor } from "../../../lib/engine/executor.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  type CodeSequences,
  sequenceRows,
} from "../../../lib/language/code_sequences.ts";
import {
  loadTokenizer,
  type SentenceTokenizer,
  writeCodesTokenizer,
} from "../../../lib/language/tokenizer.ts";
import {
  initialT5Weights,
  type T5Config,
} from "../../../lib/models/t5/config.ts";
import { sequenceLikelihood } from "../../../lib/models/t5/likelihood.ts";
import {
  type T5Epoch,
  type T5Training,
  type TrainedT5,
  trainT5,
} from "../../../lib/models/t5/training.ts";
import { ACROSS_BACKENDS, assertClose, withFolder } from "../../_helpers.ts";
import { counting } from "../_counting.ts";
import { tinyT5Config } from "./_tiny_t5.ts";

const CODES = 16;
const LENGTH = 4;
/** Ids of the project's tokenizer. */
const [END, GENERATE, FILL, FIRST_CODE] = [1, 3, 4, 5];

const tokenizer: SentenceTokenizer = await withFolder(async (folder) => {
  await writeCodesTokenizer(folder, { codebookSize: CODES });
  return await loadTokenizer(folder);
});

const CONFIG = tinyT5Config(tokenizer.vocabularySize);
const TRAINING: T5Training = {
  epochs: 3,
  batchSize: 32,
  fillShare: 0.5,
  learningRate: 1e-2,
  warmupSteps: 3,
  weightDecay: 0.01,
  clipNorm: 1,
  patience: 3,
  seed: 0,
};
/** Steps of an epoch. */
const STEPS = 6;

/** Sequences whose codes go up by 1 or 2 each. */
function climbing(count: number, seed: number): CodeSequences {
  const random = Random.fromSeed(seed);
  const codes = new Int32Array(count * LENGTH);
  for (let i = 0; i < codes.length; i++) {
    codes[i] = i % LENGTH === 0
      ? random.integer(CODES)
      : (codes[i - 1] + 1 + random.integer(2)) % CODES;
  }
  return { codes, length: LENGTH, codebookSize: CODES };
}

const SEQUENCES = { fitting: climbing(192, 1), tuning: climbing(64, 2) };

const executor = onnxExecutor({ provider: "cpu" });

interface Changes {
  training?: Partial<T5Training>;
  config?: Partial<T5Config>;
  sequences?: typeof SEQUENCES;
  executor?: Executor;
  weights?: HostTensors;
  checkpoint?: string;
  onEpoch?: (epoch: T5Epoch) => void;
}

class Killed extends Error {}

/** Starts a run that is killed after the step `killAt`; `steps` gets the steps done. */
function start(
  { training, config, sequences, ...options }: Changes,
  steps: number[],
  killAt = Infinity,
): Promise<TrainedT5> {
  return trainT5(
    sequences ?? SEQUENCES,
    { ...CONFIG, ...config },
    { ...TRAINING, ...training },
    {
      executor,
      tokenizer,
      ...options,
      onProgress: ({ done }) => {
        steps.push(done);
        if (done === killAt) throw new Killed();
      },
    },
  );
}

/** Trains to the end; the time an epoch took is left out. */
async function train(changes: Changes = {}) {
  const steps: number[] = [];
  const { history, ...trained } = await start(changes, steps);
  return {
    ...trained,
    steps,
    history: history.map((epoch) => ({ ...epoch, seconds: 0 })),
  };
}

/** Trains up to a step, and returns the steps done. */
async function kill(killAt: number, changes: Changes): Promise<number[]> {
  const steps: number[] = [];
  await assert.rejects(start(changes, steps, killAt), Killed);
  return steps;
}

const reference = await train();

/** The same with dropout. */
const DROPOUT = { config: { dropout_rate: 0.2 } };
const dropped = await train(DROPOUT);

Deno.test("trainT5() lowers both losses", async () => {
  const epochs: T5Epoch[] = [];
  const { history } = await train({
    training: { epochs: 8, patience: 8 },
    onEpoch: (epoch) => epochs.push({ ...epoch, seconds: 0 }),
  });
  assert.deepEqual(history, epochs);
  assert.deepEqual(
    history.map(({ epoch }) => epoch),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  const [first, last] = [history[0], history.at(-1)!];
  assert.ok(last.generateLoss < 0.7 * first.generateLoss);
  assert.ok(last.tuningGenerateLoss < 0.8 * first.tuningGenerateLoss);
  assert.ok(last.fillLoss < 0.8 * first.fillLoss);
  assert.ok(last.tuningFillLoss < 0.9 * first.tuningFillLoss);
  // No model can do better than (ln 16 + 3 ln 2)/5 = 0.97 nats a token on average.
  assert.ok(last.tuningGenerateLoss > 0.9);
});

Deno.test("trainT5() gives the same for the same seed, with and without dropout", async () => {
  assert.deepEqual(await train(), reference);
  assert.deepEqual(await train(DROPOUT), dropped);
});

Deno.test("trainT5() depends on each of its settings", async () => {
  const others = [dropped];
  for (
    const training of [
      { seed: 1 },
      { weightDecay: 0.5 },
      { clipNorm: 0.1 },
      { fillShare: 0.25 },
      { embeddingStepFactor: 2 },
    ]
  ) others.push(await train({ training }));
  const weights = new Set(
    [reference, ...others].map(({ weights }) =>
      weights["shared.weight"].data.join()
    ),
  );
  assert.equal(weights.size, 7);
});

Deno.test("trainT5() killed twice goes on to the same weights; once done it does nothing", async () => {
  await withFolder(async (folder) => {
    const checkpoint = join(folder, "checkpoint.safetensors");
    // Within the first epoch, which is lost, and in the second.
    assert.deepEqual((await kill(4, { checkpoint })).length, 4);
    assert.deepEqual((await kill(8, { checkpoint })).length, 8);
    const { steps: _, ...uninterrupted } = reference;
    const { steps, ...resumed } = await train({ checkpoint });
    assert.deepEqual(steps, Array.from({ length: 12 }, (_, i) => 7 + i));
    assert.deepEqual(resumed, uninterrupted);
    const again = await train({ checkpoint });
    assert.deepEqual(again, { steps: [], ...uninterrupted });
  });
});

Deno.test("trainT5() with dropout, killed at the end of an epoch, goes on to the same weights", async () => {
  await withFolder(async (folder) => {
    const options = {
      ...DROPOUT,
      checkpoint: join(folder, "checkpoint.safetensors"),
    };
    await kill(2 * STEPS, options);
    const { steps: _, ...uninterrupted } = dropped;
    const { steps, ...resumed } = await train(options);
    assert.equal(steps[0], STEPS + 1);
    assert.deepEqual(resumed, uninterrupted);
  });
});

const ADAFACTOR = {
  optimizer: "adafactor",
  learningRate: 5e-2,
  warmupSteps: 0,
  weightDecay: 0,
  clipNorm: 0,
} as const;

Deno.test("trainT5() lowers both losses with Adafactor, at a constant rate", async () => {
  const calls: HostTensors[] = [];
  const { history } = await train({
    executor: spying("t5 training step", calls),
    training: { ...ADAFACTOR, epochs: 8, patience: 8 },
  });
  const [first, last] = [history[0], history.at(-1)!];
  assert.ok(last.generateLoss < 0.8 * first.generateLoss);
  assert.ok(last.tuningGenerateLoss < 0.9 * first.tuningGenerateLoss);
  assert.ok(last.fillLoss < 0.9 * first.fillLoss);
  const rates = new Set(calls.map((inputs) => inputs.learningRate.data[0]));
  assert.deepEqual([...rates], [Math.fround(5e-2)]);
});

Deno.test("trainT5() in parts gives the weights of whole batches", async () => {
  // 192 = 7 · 27 + 3, and 14 to fill in: the last batch and the last part are short, and with
  // 9 parts of 3 some have nothing to fill in.
  for (
    const [accumulate, optimizer] of [
      [4, {}],
      [9, {}],
      [4, ADAFACTOR],
    ] as const
  ) {
    const changes = { ...optimizer, batchSize: 27, epochs: 2 };
    const whole = await train({ training: changes });
    const parts = await train({ training: { ...changes, accumulate } });
    assert.deepEqual(parts.steps, whole.steps);
    for (const [name, { data }] of Object.entries(whole.weights)) {
      assertClose(
        parts.weights[name].data,
        data,
        { relative: 1e-3, absolute: 1e-3 },
        name,
      );
    }
    for (const [i, epoch] of whole.history.entries()) {
      const { generateLoss, fillLoss, tuningGenerateLoss } = parts.history[i];
      assertClose(
        [generateLoss, fillLoss, tuningGenerateLoss],
        [epoch.generateLoss, epoch.fillLoss, epoch.tuningGenerateLoss],
        { relative: 1e-4, absolute: 0 },
      );
    }
  }
});

Deno.test("trainT5() with Adafactor, in parts, with dropout, killed at the end of an epoch, goes on to the same weights", async () => {
  for (const optimizer of [ADAFACTOR, {}]) {
    const changes = { ...DROPOUT, training: { ...optimizer, accumulate: 3 } };
    const { steps: all, ...uninterrupted } = await train(changes);
    assert.equal(all.length, 3 * STEPS);
    await withFolder(async (folder) => {
      const options = {
        ...changes,
        checkpoint: join(folder, "checkpoint.safetensors"),
      };
      await kill(2 * STEPS, options);
      const { steps, ...resumed } = await train(options);
      assert.equal(steps[0], STEPS + 1);
      assert.deepEqual(resumed, uninterrupted);
    });
  }
});

Deno.test("trainT5() frees all that it placed on the device, killed or not", async () => {
  for (const accumulate of [1, 2]) {
    const { executor: counted, open } = counting(executor);
    await train({ executor: counted, training: { accumulate, epochs: 1 } });
    assert.equal(open(), 0);
    await kill(2, { executor: counted, training: { accumulate } });
    assert.equal(open(), 0);
  }
});

Deno.test("trainT5() refuses to take a batch in no parts", async () => {
  for (const accumulate of [0, 1.5]) {
    await assert.rejects(train({ training: { accumulate } }), {
      name: "RangeError",
      message:
        `Cannot train a T5: accumulate must be a whole number from 1 up, got ${accumulate}`,
    });
  }
});

/** Random sequences, few to learn by heart: the validation loss soon rises. */
const HOPELESS = (() => {
  const random = Random.fromSeed(3);
  const draw = (count: number) => ({
    codes: Int32Array.from(
      { length: count * LENGTH },
      () => random.integer(CODES),
    ),
    length: LENGTH,
    codebookSize: CODES,
  });
  return { fitting: draw(16), tuning: draw(64) };
})();

Deno.test("trainT5() stops once patience is over and keeps the best weights, killed or not", async () => {
  const changes = {
    sequences: HOPELESS,
    training: { epochs: 60, batchSize: 4, learningRate: 2e-2, patience: 2 },
  };
  const { steps: all, ...trained } = await train(changes);
  const losses = trained.history.map((epoch) => epoch.tuningGenerateLoss);
  const best = losses.indexOf(Math.min(...losses));
  assert.ok(losses.length < 60 && best > 0, losses.join(" "));
  assert.equal(losses.length, best + 1 + 2);
  assert.equal(all.length, 4 * losses.length);
  // The weights are those of the best epoch, not of the last.
  const { perSequence } = await sequenceLikelihood(
    HOPELESS.tuning,
    trained,
    { executor, tokenizer },
  );
  assertClose([perSequence / (LENGTH + 1)], [losses[best]], ACROSS_BACKENDS);

  // Killed after the best epoch: it is still known.
  await withFolder(async (folder) => {
    const checkpoint = join(folder, "checkpoint.safetensors");
    await kill(all.length - 1, { ...changes, checkpoint });
    const { steps, ...resumed } = await train({ ...changes, checkpoint });
    assert.equal(steps.length, 4);
    assert.deepEqual(resumed, trained);
  });
});

Deno.test("trainT5() stops by patience as soon as nothing changes", async () => {
  for (const patience of [1, 3]) {
    const { history } = await train({
      training: { learningRate: 0, weightDecay: 0, epochs: 9, patience },
    });
    assert.equal(history.length, patience + 1);
  }
});

Deno.test("trainT5() starts from the weights given", async () => {
  const weights = initialT5Weights(CONFIG, Random.fromSeed(9));
  const trained = await train({
    weights,
    training: { learningRate: 0, epochs: 1 },
  });
  assert.deepEqual(trained.weights, weights);
  const name = "encoder.block.0.layer.0.SelfAttention.q.weight";
  assert.notDeepEqual(reference.weights[name], weights[name]);
});

Deno.test("trainT5() does not go on from a checkpoint of another run", async () => {
  await withFolder(async (folder) => {
    const checkpoint = join(folder, "checkpoint.safetensors");
    await kill(STEPS + 1, { checkpoint });
    const saved = await Deno.readFile(checkpoint);
    for (
      const other of [
        { training: { seed: 1 } },
        { config: { dropout_rate: 0.1 } },
        { sequences: { ...SEQUENCES, fitting: climbing(192, 5) } },
        { sequences: { ...SEQUENCES, tuning: climbing(64, 5) } },
        { weights: initialT5Weights(CONFIG, Random.fromSeed(9)) },
      ]
    ) {
      await Deno.writeFile(checkpoint, saved);
      assert.deepEqual(
        await kill(1, { ...other, checkpoint }),
        [1],
        Object.keys(other)[0],
      );
    }
  });
});

Deno.test("trainT5() refuses to learn from or to choose on nothing", async () => {
  for (const split of ["fitting", "tuning"] as const) {
    const sequences = { ...SEQUENCES, [split]: climbing(0, 1) };
    await assert.rejects(train({ sequences }), {
      name: "RangeError",
      message:
        `Cannot train a T5: there must be at least one ${split} sequence, got 0`,
    });
  }
});

/** An executor that notes the inputs of every call of a function of one name. */
function spying(name: string, calls: HostTensors[]): Executor {
  return {
    ...executor,
    compile: (fn, options) => {
      const compiled = executor.compile(fn, options);
      return {
        run: (state, inputs) => {
          if (options.name === name) calls.push(inputs);
          return compiled.run(state, inputs);
        },
        dispose: () => compiled.dispose(),
      };
    },
  };
}

/** Rows of a matrix. */
function rowsOf({ shape, data }: HostTensors[string]): number[][] {
  return Array.from(
    { length: shape[0] },
    (_, i) => Array.from(data.slice(i * shape[1], (i + 1) * shape[1])),
  );
}

Deno.test("trainT5() takes both prompts in every step, and follows its schedule", async () => {
  const calls: HostTensors[] = [];
  const train200 = climbing(200, 1);
  const sentences = sequenceRows(train200, Array(200).keys().toArray())
    .map((codes) => codes.join());
  await train({
    executor: spying("t5 training step", calls),
    sequences: { ...SEQUENCES, fitting: train200 },
    training: { epochs: 2 },
  });
  // 6 batches of 32 and one of 8; half as many to fill in.
  assert.equal(calls.length, 2 * 7);
  const masks = new Set<string>();
  for (const epoch of [calls.slice(0, 7), calls.slice(7)]) {
    const seen: string[] = [];
    const filled: string[] = [];
    for (const [i, inputs] of epoch.entries()) {
      const rows = i < 6 ? 32 : 8;
      assert.deepEqual(inputs["generate.ids"].shape, [1, 2]); // one prompt for all
      assert.equal(inputs["generate.labels"].shape[0], rows);
      assert.deepEqual(inputs["fill.ids"].shape, [rows / 2, 6]);
      for (const ids of rowsOf(inputs["generate.ids"])) {
        assert.deepEqual(ids, [GENERATE, END]);
      }
      for (const labels of rowsOf(inputs["generate.labels"])) {
        assert.equal(labels[LENGTH], END);
        seen.push(labels.slice(0, LENGTH).map((id) => id - FIRST_CODE).join());
      }
      const targets = rowsOf(inputs["fill.labels"]);
      for (const [row, ids] of rowsOf(inputs["fill.ids"]).entries()) {
        assert.equal(ids[0], FILL);
        assert.equal(ids[5], END);
        // The k-th mask of the input is put back from the target.
        const target = targets[row];
        const codes = ids.slice(1, 5).map((id) => {
          const at = target.indexOf(id);
          return (at < 0 ? id : target[at + 1]) - FIRST_CODE;
        });
        filled.push(codes.join());
        masks.add(ids.slice(1, 5).map((id) => target.includes(id)).join());
      }
    }
    // Each sequence once an epoch, in another order each time.
    assert.deepEqual(seen.sort(), sentences.toSorted());
    // Half of them are filled in, none more often than it is there.
    assert.equal(filled.length, 100);
    const rest = [...sentences];
    for (const sentence of filled) {
      const place = rest.indexOf(sentence);
      assert.ok(place >= 0, sentence);
      rest.splice(place, 1);
    }
  }
  assert.notDeepEqual(calls[0]["generate.labels"], calls[7]["generate.labels"]);
  // All sets of places but the empty one come up among 200.
  assert.equal(masks.size, 2 ** LENGTH - 1);

  const rates = calls.map((inputs) => inputs.learningRate.data[0]);
  // Warm-up over 3 of the 14 steps, then down to a tenth.
  assertClose(
    [rates[0], rates[2], rates[13]],
    [1e-2 / 3, 1e-2, 1e-3],
    ACROSS_BACKENDS,
  );
  assert.deepEqual(
    calls.map((inputs) => inputs.step.data[0]),
    Array.from({ length: 14 }, (_, i) => i + 1),
  );
});
