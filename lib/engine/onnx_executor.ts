/**
 * Runs step functions as ONNX graphs in ONNX Runtime.
 *
 * A function is traced once for each set of shapes and types it is called with; the
 * session then plans, fuses and runs the whole step, optimizer update included. A new
 * value of a state entry is written over the old one where all that reads the old one is
 * done by then; else the entry has two buffers that take turns: one is read while the
 * other is written. So a long run allocates nothing but its small outputs; a run that
 * fails may leave entries half written.
 *
 * @module
 */

import { env, InferenceSession, Tensor } from "onnxruntime-node";
import type { HostTensor, HostTensors } from "../core/tensors.ts";
import {
  checkReplacement,
  type CompiledFunction,
  type DeviceState,
  type Executor,
  stateOwners,
  type StepFunction,
} from "./executor.ts";
import type { OnnxGraph } from "./onnx_graph.ts";
import type { Tensors } from "./tensorflow.ts";
import { trace, type TracingBackend } from "./tracing_backend.ts";

// What goes wrong is thrown; a provider that is not there need not be logged as well.
env.logLevel = "fatal";

/** Execution providers of ONNX Runtime that can be asked for. */
export type Provider = "cpu" | "cuda" | "webgpu";

/** Settings of an ONNX Runtime executor. */
export interface OnnxExecutorOptions {
  readonly provider: Provider;
  /** Threads within an operator; 0 lets ONNX Runtime decide. Only for `cpu`. */
  readonly threads?: number;
}

/** Prefixes that keep names of state and of inputs apart in a graph. */
const STATE = "state/";
const INPUT = "input/";
const NEW_STATE = "new/";
const OUTPUT = "output/";

/** Bytes of state from which a step's memory comes from the system and not from an arena. */
const ARENA_LIMIT = 2 ** 27;

/** Makes an executor on ONNX Runtime. */
export function onnxExecutor(options: OnnxExecutorOptions): Executor {
  return {
    description: `onnxruntime ${options.provider}`,
    state: (values) => new OnnxState(values),
    compile: (fn, { name }) => new OnnxFunction(fn, name, options),
  };
}

class OnnxState implements DeviceState {
  readonly current = new Map<string, Tensor>();
  /** The buffer of each entry that is not in use now. */
  readonly spare = new Map<string, Tensor>();

  constructor(values: HostTensors) {
    this.write(values);
  }

  get names(): string[] {
    return [...this.current.keys()];
  }

  read(names: readonly string[] = this.names): Promise<HostTensors> {
    return Promise.resolve(Object.fromEntries(names.map((name) => {
      const tensor = this.current.get(name);
      if (tensor === undefined) {
        throw new RangeError(
          `Cannot read state: there is no entry named ${name}`,
        );
      }
      const host = _host(tensor);
      return [name, { ...host, data: host.data.slice() }];
    })));
  }

  write(values: HostTensors): void {
    for (const [name, value] of Object.entries(values)) {
      this.current.set(name, _tensor({ ...value, data: value.data.slice() }));
      this.spare.delete(name);
    }
  }

  /** The buffer to write a new value of an entry into. */
  spareOf(name: string): Tensor {
    const current = this.current.get(name)!;
    let spare = this.spare.get(name);
    if (spare === undefined) {
      const host = _host(current);
      spare = _tensor({ ...host, data: host.data.slice() });
      this.spare.set(name, spare);
    }
    return spare;
  }

  /** Makes the buffer just written the current one. */
  swap(name: string): void {
    const current = this.current.get(name)!;
    this.current.set(name, this.spare.get(name)!);
    this.spare.set(name, current);
  }

  dispose(): void {
    this.current.clear();
    this.spare.clear();
  }
}

interface CompiledGraph {
  readonly session: InferenceSession;
  readonly stateInputs: readonly string[];
  readonly inputs: readonly string[];
  readonly newState: readonly string[];
  /** Entries of `newState` whose buffer is written over. */
  readonly overwritten: ReadonlySet<string>;
  readonly outputs: readonly string[];
}

class OnnxFunction implements CompiledFunction {
  readonly #fn: StepFunction;
  readonly #name: string;
  readonly #options: OnnxExecutorOptions;
  readonly #graphs = new Map<string, Promise<CompiledGraph>>();

  constructor(fn: StepFunction, name: string, options: OnnxExecutorOptions) {
    this.#fn = fn;
    this.#name = name;
    this.#options = options;
  }

