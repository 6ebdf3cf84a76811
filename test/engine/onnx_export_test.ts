import assert from "node:assert/strict";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { floats } from "../../lib/core/tensors.ts";
import {
  type ExportedFunction,
  exportOnnx,
} from "../../lib/engine/onnx_export.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { assertPasses, hasPackages } from "../_python.ts";

/** Rows of `x` behind those of `past`, folded to vectors of 2 and back, times a weight. */
const JOINED: ExportedFunction = {
  name: "joined",
  weights: {
    "a.weight": floats([2], [10, 100]),
    unused: floats([1], [7]),
  },
  inputs: {
    ids: { type: "int64", shape: ["batch", "new"] },
    past: { type: "float32", shape: ["batch", "past", 4] },
    x: { type: "float32", shape: ["batch", "new", 4] },
  },
  sums: { total: { past: 1, new: 1 }, rest: { new: 1, past: -1 } },
  run: (weights, { ids, past, x }) => {
    const [batch, length] = x.shape as [number, number];
    const before = past.shape[1]!;
    const all = tf.concat([past, x], 1);
    const product = tf.mul(tf.reshape(all, [-1, 2]), weights["a.weight"]);
    return {
      joined: tf.reshape(product, [batch, before + length, 4]),
      folded: product,
      places: tf.cumsum(tf.ones([before + length]), 0, true),
      first: tf.tile(tf.slice(ids, [0, 0], [batch, 1]), [2, 1]),
      rest: tf.slice(x, [0, before, 3], [batch, length - before, 1]),
    };
  },
};

/** Runs a file at sizes of its own. */
async function run(
  session: InferenceSession,
  batch: number,
  past: number,
  length: number,
) {
  const numbers = (from: number, ...shape: number[]) => {
    const size = shape.reduce((product, n) => product * n, 1);
    return Array.from({ length: size }, (_, i) => from + i);
  };
  const tensor = (from: number, ...shape: number[]) =>
    new Tensor("float32", Float32Array.from(numbers(from, ...shape)), shape);
  return await session.run({
    ids: new Tensor(
      "int64",
      BigInt64Array.from(numbers(0, batch, length), BigInt),
      [batch, length],
    ),
    past: tensor(0, batch, past, 4),
    x: tensor(1000, batch, length, 4),
  });
}

Deno.test("exportOnnx() leaves sizes open", async () => {
  const session = await InferenceSession.create(exportOnnx(JOINED));
  const { joined, folded, places, first, rest } = await run(
    session,
    2,
    1,
    2,
  );
  assert.deepEqual(joined.dims, [2, 3, 4]);
  // Cell b: one row of past from 4 b, two of x from 1000 + 8 b; times 10, 100, 10, 100.
  const rows = [[0, 1000, 1004], [4, 1008, 1012]].flat();
  assert.deepEqual(
    [...joined.data],
    rows.flatMap((n) => [10 * n, 100 * (n + 1), 10 * (n + 2), 100 * (n + 3)]),
  );
  assert.deepEqual(folded.dims, [12, 2]);
  assert.deepEqual([...places.data], [0, 1, 2]);
  assert.deepEqual([...first.data], [0, 2, 0, 2]);
  assert.deepEqual([...rest.data], [1007, 1015]);
  // Nothing before, nothing left, and other sizes.
  const alone = await run(session, 3, 0, 5);
  assert.deepEqual(alone.joined.dims, [3, 5, 4]);
  assert.deepEqual([...alone.places.data], [0, 1, 2, 3, 4]);
  assert.deepEqual((await run(session, 2, 4, 4)).rest.dims, [2, 0, 1]);
  const many = await run(session, 1, 70, 30);
  assert.deepEqual(many.joined.dims, [1, 100, 4]);
  await session.release();
});

Deno.test("exportOnnx() declares inputs and outputs by the names given", async () => {
  const session = await InferenceSession.create(exportOnnx(JOINED));
  const shapes = (values: readonly InferenceSession.ValueMetadata[]) =>
    Object.fromEntries(
      values.map((value) =>
        value.isTensor ? [value.name, [value.type, ...value.shape]] : []
      ),
    );
  assert.deepEqual(shapes(session.inputMetadata), {
    ids: ["int64", "batch", "new"],
    past: ["float32", "batch", "past", 4],
    x: ["float32", "batch", "new", 4],
  });
  assert.deepEqual(shapes(session.outputMetadata), {
    joined: ["float32", "batch", "total", 4],
    folded: ["float32", "2*batch*total", 2],
    places: ["float32", "total"],
    first: ["int32", "2*batch", 1],
    rest: ["float32", "batch", "rest", 1],
  });
  await session.release();
});

Deno.test({
  name: "ONNX's reference checker passes what exportOnnx() makes",
  ignore: !await hasPackages("onnx"),
  fn: () => assertPasses({ joined: exportOnnx(JOINED) }),
});

Deno.test("exportOnnx() stores the weights that are used", () => {
  const text = new TextDecoder("latin1").decode(exportOnnx(JOINED));
  assert.ok(text.includes("a.weight"));
  assert.ok(!text.includes("unused"));
});

Deno.test("exportOnnx() refuses what is made for one size", () => {
  const refused = (
    run: (x: tf.Tensor) => tf.Tensor,
    message: RegExp,
  ) =>
    assert.throws(
      () =>
        exportOnnx({
          name: "fixed",
          weights: {},
          inputs: { x: { type: "float32", shape: ["length"] } },
          run: (_, { x }) => ({ y: run(x) }),
        }),
      message,
    );
  const [length] = [59_467];
  // A table, and a number.
  refused(
    (x) => tf.add(x, tf.range(0, x.shape[0])),
    new RegExp(
      `^Error: Cannot export fixed: what it computes must not be made for one size, got a constant of shape \\[${length}\\] when traced at `,
    ),
  );
  refused(
    (x) => tf.div(tf.sum(x), x.shape[0]),
    /got a constant of shape \[\] when traced at /,
  );
  // A size that is none of those named.
  refused(
    (x) => tf.slice(x, [0], [x.shape[0] - 1]),
    /got a constant of shape \[1\] when traced at /,
  );
  refused(
    (x) => x.shape[0] > 59_400 ? tf.neg(x) : tf.abs(x),
    /got nodes that differ with it$/,
  );
});

Deno.test("exportOnnx() refuses inputs that it cannot leave open", () => {
  assert.throws(
    () =>
      exportOnnx({
        name: "idle",
        weights: {},
        inputs: {
          x: { type: "float32", shape: ["length"] },
          ids: { type: "int64", shape: [1] },
        },
        run: (_, { x }) => ({ y: tf.neg(x) }),
      }),
    {
      message: "Cannot export idle: it must use each input, got no use of ids",
    },
  );
  assert.throws(
    () =>
      exportOnnx({
        name: "many",
        weights: {},
        inputs: {
          x: { type: "float32", shape: ["a", "b", "c", "d", "e", "f"] },
        },
        run: (_, { x }) => ({ y: tf.neg(x) }),
      }),
    {
      name: "RangeError",
      message:
        "Cannot export many: its inputs must have at most 5 open sizes, got 6",
    },
  );
  const negative = { ...JOINED, sums: { less: { past: 1, new: -1 } } };
  assert.throws(() => exportOnnx(negative), {
    name: "RangeError",
    message: /^Cannot export joined: less must be a sum of sizes .*, got -\d+$/,
  });
  const unknown = { ...JOINED, sums: { total: { old: 1, new: 1 } } };
  assert.throws(() => exportOnnx(unknown), /total must be .*, got NaN$/);
});
