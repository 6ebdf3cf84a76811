/**
 * AG-Net: a generator of cells that learns, round by round, to make those whose accuracy its
 * predictor holds for high.
 *
 * The generator is trained beforehand on cells without accuracies. In each round generator and
 * predictor are trained on the cells so far, better ones drawn more often and counting more; then
 * cells are drawn from noise, and the 16 new ones of the highest predictions are asked for.
 *
 * As in its code: all of the search; how the generator is trained beforehand is told in
 * `models/ag_net/training.ts`.
 *
 * Shapes: `B` cells, `N` nodes, `K` types, `E` edges, `G` noise.
 * Source: Lukasik et al. 2022, arXiv:2203.08734, §3 and §4; jovitalukasik/AG-Net,
 * `Search_Tabular.py`; Tripp et al. 2020, arXiv:2006.09191, for weighted retraining.
 *
 * @module
 */

import { runKey, weightsDigest } from "../../core/keys.ts";
import type { Random } from "../../core/random.ts";
import { floats, type HostTensors, scalar } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import {
  agNetShape,
  drawnGraphs,
  drawnNoise,
  NOISE_LIMIT,
  scoreTargets,
  searchedNoise,
} from "../../models/ag_net/graphs.ts";
import {
  agNetLoss,
  generatedScores,
  initialPredictor,
  predictedAccuracies,
} from "../../models/ag_net/network.ts";
import { ADAM } from "../../models/ag_net/training.ts";
import { adamWSlots, trainingStep } from "../../nn/optimizers.ts";
import { type Cell, cellOf } from "../../spaces/cell.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import type { SearchMethod } from "../method.ts";
import type { Oracle, Query } from "../oracle.ts";
import {
  nextCells,
  unseenCells,
  VERSION as UNSEEN_VERSION,
} from "../unseen_cells.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

const INITIAL = 16;
const ROUND = 16;
const BATCH = 16;
const LEARNING_RATE = 1e-3;
/** k of the weights 1 / (kN + rank). */
const WEIGHT_FACTOR = 0.01;
/** Cells drawn at a time; after 1, 3, 6, … of these it is seen whether there are enough. */
const DRAWN = 100;
const MOST_LOOKS = 9;
/** New cells that are enough, and that are kept. */
const ENOUGH = 100;

/** The search with a trained generator. */
export function agNet(
  space: SearchSpace,
  generator: HostTensors,
  executor: Executor,
): SearchMethod {
  return {
    key: runKey({
      method: "AG-Net",
      version: VERSION,
      device: executor.description,
      generator: weightsDigest(generator),
      settings: [INITIAL, ROUND, BATCH, LEARNING_RATE, WEIGHT_FACTOR],
      drawn: [NOISE_LIMIT, DRAWN, MOST_LOOKS, ENOUGH],
      ticks: space.settings.search.agNetTicks,
      unseen: UNSEEN_VERSION,
    }),
    search: (oracle, random) => _search(oracle, random, generator, executor),
  };
}

async function _search(
  oracle: Oracle,
  random: Random,
  generator: HostTensors,
  executor: Executor,
): Promise<void> {
  const fresh = unseenCells(oracle, random);
  await oracle.ask(nextCells(fresh, INITIAL));
  const networks = new Networks(oracle.space, generator, executor, random);
  try {
    while (oracle.remaining > 0) {
      await networks.train(oracle.history, random);
      const found = new Map<string, { cell: Cell; predicted: number }>();
      for (let look = 1; look <= MOST_LOOKS && found.size <= ENOUGH; look++) {
        for (let part = 0; part < look; part++) {
          const drawn = await networks.draw(random);
          const open = new Set(oracle.propose(drawn.map(({ cell }) => cell)));
          for (const one of drawn) {
            const { cell } = one;
            if (open.has(cell) && !oracle.seen(cell) && !found.has(cell.key)) {
              found.set(cell.key, one);
            }
          }
        }
      }
      const kept = random.shuffle([...found.values()]).slice(0, ENOUGH);
      const best = kept.sort((a, b) => b.predicted - a.predicted)
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

/** Weights of queries by their rank, the best first: 1 / (kN + rank); of equals the first is better. */
export function rankWeights(accuracies: readonly number[]): number[] {
  const order = [...accuracies.keys()]
    .sort((a, b) => accuracies[b] - accuracies[a] || a - b);
  const weights = new Array<number>(accuracies.length);
  order.forEach((at, rank) =>
    weights[at] = 1 / (WEIGHT_FACTOR * accuracies.length + rank)
  );
  return weights;
}

/** Generator and predictor on a device. */
class Networks {
  readonly #space: SearchSpace;
  readonly #state;
  readonly #step;
  readonly #draw;
  #steps = 0;

  constructor(
    space: SearchSpace,
    generator: HostTensors,
    executor: Executor,
    random: Random,
  ) {
    const shape = agNetShape(space);
    const { nodes } = shape;
    const width = nodes * space.ops.length + nodes * (nodes - 1) / 2;
    const initial = { ...generator, ...initialPredictor(width, random) };
    this.#space = space;
    this.#state = executor.state({ ...initial, ...adamWSlots(initial) });
    this.#step = executor.compile(
      trainingStep(
        (state, inputs) => agNetLoss(state, inputs, shape),
        Object.keys(initial),
        ADAM,
      ),
      { name: "AG-Net training step" },
    );
    this.#draw = executor.compile((state, { z }) => {
      const scores = generatedScores(state, z, shape);
      return {
        outputs: {
          types: scores.types,
          edges: scores.edges,
          predicted: predictedAccuracies(state, scores),
        },
      };
    }, { name: "AG-Net generator" });
  }

  /** Trains on queries, drawn by their weights. */
  async train(queries: readonly Query[], random: Random): Promise<void> {
    const accuracies = queries.map(({ validation }) => validation);
    const weights = rankWeights(accuracies);
    const sums: number[] = [];
    weights.reduce((sum, weight) => (sums.push(sum + weight), sum + weight), 0);
    const drawn = () => {
      const at = random.uniform() * sums.at(-1)!;
      const index = sums.findIndex((sum) => sum > at);
      return index < 0 ? sums.length - 1 : index;
    };
    const steps = this.#space.settings.search.agNetTicks *
      Math.ceil(queries.length / BATCH);
    for (let step = 0; step < steps; step++) {
      const batch = Array.from({ length: BATCH }, drawn);
      await this.#step.run(this.#state, {
        z: drawnNoise(BATCH, () => random.normal()),
        ...scoreTargets(
          this.#space,
          batch.map((at) => queries[at].cell.graph),
        ),
        accuracies: floats([BATCH], batch.map((at) => accuracies[at])),
        weights: floats([BATCH], batch.map((at) => weights[at])),
        learningRate: scalar(LEARNING_RATE),
        step: scalar(++this.#steps),
      });
    }
  }

  /** Draws graphs, and gives those that are cells. */
  async draw(random: Random): Promise<{ cell: Cell; predicted: number }[]> {
    const z = drawnNoise(DRAWN, () => searchedNoise(random));
    const { types, edges, predicted } = await this.#draw.run(this.#state, {
      z,
    });
    return drawnGraphs({ types, edges }, this.#space, random)
      .flatMap((graph, row) => {
        const cell = cellOf(this.#space, graph);
        return cell === null ? [] : [{ cell, predicted: predicted.data[row] }];
      });
  }

  async dispose(): Promise<void> {
    this.#state.dispose();
    await this.#step.dispose();
    await this.#draw.dispose();
  }
}
