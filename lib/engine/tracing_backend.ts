/**
 * A TensorFlow.js backend that computes nothing: each op it runs becomes a node of
 * an ONNX graph.
 *
 * TensorFlow.js looks kernels up by backend name, so a model, its loss and its
 * gradients run unchanged under this one; the translations are in `kernels.ts`.
 * Shapes are known throughout, values never: reading a traced tensor is an error.
 *
 * @module
 */

import type { ElementType } from "../core/tensors.ts";
import {
  type Recorder,
  registerKernels,
  unsupportedKernelError,
} from "./kernels.ts";
import { type GraphValue, OnnxGraph } from "./onnx_graph.ts";
import { tf } from "./tensorflow.ts";

/** The name under which the backend is registered. */
export const TRACING = "onnx-tracing";

type DataId = tf.TensorInfo["dataId"];

/** Maps the handles of TensorFlow.js tensors to values of the graph. */
export class TracingBackend extends tf.KernelBackend implements Recorder {
  graph = new OnnxGraph();
  #values = new Map<DataId, GraphValue>();

  /** Forgets the last trace and starts an empty graph. */
  begin(): void {
    this.graph = new OnnxGraph();
    this.#values = new Map();
  }

  /** Makes a tensor that stands for a value of the graph. */
  tensorInfo(value: GraphValue): tf.TensorInfo {
    const dataId = {};
    this.#values.set(dataId, value);
    return {
      dataId,
      shape: [...value.shape],
      dtype: value.type as ElementType,
    };
  }

  /** The value that a tensor stands for. */
  value(tensor: tf.TensorInfo): GraphValue {
    const value = this.#values.get(tensor.dataId);
    if (value === undefined) {
      throw new Error("Internal: a tensor of another trace was used");
    }
    return value;
  }

  /** Makes an input of the graph, as a tensor. */
  input(
    name: string,
    type: ElementType,
    shape: readonly number[],
  ): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(
      this.tensorInfo(this.graph.input(name, type, shape)),
    );
  }

  // What TensorFlow.js asks of every backend:

  /** Values made inside a traced function (`tf.scalar(2)`) become constants. */
  override write(
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
  ): DataId {
    return this.tensorInfo(
      this.graph.constant(
        values as tf.TypedArray,
        dtype as ElementType,
        shape,
      ),
    ).dataId as DataId;
  }

  /** Values that live on another backend become constants, too. */
  override move(
    dataId: DataId,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
  ): void {
    this.#values.set(
      dataId,
      this.graph.constant(
        values as tf.TypedArray,
        dtype as ElementType,
        shape,
      ),
    );
  }

  override readSync(): never {
    throw new Error(
      "Cannot read a tensor while tracing: its value is known only when the compiled step runs",
    );
  }

  override read(): never {
    return this.readSync();
  }

  override disposeData(dataId: DataId): boolean {
    this.#values.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.#values.size;
  }

  override refCount(): number {
    return 1;
  }

  override incRef(): void {}

  decRef(): void {}

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return false;
  }
}

let backend: TracingBackend | undefined;

/** What a trace leaves. */
export interface Trace<T> {
  readonly graph: OnnxGraph;
  /** What the traced function returned. */
  readonly result: T;
}

/**
 * Runs a function under the tracing backend.
 *
 * @param build Gets the backend, to declare inputs and outputs; whatever it runs in
 *   TensorFlow.js is appended to the graph. It must not be asynchronous.
 * @throws {Error} If it runs an op that has no translation; the message names the op
 *   and the place that called it.
 */
export function trace<T>(build: (backend: TracingBackend) => T): Trace<T> {
  if (backend === undefined) {
    backend = new TracingBackend();
    const instance = backend;
    tf.registerBackend(TRACING, () => instance);
    registerKernels(TRACING);
  }
  const before = tf.engine().backendName || "cpu";
  // Both calls take effect at once: these backends are registered and initialised.
  void tf.setBackend(TRACING);
  backend.begin();
  try {
    const scope = backend;
    let result!: T;
    tf.tidy(() => {
      result = build(scope);
    });
    return { graph: scope.graph, result };
  } catch (error) {
    throw unsupportedKernelError(error);
  } finally {
    backend.begin();
    void tf.setBackend(before);
  }
}
