/**
 * Progressive weak predictors: each is trained on the cells so far, and the next ones are drawn
 * among those that it holds for the best, so that one predictor after another looks closer.
 *
 * In the manner of WeakNAS: 10 cells a round, drawn uniformly among the 100 of the highest
 * predictions; a perceptron on operations and edges as scikit-learn's `MLPRegressor` trains it.
 * Its hidden layers are narrower here, which takes more steps, and targets are normalised by the
 * cells asked for; its code does so by all cells of the table, which no search could know.
 *
 * Shapes: `N` rows, `F` features.
 * Source: Wu et al. 2021, arXiv:2102.10490, algorithm 1; VITA-Group/WeakNAS.
 *
 * @module
 */

import { runKey } from "../../core/keys.ts";
import type { Random } from "../../core/random.ts";
import { floats, scalar } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { initialMlp, mlp } from "../../nn/mlp.ts";
import {
  adamWSlots,
  type LossResult,
  trainingStep,
} from "../../nn/optimizers.ts";
import type { SearchMethod } from "../method.ts";
import type { Query } from "../oracle.ts";
import {
  nextCells,
  unseenCells,
  VERSION as UNSEEN_VERSION,
} from "../unseen_cells.ts";
import {
  candidateTables,
  type GraphFeatures,
  VERSION as CANDIDATES_VERSION,
} from "./candidates.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

const INITIAL = 16;
const ROUND = 10;
/** The best by prediction, among which the next are drawn. */
const TOP = 100;
const LAYERS = 5;
/** Of the hidden layers; in WeakNAS 1,000. */
const WIDTH = 128;
/** Full batches; in WeakNAS 100. */
const STEPS = 300;
const LEARNING_RATE = 1e-3;
/** scikit-learn's `alpha`. */
const DECAY = 1e-4;
/** Rows that training is done in are a multiple of this: a graph is compiled for each number. */
const ROWS = 64;
/** Rows that are predicted at a time. */
const BATCH = 4096;

/**
 * Half the mean squared error and the decay of the weights.
 *
 * @param inputs `x` `[N, F]`, `y` `[N]`, and `mask` `[N]`: one over the number of rows that
 *   count, 0 for the others.
 */
export function perceptronLoss(
  state: Tensors,
  { x, y, mask }: Tensors,
): LossResult {
  const error = tf.square(tf.sub(_predicted(state, x), y));
  const weights = Object.keys(state).filter((name) =>
    /^mlp.*weight$/.test(name)
  );
  const squares = tf.addN(
    weights.map((name) => tf.sum(tf.square(state[name]))),
  );
  // One over the number of rows that count.
  const share = tf.max(mask);
  return {
    loss: tf.mul(
      0.5,
      tf.add(
        tf.sum(tf.mul(error, mask)),
        tf.mul(tf.mul(squares, DECAY), share),
      ),
    ),
  };
}

function _predicted(state: Tensors, x: tf.Tensor): tf.Tensor {
  return tf.squeeze(mlp(state, "mlp", x, LAYERS), [1]);
}

/** The search by some features of cells. */
export function weakPredictors(
  features: GraphFeatures,
  executor: Executor,
): SearchMethod {
  const candidatesOf = candidateTables(features);
  return {
    key: runKey({
      method: "weak predictors",
      version: VERSION,
      device: executor.description,
      features: features.key,
      settings: [INITIAL, ROUND, TOP, LAYERS, WIDTH, STEPS, LEARNING_RATE],
      candidates: CANDIDATES_VERSION,
      unseen: UNSEEN_VERSION,
    }),
    search: async (oracle, random) => {
      const fresh = unseenCells(oracle, random);
      await oracle.ask(nextCells(fresh, INITIAL));
      const candidates = await candidatesOf(oracle, random);
      const predictor = new Predictor(features, executor);
      try {
        while (oracle.remaining > 0) {
          const scores = await predictor.predict(
            oracle.history,
            candidates.rows,
            random,
          );
          const top = random.shuffle(candidates.best(scores, TOP));
          const before = oracle.remaining;
          await oracle.ask(
            top.slice(0, ROUND).map((at) => candidates.cell(at)),
          );
          if (oracle.remaining < before) continue;
          await oracle.ask(nextCells(fresh, ROUND));
          if (oracle.remaining === before) return;
        }
      } finally {
        await predictor.dispose();
      }
    },
  };
}

/** A perceptron on a device. */
class Predictor {
  readonly #features: GraphFeatures;
  readonly #executor: Executor;
  readonly #step;
  readonly #predict;

  constructor(features: GraphFeatures, executor: Executor) {
    this.#features = features;
    this.#executor = executor;
    const names = Array.from({ length: LAYERS }, (_, i) => `mlp.${i}`)
      .flatMap((name) => [`${name}.weight`, `${name}.bias`]);
    this.#step = executor.compile(trainingStep(perceptronLoss, names, {}), {
      name: "weak predictor training step",
    });
    this.#predict = executor.compile(
      (state, { x }) => ({ outputs: { y: _predicted(state, x) } }),
      { name: "weak predictor" },
    );
  }

  /** Trains a new perceptron on queries, and predicts rows, `[M, F]`. */
  async predict(
    queries: readonly Query[],
    rows: Float32Array,
    random: Random,
  ): Promise<Float32Array> {
    const { width } = this.#features;
    const initial = initialMlp("mlp", [
      width,
      ...new Array<number>(LAYERS - 1).fill(WIDTH),
      1,
    ], random);
    const state = this.#executor.state({ ...initial, ...adamWSlots(initial) });
    const n = queries.length, padded = ROWS * Math.ceil(n / ROWS);
    const x = new Float32Array(padded * width);
    x.set(await this.#features.of(queries.map(({ cell }) => cell.graph)));
    const y = new Float32Array(padded), mask = new Float32Array(padded);
    y.set(_normalised(queries.map(({ validation }) => validation)));
    mask.fill(1 / n, 0, n);
    const inputs = {
      x: floats([padded, width], x),
      y: floats([padded], y),
      mask: floats([padded], mask),
      learningRate: scalar(LEARNING_RATE),
    };
    for (let step = 1; step <= STEPS; step++) {
      await this.#step.run(state, { ...inputs, step: scalar(step) });
    }
    const predicted = new Float32Array(rows.length / width);
    const size = Math.min(BATCH, predicted.length);
    for (let start = 0; start < predicted.length; start += size) {
      const part = new Float32Array(size * width);
      part.set(rows.subarray(start * width, (start + size) * width));
      const { y } = await this.#predict.run(state, {
        x: floats([size, width], part),
      });
      predicted.set(y.data.subarray(0, predicted.length - start), start);
    }
    state.dispose();
    return predicted;
  }

  async dispose(): Promise<void> {
    await this.#step.dispose();
    await this.#predict.dispose();
  }
}

/** Less their mean, over their deviation. */
function _normalised(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) /
    values.length;
  const deviation = variance > 0 ? Math.sqrt(variance) : 1;
  return values.map((value) => (value - mean) / deviation);
}
