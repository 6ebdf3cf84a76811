import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { floats, scalar } from "../../lib/core/tensors.ts";
import { openDevice } from "../../lib/engine/device.ts";
import { hasLibraries } from "../../lib/engine/device_libraries.ts";
import type { Executor } from "../../lib/engine/executor.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { batchTensors } from "../../lib/models/batch_tensors.ts";
import { vqvaeConfig } from "../../lib/models/vqvae/config.ts";
import { withDistinctRows } from "../../lib/models/vqvae/distinct_rows.ts";
import {
  CODEBOOK,
  initialVqvaeWeights,
  vqvaeLoss,
} from "../../lib/models/vqvae/network.ts";
import { adamWSlots, trainingStep } from "../../lib/nn/optimizers.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { ACROSS_BACKENDS, assertClose } from "../_helpers.ts";

/** The device, or what was said instead. */
async function tryOpen(
  device: "cuda" | "webgpu" | "tfjs-node-gpu",
): Promise<Executor | Error> {
  try {
    return await openDevice(device);
  } catch (error) {
    return error as Error;
  }
}

const cuda = await tryOpen("cuda");
const webgpu = await tryOpen("webgpu");

async function assertComputes(executor: Executor): Promise<void> {
  const step = executor.compile(({ w }, { x }) => ({
    outputs: { y: tf.matMul(x, w) },
    state: { w: tf.add(w, 1) },
  }), { name: "product" });
  const state = executor.state({ w: floats([2, 1], [1, 2]) });
  // 3 · 1 + 4 · 2, then 3 · 2 + 4 · 3
  for (const expected of [11, 18]) {
    const { y } = await step.run(state, { x: floats([1, 2], [3, 4]) });
    assert.deepEqual([...y.data], [expected]);
  }
  await step.dispose();
  state.dispose();
}

Deno.test("openDevice() opens the CPU", async () => {
  const executor = await openDevice("cpu");
  assert.equal(executor.description, "onnxruntime cpu");
  await assertComputes(executor);
});

Deno.test("openDevice() takes the CPU for auto where there is no CUDA", async () => {
  const executor = await openDevice("auto");
  assert.equal(
    executor.description,
    cuda instanceof Error ? "onnxruntime cpu" : "onnxruntime cuda",
  );
  await assertComputes(executor);
});

Deno.test("openDevice() says in one sentence why there is no CUDA, or uses it", async () => {
  if (!(cuda instanceof Error)) {
    assert.equal(cuda.description, "onnxruntime cuda");
    return await assertComputes(cuda);
  }
  assert.match(
    cuda.message,
    await hasLibraries("cuda")
      ? /^Cannot use the device cuda: NVIDIA's driver must be loaded, 580 or newer, got [^\n]+; install the driver of the card, or run with --device cpu$/
      : /^Cannot use the device cuda: ONNX Runtime's CUDA provider must be installed, got none; run deno task setup --device cuda, or run with --device cpu$/,
  );
});

Deno.test("openDevice() says in one sentence why there is no WebGPU, or uses it", async () => {
  if (!(webgpu instanceof Error)) {
    assert.equal(webgpu.description, "onnxruntime webgpu");
    return await assertComputes(webgpu);
  }
  assert.match(
    webgpu.message,
    /^Cannot use the device webgpu: a graphics driver of Vulkan, Metal or Direct3D 12 must be there, got: [^\n]+; install the driver of the card, or run with --device cpu$/,
  );
  // The reason, without the place in ONNX Runtime's source that found it.
  assert.ok(!webgpu.message.includes("onnxruntime_src"), webgpu.message);
});

Deno.test("openDevice() says in one sentence how to install TensorFlow's libraries, or uses them", async () => {
  const opened = await tryOpen("tfjs-node-gpu");
  if (!(opened instanceof Error)) return await assertComputes(opened);
  assert.match(
    opened.message,
    /^Cannot use the device tfjs-node-gpu: its libraries must be installed, got none; run deno task setup --device tfjs-node-gpu, or run with --device cpu$/,
  );
});

Deno.test("openDevice() opens TensorFlow.js' wasm", async () => {
  const executor = await openDevice("wasm");
  assert.equal(executor.description, "tfjs wasm");
  await assertComputes(executor);
});

Deno.test("a VQ-VAE trains on wasm as on the CPU", async () => {
  const space = getSpace("nasbench201");
  const config = {
    ...vqvaeConfig(space),
    hidden: 8,
    latentDim: 4,
    codebookSize: 16,
  };
  const random = Random.fromSeed(0);
  const { parameters, statistics } = initialVqvaeWeights(config, random);
  const codebook = parameters[CODEBOOK].data;
  codebook.forEach((_, i) => codebook[i] = 0.5 * random.normal());
  const train = async (device: "cpu" | "wasm") => {
    const executor = await openDevice(device);
    const step = executor.compile(
      trainingStep(
        (state, inputs) => vqvaeLoss(config, state, inputs),
        Object.keys(parameters),
        {},
      ),
      { name: "vqvae" },
    );
    const state = executor.state({
      ...parameters,
      ...statistics,
      ...adamWSlots(parameters),
    });
    const { loss } = await step.run(state, {
      ...withDistinctRows(
        config,
        batchTensors(space, space.cells(), [1, 500, 9000]),
      ),
      hardness: scalar(1),
      learningRate: scalar(1e-3),
      step: scalar(1),
    });
    const after = await state.read();
    await step.dispose();
    state.dispose();
    return { loss, after };
  };
  const [wasm, cpu] = [await train("wasm"), await train("cpu")];
  assertClose(wasm.loss.data, cpu.loss.data, ACROSS_BACKENDS);
  for (const name of Object.keys(parameters)) {
    // The gradient; see the tests of training steps for why not the weights.
    const slot = `adam.first.${name}`;
    assertClose(
      wasm.after[slot].data,
      cpu.after[slot].data,
      ACROSS_BACKENDS,
      slot,
    );
  }
});
