import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import {
  floats,
  type HostTensor,
  type HostTensors,
  integers,
} from "../../lib/core/tensors.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import { TRANSLATED_KERNELS } from "../../lib/engine/kernels.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { type Tensors, tf } from "../../lib/engine/tensorflow.ts";
import { ACROSS_BACKENDS, assertClose } from "../_helpers.ts";

const random = Random.fromSeed(7);

function size(shape: number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** Values in (−2, 2). */
function real(...shape: number[]): HostTensor {
  return floats(
    shape,
    Array.from({ length: size(shape) }, () => 4 * random.uniform() - 2),
  );
}

/** Values in (0.1, 2.1). */
function positive(...shape: number[]): HostTensor {
  return floats(
    shape,
    Array.from({ length: size(shape) }, () => 2 * random.uniform() + 0.1),
  );
}

function whole(limit: number, ...shape: number[]): HostTensor {
  return integers(
    shape,
    Array.from({ length: size(shape) }, () => random.integer(limit)),
  );
}

function boolean(...shape: number[]): HostTensor {
  return {
    type: "bool",
    shape,
    data: Uint8Array.from(whole(2, ...shape).data),
  };
}

type Case = [
  name: string,
  inputs: HostTensor[],
  fn: (...x: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
];

const unary = (
  fn: (x: tf.Tensor) => tf.Tensor,
  make: (...shape: number[]) => HostTensor = real,
): [HostTensor[], Case[2]][] => [
  [[make(3, 4)], fn],
  [[make()], fn],
  [[make(0, 3)], fn],
];
const binary = (
  fn: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  make: (...shape: number[]) => HostTensor = real,
): [HostTensor[], Case[2]][] => [
  [[make(3, 4), make(3, 4)], fn],
  [[make(2, 3, 4), make(3, 1)], fn],
  [[make(), make(2, 2)], fn],
];
const reduction = (
  fn: (x: tf.Tensor, axis?: number | number[], keep?: boolean) => tf.Tensor,
  make: (...shape: number[]) => HostTensor = real,
): [HostTensor[], Case[2]][] => [
  [[make(3, 4, 2)], (x) => fn(x)],
  [[make(3, 4, 2)], (x) => fn(x, -1, true)],
  [[make(3, 4, 2)], (x) => fn(x, [0, 2])],
  [[make(3, 4)], (x) => fn(x, [])],
  [[make()], (x) => fn(x)],
];

const integer4 = (...shape: number[]) => whole(4, ...shape);

const grouped: Record<string, [HostTensor[], Case[2]][]> = {
  Abs: unary(tf.abs),
  Add: [...binary(tf.add), ...binary(tf.add, integer4)],
  AddN: [[[real(2, 3), real(2, 3), real(2, 3)], (...x) => tf.addN(x)]],
  All: reduction(tf.all, boolean),
  Any: reduction(tf.any, boolean),
  ArgMax: [
    [[real(3, 5)], (x) => tf.argMax(x, -1)],
    [[whole(2, 3, 5)], (x) => tf.argMax(x.toFloat(), 0)],
  ],
  ArgMin: [
    [[real(3, 5)], (x) => tf.argMin(x, 1)],
    [[whole(2, 3, 5)], (x) => tf.argMin(x.toFloat(), 0)],
  ],
  BatchMatMul: [
    [[real(3, 4), real(4, 2)], (a, b) => tf.matMul(a, b)],
    [[real(4, 3), real(2, 4)], (a, b) => tf.matMul(a, b, true, true)],
    [[real(5, 3, 4), real(5, 4, 2)], (a, b) => tf.matMul(a, b)],
    [[real(5, 4, 3), real(5, 4, 2)], (a, b) => tf.matMul(a, b, true)],
    [
      [real(2, 5, 3, 4), real(2, 5, 2, 4)],
      (a, b) => tf.matMul(a, b, false, true),
    ],
    [[real(1, 3, 4), real(5, 4, 2)], (a, b) => tf.matMul(a, b)],
  ],
  Cast: [
    [[real(3, 4)], (x) => tf.cast(x, "int32")],
    [[whole(2, 3, 4)], (x) => tf.cast(x, "bool")],
    [[boolean(3, 4)], (x) => tf.cast(x, "float32")],
  ],
  Ceil: unary(tf.ceil),
  ClipByValue: unary((x) => tf.clipByValue(x, -0.5, 1)),
  Concat: [
    [[real(2, 3), real(2, 1)], (...x) => tf.concat(x, -1)],
    [[real(2, 3), real(0, 3), real(1, 3)], (...x) => tf.concat(x, 0)],
  ],
  Cos: unary(tf.cos),
  Cumsum: [
    [[real(3, 4)], (x) => tf.cumsum(x, 1)],
    [[real(3, 4)], (x) => tf.cumsum(x, 1, true, true)],
    [[real(3, 4)], (x) => tf.cumsum(x, 0, true, false)],
  ],
  Equal: binary(tf.equal, integer4),
  Erf: unary(tf.erf),
  Exp: unary(tf.exp),
  ExpandDims: [
    [[real(3, 4)], (x) => tf.expandDims(x, 1)],
    [[real()], (x) => tf.expandDims(x)],
    [[real(3, 4)], (x) => tf.expandDims(x, -1)],
  ],
  Fill: [
    [[real(2)], (x) => tf.add(x, tf.fill([3, 2], 1.5))],
    [[real()], (x) => tf.add(x, tf.fill([], 2))],
  ],
  Floor: unary(tf.floor),
  GatherV2: [
    [[real(5, 3), whole(5, 2, 4)], (x, i) => tf.gather(x, i as tf.Tensor1D)],
    [[real(2, 5), whole(5, 3)], (x, i) => tf.gather(x, i as tf.Tensor1D, 1)],
    [[real(2, 5), whole(5, 3)], (x, i) => tf.gather(x, i as tf.Tensor1D, -1)],
  ],
  Greater: binary(tf.greater),
  GreaterEqual: binary(tf.greaterEqual, integer4),
  Identity: unary((x) => tf.clone(x).add(0)),
  Less: binary(tf.less),
  LessEqual: binary(tf.lessEqual, integer4),
  Log: unary(tf.log, positive),
  Log1p: unary(tf.log1p, positive),
  LogicalAnd: binary(tf.logicalAnd, boolean),
  LogicalNot: unary(tf.logicalNot, boolean),
  LogicalOr: binary(tf.logicalOr, boolean),
  Max: reduction(tf.max),
  Maximum: binary(tf.maximum),
  Mean: [...reduction(tf.mean), [[whole(9, 4, 3)], (x) => tf.mean(x, 0)]],
  Min: reduction(tf.min),
  Minimum: binary(tf.minimum),
  Multiply: [...binary(tf.mul), ...binary(tf.mul, integer4)],
  Neg: unary(tf.neg),
  NotEqual: binary(tf.notEqual, integer4),
  OneHot: [
    [[whole(4, 3)], (x) => tf.oneHot(x, 4)],
    [[whole(4, 3, 2)], (x) => tf.oneHot(x, 4, 2, -1)],
    [[whole(4, 3)], (x) => tf.oneHot(x, 4, 1, 0, "int32")],
  ],
  OnesLike: unary((x) => tf.add(x, tf.onesLike(x))),
  Pack: [
    [[real(3), real(3)], (...x) => tf.stack(x, 0)],
    [[real(2, 3), real(2, 3)], (...x) => tf.stack(x, -1)],
  ],
  PadV2: [
    [[real(2, 3)], (x) => tf.pad(x, [[1, 0], [0, 2]])],
    [[real(3)], (x) => tf.pad(x, [[2, 2]], 7)],
  ],
  Pow: binary(tf.pow, positive),
  Prod: reduction(tf.prod),
  Range: [[[real(4)], (x) => tf.add(x, tf.range(1, 9, 2))]],
  RealDiv: binary(tf.div, positive),
  Reciprocal: unary(tf.reciprocal, positive),
  Relu: unary(tf.relu),
  Reshape: [
    [[real(2, 6)], (x) => tf.reshape(x, [3, -1])],
    [[real(1)], (x) => tf.reshape(x, [])],
    [[real(0, 2)], (x) => tf.reshape(x, [0, 4])],
  ],
  Reverse: [
    [[real(2, 3)], (x) => tf.reverse(x, -1)],
    [[real(2, 3)], (x) => tf.reverse(x)],
  ],
  Round: unary(tf.round),
  Rsqrt: unary(tf.rsqrt, positive),
  Select: [
    [[boolean(2, 3), real(2, 3), real(2, 3)], (c, a, b) => tf.where(c, a, b)],
    [[boolean(2, 1), real(2, 3), real()], (c, a, b) => tf.where(c, a, b)],
  ],
  Sigmoid: [
    ...unary(tf.sigmoid),
    [[floats([2], [100, -100])], (x) => tf.sigmoid(x)],
  ],
  Sign: unary(tf.sign),
  Sin: unary(tf.sin),
  Slice: [
    [[real(4, 5)], (x) => tf.slice(x, [1, 2], [2, -1])],
    [[real(4, 5)], (x) => tf.slice(x, 2)],
    [[real(4, 5)], (x) => tf.slice(x, [0, 0], [0, 5])],
  ],
  Softmax: [
    [[real(3, 4)], (x) => tf.softmax(x)],
    [[floats([2, 2], [100, -100, 0, -Infinity])], (x) => tf.softmax(x)],
  ],
  Softplus: [
    ...unary(tf.softplus),
    [[floats([2], [100, -100])], (x) => tf.softplus(x)],
  ],
  SplitV: [
    [[real(4, 6)], (x) => tf.split(x, 3, 1)],
    [[real(4, 6)], (x) => tf.split(x, [1, 2, -1], -1)],
    [[real(4, 18)], (x) => tf.split(x, 9, 1)],
  ],
  Sqrt: unary(tf.sqrt, positive),
  Square: unary(tf.square),
  SquaredDifference: binary(tf.squaredDifference),
  Step: [...unary((x) => tf.step(x)), ...unary((x) => tf.step(x, 0.3))],
  StridedSlice: [
    [[real(5, 6)], (x) => tf.stridedSlice(x, [0, 1], [5, 6], [2, 2])],
    [[real(5, 6)], (x) => tf.stridedSlice(x, [4, 5], [0, 0], [-1, -2])],
    [[real(5)], (x) => tf.stridedSlice(x, [4], [0], [-1], 0, 1)],
    [
      [real(5, 6)],
      (x) => tf.stridedSlice(x, [1, 0], [2, 6], [1, 1], 0, 0, 0, 0, 1),
    ],
  ],
  Sub: [...binary(tf.sub), ...binary(tf.sub, integer4)],
  Sum: [
    ...reduction(tf.sum),
    ...reduction(tf.sum, integer4),
    [[boolean(3, 4)], (x) => tf.sum(x, 1)],
  ],
  Tanh: unary(tf.tanh),
  Tile: [
    [[real(2, 3)], (x) => tf.tile(x, [2, 1])],
    [[real(1, 3)], (x) => tf.broadcastTo(x, [4, 3])],
  ],
  Transpose: [
    [[real(2, 3, 4)], (x) => tf.transpose(x)],
    [[real(2, 3, 4)], (x) => tf.transpose(x, [1, 0, 2])],
  ],
  Unpack: [
    [[real(3, 2)], (x) => tf.unstack(x)],
    [[real(3, 2)], (x) => tf.unstack(x, -1)],
  ],
  TensorScatterUpdate: [
    [
      [real(5, 2), floats([2], [10, 20])],
      (x, values) =>
        tf.tensorScatterUpdate(
          tf.reshape(x, [-1]),
          tf.tensor2d([7, 2], [2, 1], "int32"),
          values,
        ),
    ],
  ],
  UnsortedSegmentSum: [
    [
      [real(6, 3), whole(4, 6)],
      (x, i) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 4),
    ],
    [
      [real(4_000, 16), whole(5, 4_000)],
      (x, i) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 5),
    ],
    // More than one thread could add to the same row at once.
    [
      [real(40_000, 16), whole(3, 40_000)],
      (x, i) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 3),
    ],
    [
      [real(6), whole(4, 6)],
      (x, i) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 4),
    ],
  ],
  ZerosLike: unary((x) => tf.add(x, tf.zerosLike(x))),
};

