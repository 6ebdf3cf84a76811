/**
 * A network of one hidden layer of tanh, trained on squared errors by Adam.
 *
 * Its steps are so small that a device would spend them on being called: they are written out.
 *
 * Shapes: `B` rows of a batch, `F` features, `H` hidden units.
 * Source: Kingma & Ba 2015, arXiv:1412.6980, with PyTorch's settings and initial weights.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-8;

/** The network, with what Adam keeps of it. */
export class TanhNetwork {
  readonly inputs: number;
  readonly hidden: number;
  /** Weights of the hidden layer, `[H, F]`, its biases, `[H]`, weights of the output, `[H]`, its bias. */
  readonly parameters: Float64Array;
  /** Of the last step. */
  readonly gradient: Float64Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  readonly #activations: Float64Array;
  #steps = 0;

  /** Draws weights as PyTorch's `Linear` does: uniform within `1 / √fan-in`. */
  constructor(inputs: number, hidden: number, random: Random) {
    this.inputs = inputs;
    this.hidden = hidden;
    const size = hidden * (inputs + 2) + 1;
    this.parameters = Float64Array.from({ length: size }, (_, i) => {
      const fanIn = i < hidden * (inputs + 1) ? inputs : hidden;
      return (2 * random.uniform() - 1) / Math.sqrt(fanIn);
    });
    this.gradient = new Float64Array(size);
    this.#first = new Float64Array(size);
    this.#second = new Float64Array(size);
    this.#activations = new Float64Array(hidden);
  }

  /** What the hidden layer gives for a row, `[H]`; it is overwritten by the next call. */
  basis(row: ArrayLike<number>): Float64Array {
    const { inputs, hidden, parameters } = this;
    const h = this.#activations;
    for (let unit = 0, at = 0; unit < hidden; unit++) {
      let sum = parameters[hidden * inputs + unit];
      for (let i = 0; i < inputs; i++) sum += parameters[at++] * row[i];
      h[unit] = Math.tanh(sum);
    }
    return h;
  }

  /**
   * One step of Adam.
   *
   * @param rows `[B]` rows of `F` numbers.
   * @param targets `[B]`.
   * @returns The mean squared error before it.
   */
  step(
    rows: readonly ArrayLike<number>[],
    targets: readonly number[],
    learningRate: number,
  ): number {
    const { inputs, hidden, parameters, gradient } = this;
    const biases = hidden * inputs, outputs = biases + hidden;
    gradient.fill(0);
    let loss = 0;
    rows.forEach((row, b) => {
      const h = this.basis(row);
      let output = parameters[outputs + hidden];
      for (let unit = 0; unit < hidden; unit++) {
        output += parameters[outputs + unit] * h[unit];
      }
      const error = output - targets[b];
      loss += error ** 2 / rows.length;
      const slope = 2 * error / rows.length;
      gradient[outputs + hidden] += slope;
      for (let unit = 0, at = 0; unit < hidden; unit++) {
        gradient[outputs + unit] += slope * h[unit];
        const inner = slope * parameters[outputs + unit] * (1 - h[unit] ** 2);
        gradient[biases + unit] += inner;
        for (let i = 0; i < inputs; i++) gradient[at++] += inner * row[i];
      }
    });
    this.#adam(learningRate);
    return loss;
  }

  #adam(learningRate: number): void {
    const { parameters, gradient } = this;
    const first = this.#first, second = this.#second;
    this.#steps++;
    const rate = learningRate / (1 - BETA_1 ** this.#steps);
    const correction = Math.sqrt(1 - BETA_2 ** this.#steps);
    for (let i = 0; i < parameters.length; i++) {
      const g = gradient[i];
      first[i] += (1 - BETA_1) * (g - first[i]);
      second[i] += (1 - BETA_2) * (g * g - second[i]);
      parameters[i] -= rate * first[i] /
        (Math.sqrt(second[i]) / correction + EPSILON);
    }
  }
}
