/**
 * AG-Net: a generator of cells that learns, round by round, to make those whose accuracy its
 * predictor holds for high.
 *
 * The generator is trained beforehand on cells without accuracies. In each round generator and
 * predictor are trained on the cells so far, better ones drawn more often and counting more; then
 * cells are drawn from noise, and the 16 new ones of the highest predictions are asked for.
 *
 * As in its code: all of the search. There the generator was trained on 2.5 million graphs; here
 * on fewer, in larger batches.
 *
 * Shapes: `B` cells, `N` nodes, `K` types, `E` edges, `G` noise.
 * Source: Lukasik et al. 2022, arXiv:2203.08734, §3 and §4; jovitalukasik/AG-Net,
 * `Search_Tabular.py`; Tripp et al. 2020, arXiv:2006.09191, for weighted retraining.
 *
 * @module
 */

import { join } from "node:path";
import { exists } from "../../core/files.ts";
import { runKey, weightsDigest } from "../../core/keys.ts";
import type { OnProgress } from "../../core/progress.ts";
import { Random } from "../../core/random.ts";
import {
  readSafetensors,
  storable,
  writeSafetensors,
} from "../../core/safetensors.ts";
import {
  floats,
  type HostTensors,
  integers,
  scalar,
} from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import {
  type AdamWOptions,
  adamWSlots,
  trainingStep,
} from "../../nn/optimizers.ts";
import { type Cell, cellOf } from "../../spaces/cell.ts";
import {
  cutAtOutput,
  type Graph,
  graphOf,
  hasEdge,
} from "../../spaces/graph.ts";
import { cellGraph, type SearchSpace } from "../../spaces/space.ts";
import type { SearchMethod } from "../method.ts";
import type { Oracle, Query } from "../oracle.ts";
import {
  nextCells,
  unseenCells,
  VERSION as UNSEEN_VERSION,
} from "../unseen_cells.ts";
import {
  agNetLoss,
  type AgNetShape,
  generatedScores,
  generatorLoss,
  initialGenerator,
  initialPredictor,
  predictedAccuracies,
} from "./ag_net_network.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

const NOISE = 32;
const ADAM: AdamWOptions = { beta1: 0.5 };
/** Of the search. */
const INITIAL = 16;
const ROUND = 16;
const BATCH = 16;
const LEARNING_RATE = 1e-3;
/** k of the weights 1 / (kN + rank). */
const WEIGHT_FACTOR = 0.01;
/** Noise of the search is uniform within ± this. */
const NOISE_LIMIT = 3;
/** Cells drawn at a time; after 1, 3, 6, … of these it is seen whether there are enough. */
const DRAWN = 100;
const MOST_LOOKS = 9;
/** New cells that are enough, and that are kept. */
const ENOUGH = 100;

/** Of the training without accuracies; steps and batches are ours. */
const GENERATOR_STEPS = 2000;
const QUICK_STEPS = 20;
const GENERATOR_BATCH = 128;
const GENERATOR_LEARNING_RATE = 1e-3;

/** What the networks of a space make. */
export function agNetShape(space: SearchSpace): AgNetShape {
  return {
    nodes: space.nodeCount,
    inputType: space.ops.indexOf("input"),
    mixedContext: true,
  };
}

/**
 * Trains a generator on the training cells of a space, without accuracies.
 *
 * @param options `steps`: fewer where it is only to be seen at work.
 */
export async function trainGenerator(
  space: SearchSpace,
  { executor, random, steps = GENERATOR_STEPS, onProgress = () => {} }: {
    readonly executor: Executor;
    readonly random: Random;
    readonly steps?: number;
    readonly onProgress?: OnProgress;
  },
): Promise<HostTensors> {
  const shape = agNetShape(space);
  const initial = initialGenerator(space.ops.length, random);
  const names = Object.keys(initial);
  const step = executor.compile(
    trainingStep(
      (state, inputs) => generatorLoss(state, inputs, shape),
      names,
      ADAM,
    ),
    { name: "AG-Net generator training step" },
  );
  const state = executor.state({ ...initial, ...adamWSlots(initial) });
  const { train } = space.split();
  const table = space.cells();
  try {
    for (let done = 1; done <= steps; done++) {
      const graphs = Array.from(
        { length: GENERATOR_BATCH },
        () => cellGraph(table, train[random.integer(train.length)]),
      );
      const { loss } = await step.run(state, {
        z: _noise(GENERATOR_BATCH, () => random.normal()),
        ..._targets(space, graphs),
        learningRate: scalar(GENERATOR_LEARNING_RATE),
        step: scalar(done),
      });
      onProgress({
        done,
        total: steps,
        message: `loss ${loss.data[0].toFixed(3)}`,
      });
    }
    return await state.read(names);
  } finally {
    state.dispose();
    await step.dispose();
  }
}

