/**
 * Translations of TensorFlow.js kernels to ONNX operators.
 *
 * A translation gets the kernel's inputs as graph values and its attributes, and
 * returns the values of its outputs. Operators are those of ONNX opset 18; where
 * TensorFlow.js and ONNX differ (integer types, axes, transposes), the difference
 * is bridged here and nowhere else.
 *
 * @module
 */

import type { ElementType } from "../core/tensors.ts";
import type { Attribute, GraphValue, OnnxGraph } from "./onnx_graph.ts";
import { tf } from "./tensorflow.ts";

/** A backend that records: its graph, and the values that its tensors stand for. */
export interface Recorder {
  readonly graph: OnnxGraph;
  value(tensor: tf.TensorInfo): GraphValue;
  tensorInfo(value: GraphValue): tf.TensorInfo;
}

/** What a translation works with. */
interface Kernel {
  /** Input values: by name, and in order. */
  readonly inputs: Readonly<Record<string, GraphValue>>;
  readonly list: readonly GraphValue[];
  // Attributes are typed by TensorFlow.js per kernel; each translation knows its own.
  // deno-lint-ignore no-explicit-any
  readonly attrs: any;
  readonly graph: OnnxGraph;
  /** Adds a node with one output. */
  node(
    operator: string,
    inputs: readonly GraphValue[],
    type: GraphValue["type"],
    shape: readonly number[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): GraphValue;
}

type Translation = (kernel: Kernel) => GraphValue | GraphValue[];

const translations: Record<string, Translation> = {
  // Elementwise, one input.
  ..._unary({
    Abs: "Abs",
    Ceil: "Ceil",
    Cos: "Cos",
    Erf: "Erf",
    Exp: "Exp",
    Floor: "Floor",
    Log: "Log",
    LogicalNot: "Not",
    Neg: "Neg",
    Reciprocal: "Reciprocal",
    Relu: "Relu",
    Round: "Round",
    Sigmoid: "Sigmoid",
    Sign: "Sign",
    Sin: "Sin",
    Softplus: "Softplus",
    Sqrt: "Sqrt",
    Tanh: "Tanh",
  }),
  Square: ({ inputs: { x }, node }) => node("Mul", [x, x], x.type, x.shape),
  Rsqrt: ({ inputs: { x }, node }) =>
    node(
      "Reciprocal",
      [node("Sqrt", [x], x.type, x.shape)],
      x.type,
      x.shape,
    ),
  Log1p: ({ inputs: { x }, node, graph }) =>
    node(
      "Log",
      [node("Add", [x, graph.constant([1], x.type, [])], x.type, x.shape)],
      x.type,
      x.shape,
    ),
  // x > 0 ? 1 : alpha, the derivative of ReLU.
  Step: ({ inputs: { x }, attrs, node, graph }) => {
    if (!attrs.alpha && x.type === "float32") {
      // max(0, min(1, x · 3e38)): one pass over memory where a comparison and a cast are two.
      return node("HardSigmoid", [x], x.type, x.shape, {
        alpha: { real: 3e38 },
        beta: { real: 0 },
      });
    }
    const zero = graph.constant([0], x.type, []);
    const positive = node("Greater", [x, zero], "bool", x.shape);
    if (!attrs.alpha) return _cast(node, positive, x.type);
    return node(
      "Where",
      [
        positive,
        graph.constant([1], x.type, []),
        graph.constant([attrs.alpha], x.type, []),
      ],
      x.type,
      x.shape,
    );
  },
  ClipByValue: ({ inputs: { x }, attrs, node, graph }) =>
    node(
      "Clip",
      [
        x,
        graph.constant([attrs.clipValueMin], x.type, []),
        graph.constant([attrs.clipValueMax], x.type, []),
      ],
      x.type,
      x.shape,
    ),
  Cast: ({ inputs: { x }, attrs, node }) => _cast(node, x, attrs.dtype),
  Identity: ({ inputs: { x } }) => x,
  ZerosLike: ({ inputs: { x }, graph }) => graph.fill(0, x.type, x.shape),
  OnesLike: ({ inputs: { x }, graph }) => graph.fill(1, x.type, x.shape),
  Fill: ({ attrs, graph }) =>
    graph.fill(attrs.value, attrs.dtype ?? "float32", attrs.shape),
  Range: ({ attrs: { start, stop, step, dtype }, graph }) => {
    const count = Math.max(0, Math.ceil((stop - start) / step));
    const values = Array.from({ length: count }, (_, i) => start + i * step);
    return graph.constant(values, dtype, [count]);
  },

  // Elementwise, two inputs that broadcast.
  ..._binary({
    Add: "Add",
    Maximum: "Max",
    Minimum: "Min",
    Multiply: "Mul",
    Pow: "Pow",
    RealDiv: "Div",
    Sub: "Sub",
  }),
  ..._binary({
    Equal: "Equal",
    Greater: "Greater",
    GreaterEqual: "GreaterOrEqual",
    Less: "Less",
    LessEqual: "LessOrEqual",
    LogicalAnd: "And",
    LogicalOr: "Or",
  }, "bool"),
  NotEqual: (kernel) => {
    const equal = _binaryNode(kernel, "Equal", "bool");
    return kernel.node("Not", [equal], "bool", equal.shape);
  },
  SquaredDifference: (kernel) => {
    const d = _binaryNode(kernel, "Sub");
    return kernel.node("Mul", [d, d], d.type, d.shape);
  },
  AddN: ({ list, node }) =>
    list.reduce((sum, x) => node("Add", [sum, x], x.type, x.shape)),
  Select: ({ inputs: { condition, t, e }, node }) =>
    node("Where", [condition, t, e], t.type, t.shape),

  // Products.
  BatchMatMul: _matMul,

  // Reductions.
  Sum: (kernel) => _reduce(kernel, "ReduceSum"),
  Mean: (kernel) => _reduce(kernel, "ReduceMean"),
  Max: (kernel) => _reduce(kernel, "ReduceMax"),
  Min: (kernel) => _reduce(kernel, "ReduceMin"),
  Prod: (kernel) => _reduce(kernel, "ReduceProd"),
  All: (kernel) => _reduceBool(kernel, "ReduceMin"),
  Any: (kernel) => _reduceBool(kernel, "ReduceMax"),
  ArgMax: (kernel) => _argument(kernel, "ArgMax"),
  ArgMin: (kernel) => _argument(kernel, "ArgMin"),
  Cumsum: ({ inputs: { x }, attrs, node, graph }) =>
    node(
      "CumSum",
      [x, graph.constant([attrs.axis], "int64", [])],
      x.type,
      x.shape,
      { exclusive: attrs.exclusive ? 1 : 0, reverse: attrs.reverse ? 1 : 0 },
    ),
  Softmax: ({ inputs: { logits }, attrs, node }) =>
    node("Softmax", [logits], logits.type, logits.shape, {
      axis: attrs.dim,
    }),

  // Shapes.
  Reshape: ({ inputs: { x }, attrs, graph, node }) =>
    _reshape(
      { graph, node },
      x,
      tf.util.inferFromImplicitShape(attrs.shape, _size(x.shape)),
    ),
  ExpandDims: ({ inputs: { input }, attrs, graph, node }) => {
    const shape = [...input.shape];
    shape.splice(
      attrs.dim < 0 ? input.shape.length + 1 + attrs.dim : attrs.dim,
      0,
      1,
    );
    return _reshape({ graph, node }, input, shape);
  },
  Transpose: ({ inputs: { x }, attrs, node }) =>
    node(
      "Transpose",
      [x],
      x.type,
      attrs.perm.map((axis: number) => x.shape[axis]),
      { perm: attrs.perm },
    ),
  Tile: ({ inputs: { x }, attrs, node, graph }) =>
    node(
      "Tile",
      [x, graph.integers(attrs.reps)],
      x.type,
      x.shape.map((size, i) => size * attrs.reps[i]),
    ),
  PadV2: ({ inputs: { x }, attrs: { paddings, constantValue }, ...k }) =>
    k.node(
      "Pad",
      [
        x,
        k.graph.integers([
          ...paddings.map((p: number[]) => p[0]),
          ...paddings.map((p: number[]) => p[1]),
        ]),
        k.graph.constant([constantValue], x.type, []),
      ],
      x.type,
      x.shape.map((size, i) => paddings[i][0] + size + paddings[i][1]),
    ),
  Concat: ({ list, attrs, node }) => {
    const [axis] = tf.util.parseAxisParam(attrs.axis, [...list[0].shape]);
    const parts = list.filter((x) => _size(x.shape) > 0);
    if (parts.length === 0) return list[0];
    if (parts.length === 1) return parts[0];
    const shape = [...parts[0].shape];
    shape[axis] = parts.reduce((sum, x) => sum + x.shape[axis], 0);
    return node("Concat", parts, parts[0].type, shape, { axis });
  },
  Pack: ({ list, attrs, graph, node }) => {
    const rank = list[0].shape.length + 1;
    const axis = attrs.axis < 0 ? attrs.axis + rank : attrs.axis;
    const one = [...list[0].shape];
    one.splice(axis, 0, 1);
    const shape = one.with(axis, list.length);
    const parts = list.map((x) => _reshape({ graph, node }, x, one));
    return node("Concat", parts, list[0].type, shape, { axis });
  },
  Unpack: ({ inputs: { value }, attrs, graph, node }) => {
    const [axis] = tf.util.parseAxisParam(attrs.axis, [...value.shape]);
    const shape = value.shape.toSpliced(axis, 1);
    return Array.from({ length: value.shape[axis] }, (_, i) =>
      node(
        "Gather",
        [value, graph.constant([i], "int64", [])],
        value.type,
        shape,
        { axis },
      ));
  },
  SplitV: ({ inputs: { x }, attrs, graph, node }) => {
    const [axis] = tf.util.parseAxisParam(attrs.axis, [...x.shape]);
    const sizes = tf.backend_util.prepareSplitSize(
      { shape: [...x.shape] } as tf.Tensor,
      attrs.numOrSizeSplits,
      axis,
    );
    const shapes = sizes.map((size) => x.shape.with(axis, size));
    if (sizes.length > MOST_PARTS) {
      let begin = 0;
      return shapes.map((shape, i) => {
        const range = [[begin], [begin += sizes[i]], [axis]];
        return node(
          "Slice",
          [x, ...range.map((list) => graph.integers(list))],
          x.type,
          shape,
        );
      });
    }
    return graph.nodes(
      "Split",
      [x, graph.integers(sizes)],
      { axis },
      x.type,
      shapes,
    );
  },
  Slice: ({ inputs: { x }, attrs, graph, node }) => {
    const [begin, size] = tf.slice_util.parseSliceParams(
      { shape: [...x.shape] } as tf.Tensor,
      attrs.begin,
      attrs.size,
    );
    return node(
      "Slice",
      [
        x,
        graph.integers(begin),
        graph.integers(begin.map((start, i) => start + size[i])),
      ],
      x.type,
      size,
    );
  },
  StridedSlice: _stridedSlice,
  Reverse: ({ inputs: { x }, attrs, graph, node }) => {
    const axes = tf.util.parseAxisParam(attrs.dims, [...x.shape]);
    if (axes.length === 0) return x;
    return node(
      "Slice",
      [
        x,
        graph.integers(axes.map(() => -1)),
        graph.integers(axes.map(() => -(2 ** 31))),
        graph.integers(axes),
        graph.integers(axes.map(() => -1)),
      ],
      x.type,
      x.shape,
    );
  },

  // Indexing.
  GatherV2: ({ inputs: { x, indices }, attrs, node }) => {
    if (attrs.batchDims) {
      throw new Error("Cannot trace GatherV2: batchDims must be 0");
    }
    const [axis] = tf.util.parseAxisParam(attrs.axis, [...x.shape]);
    return node(
      "Gather",
      [x, indices],
      x.type,
      x.shape.toSpliced(axis, 1, ...indices.shape),
      { axis },
    );
  },
  OneHot: ({ inputs: { indices }, attrs, graph, node }) => {
    // A comparison with every index; ONNX Runtime's OneHot runs on one thread.
    const shape = [...indices.shape, attrs.depth];
    const column = _reshape({ graph, node }, indices, [...indices.shape, 1]);
    const every = graph.constant(
      Array.from({ length: attrs.depth }, (_, i) => i),
      indices.type,
      [attrs.depth],
    );
    const hot = node("Equal", [column, every], "bool", shape);
    const type = attrs.dtype ?? "float32";
    if (attrs.onValue === 1 && attrs.offValue === 0) {
      return _cast(node, hot, type);
    }
    return node(
      "Where",
      [
        hot,
        graph.constant([attrs.onValue], type, []),
        graph.constant([attrs.offValue], type, []),
      ],
      type,
      shape,
    );
  },
  TensorScatterUpdate: ({ inputs: { tensor, indices, updates }, node }) =>
    node(
      "ScatterND",
      [tensor, _cast(node, indices, "int64"), updates],
      tensor.type,
      tensor.shape,
    ),
  UnsortedSegmentSum: _unsortedSegmentSum,
};

/** Names of the kernels that have a translation. */
export const TRANSLATED_KERNELS: readonly string[] = Object.keys(translations);

const UNTRANSLATED = "UntranslatedKernel";

/** Registers the translations, and an error for every other kernel, under a name. */
export function registerKernels(backendName: string): void {
  const all = new Set([
    ...tf.getKernelsForBackend("cpu").map((kernel) => kernel.kernelName),
    ...TRANSLATED_KERNELS,
  ]);
  for (const kernelName of all) {
    const translate = translations[kernelName];
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend: untyped }) => {
        if (translate === undefined) {
          const error = new Error(kernelName);
          error.name = UNTRANSLATED;
          throw error;
        }
        const backend = untyped as unknown as Recorder;
        const entries = Object.entries(inputs).filter(([, x]) => x != null);
        const values = Object.fromEntries(
          entries.map((
            [name, x],
          ) => [name, backend.value(x as tf.TensorInfo)]),
        );
        const output = translate({
          inputs: values,
          list: Object.values(values),
          attrs: attrs ?? {},
          graph: backend.graph,
          node: (operator, nodeInputs, type, shape, attributes = {}) =>
            backend.graph.node(operator, nodeInputs, attributes, type, shape),
        });
        return Array.isArray(output)
          ? output.map((value) => backend.tensorInfo(value))
          : backend.tensorInfo(output);
      },
    });
  }
}

