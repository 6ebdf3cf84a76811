/**
 * Convolutions and pooling beside TensorFlow.js' own, values and gradients, both as traced
 * graphs and on the `cpu` backend.
 */
import { Random } from "../../lib/core/random.ts";
import { floats, type HostTensors } from "../../lib/core/tensors.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import type { Executor } from "../../lib/engine/executor.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { type Tensors, tf } from "../../lib/engine/tensorflow.ts";
import {
  averagePool2,
  averagePool3,
  batchNorm,
  convolve3,
  convolve3Halving,
  maxPool2,
  maxPool3,
  pointwise,
} from "../../lib/nn/convolution.ts";
import { ACROSS_BACKENDS, assertClose } from "../_helpers.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};

type Layer = (x: tf.Tensor4D, weight: tf.Tensor) => tf.Tensor;

/** A layer of ours, the same of TensorFlow.js, and the shape of its weight. */
const LAYERS: Record<
  string,
  { ours: Layer; theirs: Layer; weight: number[]; output: number[] }
> = {
  pointwise: {
    ours: pointwise,
    theirs: (x, w) => tf.conv2d(x, tf.reshape(w, [1, 1, 3, 5]), 1, "same"),
    weight: [3, 5],
    output: [2, 6, 4, 5],
  },
  convolve3: {
    ours: convolve3,
    theirs: (x, w) => tf.conv2d(x, tf.reshape(w, [3, 3, 3, 5]), 1, "same"),
    weight: [27, 5],
    output: [2, 6, 4, 5],
  },
  convolve3Halving: {
    ours: convolve3Halving,
    theirs: (x, w) =>
      tf.conv2d(
        tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]),
        tf.reshape(w, [3, 3, 3, 5]),
        2,
        "valid",
      ),
    weight: [27, 5],
    output: [2, 3, 2, 5],
  },
  averagePool3: {
    ours: averagePool3,
    // Its own avgPool has a gradient that counts what is beyond the edge.
    theirs: (x) => {
      const around = (x: tf.Tensor4D) =>
        tf.depthwiseConv2d(x, tf.ones([3, 3, 3, 1]), 1, "same");
      return tf.div(around(x), around(tf.onesLike(x)));
    },
    weight: [1],
    output: [2, 6, 4, 3],
  },
  maxPool3: {
    ours: maxPool3,
    theirs: (x) => tf.maxPool(x, 3, 1, "same"),
    weight: [1],
    output: [2, 6, 4, 3],
  },
  averagePool2: {
    ours: averagePool2,
    theirs: (x) => tf.avgPool(x, 2, 2, "valid"),
    weight: [1],
    output: [2, 3, 2, 3],
  },
  maxPool2: {
    ours: maxPool2,
    theirs: (x) => tf.maxPool(x, 2, 2, "valid"),
    weight: [1],
    output: [2, 3, 2, 3],
  },
  batchNorm: {
    ours: (x, w) => {
      const [gamma, beta] = tf.split(tf.reshape(w, [-1]), 2);
      return batchNorm(x, { gamma, beta }).y;
    },
    theirs: (x, w) => {
      const [gamma, beta] = tf.split(tf.reshape(w, [-1]), 2) as tf.Tensor1D[];
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return tf.batchNorm(
        x,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        beta,
        gamma,
        1e-5,
      );
    },
    weight: [6],
    output: [2, 6, 4, 3],
  },
};

/** The value of a layer, and the gradients of `Σ y · dy` by input and weight. */
function derived(layer: Layer, { x, weight, dy }: Tensors): Tensors {
  const y = layer(x as tf.Tensor4D, weight);
  const [dx, dWeight] = tf.grads((x: tf.Tensor, weight: tf.Tensor) =>
    // The weight stands in the sum, so that layers without one have a gradient by it.
    tf.add(
      tf.sum(tf.mul(layer(x as tf.Tensor4D, weight), dy)),
      tf.sum(weight),
    )
  )([x, weight]);
  return { y, dx, dWeight };
}

async function run(
  executor: Executor,
  fn: (inputs: Tensors) => Tensors,
  inputs: HostTensors,
): Promise<HostTensors> {
  const compiled = executor.compile((_state, x) => ({ outputs: fn(x) }), {
    name: "layer",
  });
  const state = executor.state({});
  const outputs = await compiled.run(state, inputs);
  await compiled.dispose();
  state.dispose();
  return outputs;
}

for (const [name, { ours, theirs, weight, output }] of Object.entries(LAYERS)) {
  for (const [device, executor] of Object.entries(EXECUTORS)) {
    Deno.test(`${name}() is TensorFlow.js' own, gradients too, ${device}`, async () => {
      const random = Random.fromSeed(1);
      const normal = (shape: number[]) =>
        floats(
          shape,
          Array.from(
            { length: shape.reduce((product, n) => product * n, 1) },
            () => random.normal(),
          ),
        );
      const inputs = {
        x: normal([2, 6, 4, 3]),
        weight: normal(weight),
        dy: normal(output),
      };
      const expected = await run(
        EXECUTORS.eager,
        (inputs) => derived(theirs, inputs),
        inputs,
      );
      const found = await run(
        executor,
        (inputs) => derived(ours, inputs),
        inputs,
      );
      for (const part of ["y", "dx", "dWeight"]) {
        assertClose(
          found[part].data,
          expected[part].data,
          ACROSS_BACKENDS,
          part,
        );
      }
    });
  }
}
