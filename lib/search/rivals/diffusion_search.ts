/**
 * Guided diffusion: cells are drawn from noise, each step tilted towards what a predictor holds
 * for accurate; it is trained on the cells so far, noised.
 *
 * In the manner of DiffusionNAG. There the predictor learns beforehand from 4,230 cells trained
 * on other data sets; here it learns from the queries of the search alone, in rounds as in
 * AG-Net: after each one a new predictor is trained, cells are drawn, and the 16 new ones of the
 * highest predictions are asked for.
 *
 * Shapes: `B` cells, `P` places, `V` values, `T` steps.
 * Source: An et al. 2023, arXiv:2305.16943, §3; Vignac et al. 2023, arXiv:2209.14734, §5, for
 * guidance of discrete steps; Lukasik et al. 2022, arXiv:2203.08734, §4, for the rounds.
 *
 * @module
 */

import { runKey, weightsDigest } from "../../core/keys.ts";
import type { Random } from "../../core/random.ts";
import { floats, scalar } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import { drawnValues } from "../../models/diffusion/diffusion.ts";
import { stepBack } from "../../models/diffusion/network.ts";
import {
  keptShares,
  noised,
  oneHotValues,
} from "../../models/diffusion/noise.ts";
import type { TrainedDiffusion } from "../../models/diffusion/training.ts";
import { adamWSlots, trainingStep } from "../../nn/optimizers.ts";
import { type Cell, cellOf } from "../../spaces/cell.ts";
import type { Graph } from "../../spaces/graph.ts";
import type { SearchMethod } from "../method.ts";
import type { Oracle, Query } from "../oracle.ts";
import {
  nextCells,
  unseenCells,
  VERSION as UNSEEN_VERSION,
} from "../unseen_cells.ts";
import {
  guideLoss,
  guideScores,
  guideTilt,
  initialGuide,
} from "./diffusion_guide.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

const INITIAL = 16;
const ROUND = 16;
/** Of the predictor. */
const HIDDEN = 128;
const STEPS = 300;
const BATCH = 64;
const LEARNING_RATE = 1e-3;
/** Share of the examples of its training that are not noised. */
const CLEAN_SHARE = 0.5;
/**
 * What the gradient of the predicted ranks is multiplied by: of 0, 1, 3 and 10 that with which
 * searches of seeds 0 to 3 found most. Without guidance the predictor chooses among cells as they
 * come; guided too strongly, nearly all that is drawn is the same.
 */
const SCALE = 3;
/** Cells drawn at a time, how often at most, and new ones that are enough. */
const DRAWN = 128;
const MOST_LOOKS = 4;
const ENOUGH = 100;

/** A trained diffusion; its history is not needed. */
export type GuidedModel = Omit<TrainedDiffusion, "history">;

/** The search with a trained diffusion. */
export function guidedDiffusion(
  model: GuidedModel,
  executor: Executor,
): SearchMethod {
  return {
    key: runKey({
      method: "guided diffusion",
      version: VERSION,
      device: executor.description,
      model: [model.config, weightsDigest(model.weights)],
      rounds: [INITIAL, ROUND],
      guide: [HIDDEN, STEPS, BATCH, LEARNING_RATE, CLEAN_SHARE],
      drawn: [SCALE, DRAWN, MOST_LOOKS, ENOUGH],
      unseen: UNSEEN_VERSION,
    }),
    search: (oracle, random) => _search(oracle, random, model, executor),
  };
}

async function _search(
  oracle: Oracle,
  random: Random,
  model: GuidedModel,
  executor: Executor,
): Promise<void> {
  const fresh = unseenCells(oracle, random);
  await oracle.ask(nextCells(fresh, INITIAL));
  const networks = new Networks(model, executor, random);
  try {
    while (oracle.remaining > 0) {
      await networks.train(oracle.history, random);
      const found = new Map<string, { cell: Cell; predicted: number }>();
      for (let look = 0; look < MOST_LOOKS && found.size < ENOUGH; look++) {
        const drawn = (await networks.draw(random)).flatMap((one) => {
          const cell = cellOf(oracle.space, one.graph);
          return cell === null ? [] : [{ cell, predicted: one.predicted }];
        });
        const open = new Set(oracle.propose(drawn.map(({ cell }) => cell)));
        for (const one of drawn) {
          if (open.has(one.cell) && !oracle.seen(one.cell)) {
            found.set(one.cell.key, one);
          }
        }
      }
      const best = [...found.values()]
        .sort((a, b) => b.predicted - a.predicted)
        .slice(0, ROUND).map(({ cell }) => cell);
      const before = oracle.remaining;
      await oracle.ask(best);
      await oracle.ask(nextCells(fresh, ROUND - best.length));
      if (oracle.remaining === before) return;
    }
  } finally {
    await networks.dispose();
  }
}

