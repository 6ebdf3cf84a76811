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
