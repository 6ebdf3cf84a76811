/**
 * From the name of a device to an executor on it.
 *
 * @module
 */

import { scalar } from "../core/tensors.ts";
import {
  hasLibraries,
  type LibraryDevice,
  nvidiaDriver,
  openCudaLibraries,
  openTfjsNodeGpu,
} from "./device_libraries.ts";
import type { Device } from "./devices.ts";
import { eagerExecutor } from "./eager_executor.ts";
import type { Executor } from "./executor.ts";
import { onnxExecutor, type Provider } from "./onnx_executor.ts";
import { tf } from "./tensorflow.ts";

/**
 * Opens a device.
 *
 * - `auto`: CUDA where one op really runs there, else the CPU.
 * - `cpu`, `cuda`, `webgpu`: traced graphs in ONNX Runtime; `webgpu` is experimental.
 * - `wasm`, `tfjs-node-gpu`: the same functions, eagerly, in TensorFlow.js.
 *
 * @param options `threads` that graphs in ONNX Runtime are run with on the CPU; by default one
 *   a core.
 * @throws {Error} If the device is not to be had, with what to do about it.
 */
export async function openDevice(
  device: Device,
  { threads }: { readonly threads?: number } = {},
): Promise<Executor> {
  switch (device) {
    case "auto":
      return onnxExecutor({
        provider: await _cudaFailure() === null ? "cuda" : "cpu",
        threads,
      });
    case "cpu":
      return onnxExecutor({ provider: "cpu", threads });
    case "cuda":
    case "webgpu":
      _checkUsable(
        device,
        await (device === "cuda" ? _cudaFailure() : _webgpuFailure()),
      );
      return onnxExecutor({ provider: device });
    case "wasm":
      await import("@tensorflow/tfjs-backend-wasm");
      return await eagerExecutor("wasm");
    case "tfjs-node-gpu":
      _checkUsable(device, await _tfjsNodeGpuFailure());
      return await eagerExecutor("tensorflow");
  }
}

/** @throws {Error} If there is a reason why a device cannot be used; it says what to do. */
function _checkUsable(device: Device, failure: string | null): void {
  if (failure === null) return;
  throw new Error(
    `Cannot use the device ${device}: ${failure}, or run with --device cpu`,
  );
}

/** What makes a device whose libraries are missing work. */
function _setUp(device: LibraryDevice): string {
  return `run deno task setup --device ${device}`;
}

/** Why CUDA cannot be used and what to do about it, or null if an op runs there. */
async function _cudaFailure(): Promise<string | null> {
  if (!await hasLibraries("cuda")) {
    return `ONNX Runtime's CUDA provider must be installed, got none; ${
      _setUp("cuda")
    }`;
  }
  try {
    openCudaLibraries();
  } catch (error) {
    return `CUDA's libraries must be such as can be opened, got ${
      _firstLine(error)
    }; ${_setUp("cuda")}`;
  }
  const failure = await _failure("cuda");
  // ONNX Runtime does not say which library it is that failed: only the driver's is left.
  return failure !== null &&
      /Failed to load shared library|driver version is insufficient/
        .test(failure)
    ? `NVIDIA's driver must be loaded, ${OLDEST_DRIVER} or newer, got ${
      await nvidiaDriver() ?? "none"
    }; install the driver of the card`
    : failure;
}

/** The oldest driver of the CUDA that the provider is built with, 13. */
const OLDEST_DRIVER = "580";

/** Why WebGPU cannot be used and what to do about it, or null if an op runs there. */
async function _webgpuFailure(): Promise<string | null> {
  const failure = await _failure("webgpu");
  return failure === null
    ? null
    : `a graphics driver of Vulkan, Metal or Direct3D 12 must be there, got: ${failure}; install the driver of the card`;
}

/** Why TensorFlow cannot be used and what to do about it, or null if it can. */
async function _tfjsNodeGpuFailure(): Promise<string | null> {
  if (!await hasLibraries("tfjs-node-gpu")) {
    return `its libraries must be installed, got none; ${
      _setUp("tfjs-node-gpu")
    }`;
  }
  try {
    openTfjsNodeGpu();
    return null;
  } catch (error) {
    return `its libraries must be such as can be opened, got ${
      _firstLine(error)
    }; ${_setUp("tfjs-node-gpu")}`;
  }
}

function _firstLine(error: unknown): string {
  return (error as Error).message.split("\n")[0];
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
    return _firstLine(error)
      .replace(/^.*onnxruntime_src.* was false\. /, "");
  }
}