  async run(
    state: DeviceState | readonly DeviceState[],
    inputs: HostTensors,
  ): Promise<HostTensors> {
    const owners = stateOwners(state, _isOnnxState, this.#name);
    const current = (name: string) => owners.get(name)!.current.get(name)!;
    const signature = _signature(owners.keys(), current, inputs);
    let compiling = this.#graphs.get(signature);
    if (compiling === undefined) {
      compiling = this.#compile(owners.keys(), current, inputs);
      this.#graphs.set(signature, compiling);
      // What could not be compiled is tried again, and not disposed of.
      compiling.catch(() => this.#graphs.delete(signature));
    }
    const graph = await compiling;
    const feeds: Record<string, Tensor> = {};
    for (const name of graph.stateInputs) feeds[STATE + name] = current(name);
    for (const name of graph.inputs) {
      feeds[INPUT + name] = _tensor(inputs[name]);
    }
    const fetches: Record<string, Tensor | null> = {};
    for (const name of graph.outputs) fetches[OUTPUT + name] = null;
    for (const name of graph.newState) {
      fetches[NEW_STATE + name] = graph.overwritten.has(name)
        ? current(name)
        : owners.get(name)!.spareOf(name);
    }
    const results = await graph.session.run(feeds, fetches);
    for (const name of graph.newState) {
      if (!graph.overwritten.has(name)) owners.get(name)!.swap(name);
    }
    return Object.fromEntries(
      graph.outputs.map((
        name,
      ) => [name, _host(results[OUTPUT + name] as Tensor)]),
    );
  }

  async dispose(): Promise<void> {
    for (const graph of this.#graphs.values()) {
      await (await graph).session.release();
    }
    this.#graphs.clear();
  }

  async #compile(
    names: Iterable<string>,
    current: (name: string) => Tensor,
    inputs: HostTensors,
  ): Promise<CompiledGraph> {
    const stateShapes = Object.fromEntries(
      Array.from(names, (name) => [name, _host(current(name))]),
    );
    const traced = traceStep(this.#fn, stateShapes, inputs);
    const session = await InferenceSession.create(
      traced.graph.serialize(this.#name),
      {
        executionProviders: [this.#options.provider],
        graphOptimizationLevel: "all",
        // The plan of one block for all values is made from a first run, whose own blocks
        // then stay beside it: it takes memory and saves no time worth the name.
        enableMemPattern: false,
        // An arena keeps what a step lets go and rounds it up: it saves a training step of a
        // small model a tenth of its time. A large one is no faster for it and takes a quarter
        // more memory; so are graphs that only read, of which one model has a dozen.
        enableCpuMemArena: traced.newState.length > 0 &&
          _bytes(stateShapes) < ARENA_LIMIT,
        intraOpNumThreads: this.#options.threads ?? 0,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
      },
    );
    const needed = traced.graph.neededInputs;
    const strip = (prefix: string) =>
      needed.filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length));
    return {
      session,
      stateInputs: strip(STATE),
      inputs: strip(INPUT),
      newState: traced.newState,
      overwritten: new Set(
        traced.newState.filter((name) =>
          needed.includes(STATE + name) &&
          traced.graph.mayOverwrite(STATE + name, NEW_STATE + name)
        ),
      ),
      outputs: traced.outputs,
    };
  }
}

/** A traced step: its graph, and the names of what comes out. */
export interface TracedStep {
  readonly graph: OnnxGraph;
  readonly newState: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * Traces a step function for given shapes.
 *
 * Graph inputs are named `state/…` and `input/…`, outputs `new/…` and `output/…`.
 *
 * @throws {RangeError} If it returns state under a new name or in another shape.
 * @throws {Error} If it runs an op that has no translation.
 */
export function traceStep(
  fn: StepFunction,
  state: Record<string, Pick<HostTensor, "type" | "shape">>,
  inputs: Record<string, Pick<HostTensor, "type" | "shape">>,
): TracedStep {
  const { graph, result } = trace((backend) => {
    const stateTensors = _inputs(backend, STATE, state);
    const step = fn(stateTensors, _inputs(backend, INPUT, inputs));
    const newState = Object.entries(step.state ?? {})
      .filter(([name, tensor]) => tensor !== stateTensors[name]);
    for (const [name, tensor] of newState) {
      checkReplacement(name, state[name]?.shape, tensor.shape);
      backend.graph.output(NEW_STATE + name, backend.value(tensor));
    }
    for (const [name, tensor] of Object.entries(step.outputs)) {
      backend.graph.output(OUTPUT + name, backend.value(tensor));
    }
    return {
      newState: newState.map(([name]) => name),
      outputs: Object.keys(step.outputs),
    };
  });
  return { graph, ...result };
}

function _inputs(
  backend: TracingBackend,
  prefix: string,
  shapes: Record<string, Pick<HostTensor, "type" | "shape">>,
): Tensors {
  return Object.fromEntries(
    Object.entries(shapes).map((
      [name, { type, shape }],
    ) => [name, backend.input(prefix + name, type, shape)]),
  );
}

function _bytes(tensors: Record<string, Pick<HostTensor, "data">>): number {
  return Object.values(tensors).reduce(
    (sum, { data }) => sum + data.byteLength,
    0,
  );
}

function _isOnnxState(state: DeviceState): state is OnnxState {
  return state instanceof OnnxState;
}

function _signature(
  names: Iterable<string>,
  current: (name: string) => Tensor,
  inputs: HostTensors,
): string {
  let text = "";
  for (const name of names) {
    const { type, dims } = current(name);
    text += `${name}:${type}${dims};`;
  }
  for (const name in inputs) {
    text += `${name}:${inputs[name].type}${inputs[name].shape};`;
  }
  return text;
}

function _tensor(value: HostTensor): Tensor {
  return new Tensor(
    value.type,
    value.data as Float32Array,
    value.shape as number[],
  );
}

function _host(tensor: Tensor): HostTensor {
  return {
    type: tensor.type as HostTensor["type"],
    shape: tensor.dims,
    data: tensor.data as HostTensor["data"],
  };
}