/**
 * The generator of a run: read where it was trained before, else trained and saved.
 *
 * @param options `newModel`: where a model is saved, by its name; `quick`: trained for a moment.
 * @throws {Error} If a file cannot be read or written.
 */
export async function trainedGenerator(
  space: SearchSpace,
  { executor, seed, quick, newModel, onProgress }: {
    readonly executor: Executor;
    readonly seed: number;
    readonly quick: boolean;
    readonly newModel: (name: string) => string;
    readonly onProgress?: OnProgress;
  },
): Promise<HostTensors> {
  const path = join(newModel("ag-net"), "generator.safetensors");
  const steps = quick ? QUICK_STEPS : GENERATOR_STEPS;
  const key = runKey({
    version: VERSION,
    space: [space.name, space.version],
    device: executor.description,
    training: [steps, GENERATOR_BATCH, GENERATOR_LEARNING_RATE],
    seed,
  });
  if (await exists(path)) {
    const { tensors, metadata } = await readSafetensors(path);
    if (metadata.key === key) {
      return Object.fromEntries(
        Array.from(tensors, ([name, { shape, data }]) => [
          name,
          floats(shape, data),
        ]),
      );
    }
  }
  const random = Random.fromSeed(seed).split("AG-Net");
  const weights = await trainGenerator(space, {
    ...{ executor, random, steps, onProgress },
  });
  await writeSafetensors(path, storable(weights), { key });
  return weights;
}

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
        z: _noise(BATCH, () => random.normal()),
        ..._targets(
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
    const { nodeCount, ops } = this.#space;
    const z = _noise(
      DRAWN,
      () => NOISE_LIMIT * (2 * random.uniform() - 1),
    );
    const scores = await this.#draw.run(this.#state, { z });
    const edgeCount = nodeCount * (nodeCount - 1) / 2;
    return Array.from({ length: DRAWN }, (_, row) => {
      const edges = scores.edges.data.subarray(
        row * edgeCount,
        (row + 1) * edgeCount,
      );
      const graph = _drawnGraph(
        scores.types.data.subarray(
          row * nodeCount * ops.length,
          (row + 1) * nodeCount * ops.length,
        ),
        edges,
        this.#space,
        random,
      );
      return {
        cell: cellOf(this.#space, graph),
        predicted: scores.predicted.data[row],
      };
    }).filter((one) => one.cell !== null) as {
      cell: Cell;
      predicted: number;
    }[];
  }

  async dispose(): Promise<void> {
    this.#state.dispose();
    await this.#step.dispose();
    await this.#draw.dispose();
  }
}

/** Noise, `[B, G]`. */
function _noise(batch: number, draw: () => number) {
  return floats(
    [batch, NOISE],
    Float32Array.from({ length: batch * NOISE }, draw),
  );
}

/** Types of nodes, those after the last are outputs, and edges. */
function _targets(
  { nodeCount, ops }: SearchSpace,
  graphs: readonly Graph[],
): HostTensors {
  const output = ops.indexOf("output");
  const types = graphs.flatMap((graph) =>
    Array.from({ length: nodeCount }, (_, node) => graph.ops[node] ?? output)
  );
  const edges = graphs.flatMap((graph) =>
    _pairs(nodeCount).map(([from, to]) =>
      to < graph.ops.length && hasEdge(graph, from, to) ? 1 : 0
    )
  );
  return {
    types: integers([graphs.length, nodeCount], types),
    edges: floats([graphs.length, edges.length / graphs.length], edges),
  };
}

/** All edges that there can be, by target, then by source. */
function _pairs(nodes: number): [from: number, to: number][] {
  return Array.from({ length: nodes }, (_, to) => to).flatMap((to) =>
    Array.from({ length: to }, (_, from): [number, number] => [from, to])
  );
}

/** A graph drawn by its scores, cut at its first output; the last node is one. */
function _drawnGraph(
  types: ArrayLike<number>,
  edges: ArrayLike<number>,
  { nodeCount, ops: names }: SearchSpace,
  random: Random,
): Graph {
  const output = names.indexOf("output");
  const ops = Array.from({ length: nodeCount }, (_, node) => {
    if (node === nodeCount - 1) return output;
    const logits = Array.from(
      names,
      (_, op) => types[node * names.length + op],
    );
    const highest = Math.max(...logits);
    const shares = logits.map((logit) => Math.exp(logit - highest));
    let left = random.uniform() *
      shares.reduce((sum, share) => sum + share, 0);
    const drawn = shares.findIndex((share) => (left -= share) < 0);
    return drawn < 0 ? names.length - 1 : drawn;
  });
  const pairs = _pairs(nodeCount)
    .filter((_, at) => random.uniform() < 1 / (1 + Math.exp(-edges[at])));
  return cutAtOutput(graphOf(ops, pairs), output);
}