/** Turns the error of an untranslated kernel into one that names op and caller. */
export function unsupportedKernelError(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== UNTRANSLATED) return error;
  const caller = (error.stack ?? "").split("\n").slice(1).find((line) =>
    !line.includes("node_modules") && !line.includes("/lib/engine/")
  );
  const place = caller?.trim().replace(/^at /, "") ?? "an unknown place";
  return new Error(
    `Cannot trace the op ${error.message}: it must be one that has an ONNX translation (lib/engine/kernels.ts); called by ${place}`,
  );
}

type Node = Kernel["node"];

function _unary(operators: Record<string, string>): typeof translations {
  return _mapValues(
    operators,
    (operator) => ({ list: [x], node }) => node(operator, [x], x.type, x.shape),
  );
}

function _binary(
  operators: Record<string, string>,
  type?: ElementType,
): typeof translations {
  return _mapValues(
    operators,
    (operator) => (kernel) => _binaryNode(kernel, operator, type),
  );
}

function _mapValues<A, B>(
  record: Record<string, A>,
  map: (value: A) => B,
): Record<string, B> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, map(value)]),
  );
}

function _binaryNode(
  { inputs: { a, b }, node }: Kernel,
  operator: string,
  type: ElementType | undefined = undefined,
): GraphValue {
  const shape = tf.backend_util.assertAndGetBroadcastShape(
    [...a.shape],
    [...b.shape],
  );
  return node(operator, [a, b], type ?? a.type, shape);
}

