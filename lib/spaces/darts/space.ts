/**
 * DARTS: cells of two inputs and four blocks of two operations, too many to be listed.
 *
 * One cell, the same for normal and reduction, as arch2vec has it: with eight operations there
 * are about a thousand million. Models learn from a sample.
 *
 * Source: DARTS (Liu et al. 2019, arXiv:1806.09055); arch2vec (Yan et al. 2020,
 * arXiv:2006.06936), for graph, sample and split.
 *
 * @module
 */

import type { OnProgress } from "../../core/progress.ts";
import { Random } from "../../core/random.ts";
import { edgePairs, type Graph } from "../graph.ts";
import { hashModule } from "../module_hash.ts";
import {
  type CellTable,
  cellTable,
  type SearchSpace,
  type SpaceFact,
} from "../space.ts";
import { splitInOrder } from "../split.ts";
import {
  DARTS_OPS,
  incomingOf,
  INNER_OPS,
  INNER_OPS_OF_SEVEN,
  INPUTS,
  invalidReason,
  NODES,
  REASONS,
} from "./cells.ts";
import { configuration } from "./configuration.ts";
import { cellCost } from "./cost.ts";
import { formatPairs, NOTATIONS } from "./genotype.ts";
import { CELL_COUNT, CELL_COUNT_OF_SEVEN, cellKey } from "./key.ts";
import { anyCell, differentCells, MOST_MULTIPLY_ADDS } from "./sampling.ts";
import { SETTINGS } from "./settings.ts";

/** Raised with every change of the cells, their order, their split or what tells them apart. */
export const VERSION = 1;
/** Cells that models learn from and are tested on, where no other number is asked for. */
const SAMPLE = 100_000;
/** The most that can be asked for: as many as arch2vec has. */
const MOST_CELLS = 600_000;
/** The least: that each part of the split has some. */
const LEAST_CELLS = 1_000;
/** Labels in the raw hash: arch2vec's numbers of operations. */
const HASH_LABELS: readonly number[] = [...DARTS_OPS.keys()];
/** Cells between two reports of progress. */
const STEP = 10_000;

/** Such as `sep_conv_3x3(1) + skip_connect(0) | …`, the sources in brackets. */
function describe(graph: Graph): string {
  if (invalidReason(graph, "strict") === null) {
    const written = formatPairs(graph)
      .map(([op, source]) => `${op}(${source})`);
    return Array.from(
      { length: written.length / 2 },
      (_, b) => `${written[2 * b]} + ${written[2 * b + 1]}`,
    ).join(" | ");
  }
  const names = Array.from(graph.ops, (op) => DARTS_OPS[op] ?? "?");
  const edges = edgePairs(graph).map(([from, to]) => `${from}→${to}`);
  return `${names.join(", ")}; ${edges.join(" ") || "no edges"}`;
}

/** Another operation on a node, or another source. */
function* neighbours(
  { ops, incoming }: Graph,
  innerOps: readonly number[],
): Generator<Graph> {
  for (let node = INPUTS; node < NODES - 1; node++) {
    for (const op of innerOps) {
      if (op !== ops[node]) yield { ops: ops.with(node, op), incoming };
    }
    const sources = INPUTS + (node - INPUTS >> 1);
    const twin = incoming[node ^ 1];
    for (let source = 0; source < sources; source++) {
      const edges = incomingOf(source);
      if (edges === incoming[node] || edges === twin) continue;
      yield { ops, incoming: incoming.with(node, edges) };
    }
  }
}

/** Labelled cells of a number of operations. */
const labelled = (operations: number) => 1 * 3 * 6 * 10 * operations ** 8;

function facts(
  table: CellTable,
  { innerOps, cellCount }: Operations,
): SpaceFact[] {
  const random = Random.fromSeed(1);
  const draws = 10_000;
  let kept = 0;
  for (let i = 0; i < draws; i++) {
    const { multiplyAdds } = cellCost(anyCell(random, innerOps));
    if (multiplyAdds < MOST_MULTIPLY_ADDS) kept++;
  }
  return [
    {
      fact: "labelled cells of the seven operations other than none",
      counted: labelled(7),
      published: 1_037_664_180,
    },
    {
      fact: "labelled cells of the eight operations",
      counted: labelled(8),
      published: null,
    },
    {
      fact: `different cells of the ${
        innerOps.length === 8 ? "eight" : "seven"
      } operations`,
      counted: cellCount,
      published: null,
    },
    {
      fact: `random cells below 600 million multiply-adds (${
        (100 * kept / draws).toFixed(1)
      } % of 10,000), of which the sample is`,
      counted: kept,
      published: null,
    },
    { fact: "cells of the sample", counted: table.count, published: null },
  ];
}

