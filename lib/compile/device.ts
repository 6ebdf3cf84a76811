/**
 * From the name of a device to an executor on it.
 *
 * @module
 */

import { listSupportedBackends } from "onnxruntime-node";
import type { Device } from "../run/settings.ts";
import { eagerExecutor } from "./eager_executor.ts";
import type { Executor } from "./executor.ts";
import { onnxExecutor, type Provider } from "./onnx_executor.ts";

/** Where to get TensorFlow.js' CUDA backend; optional, as its installer downloads libtensorflow. */
const TFJS_NODE_GPU = "npm:@tensorflow/tfjs-node-gpu@4.22.0";

/**
 * Opens a device.
 *
 * - `auto`: CUDA where this build of ONNX Runtime has it, else the CPU.
 * - `cpu`, `cuda`, `webgpu`: traced graphs in ONNX Runtime.
 * - `wasm`, `tfjs-node-gpu`: the same functions, eagerly, in TensorFlow.js.
 *
 * @throws {Error} If the device is not to be had, with what to do about it.
 */
export async function openDevice(device: Device): Promise<Executor> {
  switch (device) {
    case "auto":
      return onnxExecutor({ provider: _has("cuda") ? "cuda" : "cpu" });
    case "cpu":
      return onnxExecutor({ provider: "cpu" });
    case "cuda":
    case "webgpu":
      if (!_has(device)) {
        throw new Error(
          `Cannot use the device ${device}: this build of onnxruntime-node must have it, and has only ${
            _providers().join(", ")
          }; run with --device cpu${
            device === "cuda"
              ? " or approve its install script (deno approve-scripts npm:onnxruntime-node), which fetches the CUDA libraries"
              : ""
          }`,
        );
      }
      return onnxExecutor({ provider: device });
    case "wasm":
      await import("@tensorflow/tfjs-backend-wasm");
      return await eagerExecutor("wasm");
    case "tfjs-node-gpu":
      try {
        await import(TFJS_NODE_GPU);
      } catch (error) {
        throw new Error(
          `Cannot use the device tfjs-node-gpu: its package must be installed (deno add --allow-scripts ${TFJS_NODE_GPU}; it needs CUDA), got: ${
            (error as Error).message.split("\n")[0]
          }`,
          { cause: error },
        );
      }
      return await eagerExecutor("tensorflow");
  }
}

function _providers(): string[] {
  return listSupportedBackends().map((backend) => backend.name);
}

function _has(provider: Provider): boolean {
  return _providers().includes(provider);
}
