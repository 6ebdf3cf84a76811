import assert from "node:assert/strict";
import { join } from "node:path";
import type { HostTensors } from "../../../lib/core/tensors.ts";
import type { Executor } from "../../../lib/engine/executor.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  type VqvaeConfig,
  vqvaeConfig,
} from "../../../lib/models/vqvae/config.ts";
import { loadVqvae } from "../../../lib/models/vqvae/files.ts";
import { CODEBOOK } from "../../../lib/models/vqvae/network.ts";
import {
  type TrainedVqvae,
  trainVqvae,
  trainVqvaeTo,
  type VqvaeTraining,
} from "../../../lib/models/vqvae/training.ts";
import { Vqvae } from "../../../lib/models/vqvae/vqvae.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import type { SearchSpace } from "../../../lib/spaces/space.ts";
import { cellSplit } from "../../../lib/spaces/split.ts";
import { withFolder } from "../../_helpers.ts";
import { counting } from "../_counting.ts";

/** NAS-Bench-201 with 512 training cells and 96 for validation. */
const whole = getSpace("nasbench201");
const SMALL = cellSplit(
  whole.split().train.slice(0, 512),
  whole.split().validation.slice(0, 96),
);
const SPACE: SearchSpace = { ...whole, split: () => SMALL };

const CONFIG: VqvaeConfig = {
  ...vqvaeConfig(SPACE),
  hidden: 16,
  latentDim: 8,
  codebookSize: 64,
};
const TRAINING: VqvaeTraining = {
  epochs: 5,
  batchSize: 128, // 4 steps an epoch
  learningRate: 5e-3,
  warmupSteps: 2,
  softStart: 0.3,
  reseedEvery: 3,
  reseedUntil: 0.5,
  seed: 0,
};

const executor = onnxExecutor({ provider: "cpu" });

/** What a run leaves, but for the time it took. */
function result({ config, weights, history }: TrainedVqvae) {
  return {
    config,
    weights,
    history: history.map((epoch) => ({ ...epoch, seconds: 0 })),
  };
}

interface Changes {
  training?: Partial<VqvaeTraining>;
  config?: Partial<VqvaeConfig>;
  checkpoint?: string;
  trainIndices?: Uint32Array;
  space?: SearchSpace;
  executor?: Executor;
}

class Killed extends Error {}

/** Starts a run that is killed after the step `killAt`; `steps` gets the steps done. */
function start(
  { training, config, space = SPACE, ...options }: Changes,
  steps: number[],
  killAt = Infinity,
): Promise<TrainedVqvae> {
  return trainVqvae(
    space,
    { ...CONFIG, ...config },
    { ...TRAINING, ...training },
    {
      executor,
      ...options,
      onProgress: ({ done, total }) => {
        assert.equal(total, 4 * (training?.epochs ?? TRAINING.epochs));
        steps.push(done);
        if (done === killAt) throw new Killed();
      },
    },
  );
}

/** Trains to the end. */
async function train(changes: Changes = {}) {
  const steps: number[] = [];
  const trained = await start(changes, steps);
  return { steps, ...result(trained) };
}

/** Trains up to a step, and returns the steps done. */
async function kill(killAt: number, changes: Changes): Promise<number[]> {
  const steps: number[] = [];
  await assert.rejects(start(changes, steps, killAt), Killed);
  return steps;
}

const reference = await train();

