/**
 * The cells of NAS-Bench-201 in words: arch strings, and the text that tells structures apart.
 *
 * An arch string is `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`: what flows into each of the feature
 * maps 1 to 3, and from which map.
 *
 * Source: NAS-Bench-201 (Dong & Yang 2020, arXiv:2001.00326) and its `Structure` class.
 *
 * @module
 */

import type { Graph } from "../graph.ts";
import {
  ARCH_EDGES,
  ARCH_OPS,
  GRAPH_OP,
  INPUT,
  invalidReason,
  NASBENCH201_OPS,
  NODES,
  NONE,
  OUTPUT,
  SKIP,
  TEMPLATE_INCOMING,
} from "./cells.ts";

/** `ARCH_OP_OF[op]` is the name in arch strings of a node operation. */
const ARCH_OP_OF: readonly string[] = NASBENCH201_OPS.map((_, op) =>
  ARCH_OPS[GRAPH_OP.indexOf(op)] ?? ""
);
/**
 * Reads an arch string.
 *
 * @throws {TypeError} If `text` is not a string.
 * @throws {SyntaxError} If it is malformed: the message has the position, counted
 *   in characters from 0, and what was expected there.
 */
export function parseArch(text: string): Graph {
  if (typeof text !== "string") {
    throw new TypeError(
      `Cannot read an arch string: it must be a string, got ${typeof text}`,
    );
  }
  let position = 0;
  const fail = (expected: string): never => {
    const rest = text.slice(position, position + 24);
    throw new SyntaxError(
      `Cannot read an arch string: position ${position} must be ${expected}, got ${
        rest === "" ? "the end" : JSON.stringify(rest)
      }`,
    );
  };
  const expect = (token: string) => {
    if (!text.startsWith(token, position)) fail(JSON.stringify(token));
    position += token.length;
  };
  const ops = new Uint8Array(NODES);
  ops[0] = INPUT;
  ops[NODES - 1] = OUTPUT;
  for (const [edge, [from, to]] of ARCH_EDGES.entries()) {
    if (from === 0) expect(to === 1 ? "|" : "+|");
    const name = text.slice(position).match(/^[^~|+]*/)![0];
    const op = ARCH_OPS.findIndex((known) => known === name);
    if (op < 0) fail(`one of ${ARCH_OPS.join(", ")}`);
    position += name.length;
    expect(`~${from}`);
    expect("|");
    ops[edge + 1] = GRAPH_OP[op];
  }
  if (position < text.length) fail("the end");
  return { ops, incoming: TEMPLATE_INCOMING };
}

/**
 * Writes a cell as its arch string.
 *
 * @throws {RangeError} If the graph is not strictly a cell of this space.
 */
export function formatArch(graph: Graph): string {
  const reason = invalidReason(graph, "strict");
  if (reason !== null) {
    throw new RangeError(
      `Cannot write an arch string: the graph must be a NAS-Bench-201 cell, got ${reason}`,
    );
  }
  const op = (node: number) => ARCH_OP_OF[graph.ops[node]];
  return `|${op(1)}~0|+|${op(2)}~0|${op(3)}~1|` +
    `+|${op(4)}~0|${op(5)}~1|${op(6)}~2|`;
}

/**
 * The text that NATS-Bench compares structures by, `Structure.to_unique_str`.
 *
 * Each feature map becomes the sorted sum of what flows into it, skips merged
 * into what they pass on. Over all cells: 12,751 texts, and 6,466 with
 * `considerZero`. As in the source, a feature map is taken for zero only when
 * its one input is: two or three zeros give `#+#`, which goes on as if it were a
 * value, and cells that compute the same can differ by it.
 *
 * @param options `considerZero`: whether `none`, and what comes out of a zero
 *   feature map, is written as zero, `#`.
 * @throws {RangeError} If the graph is not strictly a cell of this space.
 */
export function structureText(
  graph: Graph,
  options: { readonly considerZero: boolean },
): string {
  const reason = invalidReason(graph, "strict");
  if (reason !== null) {
    throw new RangeError(
      `Cannot write a structure: the graph must be a NAS-Bench-201 cell, got ${reason}`,
    );
  }
  const inputs: string[][] = [["0"], [], [], []];
  for (const [edge, [from, to]] of ARCH_EDGES.entries()) {
    // All edges into `from` come before those out of it.
    const source = inputs[from].sort().join("+");
    const op = graph.ops[edge + 1];
    if (options.considerZero && (op === NONE || source === "#")) {
      inputs[to].push("#");
    } else if (op === SKIP) inputs[to].push(source);
    else inputs[to].push(`(${source})@${ARCH_OP_OF[op]}`);
  }
  return inputs[3].sort().join("+");
}

/**
 * Whether a path without `none` leads from the cell's input to its output.
 *
 * True for 15,284 of the 15,625 cells. The others are cells of the space all the
 * same: they were trained and have accuracies.
 */
export function isConnected(graph: Graph): boolean {
  const reached = [true, false, false, false];
  for (const [edge, [from, to]] of ARCH_EDGES.entries()) {
    if (reached[from] && graph.ops[edge + 1] !== NONE) reached[to] = true;
  }
  return reached[3];
}
