/**
 * Runs step functions as they stand on an ordinary TensorFlow.js backend.
 *
 * The way to `tfjs-node-gpu` and `wasm`, and what traced graphs are tested against.
 *
 * @module
 */

import type {
  CompiledFunction,
  DeviceState,
  Executor,
  HostTensor,
  HostTensors,
  StepFunction,
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
    compile: (fn) => new EagerFunction(backend, fn),
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
      this.tensors[name] = _tensor({ ...value, data: value.data.slice() });
    }
  }

  dispose(): void {
    tf.dispose(this.tensors);
  }
}

class EagerFunction implements CompiledFunction {
  readonly #backend: string;
  readonly #fn: StepFunction;

  constructor(backend: string, fn: StepFunction) {
    this.#backend = backend;
    this.#fn = fn;
  }

  async run(
    state: DeviceState | readonly DeviceState[],
    inputs: HostTensors,
  ): Promise<HostTensors> {
    const owners = _owners(state);
    void tf.setBackend(this.#backend);
    const outputs = tf.tidy(() => {
      const step = this.#fn(
        Object.assign({}, ...owners.map((owner) => owner.tensors)),
        Object.fromEntries(
          Object.entries(inputs).map(([name, value]) => [name, _tensor(value)]),
        ),
      );
      for (const [name, tensor] of Object.entries(step.state ?? {})) {
        const { tensors } = owners.find((owner) => name in owner.tensors)!;
        if (tensor === tensors[name]) continue;
        // A clone, as the same tensor may be returned twice.
        const kept = tf.keep(tensor.clone());
        tensors[name].dispose();
        tensors[name] = kept;
      }
      return step.outputs;
    });
    const host = await _read(outputs);
    tf.dispose(outputs);
    return host;
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

function _owners(state: DeviceState | readonly DeviceState[]): EagerState[] {
  return [state].flat().map((part) => {
    if (!(part instanceof EagerState)) {
      throw new TypeError("Cannot run: the state must come from this executor");
    }
    return part;
  });
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

function _tensor(value: HostTensor): tf.Tensor {
  return tf.tensor(value.data, [...value.shape], value.type);
}
