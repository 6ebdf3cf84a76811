/**
 * The devices that models can be asked to run on.
 *
 * @module
 */

/** Where models can be asked to run; `auto` takes the fastest that is there. */
export const DEVICES = [
  "auto",
  "cpu",
  "cuda",
  "webgpu",
  "tfjs-node-gpu",
  "wasm",
] as const;

/** One of {@link DEVICES}. */
export type Device = typeof DEVICES[number];

/** What runs on each device and what it needs of a machine, but for `auto`. */
export const DEVICE_NEEDS: Readonly<Record<Exclude<Device, "auto">, string>> = {
  "cpu": "traced, in ONNX Runtime: nothing",
  "cuda":
    "traced, in ONNX Runtime: Linux on x86-64, NVIDIA's driver from 580, deno task setup --device cuda (2.5 GB)",
  "webgpu":
    "traced, in ONNX Runtime, experimental: a driver of Vulkan, Metal or Direct3D 12",
  "tfjs-node-gpu":
    "eager, in TensorFlow: Linux on x86-64, g++, deno task setup --device tfjs-node-gpu (0.9 GB; for NVIDIA's GPUs 5.4 GB)",
  "wasm": "eager, in TensorFlow.js, one thread: nothing",
};
