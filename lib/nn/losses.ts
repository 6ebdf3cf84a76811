/**
 * Losses, in nats.
 *
 * @module
 */

import { tf } from "../engine/tensorflow.ts";

/**
 * Cross-entropy of softmax(logits) with integer targets, by row.
 *
 * @param logits `[M, K]`.
 * @param targets `[M]`, int32, in `[0, K)`.
 * @returns `−log p(target)`, `[M]`, finite for logits of any size.
 */
export function softmaxCrossEntropy(
  logits: tf.Tensor,
  targets: tf.Tensor,
): tf.Tensor {
  const [rows, classes] = logits.shape as [number, number];
  // Places of the targets among all logits. Over a vocabulary of tens of thousands, one-hot
  // rows would take most of a step's memory.
  const places = tf.add(
    tf.mul(tf.range(0, rows, 1, "int32"), tf.scalar(classes, "int32")),
    targets,
  ) as tf.Tensor1D; // [M]
  const at = (matrix: tf.Tensor) => tf.gather(tf.reshape(matrix, [-1]), places);
  const loss = tf.customGrad((...args) => {
    const [logits] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    const highest = tf.max(logits, -1, true); // [M, 1]
    const exponential = tf.exp(tf.sub(logits, highest));
    const total = tf.sum(exponential, -1, true); // [M, 1]
    save([exponential, total, places]);
    return {
      value: tf.sub(
        tf.squeeze(tf.log(total), [-1]),
        tf.sub(at(logits), tf.squeeze(highest, [-1])),
      ),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [exponential, total, places] = saved;
        const all = tf.reshape(
          tf.mul(exponential, tf.div(tf.expandDims(dy, -1), total)),
          [-1],
        );
        const less = tf.sub(tf.gather(all, places as tf.Tensor1D), dy);
        return tf.reshape(
          tf.tensorScatterUpdate(all, tf.expandDims(places, 1), less),
          [rows, classes],
        );
      },
    };
  });
  return loss(logits);
}

/**
 * The same with targets given as one-hot rows; a row of zeros has loss 0.
 *
 * @param logits `[M, K]`.
 * @param oneHot `[M, K]`.
 * @returns `[M]`.
 */
export function softmaxCrossEntropyOneHot(
  logits: tf.Tensor,
  oneHot: tf.Tensor,
): tf.Tensor {
  const loss = tf.customGrad((...args) => {
    const [logits] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    const shifted = tf.sub(logits, tf.max(logits, -1, true));
    const exponential = tf.exp(shifted);
    const total = tf.sum(exponential, -1, true); // [M, 1]
    const present = tf.sum(oneHot, -1); // [M], 0 or 1
    save([exponential, total, oneHot, present]);
    return {
      value: tf.sub(
        tf.mul(tf.squeeze(tf.log(total), [-1]), present),
        tf.sum(tf.mul(shifted, oneHot), -1),
      ),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [exponential, total, oneHot, present] = saved;
        const column = tf.expandDims(dy, -1);
        const weight = tf.div(
          tf.mul(column, tf.expandDims(present, -1)),
          total,
        );
        return tf.sub(tf.mul(exponential, weight), tf.mul(oneHot, column));
      },
    };
  });
  return loss(logits);
}

/**
 * Binary cross-entropy of sigmoid(logits), element by element.
 *
 * @param logits Any shape.
 * @param targets Same shape, 0 or 1.
 * @returns `softplus(logits) − targets · logits`, same shape.
 */
export function sigmoidCrossEntropy(
  logits: tf.Tensor,
  targets: tf.Tensor,
): tf.Tensor {
  return tf.sub(tf.softplus(logits), tf.mul(targets, logits));
}
