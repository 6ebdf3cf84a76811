/**
 * NAO's network: a cell as a sequence is encoded, judged, moved to where it is judged better,
 * and decoded.
 *
 * An LSTM encodes the tokens; its outputs have length 1, and so has their mean, the embedding.
 * A perceptron predicts the accuracy from the embedding. An LSTM that begins with the embedding
 * and attends to the encoder's outputs writes the tokens again.
 *
 * Shapes: `B` cells, `L` tokens of a cell, `V` tokens that there are, `H` hidden units.
 * Source: Luo et al. 2018, arXiv:1808.07233, §3, and its code in PyTorch; settings of the port
 * to NAS-Bench-101, renqianluo/SemiNAS.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import { floats, type HostTensors } from "../../core/tensors.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { embedding } from "../../nn/layers.ts";
import { softmaxCrossEntropy } from "../../nn/losses.ts";
import { initialLinear, initialMlp, mlp, namedLinear } from "../../nn/mlp.ts";
import type { LossResult } from "../../nn/optimizers.ts";
import { initialLstm, lstmCell } from "../../nn/recurrent.ts";

/** Of the loss: the share of the squared error; the rest is that of the reconstruction. */
const TRADE_OFF = 0.8;

/** Sizes of a network. */
export interface NaoSizes {
  /** `V`. */
  readonly tokens: number;
  readonly embedding: number;
  /** `H`. */
  readonly hidden: number;
  /** Of the predictor. */
  readonly predictor: number;
}

/** Draws weights; those of the embeddings are uniform within 0.1. */
export function initialNao(
  { tokens, embedding, hidden, predictor }: NaoSizes,
  random: Random,
): HostTensors {
  const lstm = { inputs: embedding, hidden };
  const table = (rows: number) =>
    floats(
      [rows, embedding],
      Float32Array.from(
        { length: rows * embedding },
        () => 0.1 * (2 * random.uniform() - 1),
      ),
    );
  return {
    "encoder.embedding": table(tokens),
    ...initialLstm("encoder.lstm", lstm, random),
    ...initialMlp("predictor", [hidden, predictor, 1], random),
    // One more, that decoding begins with.
    "decoder.embedding": table(tokens + 1),
    ...initialLstm("decoder.lstm", lstm, random),
    ...initialLinear("decoder.attention", [2 * hidden, hidden], random),
    ...initialLinear("decoder.output", [hidden, tokens], random),
  };
}

/** Vectors of length 1. */
function _normalised(x: tf.Tensor): tf.Tensor {
  const length = tf.sqrt(tf.sum(tf.square(x), -1, true));
  return tf.div(x, tf.maximum(length, 1e-12));
}

/** The encoder's outputs, `[B, L, H]`. */
function _encoded(state: Tensors, tokens: tf.Tensor): tf.Tensor {
  const columns = tf.unstack(tokens, 1);
  const zero: tf.Tensor = tf.zeros([
    tokens.shape[0],
    state["encoder.lstm.hidden.weight"].shape[1]!,
  ]);
  let memory = { hidden: zero, cell: zero };
  const outputs = columns.map((column) => {
    const x = embedding(state["encoder.embedding"], column);
    memory = lstmCell(state, "encoder.lstm", x, memory);
    return memory.hidden;
  });
  return _normalised(tf.stack(outputs, 1));
}

/** The embeddings, `[B, H]`. */
function _embedded(outputs: tf.Tensor): tf.Tensor {
  return _normalised(tf.mean(outputs, 1));
}

/** Predicted accuracies, from 0 to 1, `[B]`. */
function _predicted(state: Tensors, outputs: tf.Tensor): tf.Tensor {
  return tf.sigmoid(
    tf.squeeze(mlp(state, "predictor", _embedded(outputs), 2), [1]),
  );
}

/**
 * Logits of the tokens one after the other, `L` times `[B, V]`.
 *
 * @param given The true tokens, `[B, L]`, each of which the next one is predicted after; by
 *   default those of the highest logits.
 */
function _decoded(
  state: Tensors,
  outputs: tf.Tensor,
  given?: tf.Tensor,
): tf.Tensor[] {
  const [batch, length] = outputs.shape as [number, number];
  const table = state["decoder.embedding"];
  const columns = given === undefined ? null : tf.unstack(given, 1);
  const start = _embedded(outputs);
  let memory = { hidden: start, cell: start };
  let before: tf.Tensor = tf.fill([batch], table.shape[0] - 1, "int32");
  return Array.from({ length }, (_, at) => {
    memory = lstmCell(state, "decoder.lstm", embedding(table, before), memory);
    const { hidden } = memory;
    const scores = tf.matMul(tf.expandDims(hidden, 1), outputs, false, true); // [B, 1, L]
    const context = tf.squeeze(tf.matMul(tf.softmax(scores), outputs), [1]);
    const logits = namedLinear(
      state,
      "decoder.output",
      tf.tanh(
        namedLinear(
          state,
          "decoder.attention",
          tf.concat([context, hidden], 1),
        ),
      ),
    );
    before = columns?.[at] ?? tf.argMax(logits, 1);
    return logits;
  });
}

/**
 * 0.8 times the squared error of predictions, and 0.2 times the mean negative log-likelihood of
 * tokens.
 *
 * @param inputs `tokens` `[B, L]` and `accuracies` `[B]`, from 0 to 1.
 */
export function naoLoss(
  state: Tensors,
  { tokens, accuracies }: Tensors,
): LossResult {
  const outputs = _encoded(state, tokens);
  const error = tf.mean(
    tf.square(tf.sub(_predicted(state, outputs), accuracies)),
  );
  const likelihood = tf.mean(
    softmaxCrossEntropy(
      tf.concat(_decoded(state, outputs, tokens), 0),
      tf.concat(tf.unstack(tokens, 1), 0),
    ),
  );
  return {
    loss: tf.add(
      tf.mul(error, TRADE_OFF),
      tf.mul(likelihood, 1 - TRADE_OFF),
    ),
    outputs: { error, likelihood },
  };
}

/**
 * Tokens, `[B, L]`, decoded from where cells come by a step along the gradient of their
 * predicted accuracies: a step for an executor.
 *
 * @param inputs `tokens` `[B, L]`, `length` of the step, a scalar.
 */
export function naoAscent(state: Tensors, { tokens, length }: Tensors) {
  const outputs = _encoded(state, tokens);
  const gradient = tf.grad((outputs) =>
    tf.sum(_predicted(state, outputs)).asScalar()
  )(outputs);
  const moved = _normalised(tf.add(outputs, tf.mul(gradient, length)));
  return {
    outputs: {
      tokens: tf.stack(
        _decoded(state, moved).map((logits) => tf.argMax(logits, 1)),
        1,
      ),
      predicted: _predicted(state, moved),
    },
  };
}
