/**
 * Tensors in memory: typed arrays with a shape, as devices take and give them and files hold them.
 *
 * @module
 */

/** Types of elements; a `bool` is stored as 0 or 1. */
export type ElementType = "float32" | "int32" | "bool";

/** A tensor in memory: `data` holds the elements row-major; `bool` as 0 and 1. */
export interface HostTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Host tensors by name. */
export type HostTensors = Record<string, HostTensor>;

/** Makes a float32 host tensor. */
export function floats(
  shape: readonly number[],
  data: ArrayLike<number>,
): HostTensor {
  return {
    type: "float32",
    shape,
    data: data instanceof Float32Array ? data : Float32Array.from(data),
  };
}

/** Makes an int32 host tensor. */
export function integers(
  shape: readonly number[],
  data: ArrayLike<number>,
): HostTensor {
  return {
    type: "int32",
    shape,
    data: data instanceof Int32Array ? data : Int32Array.from(data),
  };
}

/** Of some tensors, those that have the names of others. */
export function tensorsNamed(
  tensors: HostTensors,
  { like }: { like: HostTensors },
): HostTensors {
  return Object.fromEntries(
    Object.keys(like).map((name) => [name, tensors[name]]),
  );
}

/** Makes a float32 scalar. */
export function scalar(value: number): HostTensor {
  return floats([], [value]);
}
