/**
 * From the name of a device to an executor on it.
 *
 * @module
 */

import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { exists } from "../core/files.ts";
import { scalar } from "../core/tensors.ts";
import type { Device } from "./devices.ts";
import { eagerExecutor } from "./eager_executor.ts";
import type { Executor } from "./executor.ts";
import { onnxExecutor, type Provider } from "./onnx_executor.ts";
import { tf } from "./tensorflow.ts";

/** TensorFlow.js' CUDA backend; optional and not in the lock file, as its installer downloads libtensorflow. */
const TFJS_NODE_GPU = "@tensorflow/tfjs-node-gpu";

/** What installs it; the lock file is written for once. */
const TFJS_NODE_GPU_INSTALL =
  `deno add --frozen=false --allow-scripts=npm:${TFJS_NODE_GPU} npm:${TFJS_NODE_GPU}@4.22.0`;

/**
 * Opens a device.
 *
 * - `auto`: CUDA where ONNX Runtime can use it, else the CPU.
 * - `cpu`, `cuda`, `webgpu`: traced graphs in ONNX Runtime.
 * - `wasm`, `tfjs-node-gpu`: the same functions, eagerly, in TensorFlow.js.
 *
 * @throws {Error} If the device is not to be had, with what to do about it.
 */
export async function openDevice(device: Device): Promise<Executor> {
  switch (device) {
    case "auto":
      return onnxExecutor({
        provider: await _hasCudaLibraries() && await _failure("cuda") === null
          ? "cuda"
          : "cpu",
      });
    case "cpu":
      return onnxExecutor({ provider: "cpu" });
    case "cuda":
    case "webgpu": {
      // ONNX Runtime would write to the terminal what it does not find.
      const failure = device === "cuda" && !await _hasCudaLibraries()
        ? "ONNX Runtime's CUDA libraries must be installed, got none"
        : await _failure(device);
      if (failure === null) return onnxExecutor({ provider: device });
      throw new Error(
        `Cannot use the device ${device}: ${failure}; run with --device cpu${
          device === "cuda"
            ? ", or let onnxruntime-node fetch its CUDA libraries (see the README)"
            : ""
        }`,
      );
    }
    case "wasm":
      await import("@tensorflow/tfjs-backend-wasm");
      return await eagerExecutor("wasm");
    case "tfjs-node-gpu":
      try {
        await import(TFJS_NODE_GPU);
      } catch (error) {
        throw new Error(
          `Cannot use the device tfjs-node-gpu: its package must be installed (${TFJS_NODE_GPU_INSTALL}; it needs CUDA), got: ${
            (error as Error).message.split("\n")[0]
          }`,
          { cause: error },
        );
      }
      return await eagerExecutor("tensorflow");
  }
}

/** Whether onnxruntime-node's install script has fetched its CUDA libraries. */
function _hasCudaLibraries(): Promise<boolean> {
  const entry = fileURLToPath(import.meta.resolve("onnxruntime-node"));
  const prefix = process.platform === "win32" ? "" : "lib";
  const suffix = process.platform === "win32" ? "dll" : "so";
  return exists(
    join(
      dirname(entry),
      `../bin/napi-v6/${process.platform}/${process.arch}`,
      `${prefix}onnxruntime_providers_cuda.${suffix}`,
    ),
  );
}

/** Why ONNX Runtime cannot run on a provider, or null if it can: it is tried on one addition. */
async function _failure(provider: Provider): Promise<string | null> {
  const executor = onnxExecutor({ provider });
  const addition = executor.compile(
    (_state, { x }) => ({ outputs: { y: tf.add(x, 1) } }),
    { name: "device check" },
  );
  try {
    await addition.run(executor.state({}), { x: scalar(1) });
    return null;
  } catch (error) {
    // ONNX Runtime puts the place in its own source in front of what happened.
    return (error as Error).message.split("\n")[0]
      .replace(/^.*onnxruntime_src.* was false\. /, "");
  }
}
