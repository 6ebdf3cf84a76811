/**
 * Graphs for tests: from a text, at random, reordered.
 *
 * @module
 */

import type { Random } from "../../lib/core/random.ts";
import {
  allEdges,
  edgePairs,
  edgesOf,
  type Graph,
} from "../../lib/spaces/graph.ts";

// NAS-Bench-101's operations: conv3x3 0, conv1x1 1, maxpool3x3 2, input 3, output 4.
export const CONV3 = 0, CONV1 = 1, POOL = 2, INPUT = 3, OUTPUT = 4;

/** A graph from its operations and `"0→1,4,5 1→2"`. */
export function graph(ops: readonly number[], edges: string): Graph {
  const pairs = edges.split(" ").filter(Boolean).flatMap((part) => {
    const [from, targets] = part.split("→");
    return targets.split(",").map((to) => [+from, +to] as const);
  });
  return { ops: Uint8Array.from(ops), edges: edgesOf(pairs) };
}

/** A random graph of 2 to 8 nodes. */
export function randomGraph(random: Random): Graph {
  const nodes = 2 + random.integer(7);
  const ops = Uint8Array.from({ length: nodes }, () => random.integer(3));
  ops[0] = INPUT;
  ops[nodes - 1] = OUTPUT;
  return { ops, edges: random.uint32() & allEdges(nodes) };
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
  return {
    ops: Uint8Array.from(order, (v) => original.ops[v]),
    edges: edgesOf(
      edgePairs(original).map(([from, to]) => [place(from), place(to)]),
    ),
  };
}
