/**
 * The VQ-VAE against a second implementation in PyTorch; the expected values are from
 * `test/fixtures/make_vqvae_fixtures.py`.
 */
import assert from "node:assert/strict";
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
  type VqvaeConfig,
  vqvaeConfig,
} from "../../../lib/models/vqvae/config.ts";
import { withDistinctRows } from "../../../lib/models/vqvae/distinct_rows.ts";
import {
  CODEBOOK,
  decodeStep,
  encodeStep,
  initialVqvaeWeights,
  vqvaeLoss,
} from "../../../lib/models/vqvae/network.ts";
import { adamWSlots, trainingStep } from "../../../lib/nn/optimizers.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};

const FIXTURE = new URL("../../fixtures/vqvae_tiny", import.meta.url).pathname;

interface Expected {
  config: VqvaeConfig;
  adamw: { lr: number; betas: [number, number]; weight_decay: number };
  loss: number;
  reconstruction: number;
  quantization: number;
}

const expected = await readJson<Expected>(`${FIXTURE}.json`, "fixture");
const config: VqvaeConfig = { ...expected.config, code: "arch-llm" };
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
const inputs = withDistinctRows(config, part("input"));

async function run(
  executor: Executor,
  step: StepFunction,
  state: HostTensors,
  inputs: HostTensors,
) {
  const compiled = executor.compile(step, { name: "vqvae" });
  const device = executor.state(state);
  const outputs = await compiled.run(device, inputs);
  const after = await device.read();
  await compiled.dispose();
  device.dispose();
  return { outputs, after };
}

Deno.test("the fixture has the parameters of its configuration", () => {
  const blank = initialVqvaeWeights(config, Random.fromSeed(0));
  const shapes = (tensors: HostTensors) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { shape }]) => [name, shape]),
    );
  assert.deepEqual(shapes(blank.parameters), shapes(parameters));
  assert.deepEqual(shapes(blank.statistics), shapes(statistics));
});

for (const [kind, executor] of Object.entries(EXECUTORS)) {
  Deno.test(`vqvaeLoss(), its gradients and an AdamW step equal PyTorch's, ${kind}`, async () => {
    const { adamw } = expected;
    const { outputs, after } = await run(
      executor,
      trainingStep(
        (state, inputs) => vqvaeLoss(config, state, inputs),
        Object.keys(parameters),
        {
          beta2: adamw.betas[1],
          weightDecay: adamw.weight_decay,
          decays: (name, rank) => rank >= 2 && name !== CODEBOOK,
        },
      ),
      { ...parameters, ...statistics, ...adamWSlots(parameters) },
      {
        ...inputs,
        hardness: scalar(1),
        learningRate: scalar(adamw.lr),
        step: scalar(1),
      },
    );
    for (const name of ["loss", "reconstruction", "quantization"] as const) {
      assertClose(outputs[name].data, [expected[name]], ACROSS_BACKENDS, name);
    }
    const { codes, z } = part("step");
    assert.deepEqual([...outputs.codes.data], [...codes.data]);
    assertClose(outputs.z.data, z.data, ACROSS_BACKENDS, "z");

    const gradients = part("gradient");
    assert.deepEqual(
      Object.keys(gradients).sort(),
      Object.keys(parameters).sort(),
    );
    const updated = part("updated");
    for (const [name, { data }] of Object.entries(gradients)) {
      // After one step the first slot is the gradient.
      const moment = after[`adam.first.${name}`].data;
      assertClose(moment, data, ACROSS_BACKENDS, name);
      // Adam's first step is lr · sign(g) where |g| ≫ ε: near a zero gradient float32
      // rounding decides its size, so those elements are left out. Where it is exactly
      // zero, as in a code that is not used, nothing moves but by weight decay.
      const firm = Array.from(data.keys()).filter((i) =>
        Math.abs(data[i]) > 1e-5 || (data[i] === 0 && moment[i] === 0)
      );
      assert.ok(firm.length >= data.length / 2, name);
      assertClose(
        firm.map((i) => after[name].data[i]),
        firm.map((i) => updated[name].data[i]),
        ACROSS_BACKENDS,
        name,
      );
    }
    for (const name of Object.keys(statistics)) {
      assertClose(after[name].data, updated[name].data, ACROSS_BACKENDS, name);
    }
  });

  Deno.test(`encodeStep() and decodeStep() equal PyTorch's, ${kind}`, async () => {
    const weights = { ...parameters, ...statistics };
    const evaluation = part("eval");
    const encoded = (await run(executor, encodeStep(config), weights, inputs))
      .outputs;
    assertClose(encoded.z.data, evaluation.z.data, ACROSS_BACKENDS);
    assert.deepEqual([...encoded.codes.data], [...evaluation.codes.data]);
    const decoded = (await run(executor, decodeStep(config), weights, {
      codes: evaluation.codes,
    })).outputs;
    assert.deepEqual(
      [...decoded.operations.data],
      [...evaluation.operations.data],
    );
    assert.deepEqual(decoded.adjacency.shape, evaluation.adjacency.shape);
    assertClose(
      decoded.adjacency.data,
      evaluation.adjacency.data,
      ACROSS_BACKENDS,
    );
    // Before training there are no running statistics: those of the batch take their place.
    const { z, codes } = part("step");
    const { outputs } = await run(
      executor,
      encodeStep(config, true),
      weights,
      inputs,
    );
    assertClose(outputs.z.data, z.data, ACROSS_BACKENDS);
    assert.deepEqual([...outputs.codes.data], [...codes.data]);
  });
}

