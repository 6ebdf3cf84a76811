/**
 * All cells of NAS-Bench-101, from nothing: enumerated, hashed, in data-set order.
 *
 * The data set goes through all matrices and labellings in a fixed order, hashes
 * each graph, and keeps the first one met for a hash. Here only the first graph
 * of every isomorphism class is hashed, a third of all. That changes nothing:
 * graphs of a class have one hash, so the first graph met for a hash is the first
 * of its class, even where two classes should share a hash.
 *
 * Shapes: `V` nodes of a cell, `N` = 7 rows of a cell in a table, `n` cells.
 * Source: NAS-Bench-101 (Ying et al. 2019, arXiv:1902.09635) and
 * `generate_graphs.py` of google-research/nasbench.
 *
 * @module
 */

import { bitCount, edgePairs, PADDING_OP } from "../graph.ts";
import { ModuleHasher } from "../module_hash.ts";
import { allEdges, edgeBit, edgesOf, incomingOf } from "./triangle.ts";

/** Most nodes of a cell. */
export const MAX_NODES = 7;
/** Most edges of a cell. */
export const MAX_EDGES = 9;
/** Bytes of a hash. */
export const HASH_BYTES = 16;

/** Operations of a node: the one-hot columns, in arch2vec's order. */
export const NASBENCH101_OPS = [
  "input",
  "conv1x1",
  "conv3x3",
  "maxpool3x3",
  "output",
] as const;

/** The number of each operation in the hash: the benchmark counts conv3x3, conv1x1, maxpool3x3. */
export const HASH_LABELS: readonly number[] = [-1, 1, 0, 2, -2];

const INPUT_OP = 0, OUTPUT_OP = 4;

/** Cells as columns. */
export interface CellColumns {
  readonly count: number;
  /** Operation of each row, `[n, N]`; `PADDING_OP` after the last node. */
  readonly ops: Uint8Array;
  /** Edge bits, `[n]`; see `triangle.ts`. */
  readonly edges: Uint32Array;
  /** The hash of each cell, `[n, 16]`. */
  readonly hashes: Uint8Array;
}

/** The edges of a cell, before it gets operations. */
export interface CellMatrix {
  /** `V`. */
  readonly nodes: number;
  readonly edges: number;
  /** Orders of the nodes, `[V]` each, that give the same edges; the identity is left out. */
  readonly automorphisms: readonly (readonly number[])[];
}

/**
 * The adjacency matrices of `nodes` nodes that cells have, in ascending order of
 * their edge bits.
 *
 * No row but the last and no column but the first is zero, so that every node is on a
 * path from input to output; there are at most 9 edges.
 */
export function keptMatrices(nodes: number): number[] {
  const kept: number[] = [];
  for (let edges = 0; edges <= allEdges(nodes); edges++) {
    if (bitCount(edges) > MAX_EDGES) continue;
    let sources = 0, targets = 0;
    for (let to = 1; to < nodes; to++) {
      const from = edges >>> edgeBit(0, to) & (1 << to) - 1;
      sources |= from;
      if (from !== 0) targets |= 1 << to;
    }
    const all = (1 << nodes) - 1;
    if (sources === all >> 1 && targets === (all & ~1)) kept.push(edges);
  }
  return kept;
}

/**
 * The matrices of all cells, 2 to 7 nodes, each the first of those that differ only
 * in the order of inner nodes.
 */
export function cellMatrices(): CellMatrix[] {
  const matrices: CellMatrix[] = [];
  for (let nodes = 2; nodes <= MAX_NODES; nodes++) {
    const orders = _innerOrders(nodes);
    const met = new Set<number>();
    for (const edges of keptMatrices(nodes)) {
      if (met.has(edges)) continue;
      const automorphisms: number[][] = [];
      const pairs = edgePairs({
        ops: new Uint8Array(nodes),
        incoming: incomingOf(edges, nodes),
      });
      for (const [i, order] of orders.entries()) {
        const moved = pairs.map(([from, to]) =>
          [order[from], order[to]] as const
        );
        if (moved.some(([from, to]) => from > to)) continue;
        const other = edgesOf(moved);
        met.add(other);
        if (other === edges && i > 0) automorphisms.push(order);
      }
      matrices.push({ nodes, edges, automorphisms });
    }
  }
  return matrices;
}

/**
 * Hashes the cells of some matrices: the first labelling of each class, in order.
 *
 * @returns As many cells as there are classes, in the order met.
 */
