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

/** What `batchNormTraining` returns. */
export interface NormalisedBatch {
  /** `[M, C]`. */
  readonly y: tf.Tensor;
  /** Mean and biased variance of this batch, `[C]` each. */
  readonly statistics: BatchStatistics;
}

const BATCH_NORM_EPSILON = 1e-5;

/**
 * Batch normalisation with the statistics of the batch.
 *
 * The gradient is written out (Ioffe & Szegedy 2015, arXiv:1502.03167, §3) instead of
 * composed op by op: it is the same and takes half the passes over memory.
 *
 * @param x `[M, C]`.
 * @param gamma Scale, `[C]`.
 * @param beta Shift, `[C]`.
 */
export function batchNormTraining(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
): NormalisedBatch {
  const mean = tf.mean(x, 0); // [C]
  const variance = tf.mean(tf.square(tf.sub(x, mean)), 0); // [C]
  const normalise = tf.customGrad((...args) => {
    const [x, gamma, beta] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    const scale = tf.rsqrt(tf.add(variance, BATCH_NORM_EPSILON));
    const normalised = tf.mul(tf.sub(x, mean), scale);
    save([normalised, scale, gamma]);
    return {
      value: tf.add(tf.mul(normalised, gamma), beta),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [normalised, scale, gamma] = saved;
        const rows = dy.shape[0];
        const dBeta = tf.sum(dy, 0);
        const dGamma = tf.sum(tf.mul(dy, normalised), 0);
        // dx = γ/σ · (dy − mean(dy) − x̂ · mean(dy · x̂))
        const centred = tf.sub(
          tf.sub(dy, tf.div(dBeta, rows)),
          tf.mul(normalised, tf.div(dGamma, rows)),
        );
        return [tf.mul(centred, tf.mul(gamma, scale)), dGamma, dBeta];
      },
    };
  });
  return { y: normalise(x, gamma, beta), statistics: { mean, variance } };
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