Deno.test("vqvaeConfig() is the paper's with one layer and the space's shape", () => {
  assert.deepEqual(vqvaeConfig(getSpace("nasbench201")), {
    code: "arch-llm",
    nodes: 8,
    operations: 7,
    hidden: 128,
    layers: 1,
    mlpDepth: 2,
    latentDim: 16,
    codebookSize: 512,
    commitmentCost: 0.25,
    quantizationCost: 1,
  });
});

Deno.test("initialVqvaeWeights() draws layers with the documented deviations", () => {
  const wide = { ...config, hidden: 64, operations: 20, latentDim: 16 };
  const { parameters, statistics } = initialVqvaeWeights(
    wide,
    Random.fromSeed(1),
  );
  const variances: Record<string, number> = {
    "encoder.gin.0.0.weight": 2 / 20,
    "encoder.gin.0.1.weight": 2 / 64,
    "encoder.gin.1.0.weight": 2 / 64,
    "encoder.gin.1.1.weight": 2 / 64,
    "encoder.output.weight": 0.3 ** 2 / 64,
    "decoder.operations.weight": 1 / 16,
  };
  for (const [name, { data, shape }] of Object.entries(parameters)) {
    const variance = variances[name];
    if (variance === undefined) {
      const value = name.endsWith(".gamma") ? 1 : 0;
      assert.ok(data.every((x) => x === value), name);
      continue;
    }
    const squares = Array.from(data).reduce((sum, x) => sum + x * x, 0);
    // The mean of n squares of normal draws has the standard error σ² √(2/n).
    const error = variance * Math.sqrt(2 / data.length);
    assert.ok(
      Math.abs(squares / data.length - variance) < 5 * error,
      `${name} ${shape}`,
    );
  }
  assert.equal(Object.keys(statistics).length, 8);
  for (const [name, { data }] of Object.entries(statistics)) {
    const value = name.endsWith(".variance") ? 1 : 0;
    assert.ok(data.every((x) => x === value), name);
  }
  assert.notDeepEqual(
    parameters["encoder.gin.0.1.weight"].data,
    parameters["encoder.gin.1.1.weight"].data,
  );
});

Deno.test("initialVqvaeWeights() depends on the seed alone", () => {
  const draw = (seed: number) =>
    initialVqvaeWeights(config, Random.fromSeed(seed));
  assert.deepEqual(draw(1), draw(1));
  assert.notDeepEqual(draw(1).parameters, draw(2).parameters);
});

/** A cell with twins: input → two alike convolutions → output, no edge between them. */
const TWINS = {
  operations: floats([1, 4, 5], [
    ...[1, 0, 0, 0, 0],
    ...[0, 0, 1, 0, 0],
    ...[0, 0, 1, 0, 0],
    ...[0, 0, 0, 0, 1],
  ]),
  adjacency: floats([1, 4, 4], [
    ...[0, 1, 1, 0],
    ...[0, 0, 0, 1],
    ...[0, 0, 0, 1],
    ...[0, 0, 0, 0],
  ]),
};

for (const code of ["arch-llm", "arch-llm-plus"] as const) {
  Deno.test(`the ${code} code ${code === "arch-llm" ? "cannot tell" : "tells"} twins apart`, async () => {
    const shape: VqvaeConfig = {
      ...vqvaeConfig(getSpace("nasbench101"), code),
      nodes: 4,
    };
    const { parameters, statistics } = initialVqvaeWeights(
      shape,
      Random.fromSeed(5),
    );
    const executor = EXECUTORS.traced;
    const step = executor.compile(encodeStep(shape), { name: "encoder" });
    const { z } = await step.run(
      executor.state({ ...parameters, ...statistics }),
      TWINS,
    );
    const row = (node: number) =>
      z.data.slice(node * shape.latentDim, (node + 1) * shape.latentDim);
    if (code === "arch-llm") assertClose(row(1), row(2), ACROSS_BACKENDS);
    else assert.throws(() => assertClose(row(1), row(2), ACROSS_BACKENDS));
    await step.dispose();
  });
}

Deno.test("the positional code decodes a node's code to the edges that enter it", async () => {
  const shape: VqvaeConfig = {
    ...vqvaeConfig(getSpace("nasbench101"), "arch-llm-plus"),
    nodes: 3,
    latentDim: 2,
    codebookSize: 2,
  };
  const { parameters, statistics } = initialVqvaeWeights(
    shape,
    Random.fromSeed(6),
  );
  const executor = EXECUTORS.traced;
  const step = executor.compile(decodeStep(shape), { name: "decoder" });
  const { adjacency } = await step.run(
    executor.state({
      ...parameters,
      ...statistics,
      [CODEBOOK]: floats([2, 2], [1, 0, 0, 1]),
      // Code 0 has edges (3, −1, −1) from nodes 0, 1, 2; code 1 has (−2, 5, −1).
      "decoder.edges.weight": floats([3, 2], [3, -2, -1, 5, -1, -1]),
      "decoder.edges.bias": floats([3], [0, 0, 0]),
    }),
    { codes: integers([3], [0, 0, 1]) },
  );
  // [i, j] is the edge i → j: column j holds what the code of node j says.
  assert.deepEqual([...adjacency.data], [3, 3, -2, -1, -1, 5, -1, -1, -1]);
  await step.dispose();
});
