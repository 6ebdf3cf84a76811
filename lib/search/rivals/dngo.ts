/**
 * DNGO: Bayesian linear regression on what the hidden layer of a trained network gives.
 *
 * One hidden layer of tanh, trained on squared errors; then α and β of the regression are those
 * of the highest marginal likelihood. Inputs are normalised, targets are not.
 *
 * Shapes: `N` training rows, `M` rows, `F` features.
 * Source: Snoek et al. 2015, arXiv:1502.05700; automl/pybnn, `dngo.py`, in the form of
 * MSU-MLSys-Lab/arch2vec: one layer of 128, 100 epochs of batches of 10, no Markov chains.
 *
 * @module
 */

import {
  type LinearPosterior,
  LinearRegression,
} from "../../analysis/bayesian_linear_regression.ts";
import { nelderMead } from "../../analysis/nelder_mead.ts";
import type { Random } from "../../core/random.ts";
import { floats, type HostTensors } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import { tf } from "../../engine/tensorflow.ts";
import { linear } from "../../nn/layers.ts";
import { TanhNetwork } from "./tanh_network.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 2;

const HIDDEN = 128;
const EPOCHS = 100;
const BATCH = 10;
const LEARNING_RATE = 0.01;
/** Natural logarithms of α and 1/β are within ± this. */
const BOUND = 10;
/** Rows that are predicted at a time. */
const ROWS = 4096;
/** Columns of a smaller variance are the same in all rows. */
const LEAST_SQUARE = 1e-12;
/** The least variance: of 64-bit numbers the spacing at 1. */
const LEAST_VARIANCE = 2 ** -52;

/** What is expected of rows. */
export interface DngoPrediction {
  /** `[M]`. */
  readonly means: Float32Array;
  /** `[M]`, noise included. */
  readonly variances: Float32Array;
}

/** A network with its regression, on a device. */
export class Dngo {
  readonly #width: number;
  readonly #executor: Executor;
  /** The marginal likelihood as pybnn's code has it; see `LinearRegression`. */
  readonly #publishedLikelihood: boolean;
  readonly #predict;
  /** The hidden layer, and the regression on what it gives. */
  #fitted: HostTensors = {};
  #noise = 0;
  /** Those that are not the same in all training rows. */
  #columns: readonly number[] = [];
  #shift = new Float64Array(0);
  #scale = new Float64Array(0);

  /** @param width `F`. */
  constructor(
    width: number,
    executor: Executor,
    { publishedLikelihood = true }: { readonly publishedLikelihood?: boolean } =
      {},
  ) {
    this.#width = width;
    this.#executor = executor;
    this.#publishedLikelihood = publishedLikelihood;
    this.#predict = executor.compile(
      ({ weight, bias, mean, inverseFactor }, { x }) => {
        const basis = tf.tanh(linear(x, weight, bias));
        const spread = linear(basis, inverseFactor);
        return {
          outputs: {
            means: tf.squeeze(linear(basis, mean), [1]),
            variances: tf.sum(tf.square(spread), 1),
          },
        };
      },
      { name: "DNGO prediction" },
    );
  }

  /**
   * Trains a new network and fits its regression.
   *
   * @param rows `[N, F]`.
   * @param targets `[N]`.
   */
  fit(
    rows: Float32Array,
    targets: readonly number[],
    random: Random,
  ): void {
    const n = targets.length;
    this.#normaliseBy(rows, n);
    const normalised = this.#normalised(rows);
    const columns = this.#columns;
    const x = targets.map((_, row) =>
      Float32Array.from(
        columns,
        (column) => normalised[row * this.#width + column],
      )
    );
    const network = new TanhNetwork(columns.length, HIDDEN, random);
    const batch = Math.min(BATCH, n);
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      const order = random.permutation(n);
      for (let start = 0; start + batch <= n; start += batch) {
        const chosen = [...order.subarray(start, start + batch)];
        network.step(
          chosen.map((row) => x[row]),
          chosen.map((row) => targets[row]),
          LEARNING_RATE,
        );
      }
    }
    const design = new Float64Array(n * HIDDEN);
    x.forEach((row, i) => design.set(network.basis(row), i * HIDDEN));
    const { mean, inverseFactor } = this.#regress(
      new LinearRegression(design, targets),
      random,
    );
    const biases = HIDDEN * columns.length;
    const weight = new Float32Array(HIDDEN * this.#width);
    for (let at = 0; at < biases; at++) {
      const unit = Math.floor(at / columns.length);
      weight[unit * this.#width + columns[at % columns.length]] =
        network.parameters[at];
    }
    this.#fitted = {
      weight: floats([HIDDEN, this.#width], weight),
      bias: floats(
        [HIDDEN],
        network.parameters.subarray(biases, biases + HIDDEN),
      ),
      mean: floats([1, HIDDEN], mean),
      inverseFactor: floats([HIDDEN, HIDDEN], inverseFactor),
    };
  }

  /** @param rows `[M, F]`. */
  async predict(rows: Float32Array): Promise<DngoPrediction> {
    const count = rows.length / this.#width;
    const means = new Float32Array(count);
    const variances = new Float32Array(count);
    const state = this.#executor.state(this.#fitted);
    for (let start = 0; start < count; start += ROWS) {
      const part = rows.subarray(
        start * this.#width,
        (start + ROWS) * this.#width,
      );
      const size = part.length / this.#width;
      const x = new Float32Array(Math.min(ROWS, count) * this.#width);
      x.set(this.#normalised(part));
      const outputs = await this.#predict.run(state, {
        x: floats([x.length / this.#width, this.#width], x),
      });
      means.set(outputs.means.data.subarray(0, size), start);
      for (let i = 0; i < size; i++) {
        variances[start + i] = Math.max(
          LEAST_VARIANCE,
          this.#noise + outputs.variances.data[i],
        );
      }
    }
    state.dispose();
    return { means, variances };
  }

  /** Frees the compiled graph. */
  dispose(): Promise<void> {
    return this.#predict.dispose();
  }

  /** Chooses α and β, from a random start as pybnn does. */
  #regress(regression: LinearRegression, random: Random): LinearPosterior {
    const precisions = ([a, b]: readonly number[]) => ({
      alpha: Math.exp(a),
      beta: Math.exp(-b),
    });
    const chosen = nelderMead(
      (x) =>
        x.some((value) => !(Math.abs(value) <= BOUND))
          ? Infinity
          : -regression.logMarginalLikelihood(
            precisions(x),
            this.#publishedLikelihood,
          ),
      [random.normal(), random.normal() - 3],
    );
    const { alpha, beta } = precisions(chosen);
    this.#noise = 1 / beta;
    return regression.posterior({ alpha, beta });
  }

  /** Means and deviations of the columns; the network leaves those out that are the same in all rows. */
  #normaliseBy(rows: Float32Array, n: number): void {
    const shift = new Float64Array(this.#width);
    const squares = new Float64Array(this.#width);
    rows.forEach((value, i) => shift[i % this.#width] += value / n);
    rows.forEach((value, i) => {
      const column = i % this.#width;
      squares[column] += (value - shift[column]) ** 2 / n;
    });
    this.#shift = shift;
    this.#scale = squares.map((square) =>
      square > LEAST_SQUARE ? Math.sqrt(square) : 1
    );
    const varying = [...squares.keys()]
      .filter((column) => squares[column] > LEAST_SQUARE);
    this.#columns = varying.length > 0 ? varying : [0];
  }

  #normalised(rows: Float32Array): Float32Array {
    return rows.map((value, i) => {
      const column = i % this.#width;
      return (value - this.#shift[column]) / this.#scale[column];
    });
  }
}
