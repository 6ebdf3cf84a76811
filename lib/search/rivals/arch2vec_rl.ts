/**
 * arch2vec-RL: a policy walks through arch2vec's features, and learns from what it comes upon.
 *
 * The state is the feature vector of a cell. The policy gives the mean of a normal distribution
 * with unit variances, from which a point is drawn; the cell nearest to it that was not asked
 * for is asked for next, and is the next state. After every 16 cells the policy is moved along
 * the gradient of the log-probabilities of its points, each times how far the accuracy of its
 * cell is above 0.95 (which it never is), and its memory is emptied. The returns that its
 * paper discounts are computed in its code and then replaced by the accuracies.
 *
 * Shapes: `T` steps of an episode, `F` features.
 * Source: Yan et al. 2020, arXiv:2006.06936, §4.2, and its code, MSU-MLSys-Lab/arch2vec,
 * `search_methods/reinforce_*.py`; Williams 1992 for REINFORCE.
 *
 * @module
 */

import { runKey } from "../../core/keys.ts";
import type { Random } from "../../core/random.ts";
import { floats, type HostTensors, scalar } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { initialLinear, namedLinear } from "../../nn/mlp.ts";
import {
  adamWSlots,
  type LossResult,
  trainingStep,
} from "../../nn/optimizers.ts";
import { initialLstm, lstmCell } from "../../nn/recurrent.ts";
import type { SearchMethod } from "../method.ts";
import { unseenCells, VERSION as UNSEEN_VERSION } from "../unseen_cells.ts";
import {
  type Candidates,
  candidateTables,
  type GraphFeatures,
  VERSION as CANDIDATES_VERSION,
} from "./candidates.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

const HIDDEN = 128;
/** Cells asked for between two steps of the optimizer. */
const EPISODE = 16;
const LEARNING_RATE = 0.01;
/** Rewards are accuracies less this. */
const BASELINE = 0.95;

/** Draws the weights of a policy. */
export function initialPolicy(width: number, random: Random): HostTensors {
  return {
    ...initialLstm("lstm", { inputs: width, hidden: HIDDEN }, random),
    ...initialLinear("mean", [HIDDEN, width], random),
  };
}

/** Means of the points of an episode, `[T, F]`, whose states are `[T, F]`. */
export function policyMeans(state: Tensors, states: tf.Tensor): tf.Tensor {
  const zero: tf.Tensor = tf.zeros([1, state["lstm.hidden.weight"].shape[1]!]);
  let memory = { hidden: zero, cell: zero };
  const all = tf.split(states, states.shape[0], 0).map((x) => {
    memory = lstmCell(state, "lstm", x, memory);
    return memory.hidden;
  });
  return namedLinear(state, "mean", tf.concat(all, 0));
}

/**
 * The mean over an episode of the negative log-probabilities, each times its reward.
 *
 * @param inputs `states`, `points` `[T, F]`, `rewards` `[T]`.
 */
export function policyLoss(
  state: Tensors,
  { states, points, rewards }: Tensors,
): LossResult {
  const difference = tf.sub(points, policyMeans(state, states));
  const constant = states.shape[1]! / 2 * Math.log(2 * Math.PI);
  const negative = tf.add(
    tf.mul(tf.sum(tf.square(difference), 1), 0.5),
    constant,
  );
  return { loss: tf.mean(tf.mul(negative, rewards)) };
}

/** The search by features of a trained arch2vec. */
export function arch2vecRl(
  features: GraphFeatures,
  executor: Executor,
): SearchMethod {
  const candidatesOf = candidateTables(features);
  return {
    key: runKey({
      method: "arch2vec-RL",
      version: VERSION,
      device: executor.description,
      features: features.key,
      settings: [HIDDEN, EPISODE, LEARNING_RATE, BASELINE],
      candidates: CANDIDATES_VERSION,
      unseen: UNSEEN_VERSION,
    }),
    search: async (oracle, random) => {
      const [first] = unseenCells(oracle, random);
      const [start] = await oracle.ask([first]);
      const candidates = await candidatesOf(oracle, random);
      let at = await features.of([start.cell.graph]);
      const policy = new Policy(features.width, executor, random);
      try {
        while (oracle.remaining > 0) {
          const episode: Step[] = [];
          while (episode.length < EPISODE && oracle.remaining > 0) {
            const mean = await policy.mean([
              ...episode.map(({ state }) => state),
              at,
            ]);
            const point = mean.map((value) => value + random.normal());
            const next = _nearest(candidates, point);
            if (next === null) return;
            const [{ validation }] = await oracle.ask([candidates.cell(next)]);
            episode.push({ state: at, point, reward: validation - BASELINE });
            at = candidates.rows.slice(
              next * features.width,
              (next + 1) * features.width,
            );
          }
          if (episode.length === EPISODE) await policy.learn(episode);
        }
      } finally {
        await policy.dispose();
      }
    },
  };
}

/** What happened at a step. */
interface Step {
  /** `[F]`. */
  readonly state: Float32Array;
  /** `[F]`. */
  readonly point: Float32Array;
  readonly reward: number;
}

/** The policy on a device. */
class Policy {
  readonly #width: number;
  readonly #state;
  readonly #means;
  readonly #step;
  #updates = 0;

  constructor(width: number, executor: Executor, random: Random) {
    const initial = initialPolicy(width, random);
    this.#width = width;
    this.#state = executor.state({ ...initial, ...adamWSlots(initial) });
    this.#means = executor.compile(
      (state, { states }) => ({
        outputs: { means: policyMeans(state, states) },
      }),
      { name: "policy" },
    );
    this.#step = executor.compile(
      trainingStep(policyLoss, Object.keys(initial), {}),
      { name: "policy training step" },
    );
  }

  /**
   * The mean of the point at the last of an episode's states, `[F]`.
   *
   * A state does not depend on those after it, so the episode is filled up: one graph does.
   */
  async mean(states: readonly Float32Array[]): Promise<Float32Array> {
    const { means } = await this.#means.run(this.#state, {
      states: this.#matrix(states),
    });
    const last = (states.length - 1) * this.#width;
    return (means.data as Float32Array).slice(last, last + this.#width);
  }

  async learn(episode: readonly Step[]): Promise<void> {
    await this.#step.run(this.#state, {
      states: this.#matrix(episode.map(({ state }) => state)),
      points: this.#matrix(episode.map(({ point }) => point)),
      rewards: floats([EPISODE], episode.map(({ reward }) => reward)),
      learningRate: scalar(LEARNING_RATE),
      step: scalar(++this.#updates),
    });
  }

  async dispose(): Promise<void> {
    this.#state.dispose();
    await this.#means.dispose();
    await this.#step.dispose();
  }

  #matrix(rows: readonly Float32Array[]) {
    const values = new Float32Array(EPISODE * this.#width);
    rows.forEach((row, i) => values.set(row, i * this.#width));
    return floats([EPISODE, this.#width], values);
  }
}

/** The candidate nearest to a point that was not asked for; null where there is none. */
function _nearest(candidates: Candidates, point: Float32Array): number | null {
  const { count, rows } = candidates;
  const width = point.length;
  const nearness = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    let squares = 0;
    for (let i = 0; i < width; i++) {
      squares += (rows[at * width + i] - point[i]) ** 2;
    }
    nearness[at] = -squares;
  }
  return candidates.best(nearness, 1)[0] ?? null;
}
