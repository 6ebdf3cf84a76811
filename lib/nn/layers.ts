/**
 * Layers shared by the models, as pure functions of tensors.
 *
 * Weights follow PyTorch's layout: a linear layer's weight is `[out, in]`. Rows are
 * flattened before a product (`[M, C]`, not `[B, N, C]`), which makes it one `Gemm`.
 * Who calls them disposes the results (a surrounding `tf.tidy`).
 *
 * Shapes: `M` rows, `C` channels, `V` vocabulary size.
 *
 * @module
 */

import { tf } from "../engine/tensorflow.ts";

/**
 * `x Wᵀ + b`.
 *
 * @param x `[M, in]`.
 * @param weight `[out, in]`.
 * @param bias `[out]`, or none.
 * @returns `[M, out]`.
 */
export function linear(
  x: tf.Tensor,
  weight: tf.Tensor,
  bias?: tf.Tensor,
): tf.Tensor {
  const product = tf.matMul(x, weight, false, true);
  return bias === undefined ? product : tf.add(product, bias);
}

/**
 * ReLU whose gradient looks at its output.
 *
 * TensorFlow.js' own looks at the input, which keeps ONNX Runtime from computing it within
 * the product that makes the input.
 */
export function relu(x: tf.Tensor): tf.Tensor {
  return tf.customGrad((...args) => {
    const [x] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    const y = tf.relu(x);
    save([y]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, [y]: tf.Tensor[]) => tf.mul(dy, tf.step(y)),
    };
  })(x);
}

/** Running statistics of a batch normalisation. */
export interface BatchStatistics {
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
}

/** Scale and shift of a batch normalisation, `[C]` each. */
export interface BatchNormWeights {
  readonly gamma: tf.Tensor;
  readonly beta: tf.Tensor;
}

/** What `linearNormRelu` returns. */
export interface NormalisedBatch {
  /** `[M, C]`. */
  readonly y: tf.Tensor;
  /** Mean and biased variance of this batch, `[C]` each. */
  readonly statistics: BatchStatistics;
}

const BATCH_NORM_EPSILON = 1e-5;

/**
 * A linear layer, batch normalisation with the statistics of the batch, and ReLU.
 *
 * The three are one, with a gradient that is written out (Ioffe & Szegedy 2015,
 * arXiv:1502.03167, §3): the scale of the normalisation is then taken into the weight, `[C, in]`,
 * where it costs nothing, and not into the rows. A bias before it moves the mean alone.
 *
 * @param x `[M, in]`.
 * @param weight `[C, in]`.
 * @param bias `[C]`, or none.
 * @param shares `[M, 1]`: how much of the batch each row stands for, 1 in sum; by default all
 *   stand for as much. The gradient of `y` is that of all that a row stands for.
 */
export function linearNormRelu(
  x: tf.Tensor,
  { weight, bias }: { weight: tf.Tensor; bias?: tf.Tensor },
  { gamma, beta }: BatchNormWeights,
  shares?: tf.Tensor,
): NormalisedBatch {
  const rows = x.shape[0]!;
  const biases = bias === undefined ? [] : [bias];
  const average = (values: tf.Tensor) =>
    shares === undefined
      ? tf.mean(values, 0)
      : tf.reshape(tf.matMul(shares, values, true), [-1]); // [C]
  const product = tf.matMul(x, weight, false, true);
  const mean = average(product);
  const centred = tf.sub(product, mean); // [M, C]
  const variance = average(tf.square(centred));
  const inverse = tf.rsqrt(tf.add(variance, BATCH_NORM_EPSILON));
  const normalise = tf.customGrad((...args) => {
    const [x, weight, gamma, beta] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    const scale = tf.mul(gamma, inverse);
    const y = tf.relu(tf.add(tf.mul(centred, scale), beta));
    save([x, weight, centred, inverse, scale, y]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, weight, centred, inverse, scale, y] = saved;
        const dNormalised = tf.mul(dy, tf.step(y));
        const dBeta = tf.sum(dNormalised, 0);
        const dGamma = tf.mul(
          tf.sum(tf.mul(dNormalised, centred), 0),
          inverse,
        );
        // What a row does by moving the mean and the variance, to be taken off:
        // dx̂ − share · (Σ dx̂ + x̂ · Σ dx̂ · x̂)
        const slope = tf.mul(dGamma, inverse);
        const moved = shares === undefined
          ? tf.add(tf.mul(centred, tf.div(slope, rows)), tf.div(dBeta, rows))
          : tf.mul(tf.add(tf.mul(centred, slope), dBeta), shares);
        const d = tf.sub(dNormalised, moved);
        const column = tf.expandDims(scale, 1); // [C, 1]
        return [
          tf.matMul(d, tf.mul(weight, column)),
          tf.mul(tf.matMul(d, x, true), column),
          dGamma,
          dBeta,
          ...biases.map((bias) => tf.zerosLike(bias)),
        ];
      },
    };
  });
  return {
    y: normalise(x, weight, gamma, beta, ...biases),
    statistics: {
      mean: bias === undefined ? mean : tf.add(mean, bias),
      variance,
    },
  };
}

