/**
 * Running a TensorFlow.js function on a device, over state that stays there.
 *
 * A `StepFunction` is written in TensorFlow.js and called with named tensors: the
 * state (parameters, optimizer slots, statistics) and the inputs of this call. It
 * returns outputs and the state entries that changed. An executor compiles it:
 * `onnx_executor.ts` traces it once for each set of shapes and lets ONNX Runtime run
 * the graph; `eager_executor.ts` runs it as it stands on a TensorFlow.js backend. The
 * numbers must agree.
 *
 * @module
 */

import type { HostTensors } from "../core/tensors.ts";
import type { Tensors } from "./tensorflow.ts";

/**
 * A computation in TensorFlow.js.
 *
 * It draws no random numbers (under the tracer they would become constants) and
 * reads no tensor: everything that varies between calls is in `state` or `inputs`.
 * `state` in the result holds only the entries to be replaced.
 */
export type StepFunction = (
  state: Tensors,
  inputs: Tensors,
) => { outputs: Tensors; state?: Tensors };

/** Named tensors that live on a device from one call to the next. */
export interface DeviceState {
  readonly names: readonly string[];
  /** Copies entries to the host: all, or those named. */
  read(names?: readonly string[]): Promise<HostTensors>;
  /** Replaces entries; a new name is added. */
  write(values: HostTensors): void;
  /** Frees what it holds on the device. */
  dispose(): void;
}

/** A function compiled for a device. */
export interface CompiledFunction {
  /**
   * Runs it on `state`, whose changed entries are replaced, and returns the outputs.
   *
   * Several states are one with the entries of all; no two may share a name.
   */
  run(
    state: DeviceState | readonly DeviceState[],
    inputs: HostTensors,
  ): Promise<HostTensors>;
  /** Frees sessions and buffers. */
  dispose(): Promise<void>;
}

/** A device, ready to hold state and run functions. */
export interface Executor {
  /** What runs the functions, for a manifest: `onnxruntime cpu`, `tfjs wasm`, … */
  readonly description: string;
  state(values: HostTensors): DeviceState;
  compile(fn: StepFunction, options: { name: string }): CompiledFunction;
}

/**
 * Which state holds each entry.
 *
 * @param isOwn Tells states of the executor that asks from others.
 * @param caller Name of the function that is to run, for errors.
 * @throws {TypeError} If a state is of another executor.
 * @throws {RangeError} If two states share a name.
 */
export function stateOwners<S extends DeviceState>(
  state: DeviceState | readonly DeviceState[],
  isOwn: (state: DeviceState) => state is S,
  caller: string,
): Map<string, S> {
  const owners = new Map<string, S>();
  for (const part of [state].flat()) {
    if (!isOwn(part)) {
      throw new TypeError(
        `Cannot run ${caller}: its state must come from the same executor`,
      );
    }
    for (const name of part.names) {
      if (owners.has(name)) {
        throw new RangeError(
          `Cannot run ${caller}: the name ${name} must stand in one state only`,
        );
      }
      owners.set(name, part);
    }
  }
  return owners;
}

/**
 * Checks that a state entry may be replaced.
 *
 * @param before Its shape, or undefined where there is no such entry.
 * @throws {RangeError} If the name is new or the shape another.
 */
export function checkReplacement(
  name: string,
  before: readonly number[] | undefined,
  after: readonly number[],
): void {
  if (before !== undefined && `${before}` === `${after}`) return;
  throw new RangeError(
    `Cannot replace the state ${name}: its shape must be [${
      before?.join(", ") ?? "none: the name is new"
    }], got [${after.join(", ")}]`,
  );
}
