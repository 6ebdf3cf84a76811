/** State and calls, the same for traced graphs and for an eager backend. */
import assert from "node:assert/strict";
import {
  floats,
  type HostTensors,
  integers,
  scalar,
} from "../../lib/core/tensors.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import type { Executor, StepFunction } from "../../lib/engine/executor.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { tf } from "../../lib/engine/tensorflow.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};
const OTHER: Record<string, Executor> = {
  traced: EXECUTORS.eager,
  eager: EXECUTORS.traced,
};

/** The numbers of tensors, by name. */
function numbers(tensors: HostTensors): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { data }]) => [name, [...data]]),
  );
}

for (const [kind, executor] of Object.entries(EXECUTORS)) {
  const compile = (fn: StepFunction) =>
    executor.compile(fn, { name: "a step" });

  Deno.test(`state is read as it was written, ${kind}`, async () => {
    const values: HostTensors = {
      real: floats([2, 2], [1.5, -2, Infinity, 0]),
      whole: integers([3], [1, -2, 2 ** 30]),
      truth: { type: "bool", shape: [2], data: Uint8Array.of(1, 0) },
      scalar: scalar(4),
      empty: floats([0, 3], []),
    };
    const state = executor.state(values);
    assert.deepEqual(state.names, Object.keys(values));
    assert.deepEqual(await state.read(), values);
    assert.deepEqual(await state.read(["scalar"]), { scalar: scalar(4) });
    assert.deepEqual(await state.read([]), {});
    state.dispose();
  });

  Deno.test(`state shares no memory with the caller, ${kind}`, async () => {
    const given = floats([2], [1, 2]);
    const state = executor.state({ x: given });
    given.data[0] = 9;
    const read = await state.read();
    assert.deepEqual(numbers(read), { x: [1, 2] });
    read.x.data[1] = 9;
    assert.deepEqual(numbers(await state.read()), { x: [1, 2] });
    const written = floats([2], [3, 4]);
    state.write({ x: written });
    written.data[0] = 9;
    assert.deepEqual(numbers(await state.read()), { x: [3, 4] });
    state.dispose();
  });

  Deno.test(`write() replaces entries and adds new ones, ${kind}`, async () => {
    const state = executor.state({ a: scalar(1), b: scalar(2) });
    state.write({ b: floats([2], [3, 4]), c: scalar(5) });
    assert.deepEqual(state.names, ["a", "b", "c"]);
    assert.deepEqual(numbers(await state.read()), {
      a: [1],
      b: [3, 4],
      c: [5],
    });
    // A step sees the new shape, and what was written between two calls.
    const sum = compile(({ a, b }) => ({
      outputs: { sum: tf.add(a, tf.sum(b)) },
      state: { a: tf.add(a, 1) },
    }));
    assert.deepEqual(numbers(await sum.run(state, {})), { sum: [8] });
    state.write({ b: scalar(0) });
    assert.deepEqual(numbers(await sum.run(state, {})), { sum: [2] });
    state.write({ a: scalar(10) });
    assert.deepEqual(numbers(await sum.run(state, {})), { sum: [10] });
    assert.deepEqual(numbers(await state.read(["a"])), { a: [11] });
    // Also where the step has replaced the entry in its old shape.
    state.write({ a: floats([2], [1, 2]) });
    assert.deepEqual(numbers(await sum.run(state, {})), { sum: [1, 2] });
    assert.deepEqual(numbers(await state.read(["a"])), { a: [2, 3] });
    await sum.dispose();
    state.dispose();
  });

  Deno.test(`reading an entry that is not there is an error, ${kind}`, async () => {
    const state = executor.state({ a: scalar(1) });
    await assert.rejects(
      async () => await state.read(["a", "b"]),
      {
        name: "RangeError",
        message: "Cannot read state: there is no entry named b",
      },
    );
    state.dispose();
    assert.deepEqual(executor.state({}).names, []);
  });

  Deno.test(`a step replaces the entries it returns and no others, ${kind}`, async () => {
    const step = compile(({ a, b }, { x }) => ({
      outputs: { product: tf.mul(a, x) },
      state: { b: tf.add(b, x) },
    }));
    const state = executor.state({
      a: scalar(2),
      b: scalar(0),
      idle: scalar(7),
    });
    for (const [x, product] of [[3, 6], [5, 10], [-1, -2]]) {
      const outputs = await step.run(state, { x: scalar(x) });
      assert.deepEqual(numbers(outputs), { product: [product] });
    }
    assert.deepEqual(numbers(await state.read()), {
      a: [2],
      b: [7],
      idle: [7],
    });
    await step.dispose();
    state.dispose();
  });

  Deno.test(`outputs stay as they are when the step runs again, ${kind}`, async () => {
    const step = compile(({ n }) => {
      const next = tf.add(n, 1);
      return { outputs: { next }, state: { n: next } };
    });
    const state = executor.state({ n: floats([2], [0, 10]) });
    const outputs = [];
    for (let i = 0; i < 3; i++) outputs.push(await step.run(state, {}));
    assert.deepEqual(
      outputs.map(numbers),
      [{ next: [1, 11] }, { next: [2, 12] }, { next: [3, 13] }],
    );
    await step.dispose();
    state.dispose();
  });

  Deno.test(`one tensor may be several entries and outputs, ${kind}`, async () => {
    const step = compile(({ a, b }) => {
      const sum = tf.add(a, b);
      return { outputs: { sum, again: sum }, state: { a: sum, b: sum } };
    });
    const state = executor.state({ a: scalar(1), b: scalar(2) });
    assert.deepEqual(numbers(await step.run(state, {})), {
      sum: [3],
      again: [3],
    });
    assert.deepEqual(numbers(await step.run(state, {})), {
      sum: [6],
      again: [6],
    });
    assert.deepEqual(numbers(await state.read()), { a: [6], b: [6] });
    await step.dispose();
    state.dispose();
  });

  Deno.test(`an entry returned as it is stays, ${kind}`, async () => {
    const step = compile(({ a, b }) => ({
      outputs: { sum: tf.add(a, b) },
      state: { a, b: tf.add(b, 1) },
    }));
    const state = executor.state({ a: scalar(1), b: scalar(2) });
    assert.deepEqual(numbers(await step.run(state, {})), { sum: [3] });
    assert.deepEqual(numbers(await step.run(state, {})), { sum: [4] });
    assert.deepEqual(numbers(await state.read()), { a: [1], b: [4] });
    await step.dispose();
    state.dispose();
  });

  Deno.test(`an input may become state, ${kind}`, async () => {
    const step = compile((_state, { x }) => ({ outputs: {}, state: { a: x } }));
    const state = executor.state({ a: scalar(1) });
    const x = scalar(5);
    assert.deepEqual(await step.run(state, { x }), {});
    x.data[0] = 6;
    assert.deepEqual(numbers(await state.read()), { a: [5] });
    await step.run(state, { x });
    assert.deepEqual(numbers(await state.read()), { a: [6] });
    await step.dispose();
    state.dispose();
  });

  Deno.test(`entries may change places, ${kind}`, async () => {
    const swap = compile(({ a, b }) => ({
      outputs: {},
      state: { a: b, b: a },
    }));
    const state = executor.state({ a: scalar(1), b: scalar(2) });
    for (const [a, b] of [[2, 1], [1, 2], [2, 1]]) {
      await swap.run(state, {});
      assert.deepEqual(numbers(await state.read()), { a: [a], b: [b] });
    }
    await swap.dispose();
    state.dispose();
  });

  Deno.test(`an output may be an entry, replaced or not, ${kind}`, async () => {
    const step = compile(({ a, b }) => ({
      outputs: { a, b },
      state: { b: tf.add(b, 1) },
    }));
    const state = executor.state({ a: scalar(1), b: scalar(2) });
    for (const b of [2, 3, 4]) {
      assert.deepEqual(numbers(await step.run(state, {})), { a: [1], b: [b] });
    }
    assert.deepEqual(numbers(await state.read()), { a: [1], b: [5] });
    await step.dispose();
    state.dispose();
  });

  Deno.test(`several states are one, ${kind}`, async () => {
    const step = compile(({ weight, sum }, { x }) => ({
      outputs: {},
      state: { sum: tf.add(sum, tf.mul(weight, x)) },
    }));
    const weights = executor.state({ weight: scalar(3) });
    const [one, two] = [0, 100].map((sum) =>
      executor.state({ sum: scalar(sum) })
    );
    await step.run([weights, one], { x: scalar(1) });
    await step.run([two, weights], { x: scalar(2) });
    await step.run([weights, one], { x: scalar(3) });
    assert.deepEqual(numbers(await one.read()), { sum: [12] });
    assert.deepEqual(numbers(await two.read()), { sum: [106] });
    assert.deepEqual(numbers(await weights.read()), { weight: [3] });
    await step.dispose();
    for (const state of [weights, one, two]) state.dispose();
  });

  Deno.test(`a name in two states is an error, ${kind}`, async () => {
    const step = compile(({ a }) => ({ outputs: { a: tf.add(a, 1) } }));
    const states = [
      executor.state({ a: scalar(1), b: scalar(2) }),
      executor.state({ a: scalar(1) }),
    ];
    await assert.rejects(step.run(states, {}), {
      name: "RangeError",
      message: "Cannot run a step: the name a must stand in one state only",
    });
    await step.dispose();
  });

  Deno.test(`state of another executor is an error, ${kind}`, async () => {
    const step = compile(({ a }) => ({ outputs: { a: tf.add(a, 1) } }));
    const own = executor.state({ b: scalar(1) });
    const foreign = OTHER[kind].state({ a: scalar(1) });
    for (const state of [foreign, [own, foreign]]) {
      await assert.rejects(step.run(state, {}), {
        name: "TypeError",
        message:
          "Cannot run a step: its state must come from the same executor",
      });
    }
    await step.dispose();
  });

  Deno.test(`state under a new name or in another shape is an error, ${kind}`, async () => {
    const named = compile(() => ({ outputs: {}, state: { z: tf.scalar(1) } }));
    await assert.rejects(named.run(executor.state({ a: scalar(1) }), {}), {
      name: "RangeError",
      message:
        "Cannot replace the state z: its shape must be [none: the name is new], got []",
    });
    const shaped = compile(({ a }) => ({
      outputs: {},
      state: { a: tf.reshape(a, [2]) },
    }));
    await assert.rejects(
      shaped.run(executor.state({ a: floats([2, 1], [1, 2]) }), {}),
      /^RangeError: Cannot replace the state a: its shape must be \[2, ?1\], got \[2\]$/,
    );
  });

  Deno.test(`calls under way do not disturb each other, ${kind}`, async () => {
    const step = compile((_state, { x }) => ({
      outputs: { y: tf.add(tf.mul(x, 2), 1) },
    }));
    const state = executor.state({});
    const results = await Promise.all(
      [1, 2, 3, 4].map((x) => step.run(state, { x: scalar(x) })),
    );
    assert.deepEqual(
      results.map(numbers),
      [{ y: [3] }, { y: [5] }, { y: [7] }, { y: [9] }],
    );
    await step.dispose();
  });
}

Deno.test("executors say what they are", () => {
  assert.equal(EXECUTORS.traced.description, "onnxruntime cpu");
  assert.equal(EXECUTORS.eager.description, "tfjs cpu");
});

Deno.test("an unknown TensorFlow.js backend is an error", async () => {
  await assert.rejects(eagerExecutor("abacus"), /abacus/);
  // The backend in use stays.
  assert.equal(tf.getBackend(), "cpu");
});

Deno.test("floats(), integers() and scalar() make host tensors", () => {
  assert.deepEqual(floats([2], [1, 2]), {
    type: "float32",
    shape: [2],
    data: Float32Array.of(1, 2),
  });
  assert.deepEqual(integers([1, 2], [3, 4]), {
    type: "int32",
    shape: [1, 2],
    data: Int32Array.of(3, 4),
  });
  assert.deepEqual(scalar(0.5), {
    type: "float32",
    shape: [],
    data: Float32Array.of(0.5),
  });
  // Arrays of the right kind are taken as they are.
  const data = Float32Array.of(1);
  assert.equal(floats([1], data).data, data);
});
