/** What of arch2vec's code beside its paper is in its training, each switched off alone. */
import assert from "node:assert/strict";
import type { HostTensors } from "../../../lib/core/tensors.ts";
import type { Executor } from "../../../lib/engine/executor.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import { Arch2vec } from "../../../lib/models/arch2vec/arch2vec.ts";
import {
  arch2vecConfig,
  type Arch2vecQuirks,
  AS_PUBLISHED,
} from "../../../lib/models/arch2vec/config.ts";
import { PriorCounter } from "../../../lib/models/arch2vec/prior.ts";
import {
  arch2vecTraining,
  trainArch2vec,
} from "../../../lib/models/arch2vec/training.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";

const space = getSpace("nasbench201");
const CELLS = 80; // batches of 32, 32 and 16
const BATCHES = 3;

/** A step that was run. */
interface Run {
  readonly name: string;
  readonly inputs: HostTensors;
  readonly outputs: HostTensors;
}

/** An executor that keeps what it ran. */
function recording(): { executor: Executor; runs: Run[] } {
  const executor = onnxExecutor({ provider: "cpu", threads: 1 });
  const runs: Run[] = [];
  return {
    runs,
    executor: {
      description: executor.description,
      state: (values) => executor.state(values),
      compile(step, { name }) {
        const compiled = executor.compile(step, { name });
        return {
          async run(state, inputs) {
            const outputs = await compiled.run(state, inputs);
            runs.push({ name, inputs, outputs });
            return outputs;
          },
          dispose: () => compiled.dispose(),
        };
      },
    },
  };
}

async function train(off: Partial<Arch2vecQuirks>, epochs = 3) {
  const { executor, runs } = recording();
  const config = {
    ...arch2vecConfig(space, { ...AS_PUBLISHED, ...off }),
    hidden: 16,
    layers: 1,
    latentDim: 3,
  };
  const training = {
    ...arch2vecTraining(space, 1),
    epochs,
    learningRate: 1e-2,
  };
  const trained = await trainArch2vec(space, config, training, {
    executor,
    limit: CELLS,
  });
  const steps = runs.filter(({ name }) => name.endsWith("step"));
  assert.equal(steps.length, BATCHES * epochs);
  return { ...trained, steps, executor };
}

/** Steps by epoch. */
function byEpoch(steps: readonly Run[]): Run[][] {
  return Array.from(
    { length: steps.length / BATCHES },
    (_, epoch) => steps.slice(BATCHES * epoch, BATCHES * (epoch + 1)),
  );
}

Deno.test("oneShuffle: every epoch has the same batches", async () => {
  const batches = async (oneShuffle: boolean) => {
    const { steps } = await train({ oneShuffle });
    return byEpoch(steps).map((epoch) =>
      epoch.map(({ inputs }) => [...inputs.operations.data])
    );
  };
  const [first, second, third] = await batches(true);
  assert.deepEqual(first.map(({ length }) => length / 56), [32, 32, 16]);
  assert.deepEqual(second, first);
  assert.deepEqual(third, first);
  const others = await batches(false);
  assert.notDeepEqual(others[1], others[0]);
  assert.notDeepEqual(others[2], others[1]);
  // The cells are the same all the same: the sum of all one-hot columns.
  const columns = (epoch: number[][]) => {
    const sums = new Array(7).fill(0);
    epoch.flat().forEach((value, i) => sums[i % 7] += value);
    return sums;
  };
  assert.deepEqual(columns(others[1]), columns(first));
});

Deno.test("frozenAfterFirstEpoch: later epochs keep the statistics and draw nothing", async () => {
  for (const frozenAfterFirstEpoch of [true, false]) {
    const short = await train({ frozenAfterFirstEpoch }, 1);
    const long = await train({ frozenAfterFirstEpoch }, 3);
    const kept = Object.keys(short.weights.statistics).every((name) =>
      short.weights.statistics[name].data.every((value, i) =>
        value === long.weights.statistics[name].data[i]
      )
    );
    assert.equal(kept, frozenAfterFirstEpoch);
    assert.notDeepEqual(long.weights.parameters, short.weights.parameters);
    assert.deepEqual(
      byEpoch(long.steps).map((epoch) =>
        epoch.every(({ inputs }) => "noise" in inputs)
      ),
      [true, !frozenAfterFirstEpoch, !frozenAfterFirstEpoch],
    );
  }
});

Deno.test("priorOfLastEpoch: the prior is of the latent means met while the last epoch trains", async () => {
  const published = await train({});
  const repaired = await train({ priorOfLastEpoch: false });
  const fitted = (batches: readonly ArrayLike<number>[]) => {
    const counter = new PriorCounter(published.config);
    batches.forEach((latents) => counter.add(latents));
    return counter.prior();
  };
  const met = byEpoch(published.steps)[2];
  assert.deepEqual(
    published.weights.prior,
    fitted(met.map(({ outputs }) => outputs.latents.data)),
  );
  // The weights are the same; those of the repaired prior are the trained model's own.
  assert.deepEqual(repaired.weights.parameters, published.weights.parameters);
  await using model = new Arch2vec(repaired, repaired.executor);
  const own = await model.encode(space, space.split().train.subarray(0, CELLS));
  for (const [name, { data }] of Object.entries(fitted([own]))) {
    assertClose(repaired.weights.prior[name].data, data, ACROSS_BACKENDS);
    assert.ok(
      data.some((value, i) =>
        Math.abs(value - published.weights.prior[name].data[i]) > 1e-3
      ),
    );
  }
});
