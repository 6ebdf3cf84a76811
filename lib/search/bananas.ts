/**
 * BANANAS: an ensemble of networks on the path encoding, and independent Thompson sampling.
 *
 * In each round the networks are trained anew on the cells queried so far. For a candidate,
 * a number is drawn from a normal distribution with the mean and the deviation of their
 * predictions; the lowest drawn errors are queried. Candidates are neighbours of the best.
 *
 * Shapes: `E` networks, `M` cells, `P` paths.
 * Source: White et al. 2021, arXiv:1910.11858, §5 and algorithm 1: 5 networks of 10 layers of
 * 20, mean absolute percentage error, independent Thompson sampling. Ours: full batches.
 *
 * @module
 */

import {
  CellFeatures,
  VERSION as FEATURES_VERSION,
} from "../analysis/features.ts";
import { runKey } from "../core/keys.ts";
import type { Random } from "../core/random.ts";
import { floats, type HostTensors, scalar } from "../core/tensors.ts";
import type { Executor } from "../engine/executor.ts";
import { type Tensors, tf } from "../engine/tensorflow.ts";
import { adamWSlots, type LossResult, trainingStep } from "../nn/optimizers.ts";
import type { Cell } from "../spaces/cell.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { SearchMethod } from "./method.ts";
import { neighbours, VERSION as NEIGHBOURS_VERSION } from "./neighbours.ts";
import type { Oracle, Query } from "./oracle.ts";
import {
  type RoundOptions,
  ROUNDS,
  searchInRounds,
  VERSION as ROUNDS_VERSION,
} from "./rounds.ts";
import { unseenCells, VERSION as UNSEEN_VERSION } from "./unseen_cells.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 2;

const NETWORKS = 5;
const HIDDEN_LAYERS = 10;
const WIDTH = 20;
const STEPS = 150;
const LEARNING_RATE = 0.01;
/** Errors are measured from here, percent: below the least there is. */
const LEAST_ERROR = 1;
/** Rows that predictions are made in. */
const BATCH = 256;
/** Rows that training is done in are a multiple of this: a graph is compiled for each number. */
const ROWS = 64;

/** Candidates are made anew in each round, as in the paper's algorithm 1. */
const BANANAS_ROUNDS: RoundOptions = { ...ROUNDS, keep: false };

/** BANANAS, on a device. */
export function bananas(
  executor: Executor,
  options: RoundOptions = BANANAS_ROUNDS,
): SearchMethod {
  return {
    key: runKey({
      method: "BANANAS",
      version: VERSION,
      device: executor.description,
      options,
      networks: [NETWORKS, HIDDEN_LAYERS, WIDTH],
      training: [STEPS, LEARNING_RATE, LEAST_ERROR],
      features: FEATURES_VERSION,
      rounds: ROUNDS_VERSION,
      unseen: UNSEEN_VERSION,
      neighbours: NEIGHBOURS_VERSION,
    }),
    search: (oracle, random) => _search(oracle, random, executor, options),
  };
}

async function _search(
  oracle: Oracle,
  random: Random,
  executor: Executor,
  options: RoundOptions,
): Promise<void> {
  const ensemble = new Ensemble(oracle.space, executor);
  try {
    await searchInRounds(oracle, options, {
      random: () => unseenCells(oracle, random),
      candidates: (best) =>
        best.flatMap((cell) => neighbours(oracle.space, cell)),
      rank: async (candidates, queries) => {
        await ensemble.fit(queries, random);
        const predictions = await ensemble.predict(candidates);
        return candidates.map((cell, i) => {
          const { mean, deviation } = predictions[i];
          return { cell, error: mean + deviation * random.normal() };
        }).sort((a, b) => a.error - b.error).map(({ cell }) => cell);
      },
    });
  } finally {
    await ensemble.dispose();
  }
}

/**
 * The networks, trained side by side. What all hidden layers have is one tensor: steps are so
 * small that their cost is the number of operations.
 */
class Ensemble {
  readonly #features: CellFeatures;
  readonly #paths: number;
  readonly #executor: Executor;
  readonly #step;
  readonly #predict;
  #weights: HostTensors = {};

