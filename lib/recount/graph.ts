/**
 * Graphs for counting again: a matrix of edges, pruning, and the hash of NAS-Bench-101.
 *
 * Written from the sources alone, as plainly as they read, and slow: nothing here is shared
 * with what measured the tables.
 *
 * Shapes: `V` nodes of a graph.
 * Source: `ModelSpec` and `hash_module` of google-research/nasbench.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** A labelled graph; edges go from lower to higher nodes. */
export interface PlainGraph {
  /** Operation of each node, `[V]`: its number in the operations of the space. */
  readonly ops: readonly number[];
  /** Whether there is an edge, by the node it leaves, then the one it enters, `[V][V]`. */
  readonly edges: readonly (readonly boolean[])[];
}

/**
 * Reads a graph.
 *
 * @param text Operations, `;`, edges into each node: bit `i` of the number of node `j` is the
 *   edge from `i` to `j`. Such as `0,1,4;0,1,3`.
 * @returns Null where it is none.
 */
export function plainGraph(text: string): PlainGraph | null {
  if (!/^\d+(,\d+)*;\d+(,\d+)*$/.test(text)) return null;
  const [ops, into] = text.split(";")
    .map((part) => part.split(",").map(Number));
  const fits = ops.length === into.length && ops.length <= 32 &&
    ops.every((op) => op < 256) &&
    into.every((bits, node) => bits < 2 ** node);
  if (!fits) return null;
  const edges = ops.map((_, from) =>
    into.map((bits) => Math.floor(bits / 2 ** from) % 2 === 1)
  );
  return { ops, edges };
}

/** How many edges a graph has. */
export function countEdges({ edges }: PlainGraph): number {
  return edges.flat().filter((edge) => edge).length;
}

/**
 * Drops every node that no path from the first to the last node goes through; the others keep
 * their order.
 *
 * @returns Null where there is no such path.
 */
export function pruned(graph: PlainGraph): PlainGraph | null {
  const { ops, edges } = graph;
  const last = ops.length - 1;
  const reached = _spread(0, (from, to) => edges[from][to], ops.length);
  const reaching = _spread(last, (from, to) => edges[to][from], ops.length);
  if (last === 0 || !reached.has(last)) return null;
  const kept = [...ops.keys()]
    .filter((node) => reached.has(node) && reaching.has(node));
  return {
    ops: kept.map((node) => ops[node]),
    edges: kept.map((from) => kept.map((to) => edges[from][to])),
  };
}

/** The nodes that steps lead to from one, with it. */
function _spread(
  start: number,
  step: (from: number, to: number) => boolean,
  nodes: number,
): Set<number> {
  const found = new Set([start]);
  // A set goes on to what is added to it on the way.
  for (const from of found) {
    for (let to = 0; to < nodes; to++) if (step(from, to)) found.add(to);
  }
  return found;
}

/**
 * The hash of a graph as it stands, equal for those that differ in the order of nodes alone.
 *
 * @param labels Of the operations, by their number.
 */
export function moduleHash(
  { ops, edges }: PlainGraph,
  labels: readonly number[],
): string {
  const nodes = [...ops.keys()];
  const sources = nodes.map((v) => nodes.filter((w) => edges[w][v]));
  const targets = nodes.map((v) => nodes.filter((w) => edges[v][w]));
  let hashes = nodes.map((v) =>
    _md5(`(${targets[v].length}, ${sources[v].length}, ${labels[ops[v]]})`)
  );
  for (let round = 0; round < ops.length; round++) {
    const joined = (of: readonly number[]) =>
      of.map((w) => hashes[w]).sort().join("");
    hashes = nodes.map((v) =>
      _md5(`${joined(sources[v])}|${joined(targets[v])}|${hashes[v]}`)
    );
  }
  return _md5(`[${hashes.sort().map((hash) => `'${hash}'`).join(", ")}]`);
}

function _md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
