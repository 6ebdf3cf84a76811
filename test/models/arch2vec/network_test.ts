/**
 * arch2vec against a second implementation in PyTorch; the expected values are from
 * `test/fixtures/make_arch2vec_fixtures.py`.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readJson } from "../../../lib/core/files.ts";
import { Random } from "../../../lib/core/random.ts";
import { readSafetensors } from "../../../lib/core/safetensors.ts";
import {
  floats,
  type HostTensors,
  integers,
  scalar,
} from "../../../lib/core/tensors.ts";
import { eagerExecutor } from "../../../lib/engine/eager_executor.ts";
import type { Executor, StepFunction } from "../../../lib/engine/executor.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  measureGeneration,
  trainingKeys,
} from "../../../lib/metrics/generation.ts";
import { ReconstructionCounter } from "../../../lib/metrics/reconstruction.ts";
import { Arch2vec } from "../../../lib/models/arch2vec/arch2vec.ts";
import {
  type Arch2vecConfig,
  arch2vecConfig,
  type Arch2vecQuirks,
  AS_PUBLISHED,
} from "../../../lib/models/arch2vec/config.ts";
import {
  arch2vecDecodeStep,
  arch2vecEncodeStep,
  arch2vecLoss,
  initialArch2vecWeights,
} from "../../../lib/models/arch2vec/network.ts";
import {
  arch2vecTraining,
  trainArch2vec,
} from "../../../lib/models/arch2vec/training.ts";
import { adamWSlots, trainingStep } from "../../../lib/nn/optimizers.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { ACROSS_BACKENDS, assertClose, withFolder } from "../../_helpers.ts";
import { counting } from "../_counting.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};
const FIXTURE =
  new URL("../../fixtures/arch2vec_tiny", import.meta.url).pathname;

interface Expected {
  readonly config: Omit<Arch2vecConfig, "quirks">;
  /** Those of the network and the loss. */
  readonly quirks: readonly (keyof Arch2vecQuirks)[];
  /** By case and mode: a case has all quirks, none, or all but the one it is called by. */
  readonly losses: Record<string, Record<string, number>>;
}

const expected = await readJson<Expected>(`${FIXTURE}.json`, "fixture");
const stored = (await readSafetensors(`${FIXTURE}.safetensors`)).tensors;

/** The tensors of the fixture whose names begin with a prefix, under the rest of the name. */
function part(prefix: string): HostTensors {
  return Object.fromEntries(
    [...stored].filter(([name]) => name.startsWith(`${prefix}.`))
      .map(([name, { shape, data }]) => [
        name.slice(prefix.length + 1),
        data instanceof Int32Array
          ? integers(shape, data)
          : floats(shape, data),
      ]),
  );
}

const parameters = part("parameter");
const statistics = part("statistic");
const inputs = part("input");

/** The configuration of a case of the fixture. */
function configOf(name: string): Arch2vecConfig {
  const quirks: Arch2vecQuirks = {
    ...AS_PUBLISHED,
    ...Object.fromEntries(
      expected.quirks.map((
        quirk,
      ) => [quirk, name !== "plain" && name !== quirk]),
    ),
  };
  return { ...expected.config, quirks };
}

/** The parameters that a model of a configuration has. */
function parametersOf({ quirks }: Arch2vecConfig): HostTensors {
  return Object.fromEntries(
    Object.entries(parameters).filter(([name]) =>
      quirks.linearBiases || !/\.gin\..*\.bias$/.test(name)
    ),
  );
}

async function run(
  executor: Executor,
  step: StepFunction,
  state: HostTensors,
  inputs: HostTensors,
) {
  const compiled = executor.compile(step, { name: "arch2vec" });
  const device = executor.state(state);
  const outputs = await compiled.run(device, inputs);
  const after = await device.read();
  await compiled.dispose();
  device.dispose();
  return { outputs, after };
}

for (const name of ["published", "linearBiases"]) {
  Deno.test(`the fixture has the parameters of its configuration, ${name}`, () => {
    const config = configOf(name);
    const blank = initialArch2vecWeights(config, Random.fromSeed(0));
    const shapes = (tensors: HostTensors) =>
      Object.fromEntries(
        Object.entries(tensors).map(([name, { shape }]) => [name, shape]),
      );
    assert.deepEqual(shapes(blank.parameters), shapes(parametersOf(config)));
    assert.deepEqual(shapes(blank.statistics), shapes(statistics));
  });
}

for (const quirk of expected.quirks) {
  Deno.test(`${quirk} changes the loss when it is switched off alone`, () => {
    const changed = (mode: string) =>
      Math.abs(
        expected.losses[`published.${mode}`].loss -
          expected.losses[`${quirk}.${mode}`].loss,
      ) > 1e-3;
    assert.ok(changed("frozen"));
    // The normalisation of a batch takes biases away again.
    assert.equal(changed("training"), quirk !== "linearBiases");
  });
}