  constructor(space: SearchSpace, executor: Executor) {
    this.#features = new CellFeatures(space, ["paths"]);
    this.#paths = _pathCount(space);
    this.#executor = executor;
    this.#step = executor.compile(trainingStep(_loss, PARAMETERS, {}), {
      name: "BANANAS training step",
    });
    this.#predict = executor.compile(
      (state, inputs) => ({
        outputs: { errors: _errors(state, inputs.paths) },
      }),
      { name: "BANANAS prediction" },
    );
  }

  /** Trains new networks on queries. */
  async fit(queries: readonly Query[], random: Random): Promise<void> {
    const initial = this.#initial(random);
    const state = this.#executor.state({ ...initial, ...adamWSlots(initial) });
    const rows = ROWS * Math.ceil(queries.length / ROWS);
    const errors = new Float32Array(rows);
    const mask = new Float32Array(rows);
    queries.forEach(({ validation }, i) => {
      errors[i] = 100 * (1 - validation);
      mask[i] = 1 / queries.length;
    });
    const inputs = {
      paths: this.#encoded(queries.map(({ cell }) => cell), rows),
      errors: floats([rows], errors),
      mask: floats([rows], mask),
      learningRate: scalar(LEARNING_RATE),
    };
    for (let step = 1; step <= STEPS; step++) {
      await this.#step.run(state, { ...inputs, step: scalar(step) });
    }
    this.#weights = await state.read(PARAMETERS);
    state.dispose();
  }

  /** Mean and deviation of the networks' predictions of the error, percent. */
  async predict(
    cells: readonly Cell[],
  ): Promise<{ mean: number; deviation: number }[]> {
    const state = this.#executor.state(this.#weights);
    const predictions: { mean: number; deviation: number }[] = [];
    for (let start = 0; start < cells.length; start += BATCH) {
      const part = cells.slice(start, start + BATCH);
      const { errors } = await this.#predict.run(state, {
        paths: this.#encoded(part, BATCH),
      });
      for (let row = 0; row < part.length; row++) {
        const each = Array.from(
          { length: NETWORKS },
          (_, network) => errors.data[network * BATCH + row],
        );
        const mean = each.reduce((sum, one) => sum + one, 0) / NETWORKS;
        const squares = each.reduce((sum, one) => sum + (one - mean) ** 2, 0);
        predictions.push({ mean, deviation: Math.sqrt(squares / NETWORKS) });
      }
    }
    state.dispose();
    return predictions;
  }

  async dispose(): Promise<void> {
    await this.#step.dispose();
    await this.#predict.dispose();
  }

  /** He initialisation: normal, variance 2 / fan-in; biases are 0. */
  #initial(random: Random): HostTensors {
    const normal = (shape: readonly number[], fanIn: number) =>
      floats(
        shape,
        Float32Array.from(
          { length: shape.reduce((product, size) => product * size) },
          () => Math.sqrt(2 / fanIn) * random.normal(),
        ),
      );
    const zero = (shape: readonly number[]) =>
      floats(
        shape,
        new Float32Array(shape.reduce((product, size) => product * size)),
      );
    const width = NETWORKS * WIDTH;
    return {
      "first.weight": normal([this.#paths, width], this.#paths),
      "first.bias": zero([width]),
      "hidden.weight": normal(
        [HIDDEN_LAYERS - 1, NETWORKS, WIDTH, WIDTH],
        WIDTH,
      ),
      "hidden.bias": zero([HIDDEN_LAYERS - 1, NETWORKS, 1, WIDTH]),
      "last.weight": normal([NETWORKS, WIDTH, 1], WIDTH),
      "last.bias": zero([NETWORKS, 1, 1]),
    };
  }

  /** Path encodings as a matrix, `[rows, P]`; rows after the last cell are zero. */
  #encoded(cells: readonly Cell[], rows: number) {
    const values = new Float32Array(rows * this.#paths);
    cells.forEach((cell, row) => {
      for (const id of this.#features.of(cell).ids) {
        values[row * this.#paths + id] = 1;
      }
    });
    return floats([rows, this.#paths], values);
  }
}

const PARAMETERS: readonly string[] = ["first", "hidden", "last"]
  .flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]);

/**
 * How many paths there can be: sequences of operations of each length, from each input;
 * `none` is on no path.
 */
function _pathCount(space: SearchSpace): number {
  const operations =
    space.innerOps.filter((op) => space.ops[op] !== "none").length;
  return space.inputs * space.settings.search.pathLengths
    .reduce((sum, length) => sum + operations ** length, 0);
}

/** Predicted errors, percent, `[E, M]`. */
function _errors(state: Tensors, paths: tf.Tensor): tf.Tensor {
  const first = tf.add(
    tf.matMul(paths as tf.Tensor2D, state["first.weight"] as tf.Tensor2D),
    state["first.bias"],
  ); // [M, E · W]
  let h: tf.Tensor = tf.relu(
    tf.transpose(tf.reshape(first, [-1, NETWORKS, WIDTH]), [1, 0, 2]),
  ); // [E, M, W]
  const weights = tf.unstack(state["hidden.weight"]);
  const biases = tf.unstack(state["hidden.bias"]);
  weights.forEach((weight, layer) => {
    h = tf.relu(tf.add(tf.matMul(h, weight), biases[layer]));
  });
  return tf.squeeze(
    tf.add(tf.matMul(h, state["last.weight"]), state["last.bias"]),
    [2],
  );
}

/** Mean absolute error, as a share of how far an error is above the least: good cells count more. */
function _loss(state: Tensors, inputs: Tensors): LossResult {
  const difference = tf.abs(
    tf.sub(_errors(state, inputs.paths), inputs.errors),
  );
  const share = tf.div(
    difference,
    tf.maximum(tf.sub(inputs.errors, LEAST_ERROR), 1e-3),
  );
  return { loss: tf.sum(tf.mul(share, inputs.mask)) };
}
