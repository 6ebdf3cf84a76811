/**
 * The cells of DARTS as graphs: inputs, four blocks of two operations each, output.
 *
 * A cell has two inputs, c_k-2 and c_k-1, and four intermediate nodes; each is the sum of two
 * operations on two different earlier nodes. As arch2vec writes it, a graph of 11 nodes: rows 0
 * and 1 are the inputs, rows 2 + 2b and 3 + 2b the operations of block `b`, row 10 is the output.
 * An operation is fed by an input, or by both operations of an earlier block; all eight feed the
 * output.
 *
 * Source: DARTS (Liu et al. 2019, arXiv:1806.09055); arch2vec (Yan et al. 2020,
 * arXiv:2006.06936), `preprocessing/gen_isomorphism_graphs.py`, for the graph, and its
 * `is_valid_darts` for the published reading of validity.
 *
 * @module
 */

import type { Graph } from "../graph.ts";
import type { MetricMode } from "../space.ts";

/** Operations of a node: the one-hot columns, in arch2vec's order. */
export const DARTS_OPS = [
  "c_k-2",
  "c_k-1",
  "none",
  "max_pool_3x3",
  "avg_pool_3x3",
  "skip_connect",
  "sep_conv_3x3",
  "sep_conv_5x5",
  "dil_conv_3x3",
  "dil_conv_5x5",
  "output",
] as const;

export const INPUTS = 2, BLOCKS = 4, NODES = 11;
export const NONE = 2, OUTPUT = 10;
/** What an operation node can be: indices into `DARTS_OPS`. */
export const INNER_OPS: readonly number[] = [2, 3, 4, 5, 6, 7, 8, 9];
/** The same where no operation is `none`: those of NAS-Bench-301. */
export const INNER_OPS_OF_SEVEN: readonly number[] = [3, 4, 5, 6, 7, 8, 9];
/** The edges into the output: all eight operations. */
const INTO_OUTPUT = 0b11_1111_1100;

/** An operation and what it reads: 0 and 1 are the inputs, `2 + b` is block `b`. */
export interface Operation {
  readonly source: number;
  readonly op: number;
}

/** The edges into an operation that reads `source`. */
export function incomingOf(source: number): number {
  return source < INPUTS ? 1 << source : 0b11 << 2 * source - INPUTS;
}

/** The graph of a cell, whose operations are those of block 0, then of block 1, …, `[8]`. */
export function cellOfOperations(operations: readonly Operation[]): Graph {
  const ops = new Uint8Array(NODES), incoming = new Uint32Array(NODES);
  ops[1] = 1;
  operations.forEach(({ source, op }, i) => {
    ops[INPUTS + i] = op;
    incoming[INPUTS + i] = incomingOf(source);
  });
  ops[NODES - 1] = OUTPUT;
  incoming[NODES - 1] = INTO_OUTPUT;
  return { ops, incoming };
}

/** The operations of a cell, `[8]`; the graph must be strictly valid. */
export function operationsOf({ ops, incoming }: Graph): Operation[] {
  const operations: Operation[] = [];
  for (let node = INPUTS; node < NODES - 1; node++) {
    const source = sourceOf(incoming[node], blockOf(node))!;
    operations.push({ source, op: ops[node] });
  }
  return operations;
}

/** The block of an operation node. */
function blockOf(node: number): number {
  return (node - INPUTS) >> 1;
}

/** What edges into an operation of a block come from: one input or one whole earlier block; else null. */
function sourceOf(incoming: number, block: number): number | null {
  for (let source = 0; source < INPUTS + block; source++) {
    if (incoming === incomingOf(source)) return source;
  }
  return null;
}

/** Reasons for which a graph is no cell, with their words, in the order of reports. */
export const REASONS: Readonly<Record<string, string>> = {
  "not eleven nodes": "it has not eleven nodes",
  "first ops not inputs": "its first two nodes are not c_k-2 and c_k-1",
  "last op not output": "its last node is not the output",
  "inner input or output": "a node within it is an input or an output",
  "operation none": "an operation is none, which the space does not have",
  "operation not fed":
    "an operation is fed by no input and by no earlier block",
  "inputs fed": "an edge leads into one of its inputs",
  "not one source":
    "an operation is fed by something else than one input or one whole block",
  "same source twice": "both operations of a block have the same source",
  "output off template":
    "its output is not fed by all eight operations and nothing else",
};

/**
 * Published reading, arch2vec's: the ends and the operations are right, and each operation has an
 * edge from before its block. Strict reading: each operation has one input or one whole earlier
 * block as its source, the two sources of a block differ, and all eight operations feed the
 * output and nothing else does.
 *
 * @param innerOps What an operation can be: `INNER_OPS`, or those without `none`.
 */
export function invalidReason(
  graph: Graph,
  mode: MetricMode,
  innerOps: readonly number[] = INNER_OPS,
): string | null {
  const { ops, incoming } = graph;
  if (ops.length !== NODES) return "not eleven nodes";
  if (ops[0] !== 0 || ops[1] !== 1) return "first ops not inputs";
  if (ops[NODES - 1] !== OUTPUT) return "last op not output";
  for (let node = INPUTS; node < NODES - 1; node++) {
    if (!INNER_OPS.includes(ops[node])) return "inner input or output";
    if (!innerOps.includes(ops[node])) return "operation none";
  }
  for (let node = INPUTS; node < NODES - 1; node++) {
    const before = (1 << INPUTS + 2 * blockOf(node)) - 1;
    if ((incoming[node] & before) === 0) return "operation not fed";
  }
  if (mode === "paper") return null;
  if (incoming[1] !== 0) return "inputs fed";
  const sources = Array.from(
    { length: 2 * BLOCKS },
    (_, i) => sourceOf(incoming[INPUTS + i], blockOf(INPUTS + i)),
  );
  if (sources.includes(null)) return "not one source";
  for (let block = 0; block < BLOCKS; block++) {
    if (sources[2 * block] === sources[2 * block + 1]) {
      return "same source twice";
    }
  }
  return incoming[NODES - 1] === INTO_OUTPUT ? null : "output off template";
}