/** Batch normalisation with running statistics; arguments as above. */
export function batchNormInference(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { mean, variance }: BatchStatistics,
): tf.Tensor {
  const scale = tf.mul(
    gamma,
    tf.rsqrt(tf.add(variance, BATCH_NORM_EPSILON)),
  );
  return tf.add(tf.mul(x, scale), tf.sub(beta, tf.mul(mean, scale)));
}

/**
 * T5's layer norm: no mean, no bias (Zhang & Sennrich 2019, arXiv:1910.07467).
 *
 * @param x `[M, C]`.
 * @param weight `[C]`.
 */
export function rmsNorm(
  x: tf.Tensor,
  weight: tf.Tensor,
  epsilon: number,
): tf.Tensor {
  const normalise = tf.customGrad((...args) => {
    const [x, weight] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    const scale = tf.rsqrt(
      tf.add(tf.mean(tf.square(x), -1, true), epsilon),
    ); // [M, 1]
    const normalised = tf.mul(x, scale);
    save([normalised, scale, weight]);
    return {
      value: tf.mul(normalised, weight),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [normalised, scale, weight] = saved;
        const weighted = tf.mul(dy, weight);
        // dx = 1/rms · (dy·w − x̂ · mean(dy·w · x̂))
        const along = tf.mean(tf.mul(weighted, normalised), -1, true);
        return [
          tf.mul(tf.sub(weighted, tf.mul(normalised, along)), scale),
          tf.sum(tf.mul(dy, normalised), 0),
        ];
      },
    };
  });
  return normalise(x, weight);
}

/**
 * Looks rows of a table up.
 *
 * Its gradient adds rows up by index where the backend can, else by a one-hot product.
 *
 * @param table `[V, C]`.
 * @param indices `[M]`, int32.
 * @returns `[M, C]`.
 */
export function embedding(table: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  const rows = table.shape[0];
  const lookup = tf.customGrad((...args) => {
    const [table] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    save([indices]);
    return {
      value: tf.gather(table, indices as tf.Tensor1D),
      gradFunc: (dy: tf.Tensor, [indices]: tf.Tensor[]) =>
        _hasScatter()
          ? tf.unsortedSegmentSum(dy, indices as tf.Tensor1D, rows)
          : tf.matMul(tf.oneHot(indices, rows), dy, true),
    };
  });
  return lookup(table);
}

/** Whether the backend can add rows up by index; `wasm` cannot. */
function _hasScatter(): boolean {
  return tf.getKernel("UnsortedSegmentSum", tf.getBackend()) !== undefined;
}

/** Passes a value on and stops its gradient: `sg[x]`. */
export function stopGradient(x: tf.Tensor): tf.Tensor {
  return tf.customGrad((...args) => ({
    value: tf.clone(args[0] as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }))(x);
}

/** Random offsets of a dropout mask, drawn outside the step. */
export interface DropoutNoise {
  /** `[M]`, each uniform in `[0, 1)`. */
  readonly rows: tf.Tensor;
  /** `[C]`, each uniform in `[0, 1)`. */
  readonly columns: tf.Tensor;
}

/**
 * Dropout whose mask is made from one random number per row and one per column.
 *
 * Element `(i, j)` is dropped where the fractional part of `rows[i] + columns[j]` is
 * below `rate`: each with probability `rate`, any two independent. A traced step cannot
 * draw numbers, and `M + C` of them are far cheaper to pass in than `M · C`. Differs from
 * the usual mask, because three and more elements are not jointly independent.
 *
 * @param x `[M, C]`.
 * @param rate In `[0, 1)`; 0 returns `x`.
 */
export function dropout(
  x: tf.Tensor,
  rate: number,
  noise: DropoutNoise | undefined,
): tf.Tensor {
  if (rate === 0 || noise === undefined) return x;
  const sum = tf.add(tf.expandDims(noise.rows, 1), noise.columns); // [M, C]
  const fraction = tf.sub(sum, tf.floor(sum));
  const kept = tf.cast(tf.greaterEqual(fraction, rate), "float32");
  return tf.mul(x, tf.div(kept, 1 - rate));
}