for (const [kind, executor] of Object.entries(EXECUTORS)) {
  for (const [name, losses] of Object.entries(expected.losses)) {
    Deno.test(`arch2vecLoss() and its gradients equal PyTorch's, ${name}, ${kind}`, async () => {
      const [of, mode] = name.split(".");
      const config = configOf(of);
      const own = parametersOf(config);
      const training = mode === "training";
      const { noise, rows, columns, ...cells } = inputs;
      const { outputs, after } = await run(
        executor,
        trainingStep(
          (state, inputs) => arch2vecLoss(config, state, inputs, training),
          Object.keys(own),
          {},
        ),
        { ...own, ...statistics, ...adamWSlots(own) },
        {
          ...cells,
          ...(training ? { noise, rows, columns } : {}),
          learningRate: scalar(1e-3),
          step: scalar(1),
        },
      );
      for (const [each, value] of Object.entries(losses)) {
        assertClose(outputs[each].data, [value], ACROSS_BACKENDS, each);
      }
      for (const [each, { data }] of Object.entries(part(name))) {
        // After one step the first slot is the gradient.
        const moment = after[`adam.first.${each}`].data;
        assertClose(moment, data, ACROSS_BACKENDS, each);
      }
      const [moved] = Object.keys(statistics);
      assert.equal(
        after[moved].data.every((value, i) =>
          value === statistics[moved].data[i]
        ),
        !training,
      );
      if (name === "published.frozen") {
        const { z } = part("eval");
        assertClose(outputs.latents.data, z.data, ACROSS_BACKENDS);
      }
    });
  }

  Deno.test(`arch2vec encodes and decodes as PyTorch does, ${kind}`, async () => {
    const config = configOf("published");
    const { operations, adjacency } = inputs;
    const weights = { ...parameters, ...statistics };
    const evaluation = part("eval");
    const encoded = await run(executor, arch2vecEncodeStep(config), weights, {
      operations,
      adjacency,
    });
    assertClose(encoded.outputs.z.data, evaluation.z.data, ACROSS_BACKENDS);
    const { outputs } = await run(
      executor,
      arch2vecDecodeStep(config),
      weights,
      { z: evaluation.z },
    );
    assert.deepEqual(
      [...outputs.operations.data],
      [...evaluation.operations.data],
    );
    assertClose(
      outputs.adjacency.data,
      evaluation.adjacency.data,
      ACROSS_BACKENDS,
    );
  });
}

const space = getSpace("nasbench201");
const executor = EXECUTORS.traced;
const config = { ...arch2vecConfig(space), hidden: 32, layers: 1 };
const training = {
  ...arch2vecTraining(space, 0),
  epochs: 3,
  learningRate: 1e-2,
};

Deno.test("trainArch2vec() learns to bring operations back, and samples by its seed", async () => {
  const trained = await trainArch2vec(space, config, training, {
    executor,
    limit: 2000,
  });
  const model = new Arch2vec(trained, executor);
  const { validation } = space.split();
  const counter = new ReconstructionCounter();
  const decoded = await model.decode(await model.encode(space, validation));
  counter.add(space.cells(), validation, decoded);
  const report = counter.report();
  assert.ok(report.ops > 60, `${report.ops} % of operations`);
  assert.ok(report.edges > 60, `${report.edges} % of edges`);
  const draw = (seed: number) =>
    model.sample(space, 200, { random: Random.fromSeed(seed) });
  const cells = await draw(0);
  assert.equal(cells.length, 200);
  assert.deepEqual(await draw(0), cells);
  assert.notDeepEqual(await draw(1), cells);
  const measured = measureGeneration(
    space,
    cells,
    "paper",
    trainingKeys(space, "paper"),
  );
  assert.ok(measured.distinct > 1);
  await model.dispose();
});

class Killed extends Error {}

Deno.test("trainArch2vec() and Arch2vec free all that they placed on the device", async () => {
  const { executor, open } = counting(onnxExecutor({ provider: "cpu" }));
  const config = { ...arch2vecConfig(space), hidden: 8, layers: 1 };
  const training = { ...arch2vecTraining(space, 1), epochs: 1 };
  const trained = await trainArch2vec(space, config, training, {
    executor,
    limit: 64,
  });
  assert.equal(open(), 0);
  {
    await using model = new Arch2vec(trained, executor);
    await model.encode(space, [1, 2]);
    assert.ok(open() > 0);
  }
  assert.equal(open(), 0);
});

Deno.test("trainArch2vec() killed goes on to the same weights", async () => {
  const options = { executor, limit: 320 };
  const whole = await trainArch2vec(space, config, training, options);
  await withFolder(async (folder) => {
    const checkpoint = join(folder, "checkpoint.safetensors");
    const short = { ...training, epochs: 8 };
    const reference = await trainArch2vec(space, config, short, options);
    await assert.rejects(
      trainArch2vec(space, config, short, {
        ...options,
        checkpoint,
        onProgress: ({ done }) => {
          if (done === 50) throw new Killed();
        },
      }),
      Killed,
    );
    const resumed = await trainArch2vec(space, config, short, {
      ...options,
      checkpoint,
    });
    assert.deepEqual(resumed.weights, reference.weights);
    assert.notDeepEqual(resumed.weights, whole.weights);
  });
});
