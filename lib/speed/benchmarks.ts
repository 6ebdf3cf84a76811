/**
 * What is measured: a T5 and a VQ-VAE training step.
 *
 * @module
 */

import { openDevice } from "../engine/device.ts";
import { hasLibraries } from "../engine/device_libraries.ts";
import { onnxExecutor } from "../engine/onnx_executor.ts";
import { T5_MINI, type T5Config } from "../models/t5/config.ts";
import { vqvaeConfig } from "../models/vqvae/config.ts";
import { vqvaeTraining } from "../models/vqvae/training.ts";
import { SPACES } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { ownContender } from "./contender.ts";
import type { Benchmark } from "./measure.ts";
import { plainProductRate, t5ProductOperations } from "./products.ts";
import { type PyTorch, pytorchContender } from "./pytorch.ts";
import {
  T5_OPTIMIZER,
  t5Steps,
  VQVAE_OPTIMIZER,
  vqvaeSteps,
} from "./training_steps.ts";

const CPU = { provider: "cpu" } as const;
const OURS = "ours, ONNX Runtime";
const LEAN = "PyTorch eager, hand-written";
const HUGGING_FACE = "PyTorch eager, Hugging Face";

/** No side draws dropout masks. */
const T5: T5Config = { ...T5_MINI, dropout_rate: 0 };

const TENSORFLOW = "TensorFlow.js eager, tfjs-node-gpu";
const WASM = "TensorFlow.js eager, wasm SIMD";

/** Why `tfjs-node-gpu` cannot be measured, or undefined where it can; the CPU build may be it. */
async function missingTensorflow(): Promise<string | undefined> {
  return await hasLibraries("tfjs-node-gpu")
    ? undefined
    : "its libraries are not installed (deno task setup --device tfjs-node-gpu)";
}

/** The T5 training step. */
export async function t5Benchmark(
  pytorch: PyTorch | null,
): Promise<Benchmark> {
  const config = T5;
  const [rows, wasmRows, length] = [256, 32, 8];
  const settings = {
    ...T5_OPTIMIZER,
    config,
    rows,
    inputLength: length,
    targetLength: length,
  };
  return {
    title:
      `T5 training step: d ${config.d_model}, ${config.num_layers}+${config.num_decoder_layers} layers, ${config.vocab_size} tokens, batch ${rows}, ${length}+${length} tokens; forward, gradients, AdamW, no dropout`,
    unit: "examples",
    burst: { seconds: 2, leastSteps: 1 },
    notes: [
      `TensorFlow.js wasm runs batches of ${wasmRows}, as it takes seconds for one of ${rows}.`,
    ],
    products: {
      perStep: t5ProductOperations(config, {
        rows,
        inputLength: length,
        targetLength: length,
      }),
      rate: plainProductRate,
    },
    contenders: [
      ownContender(
        OURS,
        rows,
        () => t5Steps(onnxExecutor(CPU), config, { rows, length }),
      ),
      pytorchContender(pytorch, LEAN, rows, "t5", settings),
      pytorchContender(
        pytorch,
        HUGGING_FACE,
        rows,
        "t5-hugging-face",
        settings,
      ),
      {
        ...ownContender(
          TENSORFLOW,
          rows,
          async () =>
            t5Steps(await openDevice("tfjs-node-gpu"), config, {
              rows,
              length,
            }),
        ),
        missing: await missingTensorflow(),
      },
      ownContender(
        WASM,
        wasmRows,
        async () =>
          t5Steps(await openDevice("wasm"), config, { rows: wasmRows, length }),
      ),
    ],
  };
}

/** A VQ-VAE training step on cells of a space, drawn at random. */
async function vqvaeBenchmark(
  pytorch: PyTorch | null,
  space: SearchSpace,
): Promise<Benchmark> {
  const config = vqvaeConfig(space);
  const epoch = space.split().train.length;
  const rows = vqvaeTraining(space).batchSize;
  return {
    title:
      `VQ-VAE training step, ${space.title}: ${config.nodes} nodes, ${config.operations} operations, ${config.layers} GIN layers, hidden ${config.hidden}, codebook ${config.codebookSize}×${config.latentDim}, batch ${rows}; forward, gradients, AdamW`,
    unit: "cells",
    epoch,
    burst: { seconds: 1.5, leastSteps: 1 },
    notes: [
      `An epoch is ${
        epoch.toLocaleString("en-US")
      } cells; its time is that of its steps.`,
      "Both take the same step on cells drawn at random. Ours computes nodes that the first layer cannot tell apart once, the search for them included; PyTorch's is an ordinary implementation, which computes every node.",
    ],
    contenders: [
      ownContender(OURS, rows, () => vqvaeSteps(onnxExecutor(CPU), space)),
      pytorchContender(pytorch, LEAN, rows, "vqvae", {
        ...VQVAE_OPTIMIZER,
        config,
        rows,
        cells: space.cells().count,
      }),
      {
        ...ownContender(
          TENSORFLOW,
          rows,
          async () => vqvaeSteps(await openDevice("tfjs-node-gpu"), space),
        ),
        missing: await missingTensorflow(),
      },
      ownContender(
        WASM,
        rows,
        async () => vqvaeSteps(await openDevice("wasm"), space),
      ),
    ],
  };
}

/** A VQ-VAE's training step on each search space, with the paper's code. */
export async function vqvaeBenchmarks(
  pytorch: PyTorch | null,
): Promise<Benchmark[]> {
  const benchmarks: Benchmark[] = [];
  for (const space of SPACES) {
    await space.prepare();
    benchmarks.push(await vqvaeBenchmark(pytorch, space));
  }
  return benchmarks;
}
