/**
 * NAO: cells are moved along the gradient of what a network predicts of them, and decoded.
 *
 * After each round the network is trained further on all cells so far; then the best cells are
 * moved by longer and longer steps until as many new cells as a round has are decoded. A cell is
 * written as a sequence: for each node the bits of its edges, then its operation; places that
 * are the same in all cells are left out.
 *
 * As in NAO: the network, its loss, steps of 10, 20, and so on. Ours: rounds as in AG-Net's
 * protocol, the number of training steps, and no dropout.
 *
 * Shapes: `L` tokens of a cell.
 * Source: Luo et al. 2018, arXiv:1808.07233, algorithm 1; renqianluo/SemiNAS for the sequences.
 *
 * @module
 */

import { runKey } from "../../core/keys.ts";
import type { Random } from "../../core/random.ts";
import { floats, integers, scalar } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import { adamWSlots, trainingStep } from "../../nn/optimizers.ts";
import { type Cell, cellOf } from "../../spaces/cell.ts";
import { cutAtOutput, type Graph, hasEdge } from "../../spaces/graph.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import type { SearchMethod } from "../method.ts";
import { byAccuracy, type Oracle, type Query } from "../oracle.ts";
import {
  nextCells,
  unseenCells,
  VERSION as UNSEEN_VERSION,
} from "../unseen_cells.ts";
import { initialNao, naoAscent, naoLoss } from "./nao_network.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

const INITIAL = 16;
const ROUND = 16;
const SIZES = { embedding: 32, hidden: 64, predictor: 200 };
const LEARNING_RATE = 1e-3;
const CLIP_NORM = 5;
/** Training steps in each round. */
const STEPS = 300;
/** Cells of a training step, and the best that are moved. */
const BATCH = 64;
/** The first step along the gradient, by which it grows, and the longest. */
const FIRST_STEP = 10;
const LONGEST_STEP = 100;
/** Random cells that tell which places of a sequence vary. */
const LOOKED_AT = 500;

/** Cells of a space as sequences of tokens. */
export class CellTokens {
  /** `V`: two bits, operations, and one for rows after the last node. */
  readonly count: number;
  readonly #space: SearchSpace;
  /** The places that vary, and what stands in all. */
  readonly #places: readonly number[];
  readonly #whole: readonly number[];