/** Diffusion and predictor on a device. */
class Networks {
  readonly #model: GuidedModel;
  readonly #kept: readonly number[];
  readonly #diffusion;
  readonly #guide;
  readonly #train;
  readonly #step;
  readonly #score;
  /** Of the gradient: nothing is known of what accuracies depend on before there are any. */
  #scale = 0;

  constructor(model: GuidedModel, executor: Executor, random: Random) {
    const { config, weights } = model;
    const initial = initialGuide(config, HIDDEN, random);
    this.#model = model;
    this.#kept = keptShares(config.steps);
    this.#diffusion = executor.state(weights);
    this.#guide = executor.state({ ...initial, ...adamWSlots(initial) });
    this.#train = executor.compile(
      trainingStep(guideLoss, Object.keys(initial), {}),
      { name: "training step of the guide" },
    );
    this.#step = executor.compile(
      (state, inputs) => ({
        outputs: stepBack(config, state, inputs, guideTilt(state, inputs)),
      }),
      { name: "guided step of the diffusion" },
    );
    this.#score = executor.compile(
      (state, { x, kept }) => ({
        outputs: { scores: guideScores(state, x, kept) },
      }),
      { name: "guide" },
    );
  }

  /** Trains a new predictor on queries, each noised anew wherever it comes; failures are left out. */
  async train(queries: readonly Query[], random: Random): Promise<void> {
    const known = queries.filter(({ error }) => error === undefined);
    if (known.length === 0) return;
    const { config, places } = this.#model;
    const initial = initialGuide(config, HIDDEN, random);
    this.#guide.write({ ...initial, ...adamWSlots(initial) });
    const rows = known.map(({ cell }) => places.of(cell.graph));
    const targets = _spreadRanks(known.map(({ validation }) => validation));
    for (let step = 1; step <= STEPS; step++) {
      const batch = Array.from({ length: BATCH }, () => {
        const kept = random.uniform() < CLEAN_SHARE
          ? 1
          : this.#kept[1 + random.integer(config.steps)];
        return { row: random.integer(rows.length), kept };
      });
      await this.#train.run(this.#guide, {
        x: oneHotValues(
          batch.map(({ row, kept }) =>
            noised(rows[row], kept, config.marginals, random)
          ),
          places.values,
        ),
        kept: floats([BATCH], batch.map(({ kept }) => kept)),
        accuracies: floats([BATCH], batch.map(({ row }) => targets[row])),
        learningRate: scalar(LEARNING_RATE),
        step: scalar(step),
      });
    }
    this.#scale = SCALE;
  }

  /** Draws graphs, with what the predictor tells of them. */
  async draw(
    random: Random,
  ): Promise<{ readonly graph: Graph; readonly predicted: number }[]> {
    const { config, places } = this.#model;
    const scale = floats([DRAWN], new Float32Array(DRAWN).fill(this.#scale));
    const values = await drawnValues(config, DRAWN, random, async (inputs) => {
      const { x } = await this.#step.run(
        [this.#diffusion, this.#guide],
        { ...inputs, scale },
      );
      return { x };
    });
    const { scores } = await this.#score.run(this.#guide, {
      x: oneHotValues(values, places.values),
      kept: floats([DRAWN], new Float32Array(DRAWN).fill(1)),
    });
    return values.map((row, b) => ({
      graph: places.graph(row),
      predicted: scores.data[b],
    }));
  }

  async dispose(): Promise<void> {
    this.#diffusion.dispose();
    this.#guide.dispose();
    await this.#train.dispose();
    await this.#step.dispose();
    await this.#score.dispose();
  }
}

/**
 * Ranks of accuracies, from the least to the highest evenly spread, with mean 0 and deviation 1:
 * cells that hardly train at all do not decide what is predicted of good ones.
 */
function _spreadRanks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
  const ranks = new Array<number>(values.length);
  order.forEach((at, rank) =>
    ranks[at] = Math.sqrt(3) * ((2 * rank + 1) / values.length - 1)
  );
  return ranks;
}