const eager = await eagerExecutor("cpu");
const traced = onnxExecutor({ provider: "cpu", threads: 2 });

for (const [kernel, cases] of Object.entries(grouped)) {
  Deno.test(`${kernel} traced equals eager`, async () => {
    for (const [index, [list, fn]] of cases.entries()) {
      const inputs: HostTensors = Object.fromEntries(
        list.map((value, i) => [`x${i}`, value]),
      );
      const step = (_state: Tensors, named: Tensors) => {
        const result = fn(...list.map((_, i) => named[`x${i}`]));
        const outputs = Array.isArray(result) ? result : [result];
        return {
          outputs: Object.fromEntries(outputs.map((y, i) => [`y${i}`, y])),
        };
      };
      const run = async (executor: typeof eager) => {
        const compiled = executor.compile(step, { name: kernel });
        const outputs = await compiled.run(executor.state({}), inputs);
        await compiled.dispose();
        return outputs;
      };
      const expected = await run(eager);
      const actual = await run(traced);
      assert.deepEqual(Object.keys(actual), Object.keys(expected));
      for (const [name, { shape, type, data }] of Object.entries(expected)) {
        const what = `case ${index}, ${name}`;
        assert.deepEqual([...actual[name].shape], [...shape], what);
        assert.equal(actual[name].type, type, what);
        assertClose(
          actual[name].data,
          data,
          type === "float32" ? ACROSS_BACKENDS : { relative: 0, absolute: 0 },
          what,
        );
      }
    }
  });
}

Deno.test("every translated kernel has a case", () => {
  assert.deepEqual(
    TRANSLATED_KERNELS.filter((kernel) => !(kernel in grouped)),
    [],
  );
});

Deno.test("every case runs the kernel it is named for", async () => {
  await tf.setBackend("cpu");
  for (const [kernel, cases] of Object.entries(grouped)) {
    const { kernelNames } = await tf.profile(() => {
      for (const [list, fn] of cases) {
        fn(...list.map((x) => tf.tensor(x.data, [...x.shape], x.type)));
      }
      return tf.scalar(0);
    });
    assert.ok(kernelNames.includes(kernel), `${kernel}: ran ${kernelNames}`);
  }
});