/** What the operations of a cell are chosen from. */
interface Operations {
  readonly name: string;
  readonly title: string;
  readonly innerOps: readonly number[];
  /** Different cells of them. */
  readonly cellCount: number;
}

/** arch2vec's, and those that NAS-Bench-301 has. */
const EIGHT: Operations = {
  ...{ name: "darts", title: "DARTS" },
  ...{ innerOps: INNER_OPS, cellCount: CELL_COUNT },
};
const SEVEN: Operations = {
  ...{ name: "darts7", title: "DARTS without none" },
  ...{ innerOps: INNER_OPS_OF_SEVEN, cellCount: CELL_COUNT_OF_SEVEN },
};

/** Those that were asked for, by their names: a space is one object. */
const spaces = new Map<string, SearchSpace>();

/**
 * The search space DARTS.
 *
 * Its cells are a sample of random ones, all different, the same in every run; the first nine
 * tenths are for training, as in arch2vec's code. It has to be prepared: that draws them.
 *
 * @param cells How many.
 * @throws {RangeError} If it is not a number of cells that can be drawn.
 */
export function dartsSpace(
  cells: number,
  operations: Operations = EIGHT,
): SearchSpace {
  const { title, innerOps, cellCount } = operations;
  const name = cells === SAMPLE
    ? operations.name
    : `${operations.name}-${cells}`;
  const known = spaces.get(name);
  if (known !== undefined) return known;
  if (
    !Number.isInteger(cells) || cells < LEAST_CELLS || cells > MOST_CELLS
  ) {
    throw new RangeError(
      `Cannot sample DARTS: the number of cells must be from ${LEAST_CELLS} to ${MOST_CELLS}, got ${cells}`,
    );
  }
  let table: CellTable | undefined;
  let drawing: Promise<void> | undefined;
  const draw = async (onProgress?: OnProgress) => {
    const graphs: Graph[] = [];
    for (const cell of differentCells(Random.fromSeed(0), innerOps)) {
      graphs.push(cell);
      const done = graphs.length;
      if (done % STEP === 0) {
        onProgress?.({ done, total: cells, message: "" });
        await new Promise((resolve) => setTimeout(resolve));
      }
      if (done === cells) break;
    }
    table = cellTable(graphs, NODES);
  };
  const prepared = () => {
    if (table === undefined) {
      throw new Error(
        "Cannot list the cells of DARTS: the space must be prepared before, with `await space.prepare()`",
      );
    }
    return table;
  };
  const space: SearchSpace = {
    ...{ name, title, innerOps, cellCount },
    version: VERSION,
    ops: DARTS_OPS,
    inputs: INPUTS,
    nodeCount: NODES,
    variableSize: false,
    settings: SETTINGS,
    get ready() {
      return table !== undefined;
    },
    async prepare(onProgress) {
      if (table === undefined) await (drawing ??= draw(onProgress));
    },
    cells: prepared,
    ofSize: (cells) => dartsSpace(cells, operations),
    split: () => splitInOrder(cells),
    invalidReasons: REASONS,
    invalidReason: (graph, mode) => invalidReason(graph, mode, innerOps),
    rawKey: (graph) => hashModule(graph, HASH_LABELS),
    key: cellKey,
    neighbours: (graph) => neighbours(graph, innerOps),
    randomCell: (random) => anyCell(random, innerOps),
    cost: cellCost,
    configuration,
    notations: NOTATIONS,
    describe,
    facts: () => facts(prepared(), operations),
  };
  spaces.set(name, space);
  return space;
}

/** With the sample that runs have where none is asked for. */
export const DARTS: SearchSpace = dartsSpace(SAMPLE);

/** The same without the operation `none`: cells that NAS-Bench-301's surrogates know. */
export const DARTS7: SearchSpace = dartsSpace(SAMPLE, SEVEN);