function _size(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

const _CAST_TYPES = { float32: 1, int32: 6, int64: 7, bool: 9 };

function _cast(node: Node, x: GraphValue, type: GraphValue["type"]) {
  if (x.type === type) return x;
  return node("Cast", [x], type, x.shape, { to: _CAST_TYPES[type] });
}

function _reshape(
  { graph, node }: Pick<Kernel, "graph" | "node">,
  x: GraphValue,
  shape: readonly number[],
): GraphValue {
  if (
    x.shape.length === shape.length && x.shape.every((s, i) => s === shape[i])
  ) {
    return x;
  }
  // allowzero: a size of 0 means an empty tensor, not "as before".
  return node("Reshape", [x, graph.integers(shape)], x.type, shape, {
    allowzero: 1,
  });
}

/** A 2-D product is a `Gemm`, which takes the transposes; a batched one a `MatMul`. */
function _matMul(
  { inputs: { a, b }, attrs: { transposeA, transposeB }, node }: Kernel,
): GraphValue {
  const rank = a.shape.length;
  const [rows, columns] = [
    a.shape[transposeA ? rank - 1 : rank - 2],
    b.shape[transposeB ? b.shape.length - 2 : b.shape.length - 1],
  ];
  if (rank === 2 && b.shape.length === 2) {
    return node("Gemm", [a, b], a.type, [rows, columns], {
      transA: transposeA ? 1 : 0,
      transB: transposeB ? 1 : 0,
    });
  }
  const batch = tf.backend_util.assertAndGetBroadcastShape(
    a.shape.slice(0, -2),
    b.shape.slice(0, -2),
  );
  return node(
    "MatMul",
    [
      transposeA ? _swapLast(node, a) : a,
      transposeB ? _swapLast(node, b) : b,
    ],
    a.type,
    [...batch, rows, columns],
  );
}

function _swapLast(node: Node, x: GraphValue): GraphValue {
  const perm = x.shape.map((_, i) => i);
  perm.push(...perm.splice(-2).reverse());
  return node("Transpose", [x], x.type, perm.map((i) => x.shape[i]), { perm });
}

function _reduce(
  { inputs: { x: input }, attrs, node, graph }: Kernel,
  operator: string,
): GraphValue {
  const x = operator === "ReduceMean" || operator === "ReduceProd"
    ? (input.type === "float32" ? input : _cast(
      node,
      input,
      operator === "ReduceMean" ? "float32" : "int32",
    ))
    : input;
  // `Max` alone calls its axes by another name.
  const axes = tf.util.parseAxisParam(
    attrs.reductionIndices ?? attrs.axis,
    [...x.shape],
  );
  if (axes.length === 0) return x;
  const shape = attrs.keepDims
    ? x.shape.map((size, i) => axes.includes(i) ? 1 : size)
    : x.shape.filter((_, i) => !axes.includes(i));
  return node(operator, [x, graph.integers(axes)], x.type, shape, {
    keepdims: attrs.keepDims ? 1 : 0,
  });
}

/** ONNX reduces no booleans: through int32 and back. */
function _reduceBool(kernel: Kernel, operator: string): GraphValue {
  const x = _cast(kernel.node, kernel.inputs.x, "int32");
  const reduced = _reduce({ ...kernel, inputs: { x } }, operator);
  return _cast(kernel.node, reduced, "bool");
}

/**
 * ONNX indices are int64, TensorFlow.js has int32; both take the first of a tie.
 *
 * Along the last axis `TopK` finds them in half the time, and on all threads.
 */
function _argument(
  { inputs: { x }, attrs, node, graph }: Kernel,
  operator: "ArgMax" | "ArgMin",
): GraphValue {
  const [axis] = tf.util.parseAxisParam(attrs.axis, [...x.shape]);
  const shape = x.shape.toSpliced(axis, 1);
  if (axis < x.shape.length - 1 || x.type === "bool") {
    const found = node(operator, [x], "int64", shape, { axis, keepdims: 0 });
    return _cast(node, found, "int32");
  }
  const one = [...shape, 1];
  const [, found] = graph.nodes(
    "TopK",
    [x, graph.integers([1])],
    { axis, largest: operator === "ArgMax" ? 1 : 0 },
    "int64",
    [one, one],
  );
  return _reshape({ graph, node }, _cast(node, found, "int32"), shape);
}

function _stridedSlice(
  { inputs: { x }, attrs, graph, node }: Kernel,
): GraphValue {
  const info = tf.slice_util.sliceInfo(
    [...x.shape],
    attrs.begin,
    attrs.end,
    attrs.strides,
    attrs.beginMask,
    attrs.endMask,
    attrs.ellipsisMask,
    attrs.newAxisMask,
    attrs.shrinkAxisMask,
  );
  // A backward slice that runs to the start ends before index 0, which ONNX would
  // read as "from the end": any number below −size says "the start".
  const ends = info.end.map((end, i) =>
    info.strides[i] < 0 && end < 0 ? -(2 ** 31) : end
  );
  const sparse = info.begin.map((begin, i) =>
    Math.max(0, Math.ceil((info.end[i] - begin) / info.strides[i]))
  );
  const sliced = node(
    "Slice",
    [
      x,
      graph.integers(info.begin),
      graph.integers(ends),
      graph.integers(info.begin.map((_, i) => i)),
      graph.integers(info.strides),
    ],
    x.type,
    sparse,
  );
  return _reshape({ graph, node }, sliced, info.finalShape);
}

/**
 * The gradient of `gather`: rows added up by segment, a scatter-add into zeros.
 *
 * `ScatterND` adds a row at a time; `ScatterElements` takes up to fifty times as long, and an
 * index for each element. ONNX Runtime gives the rows of a large one to several threads, which
 * lose what another adds to the same place at the same time: it goes there in parts that are
 * each too small for a second thread.
 */
function _unsortedSegmentSum(
  { inputs: { x, segmentIds }, attrs, graph, node }: Kernel,
): GraphValue {
  const [count, ...rowShape] = x.shape;
  const shape = [attrs.numSegments, ...rowShape];
  const ids = _cast(
    node,
    _reshape({ graph, node }, segmentIds, [count, 1]),
    "int64",
  );
  const width = rowShape.reduce((product, size) => product * size, 1);
  const rows = Math.max(1, Math.floor(ONE_THREAD_SCATTER / width));
  const part = (value: GraphValue, begin: number, end: number) =>
    node(
      "Slice",
      [value, ...[[begin], [end], [0]].map((list) => graph.integers(list))],
      value.type,
      [end - begin, ...value.shape.slice(1)],
    );
  let sums = graph.fill(0, x.type, shape);
  for (let begin = 0; begin < count; begin += rows) {
    const end = Math.min(count, begin + rows);
    const isAll = end - begin === count;
    sums = node(
      "ScatterND",
      [
        sums,
        isAll ? ids : part(ids, begin, end),
        isAll ? x : part(x, begin, end),
      ],
      x.type,
      shape,
      { reduction: "add" },
    );
  }
  return sums;
}

/** Parts of a `Split`: with what they are split from as many buffers as WebGPU promises a shader. */
const MOST_PARTS = 7;

/**
 * Elements of a `ScatterND` that ONNX Runtime runs on one thread.
 *
 * A second one comes with 210,000: by Eigen's cost model, of a cycle an element, 100,000 cycles
 * to start with and 100,000 for each thread, of which nine tenths are enough.
 */
const ONE_THREAD_SCATTER = 200_000;
