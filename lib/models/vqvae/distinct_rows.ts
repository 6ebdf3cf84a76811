/**
 * The nodes of a batch that the first layer of an encoder cannot tell apart, as one row each.
 *
 * That layer sees a node's own columns and the sum of its neighbours'. In a batch of
 * NAS-Bench-201 298 of 1,024 nodes differ in them, of NAS-Bench-101 307 of 3,584: what is
 * computed once for each such row, and weighted by the nodes that it stands for, is the same
 * up to rounding.
 *
 * Shapes: `B` cells, `N` nodes, `K` operations, `R` rows, `C` columns of the encoder's input:
 * `K`, and `N` more for a code that knows positions.
 *
 * @module
 */

import { floats, type HostTensors, integers } from "../../core/tensors.ts";
import type { VqvaeConfig } from "./config.ts";

/** `R` is a multiple of it, so that a training compiles its step for few sizes. */
const ROWS_STEP = 128;

/** Columns of the encoder's input: operations, and positions where the code knows them. */
export function inputWidth({ code, nodes, operations }: VqvaeConfig): number {
  return code === "arch-llm-plus" ? operations + nodes : operations;
}

/**
 * Finds the distinct rows of a batch.
 *
 * @param batch `operations`, one-hot, `[B, N, K]`, and directed `adjacency`, `[B, N, N]`.
 * @returns The batch, and `rows.own` and `rows.neighbours`, `[R, C]`: a node's own columns and
 *   the sum of its neighbours'; `rows.shares`, `[R, 1]`: the share of the nodes that are alike;
 *   `rows.of`, `[B·N]`: the row of each node. Rows at the end that are no node's have share 0.
 */
export function withDistinctRows(
  config: VqvaeConfig,
  batch: HostTensors,
): HostTensors {
  const width = inputWidth(config);
  const columns = _columns(config, batch);
  const { firsts, rowOf } = _distinct(columns, 2 * width);
  const count = rowOf.length;
  const rows = Math.ceil(firsts.length / ROWS_STEP) * ROWS_STEP;
  const own = new Float32Array(rows * width);
  const neighbours = new Float32Array(rows * width);
  for (const [row, node] of firsts.entries()) {
    const start = 2 * node * width;
    const middle = start + width;
    own.set(columns.subarray(start, middle), row * width);
    neighbours.set(columns.subarray(middle, middle + width), row * width);
  }
  const nodesOf = new Float32Array(rows);
  for (const row of rowOf) nodesOf[row]++;
  return {
    ...batch,
    "rows.own": floats([rows, width], own),
    "rows.neighbours": floats([rows, width], neighbours),
    "rows.shares": floats([rows, 1], nodesOf.map((nodes) => nodes / count)),
    "rows.of": integers([count], rowOf),
  };
}

/** Own columns of each node and the sums of its neighbours', `[B·N, 2C]`. */
function _columns(
  config: VqvaeConfig,
  { operations: { data: oneHot }, adjacency: { data: edges } }: HostTensors,
): Uint8Array {
  const { nodes, operations } = config;
  const width = inputWidth(config);
  const count = oneHot.length / operations;
  const operationOf = new Int32Array(count).fill(-1);
  for (let node = 0, i = 0; node < count; node++) {
    for (let operation = 0; operation < operations; operation++, i++) {
      if (oneHot[i] !== 0) operationOf[node] = operation;
    }
  }
  const columns = new Uint8Array(count * 2 * width);
  /** Adds the columns of a node's operation, if it has one, and its position. */
  const add = (start: number, node: number) => {
    if (operationOf[node] >= 0) columns[start + operationOf[node]]++;
    if (width > operations) columns[start + operations + node % nodes]++;
  };
  for (let node = 0, i = 0; node < count; node++) {
    add(2 * node * width, node);
    const first = node - node % nodes;
    for (let to = first; to < first + nodes; to++, i++) {
      if (edges[i] === 0) continue;
      add((2 * to + 1) * width, node);
      add((2 * node + 1) * width, to);
    }
  }
  return columns;
}

/**
 * Numbers the distinct rows of a matrix in the order in which they come.
 *
 * @returns `firsts`: where each comes first; `rowOf`: the number of each row.
 */
function _distinct(
  matrix: Uint8Array,
  width: number,
): { firsts: number[]; rowOf: Int32Array } {
  const rowOf = new Int32Array(matrix.length / width);
  const firsts: number[] = [];
  const alike = (a: number, b: number) => {
    for (let i = 0; i < width; i++) {
      if (matrix[a * width + i] !== matrix[b * width + i]) return false;
    }
    return true;
  };
  // A hash table, open, at most half full; 0 is an empty slot.
  const last = 2 ** Math.ceil(Math.log2(2 * rowOf.length + 2)) - 1;
  const numbers = new Int32Array(last + 1);
  for (let at = 0; at < rowOf.length; at++) {
    let hash = 0x811c9dc5; // FNV-1a
    for (let i = at * width; i < (at + 1) * width; i++) {
      hash = Math.imul(hash ^ matrix[i], 0x01000193);
    }
    let slot = hash & last;
    while (numbers[slot] !== 0 && !alike(firsts[numbers[slot] - 1], at)) {
      slot = slot + 1 & last;
    }
    if (numbers[slot] === 0) numbers[slot] = firsts.push(at);
    rowOf[at] = numbers[slot] - 1;
  }
  return { firsts, rowOf };
}
