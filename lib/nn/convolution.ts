/**
 * Convolutions, pooling and batch normalisation of feature maps, as pure functions of tensors.
 *
 * A convolution is one matrix product of shifted copies of its input, so that it runs at the
 * machine's rate of products on every backend that has those; its gradient is written out as two
 * such products.
 *
 * Shapes: feature maps are `[B, H, W, C]`, weights of a kernel of `K × K` `[K · K · C, D]`, taps
 * row by row.
 *
 * @module
 */

import { tf } from "../engine/tensorflow.ts";
import type { BatchNormWeights, BatchStatistics } from "./layers.ts";

/** Below every value of a feature map: padding that no maximum takes. */
const LOWEST = -1e30;

const BATCH_NORM_EPSILON = 1e-5;

/**
 * A convolution of 1×1.
 *
 * @param weight `[C, D]`.
 */
export function pointwise(x: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  const [batch, height, width, channels] = x.shape;
  const rows = tf.reshape(x, [-1, channels]);
  return tf.reshape(tf.matMul(rows, weight as tf.Tensor2D), [
    ...[batch, height, width],
    weight.shape[1]!,
  ]);
}

/**
 * A convolution of 3×3 that keeps height and width: zeros around.
 *
 * @param weight `[9 · C, D]`.
 */
export function convolve3(x: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  const outputs = weight.shape[1]!;
  const convolve = tf.customGrad((...args) => {
    const [x, weight] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    const [batch, height, width, channels] = x.shape;
    const columns = _taps(x);
    const y = tf.matMul(columns, weight as tf.Tensor2D);
    save([columns, weight]);
    return {
      value: tf.reshape(y, [batch, height, width, outputs]),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [columns, weight] = saved;
        const rows = tf.reshape(dy, [-1, outputs]);
        // The kernel turned by 180°, from outputs to inputs.
        const turned = tf.reshape(
          tf.transpose(
            tf.reverse(tf.reshape(weight, [9, channels, outputs]), 0),
            [0, 2, 1],
          ),
          [9 * outputs, channels],
        );
        return [
          tf.reshape(tf.matMul(_taps(dy), turned as tf.Tensor2D), x.shape),
          tf.matMul(columns as tf.Tensor2D, rows as tf.Tensor2D, true),
        ];
      },
    };
  });
  return convolve(x, weight);
}

/** The nine neighbours of each place side by side, `[B · H · W, 9 · C]`; zeros beyond the edge. */
function _taps(x: tf.Tensor): tf.Tensor2D {
  const [batch, height, width, channels] = x.shape;
  const padded = tf.pad(x as tf.Tensor4D, [[0, 0], [1, 1], [1, 1], [0, 0]]);
  const taps: tf.Tensor[] = [];
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      taps.push(
        tf.slice(padded, [0, row, column, 0], [batch, height, width, channels]),
      );
    }
  }
  return tf.reshape(tf.concat(taps, 3), [-1, 9 * channels]);
}

/**
 * A convolution of 3×3 with a stride of 2, zeros around, as PyTorch has it with padding 1: the
 * first kernel lies half outside. Height and width must be even.
 *
 * @param weight `[9 · C, D]`.
 * @returns `[B, H / 2, W / 2, D]`.
 */
export function convolve3Halving(x: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  const [batch, height, width, channels] = x.shape;
  const padded = tf.pad(x as tf.Tensor4D, [[0, 0], [1, 1], [1, 1], [0, 0]]);
  const [high, wide] = [height / 2, width / 2];
  // Rows and columns in pairs: a tap is a place in a pair.
  const pairs = tf.reshape(padded, [
    ...[batch, high + 1, 2, wide + 1],
    2 * channels,
  ]);
  const taps: tf.Tensor[] = [];
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      taps.push(tf.reshape(
        tf.slice(
          pairs,
          [0, row >> 1, row & 1, column >> 1, (column & 1) * channels],
          [batch, high, 1, wide, channels],
        ),
        [batch, high, wide, channels],
      ));
    }
  }
  const columns = tf.reshape(tf.concat(taps, 3), [-1, 9 * channels]);
  return tf.reshape(
    tf.matMul(columns as tf.Tensor2D, weight as tf.Tensor2D),
    [batch, high, wide, weight.shape[1]!],
  );
}

