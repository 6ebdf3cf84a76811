/**
 * Runs step functions as they stand on an ordinary TensorFlow.js backend.
 *
 * The way to `tfjs-node-gpu` and `wasm`, and what traced graphs are tested against.
 *
 * @module
 */

import type { HostTensor, HostTensors } from "../core/tensors.ts";
import {
  checkReplacement,
  type CompiledFunction,
  type DeviceState,
  type Executor,
  stateOwners,
  type StepFunction,
} from "./executor.ts";
import { type Tensors, tf } from "./tensorflow.ts";

/**
 * Makes an executor on a TensorFlow.js backend.
 *
 * @param backend A registered backend: `cpu`, `wasm`, `tensorflow`, …
 */
export async function eagerExecutor(backend: string): Promise<Executor> {
  if (!await tf.setBackend(backend)) {
    throw new Error(`Cannot start the TensorFlow.js backend ${backend}`);
  }
  await tf.ready();
  return {
    description: `tfjs ${backend}`,
    state: (values) => new EagerState(backend, values),
    compile: (fn, { name }) => new EagerFunction(backend, fn, name),
  };
}

class EagerState implements DeviceState {
  readonly tensors: Tensors = {};
  readonly #backend: string;

  constructor(backend: string, values: HostTensors) {
    this.#backend = backend;
    this.write(values);
  }

  get names(): string[] {
    return Object.keys(this.tensors);
  }

  read(names: readonly string[] = this.names): Promise<HostTensors> {
    return _read(
      Object.fromEntries(names.map((name) => {
        if (!(name in this.tensors)) {
          throw new RangeError(
            `Cannot read state: there is no entry named ${name}`,
          );
        }
        return [name, this.tensors[name]];
      })),
    );
  }

  write(values: HostTensors): void {
    void tf.setBackend(this.#backend);
    for (const [name, value] of Object.entries(values)) {
      this.tensors[name]?.dispose();
      this.tensors[name] = _tensor(value);
    }
  }

  dispose(): void {
    tf.dispose(this.tensors);
  }
}

class EagerFunction implements CompiledFunction {
  readonly #backend: string;
  readonly #fn: StepFunction;
  readonly #name: string;

  constructor(backend: string, fn: StepFunction, name: string) {
    this.#backend = backend;
    this.#fn = fn;
    this.#name = name;
  }

  async run(
    state: DeviceState | readonly DeviceState[],
    inputs: HostTensors,
  ): Promise<HostTensors> {
    const owners = stateOwners(state, _isEagerState, this.#name);
    void tf.setBackend(this.#backend);
    const outputs = tf.tidy(() => {
      const before = Object.fromEntries(
        [...owners].map(([name, owner]) => [name, owner.tensors[name]]),
      );
      const step = this.#fn(
        before,
        Object.fromEntries(
          Object.entries(inputs).map(([name, value]) => [name, _tensor(value)]),
        ),
      );
      // Clones, as one tensor may be returned twice, or be an entry or an input; all of
      // them are made before anything is disposed.
      const replaced = Object.entries(step.state ?? {}).map(
        ([name, tensor]) => {
          checkReplacement(name, before[name]?.shape, tensor.shape);
          return [name, tf.keep(tensor.clone())] as const;
        },
      );
      const kept = Object.fromEntries(
        Object.entries(step.outputs).map(([name, tensor]) => [
          name,
          tensor.clone(),
        ]),
      );
      for (const [name, tensor] of replaced) {
        before[name].dispose();
        owners.get(name)!.tensors[name] = tensor;
      }
      return kept;
    });
    const host = await _read(outputs);
    tf.dispose(outputs);
    return host;
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

function _isEagerState(state: DeviceState): state is EagerState {
  return state instanceof EagerState;
}

async function _read(tensors: Tensors): Promise<HostTensors> {
  const entries = await Promise.all(
    Object.entries(tensors).map(async ([name, tensor]) => [name, {
      type: tensor.dtype as HostTensor["type"],
      shape: tensor.shape,
      data: (await tensor.data()).slice(),
    }]),
  );
  return Object.fromEntries(entries);
}

/** A tensor that shares no memory with the array it is made from. */
function _tensor(value: HostTensor): tf.Tensor {
  return tf.tensor(value.data.slice(), [...value.shape], value.type);
}
