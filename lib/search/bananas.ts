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
export const VERSION = 1;

const NETWORKS = 5;
const HIDDEN_LAYERS = 10;
const WIDTH = 20;
const STEPS = 150;
const LEARNING_RATE = 0.01;
/** Errors are measured from here, percent: below the least there is. */
const LEAST_ERROR = 1;
/** Rows that predictions are made in. */
const BATCH = 256;

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
  const ensemble = new Ensemble(oracle.space, oracle.budget, executor);
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

/** The networks, trained side by side: every weight has them as its first axis. */
class Ensemble {
  readonly #features: CellFeatures;
  readonly #rows: number;
  readonly #paths: number;
  readonly #executor: Executor;
  readonly #step;
  readonly #predict;
  readonly #names: readonly string[];
  #weights: HostTensors = {};

  /** @param rows The most cells that it is fitted to. */
  constructor(space: SearchSpace, rows: number, executor: Executor) {
    this.#features = new CellFeatures(space, ["paths"]);
    this.#rows = rows;
    this.#paths = _pathCount(space);
    this.#executor = executor;
    this.#names = Array.from(
      { length: HIDDEN_LAYERS + 1 },
      (_, layer) => [`${layer}.weight`, `${layer}.bias`],
    ).flat();
    this.#step = executor.compile(trainingStep(_loss, this.#names, {}), {
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
    const errors = new Float32Array(this.#rows);
    const mask = new Float32Array(this.#rows);
    queries.forEach(({ validation }, i) => {
      errors[i] = 100 * (1 - validation);
      mask[i] = 1 / queries.length;
    });
    const inputs = {
      paths: this.#encoded(queries.map(({ cell }) => cell), this.#rows),
      errors: floats([this.#rows], errors),
      mask: floats([this.#rows], mask),
      learningRate: scalar(LEARNING_RATE),
    };
    for (let step = 1; step <= STEPS; step++) {
      await this.#step.run(state, { ...inputs, step: scalar(step) });
    }
    this.#weights = await state.read(this.#names);
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

  /** He initialisation: normal, variance 2 / fan-in. */
  #initial(random: Random): HostTensors {
    const weights: HostTensors = {};
    for (let layer = 0; layer <= HIDDEN_LAYERS; layer++) {
      const fanIn = layer === 0 ? this.#paths : WIDTH;
      const out = layer === HIDDEN_LAYERS ? 1 : WIDTH;
      weights[`${layer}.weight`] = floats(
        [NETWORKS, fanIn, out],
        Float32Array.from(
          { length: NETWORKS * fanIn * out },
          () => Math.sqrt(2 / fanIn) * random.normal(),
        ),
      );
      weights[`${layer}.bias`] = floats(
        [NETWORKS, 1, out],
        new Float32Array(NETWORKS * out),
      );
    }
    return weights;
  }

  /** Path encodings as a matrix, `[1, rows, P]`; rows after the last cell are zero. */
  #encoded(cells: readonly Cell[], rows: number) {
    const values = new Float32Array(rows * this.#paths);
    cells.forEach((cell, row) => {
      for (const id of this.#features.of(cell).ids) {
        values[row * this.#paths + id] = 1;
      }
    });
    return floats([1, rows, this.#paths], values);
  }
}

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
  let h = tf.tile(paths, [NETWORKS, 1, 1]); // [E, M, P]
  for (let layer = 0; layer <= HIDDEN_LAYERS; layer++) {
    h = tf.add(
      tf.matMul(h, state[`${layer}.weight`]),
      state[`${layer}.bias`],
    );
    if (layer < HIDDEN_LAYERS) h = tf.relu(h);
  }
  return tf.squeeze(h, [2]);
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