export function hashCells(matrices: readonly CellMatrix[]): CellColumns {
  const hasher = new ModuleHasher();
  const most = matrices.reduce((sum, { nodes }) => sum + 3 ** (nodes - 2), 0);
  const ops = new Uint8Array(most * MAX_NODES).fill(PADDING_OP);
  const edges = new Uint32Array(most);
  const hashes = new Int32Array(most * HASH_BYTES / 4);
  let count = 0;
  for (const matrix of matrices) {
    hasher.setEdges(incomingOf(matrix.edges, matrix.nodes));
    for (const labels of _firstLabellings(matrix)) {
      hashes.set(hasher.hash(labels), count * HASH_BYTES / 4);
      edges[count] = matrix.edges;
      for (const [node, label] of labels.entries()) {
        ops[count * MAX_NODES + node] = HASH_LABELS.indexOf(label);
      }
      count++;
    }
  }
  return {
    count,
    ops: ops.slice(0, count * MAX_NODES),
    edges: edges.slice(0, count),
    hashes: new Uint8Array(hashes.buffer).slice(0, count * HASH_BYTES),
  };
}

/**
 * Puts cells into data-set order: by ascending hash, of equal hashes only the first.
 *
 * @param parts Cells in the order met, part by part.
 */
export function inDataSetOrder(parts: readonly CellColumns[]): CellColumns {
  const met = _concatenate(parts);
  const { hashes } = met;
  const compareHashes = (a: number, b: number): number => {
    for (let i = 0; i < HASH_BYTES; i++) {
      const difference = hashes[a * HASH_BYTES + i] -
        hashes[b * HASH_BYTES + i];
      if (difference !== 0) return difference;
    }
    return 0;
  };
  // Sorting numbers is far faster than sorting with a comparison: the first four
  // bytes of the hash and then the place, which has at most 21 bits.
  const heads = new DataView(hashes.buffer, hashes.byteOffset);
  const sorted = Float64Array.from(
    { length: met.count },
    (_, cell) => heads.getUint32(cell * HASH_BYTES) * 2 ** 21 + cell,
  ).sort();
  const order = Uint32Array.from(sorted, (key) => key % 2 ** 21);
  // What is left are a few cells whose first four bytes agree.
  for (let i = 1; i < order.length; i++) {
    const cell = order[i];
    let at = i;
    // Of equal hashes the first one met stays first.
    for (; at > 0 && compareHashes(cell, order[at - 1]) < 0; at--) {
      order[at] = order[at - 1];
    }
    order[at] = cell;
  }
  const kept = order.filter((cell, i) =>
    i === 0 || compareHashes(cell, order[i - 1]) !== 0
  );
  return {
    count: kept.length,
    ops: _takeRows(met.ops, kept, MAX_NODES),
    edges: Uint32Array.from(kept, (cell) => met.edges[cell]),
    hashes: _takeRows(hashes, kept, HASH_BYTES),
  };
}

/** Orders of `nodes` nodes that leave the first and the last in place; the identity first. */
function _innerOrders(nodes: number): number[][] {
  let orders = [[0]];
  for (let place = 1; place < nodes - 1; place++) {
    orders = orders.flatMap((order) =>
      Array.from({ length: nodes - 2 }, (_, i) => i + 1)
        .filter((node) => !order.includes(node))
        .map((node) => [...order, node])
    );
  }
  return orders.map((order) => [...order, nodes - 1]);
}

/**
 * The labellings of a matrix in lexicographic order, of those that an automorphism
 * turns into each other only the first.
 */
function* _firstLabellings(matrix: CellMatrix): Generator<number[]> {
  const inner = matrix.nodes - 2;
  // The label of node 1 is the highest digit in base 3.
  const worth = (node: number) => 3 ** (inner - node);
  const met = new Uint8Array(3 ** inner);
  for (let code = 0; code < met.length; code++) {
    if (met[code] === 1) continue;
    const labels = [HASH_LABELS[INPUT_OP]];
    for (let node = 1; node <= inner; node++) {
      labels.push(Math.floor(code / worth(node)) % 3);
    }
    labels.push(HASH_LABELS[OUTPUT_OP]);
    for (const order of matrix.automorphisms) {
      let other = 0;
      for (let node = 1; node <= inner; node++) {
        other += labels[node] * worth(order[node]);
      }
      met[other] = 1;
    }
    yield labels;
  }
}

function _concatenate(parts: readonly CellColumns[]): CellColumns {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const whole: CellColumns = {
    count,
    ops: new Uint8Array(count * MAX_NODES),
    edges: new Uint32Array(count),
    hashes: new Uint8Array(count * HASH_BYTES),
  };
  let at = 0;
  for (const part of parts) {
    whole.ops.set(part.ops, at * MAX_NODES);
    whole.edges.set(part.edges, at);
    whole.hashes.set(part.hashes, at * HASH_BYTES);
    at += part.count;
  }
  return whole;
}

function _takeRows(
  column: Uint8Array,
  cells: Uint32Array,
  width: number,
): Uint8Array {
  const taken = new Uint8Array(cells.length * width);
  for (let i = 0; i < cells.length; i++) {
    for (let k = 0; k < width; k++) {
      taken[i * width + k] = column[cells[i] * width + k];
    }
  }
  return taken;
}
