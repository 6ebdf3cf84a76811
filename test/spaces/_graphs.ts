/**
 * Graphs for tests: from a text, at random, with other edges, reordered.
 *
 * @module
 */

import type { Random } from "../../lib/core/random.ts";
import { edgePairs, type Graph, graphOf } from "../../lib/spaces/graph.ts";

// NAS-Bench-101's operations: conv3x3 0, conv1x1 1, maxpool3x3 2, input 3, output 4.
export const CONV3 = 0, CONV1 = 1, POOL = 2, INPUT = 3, OUTPUT = 4;

/** A graph from its operations and `"0→1,4,5 1→2"`. */
export function graph(ops: ArrayLike<number>, edges: string): Graph {
  return graphOf(ops, pairsOf(edges));
}

/** The edges that a text such as `"0→1,4,5 1→2"` names. */
export function pairsOf(edges: string): [from: number, to: number][] {
  return edges.split(" ").filter(Boolean).flatMap((part) => {
    const [from, targets] = part.split("→");
    return targets.split(",").map((to) => [+from, +to] as [number, number]);
  });
}

/** A graph of which the edges named are there where they were not, and the other way round. */
export function flipped({ ops, incoming }: Graph, edges: string): Graph {
  const other = graph(ops, edges).incoming;
  return { ops, incoming: incoming.map((sources, to) => sources ^ other[to]) };
}

/** Edges into each of `nodes` nodes: each that can be, by the toss of a coin. */
export function randomIncoming(nodes: number, random: Random): Uint32Array {
  return Uint32Array.from(
    { length: nodes },
    (_, to) => random.uint32() & (2 ** to - 1),
  );
}

/** A random graph of 2 to 11 nodes. */
export function randomGraph(random: Random): Graph {
  const nodes = 2 + random.integer(10);
  const ops = Uint8Array.from({ length: nodes }, () => random.integer(3));
  ops[0] = INPUT;
  ops[nodes - 1] = OUTPUT;
  return { ops, incoming: randomIncoming(nodes, random) };
}

/** The same graph with its inner nodes in a random order that edges do not go against. */
export function reorder(original: Graph, random: Random): Graph {
  const nodes = original.ops.length;
  const order = [0];
  while (order.length < nodes - 1) {
    const ready: number[] = [];
    for (let v = 1; v < nodes - 1; v++) {
      const waits = edgePairs(original).some(([from, to]) =>
        to === v && !order.includes(from)
      );
      if (!order.includes(v) && !waits) ready.push(v);
    }
    order.push(ready[random.integer(ready.length)]);
  }
  order.push(nodes - 1);
  const place = (v: number) => order.indexOf(v);
  return graphOf(
    order.map((v) => original.ops[v]),
    edgePairs(original).map(([from, to]) => [place(from), place(to)] as const),
  );
}

/**
 * Whether two graphs differ in nothing but the order of their inner nodes, by trying all
 * orders: for a few nodes.
 */
export function isIsomorphic(a: Graph, b: Graph): boolean {
  const nodes = a.ops.length;
  if (b.ops.length !== nodes) return false;
  const edges = edgePairs(b).join(";");
  const matches = (place: readonly number[]) =>
    place.every((at, v) => b.ops[at] === a.ops[v]) &&
    edgePairs(a).map(([from, to]) => [place[from], place[to]])
        .sort(([f, t], [g, u]) => t - u || f - g).join(";") === edges;
  const extend = (place: readonly number[]): boolean =>
    place.length === nodes
      ? matches(place)
      : Array.from(b.ops.keys()).some((at) =>
        !place.includes(at) && b.ops[at] === a.ops[place.length] &&
        extend([...place, at])
      );
  return extend([]);
}