/** The average of 3×3 places around each, those beyond the edge not counted. */
export function averagePool3(x: tf.Tensor): tf.Tensor {
  const [, height, width] = x.shape;
  const pool = tf.customGrad((...args) => {
    const [x] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    const shares = tf.div(
      1,
      tf.mul(
        tf.reshape(_reach(height), [1, height, 1, 1]),
        tf.reshape(_reach(width), [1, 1, width, 1]),
      ),
    );
    save([shares]);
    return {
      value: tf.mul(_sumAround(x), shares),
      gradFunc: (dy: tf.Tensor, [shares]: tf.Tensor[]) =>
        _sumAround(tf.mul(dy, shares)),
    };
  });
  return pool(x);
}

/** How many of three neighbours there are along an axis. */
function _reach(size: number): tf.Tensor {
  return tf.tensor1d(
    Array.from(
      { length: size },
      (_, at) => 3 - Number(at === 0) - Number(at === size - 1),
    ),
  );
}

/** Sums of 3×3 places. */
function _sumAround(x: tf.Tensor): tf.Tensor {
  return [1, 2].reduce(
    (sum, axis) => tf.addN(_neighbours(sum, axis, 0)),
    x,
  );
}

/** The maximum of 3×3 places around each. */
export function maxPool3(x: tf.Tensor): tf.Tensor {
  return [1, 2].reduce(
    (most, axis) =>
      _neighbours(most, axis, LOWEST)
        .reduce((a, b) => tf.maximum(a, b)),
    x,
  );
}

/** The place before, the place itself and the one after along an axis, for all. */
function _neighbours(
  x: tf.Tensor,
  axis: number,
  beyond: number,
): tf.Tensor[] {
  const paddings = x.shape.map((_, at): [number, number] =>
    at === axis ? [1, 1] : [0, 0]
  );
  const padded = tf.pad(x, paddings, beyond);
  return [0, 1, 2].map((start) =>
    tf.slice(padded, x.shape.map((_, at) => at === axis ? start : 0), x.shape)
  );
}

/** The average of each 2×2 places; halves height and width, which must be even. */
export function averagePool2(x: tf.Tensor): tf.Tensor {
  const [batch, height, width, channels] = x.shape;
  return tf.mean(
    tf.reshape(x, [batch, height / 2, 2, width / 2, 2, channels]),
    [2, 4],
  );
}

/** The maximum of each 2×2 places; halves height and width, which must be even. */
export function maxPool2(x: tf.Tensor): tf.Tensor {
  const [batch, height, width, channels] = x.shape;
  const rows = tf.reshape(x, [batch, height / 2, 2, width * channels]);
  const [above, below] = tf.split(rows, 2, 2);
  const columns = tf.reshape(tf.maximum(above, below), [
    ...[batch, height / 2, width / 2, 2],
    channels,
  ]);
  const [left, right] = tf.split(columns, 2, 3);
  return tf.reshape(tf.maximum(left, right), [
    ...[batch, height / 2, width / 2],
    channels,
  ]);
}

/**
 * Batch normalisation of each channel with the statistics of the batch.
 *
 * The gradient is written out (Ioffe & Szegedy 2015, arXiv:1502.03167, §3).
 *
 * @param x `[…, C]`.
 */
export function batchNorm(
  x: tf.Tensor,
  { gamma, beta }: BatchNormWeights,
): { readonly y: tf.Tensor; readonly statistics: BatchStatistics } {
  const channels = x.shape.at(-1)!;
  const rows = x.size / channels;
  const flat = tf.reshape(x, [-1, channels]);
  const mean = tf.mean(flat, 0);
  const centred = tf.sub(flat, mean);
  const variance = tf.mean(tf.square(centred), 0);
  const inverse = tf.rsqrt(tf.add(variance, BATCH_NORM_EPSILON));
  const normalise = tf.customGrad((...args) => {
    const [, gamma, beta] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    const scale = tf.mul(gamma, inverse);
    save([centred, inverse, scale]);
    return {
      value: tf.add(tf.mul(centred, scale), beta),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [centred, inverse, scale] = saved;
        const dBeta = tf.sum(dy, 0);
        const dGamma = tf.mul(tf.sum(tf.mul(dy, centred), 0), inverse);
        // What a row does by moving the mean and the variance, to be taken off.
        const moved = tf.add(
          tf.mul(centred, tf.div(tf.mul(dGamma, inverse), rows)),
          tf.div(dBeta, rows),
        );
        return [tf.mul(tf.sub(dy, moved), scale), dGamma, dBeta];
      },
    };
  });
  return {
    y: tf.reshape(normalise(flat, gamma, beta), x.shape),
    statistics: { mean, variance },
  };
}