  /** @param cells Places that are the same in all of these are left out. */
  constructor(space: SearchSpace, cells: readonly Cell[]) {
    this.#space = space;
    this.count = 2 + space.ops.length + 1;
    const all = cells.map(({ graph }) => this.#all(graph));
    this.#whole = all[0];
    const varying = [...all[0].keys()]
      .filter((at) => all.some((tokens) => tokens[at] !== all[0][at]));
    this.#places = varying.length > 0 ? varying : [0];
  }

  /** `L`. */
  get length(): number {
    return this.#places.length;
  }

  /** The tokens of a cell, `[L]`. */
  of({ graph }: Cell): number[] {
    const all = this.#all(graph);
    return this.#places.map((at) => all[at]);
  }

  /** The cell that tokens are of; null if they are of none. */
  cell(tokens: ArrayLike<number>): Cell | null {
    const { nodeCount, ops: names } = this.#space;
    const all = [...this.#whole];
    this.#places.forEach((at, i) => all[at] = tokens[i]);
    const ops: number[] = [], incoming: number[] = [];
    for (let node = 0, at = 0; node < nodeCount; node++) {
      let edges = 0;
      for (let from = 0; from < node; from++, at++) {
        if (all[at] > 1) return null;
        edges |= all[at] << from;
      }
      const op = all[at++] - 2;
      if (op < 0) return null;
      if (op >= names.length) break;
      ops.push(op);
      incoming.push(edges);
    }
    if (ops.length <= this.#space.inputs) return null;
    const graph = cutAtOutput({
      ops: Uint8Array.from(ops),
      incoming: Uint32Array.from(incoming),
    }, names.indexOf("output"));
    return cellOf(this.#space, graph);
  }

  #all(graph: Graph): number[] {
    const tokens: number[] = [];
    for (let node = 0; node < this.#space.nodeCount; node++) {
      for (let from = 0; from < node; from++) {
        tokens.push(
          node < graph.ops.length && hasEdge(graph, from, node) ? 1 : 0,
        );
      }
      tokens.push(2 + (graph.ops[node] ?? this.#space.ops.length));
    }
    return tokens;
  }
}

/** The search. */
export function nao(executor: Executor): SearchMethod {
  return {
    key: runKey({
      method: "NAO",
      version: VERSION,
      device: executor.description,
      settings: [INITIAL, ROUND, SIZES, LEARNING_RATE, CLIP_NORM, STEPS, BATCH],
      ascent: [FIRST_STEP, LONGEST_STEP],
      looked: LOOKED_AT,
      unseen: UNSEEN_VERSION,
    }),
    search: (oracle, random) => _search(oracle, random, executor),
  };
}

async function _search(
  oracle: Oracle,
  random: Random,
  executor: Executor,
): Promise<void> {
  const fresh = unseenCells(oracle, random);
  const looked = nextCells(
    unseenCells(oracle, random.split("places")),
    LOOKED_AT,
  );
  await oracle.ask(nextCells(fresh, INITIAL));
  const tokens = new CellTokens(oracle.space, looked);
  const network = new Network(tokens, executor, random);
  try {
    while (oracle.remaining > 0) {
      await network.train(oracle.history, random);
      const best = byAccuracy(oracle.history).slice(0, BATCH)
        .map(({ cell }) => cell);
      const found = new Map<string, Cell>();
      for (
        let length = FIRST_STEP;
        length <= LONGEST_STEP && found.size < ROUND;
        length += FIRST_STEP
      ) {
        const moved = await network.moved(best, length);
        for (const cell of oracle.propose(moved)) {
          if (!oracle.seen(cell)) found.set(cell.key, cell);
        }
      }
      const next = [...found.values()].slice(0, ROUND);
      const before = oracle.remaining;
      await oracle.ask(next);
      await oracle.ask(nextCells(fresh, ROUND - next.length));
      if (oracle.remaining === before) return;
    }
  } finally {
    await network.dispose();
  }
}

/** The network on a device. */
class Network {
  readonly #tokens: CellTokens;
  readonly #state;
  readonly #step;
  readonly #ascent;
  #steps = 0;

  constructor(tokens: CellTokens, executor: Executor, random: Random) {
    const initial = initialNao({ tokens: tokens.count, ...SIZES }, random);
    this.#tokens = tokens;
    this.#state = executor.state({ ...initial, ...adamWSlots(initial) });
    this.#step = executor.compile(
      trainingStep(naoLoss, Object.keys(initial), { clipNorm: CLIP_NORM }),
      { name: "NAO training step" },
    );
    this.#ascent = executor.compile(naoAscent, { name: "NAO ascent" });
  }

  /** Trains on random batches of what was asked for; accuracies are spread over 0 to 1. */
  async train(queries: readonly Query[], random: Random): Promise<void> {
    const accuracies = queries.map(({ validation }) => validation);
    const least = Math.min(...accuracies), most = Math.max(...accuracies);
    const rows = queries.map(({ cell }) => this.#tokens.of(cell));
    for (let step = 0; step < STEPS; step++) {
      const batch = Array.from(
        { length: BATCH },
        () => random.integer(queries.length),
      );
      await this.#step.run(this.#state, {
        tokens: this.#matrix(batch.map((row) => rows[row])),
        accuracies: floats(
          [BATCH],
          batch.map((row) =>
            most > least ? (accuracies[row] - least) / (most - least) : 0
          ),
        ),
        learningRate: scalar(LEARNING_RATE),
        step: scalar(++this.#steps),
      });
    }
  }

  /** The cells that others are decoded as once they are moved, those that are cells. */
  async moved(cells: readonly Cell[], length: number): Promise<Cell[]> {
    const { tokens } = await this.#ascent.run(this.#state, {
      tokens: this.#matrix(
        // One graph does for any number of cells.
        Array.from(
          { length: BATCH },
          (_, i) => this.#tokens.of(cells[i % cells.length]),
        ),
      ),
      length: scalar(length),
    });
    const width = this.#tokens.length;
    return cells.map((_, i) =>
      this.#tokens.cell(tokens.data.subarray(i * width, (i + 1) * width))
    ).filter((cell) => cell !== null);
  }

  async dispose(): Promise<void> {
    this.#state.dispose();
    await this.#step.dispose();
    await this.#ascent.dispose();
  }

  #matrix(rows: readonly (readonly number[])[]) {
    return integers([rows.length, this.#tokens.length], rows.flat());
  }
}