Deno.test("trainVqvae() lowers the loss and uses the codebook", async () => {
  const { history } = result(
    await trainVqvae(SPACE, { ...CONFIG, latentDim: 16 }, {
      ...TRAINING,
      epochs: 8,
      batchSize: 32, // 16 steps an epoch, 128 in all
      learningRate: 1e-2,
      reseedEvery: 12,
    }, { executor }),
  );
  assert.deepEqual(
    history.map(({ epoch }) => epoch),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  const [first, last] = [history[0], history.at(-1)!];
  assert.ok(last.loss < 0.8 * first.loss, `${first.loss} → ${last.loss}`);
  assert.ok(last.reconstruction < 0.7 * first.reconstruction);
  assert.ok(
    last.validation.elementwise > first.validation.elementwise + 20,
    `${last.validation.elementwise} %`,
  );
  for (const epoch of history) {
    assert.ok(
      Math.abs(epoch.loss - epoch.reconstruction - epoch.quantization) <
        1e-4 * epoch.loss,
    );
    assert.ok(epoch.usedCodes >= 48 && epoch.usedCodes <= 64);
    assert.ok(epoch.perplexity > 16 && epoch.perplexity <= epoch.usedCodes);
    assert.equal(epoch.validation.cells, 96);
  }
  // The last look for unused codes before step 64, half of all, is at step 60.
  const reseeded = history.map((epoch) => epoch.reseeded);
  assert.ok(reseeded[0] > 0 && reseeded[1] > 0);
  assert.deepEqual(reseeded.slice(4), [0, 0, 0, 0]);
});

/**
 * An executor that notes the outputs of every training step, and what is written into
 * the state between steps.
 */
function spying(outputs: HostTensors[], writes: HostTensors[]): Executor {
  return {
    ...executor,
    state: (values) => {
      const state = executor.state(values);
      const write = state.write.bind(state);
      state.write = (values) => {
        writes.push(values);
        write(values);
      };
      return state;
    },
    compile: (fn, options) => {
      const compiled = executor.compile(fn, options);
      return {
        run: async (state, inputs) => {
          const result = await compiled.run(state, inputs);
          if (options.name === "vqvae training step") outputs.push(result);
          return result;
        },
        dispose: () => compiled.dispose(),
      };
    },
  };
}

Deno.test("trainVqvae() moves the codes that fell out of use to encoder outputs, and no others", async () => {
  const outputs: HostTensors[] = [];
  const writes: HostTensors[] = [];
  // At a learning rate of 0 the codebook changes by that alone. Steps of 4 cells use some
  // codes once, some more often.
  const { history } = await trainVqvae(SPACE, CONFIG, {
    ...TRAINING,
    epochs: 3,
    batchSize: 4,
    learningRate: 0,
    reseedEvery: 2,
  }, {
    executor: spying(outputs, writes),
    trainIndices: SMALL.train.slice(0, 16),
  });
  // Written at first and after steps 2 and 4; half of the 12 steps end at 6.
  assert.equal(outputs.length, 12);
  assert.equal(writes.length, 3);
  assert.deepEqual(
    history.slice(1).map((epoch) => epoch.reseeded),
    [0, 0],
  );
  const { codebookSize, latentDim } = CONFIG;
  let moved = 0;
  for (const look of [1, 2]) {
    const steps = outputs.slice(2 * look - 2, 2 * look);
    const used = new Set(steps.flatMap(({ codes }) => [...codes.data]));
    const z = steps[1].z.data;
    const [before, after] = writes.slice(look - 1)
      .map((write) => write[CODEBOOK].data);
    for (let code = 0; code < codebookSize; code++) {
      const row = (data: ArrayLike<number>, at = code) =>
        Array.from({ length: latentDim }, (_, d) => data[at * latentDim + d]);
      if (used.has(code)) {
        assert.deepEqual(row(after), row(before), `code ${code} moved`);
        continue;
      }
      moved++;
      const nearest = Math.min(
        ...Array.from(
          { length: z.length / latentDim },
          (_, at) => Math.hypot(...row(z, at).map((x, d) => x - row(after)[d])),
        ),
      );
      // Noise of 0.01 in 8 dimensions: 0.028 on average.
      assert.ok(nearest > 0 && nearest < 0.08, `code ${code}: ${nearest}`);
    }
  }
  assert.ok(moved > 0);
  assert.equal(history[0].reseeded, moved);
});

Deno.test("trainVqvae() fills the codebook from encoder outputs", async () => {
  // At a learning rate of 0 the codebook stays as it was filled.
  const { weights } = await train({
    training: { learningRate: 0, epochs: 1, reseedUntil: 0 },
  });
  const { data } = weights.parameters[CODEBOOK];
  const rows = new Set<string>();
  for (let code = 0; code < CONFIG.codebookSize; code++) {
    rows.add(
      data.slice(code * CONFIG.latentDim, (code + 1) * CONFIG.latentDim).join(),
    );
  }
  assert.equal(rows.size, CONFIG.codebookSize);
});

Deno.test("trainVqvae() gives the same for the same seed, and else not", async () => {
  assert.deepEqual(await train(), reference);
  const other = await train({ training: { seed: 1 } });
  assert.notDeepEqual(other.weights, reference.weights);
});

Deno.test("trainVqvae() depends on each of its settings", async () => {
  const short = { epochs: 2 };
  const base = await train({ training: short });
  for (
    const change of [
      { learningRate: 1e-3 },
      { warmupSteps: 4 },
      { softStart: 0 },
      { reseedEvery: 1 },
      { reseedUntil: 1 },
    ]
  ) {
    const changed = await train({ training: { ...short, ...change } });
    assert.notDeepEqual(changed.weights, base.weights, JSON.stringify(change));
  }
});

Deno.test("trainVqvae() trains on the cells that it is given", async () => {
  const given = await train({ trainIndices: SMALL.train });
  assert.deepEqual(given, reference);
  const others = await train({
    training: { epochs: 1 },
    trainIndices: whole.split().train.slice(512, 1024),
  });
  assert.notEqual(others.history[0].loss, reference.history[0].loss);
});

Deno.test("trainVqvae() frees all that it placed on the device, killed or not", async () => {
  const { executor: counted, open } = counting(executor);
  await train({ executor: counted, training: { epochs: 1 } });
  assert.equal(open(), 0);
  await kill(2, { executor: counted });
  assert.equal(open(), 0);
});

for (
  const [when, killAt, next] of [
    ["within the first epoch", 2, 1],
    ["within the second epoch", 6, 5],
    ["at the end of an epoch, before it is saved", 8, 5],
    ["in the last epoch", 19, 17],
  ] as const
) {
  Deno.test(`trainVqvae() killed ${when} goes on to the same weights`, async () => {
    await withFolder(async (folder) => {
      const checkpoint = join(folder, "checkpoint.safetensors");
      const killed = await kill(killAt, { checkpoint });
      assert.equal(killed.at(-1), killAt);
      const { steps, ...resumed } = await train({ checkpoint });
      assert.deepEqual([steps[0], steps.at(-1)], [next, 20]);
      const { steps: _, ...uninterrupted } = reference;
      assert.deepEqual(resumed, uninterrupted);
    });
  });
}

Deno.test("trainVqvae() killed twice goes on to the same weights; once done it does nothing", async () => {
  await withFolder(async (folder) => {
    const checkpoint = join(folder, "checkpoint.safetensors");
    await kill(6, { checkpoint });
    await kill(15, { checkpoint });
    const { steps, ...resumed } = await train({ checkpoint });
    assert.equal(steps[0], 13);
    const { steps: _, ...uninterrupted } = reference;
    assert.deepEqual(resumed, uninterrupted);

    const again = await train({ checkpoint });
    assert.deepEqual(again, { steps: [], ...uninterrupted });
  });
});

Deno.test("trainVqvae() does not go on from a checkpoint of another run", async () => {
  await withFolder(async (folder) => {
    const checkpoint = join(folder, "checkpoint.safetensors");
    await kill(6, { checkpoint });
    const saved = await Deno.readFile(checkpoint);
    for (
      const other of [
        { training: { seed: 1 } },
        { training: { learningRate: 1e-3 } },
        { config: { hidden: 12 } },
        { config: { commitmentCost: 0.5 } },
        { trainIndices: whole.split().train.slice(1, 513) },
        { space: { ...SPACE, version: SPACE.version + 1 } },
      ]
    ) {
      await Deno.writeFile(checkpoint, saved);
      const steps = await kill(1, { ...other, checkpoint });
      assert.deepEqual(steps, [1], JSON.stringify(other));
    }
  });
});

Deno.test("Vqvae counts reconstruction as the training did", async () => {
  const vqvae = Vqvae.load(reference, executor);
  assert.deepEqual(
    await vqvae.reconstruction(SPACE, SMALL.validation),
    reference.history.at(-1)!.validation,
  );
  await vqvae.dispose();
});

Deno.test("trainVqvaeTo() saves the model, and goes on from the checkpoint beside it", async () => {
  await withFolder(async (folder) => {
    const directory = join(folder, "vqvae");
    const steps: number[] = [];
    const run = (killAt: number) =>
      trainVqvaeTo(directory, SPACE, CONFIG, TRAINING, {
        executor,
        onProgress: ({ done }) => {
          steps.push(done);
          if (done === killAt) throw new Killed();
        },
      });
    await assert.rejects(run(10), Killed);
    const trained = await run(Infinity);
    // Two epochs of four steps were saved.
    assert.deepEqual(steps.slice(10, 12), [9, 10]);
    assert.deepEqual(result(trained).weights, reference.weights);
    assert.deepEqual((await loadVqvae(directory)).weights, reference.weights);
  });
});
