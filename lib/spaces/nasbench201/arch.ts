/**
 * The cells of NAS-Bench-201 in words: arch strings, and the text that tells structures apart.
 *
 * An arch string is `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`: what flows into each of the feature
 * maps 1 to 3, and from which map. Three other notations are read, each with an order of
 * operations and edges of its own:
 *
 *     Structure(4 nodes with |op~0|+…)  as the benchmark's API prints it
 *     231430                            GENIUS: operations and edges as in `cells.ts`
 *     (2, 3, 0, 4, 1, 2)                NASLib: operations by `NASLIB_OPS`, edges by
 *                                       `NASLIB_EDGES`
 *
 * Source: NAS-Bench-201 (Dong & Yang 2020, arXiv:2001.00326) and its `Structure` class;
 * GENIUS (Zheng et al. 2023, arXiv:2304.10970), `nas_bench_201.py`; NASLib (Ruchte et al.
 * 2020), `nasbench201/conversions.py`.
 *
 * @module
 */

import { shown } from "../../core/shown.ts";
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

/** Operations by NASLib's numbers. */
const NASLIB_OPS: readonly (typeof ARCH_OPS[number])[] = [
  "skip_connect",
  "none",
  "nor_conv_3x3",
  "nor_conv_1x1",
  "avg_pool_3x3",
];
/** Edges in NASLib's order: by where they come from. */
const NASLIB_EDGES: readonly (readonly [from: number, to: number])[] = [
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 2],
  [1, 3],
  [2, 3],
];

/**
 * Reads an arch string, or one of the other notations, which are told apart by their form.
 *
 * White space may stand around the whole, and around `+`.
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
  const digits = /^\s*([0-4]{6})\s*$/.exec(text);
  if (digits !== null) {
    return _graphOf(Array.from(digits[1], (digit) => ARCH_OPS[Number(digit)]));
  }
  const tuple = /^\s*(?:\(([^()]*)\)|\[([^[\]]*)\])\s*$/.exec(text);
  if (tuple !== null) return _parseTuple(tuple[1] ?? tuple[2], text);
  return _parseMaps(text);
}

/** NASLib's six numbers. */
function _parseTuple(numbers: string, text: string): Graph {
  const ops = numbers.split(",").map((number) =>
    /^\s*[0-4]\s*$/.test(number) ? NASLIB_OPS[Number(number)] : undefined
  );
  if (ops.length !== NASLIB_EDGES.length || ops.includes(undefined)) {
    throw new SyntaxError(
      `Cannot read an arch string: a tuple must be of six operations from 0 to 4, got ${
        shown(text)
      }`,
    );
  }
  return _graphOf(
    ARCH_EDGES.map(([from, to]) =>
      ops[NASLIB_EDGES.findIndex((edge) => edge[0] === from && edge[1] === to)]!
    ),
  );
}

/** What flows into each feature map, bare or as a `Structure`. */
function _parseMaps(text: string): Graph {
  let position = 0;
  const fail = (expected: string): never => {
    const rest = text.slice(position, position + 24);
    throw new SyntaxError(
      `Cannot read an arch string: position ${position} must be ${expected}, got ${
        rest === "" ? "the end" : JSON.stringify(rest)
      }`,
    );
  };
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = position;
    const found = pattern.exec(text);
    position += found?.[0].length ?? 0;
    return found !== null;
  };
  const expect = (pattern: RegExp, token: string) => {
    if (!take(pattern)) fail(JSON.stringify(token));
  };
  take(/\s*/y);
  const isStructure = take(/Structure\(4 nodes with /y);
  const ops: string[] = [];
  for (const [from, to] of ARCH_EDGES) {
    if (from === 0) {
      if (to === 1) expect(/\|/y, "|");
      else expect(/\s*\+\s*\|/y, "+|");
    }
    const name = text.slice(position).match(/^[^~|+]*/)![0];
    if (!ARCH_OPS.some((known) => known === name)) {
      fail(`one of ${ARCH_OPS.join(", ")}`);
    }
    position += name.length;
    expect(new RegExp(`~${from}`, "y"), `~${from}`);
    expect(/\|/y, "|");
    ops.push(name);
  }
  if (isStructure) expect(/\)/y, ")");
  if (!take(/\s*$/y)) fail("the end");
  return _graphOf(ops);
}

/** The cell with operations on the edges of `ARCH_EDGES`. */
function _graphOf(names: readonly string[]): Graph {
  const ops = new Uint8Array(NODES);
  ops[0] = INPUT;
  ops[NODES - 1] = OUTPUT;
  names.forEach((name, edge) =>
    ops[edge + 1] = GRAPH_OP[ARCH_OPS.findIndex((known) => known === name)]
  );
  return { ops, incoming: TEMPLATE_INCOMING };
}

/**
 * Writes a cell as its arch string.
 *
 * @throws {RangeError} If the graph is not strictly a cell of this space.
 */
export function formatArch(graph: Graph): string {
  _checkCell(graph, "an arch string");
  const op = (node: number) => ARCH_OP_OF[graph.ops[node]];
  return `|${op(1)}~0|+|${op(2)}~0|${op(3)}~1|` +
    `+|${op(4)}~0|${op(5)}~1|${op(6)}~2|`;
}

/**
 * Writes a cell as GENIUS's six digits.
 *
 * @throws {RangeError} If the graph is not strictly a cell of this space.
 */
export function formatGenius(graph: Graph): string {
  return _archOps(graph).join("");
}

/**
 * Writes a cell as NASLib's tuple.
 *
 * @throws {RangeError} If the graph is not strictly a cell of this space.
 */
export function formatNaslib(graph: Graph): string {
  const ops = _archOps(graph);
  const numbers = NASLIB_EDGES.map(([from, to]) => {
    const edge = ARCH_EDGES.findIndex((edge) =>
      edge[0] === from && edge[1] === to
    );
    return NASLIB_OPS.indexOf(ARCH_OPS[ops[edge]]);
  });
  return `(${numbers.join(", ")})`;
}

/** The operations of a cell as indices into `ARCH_OPS`, by edge. */
function _archOps(graph: Graph): number[] {
  _checkCell(graph, "a cell");
  return ARCH_EDGES.map((_, edge) => GRAPH_OP.indexOf(graph.ops[edge + 1]));
}

/** @throws {RangeError} If the graph is not strictly a cell of this space. */
function _checkCell(graph: Graph, written: string): void {
  const reason = invalidReason(graph, "strict");
  if (reason !== null) {
    throw new RangeError(
      `Cannot write ${written}: the graph must be a NAS-Bench-201 cell, got ${reason}`,
    );
  }
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
  _checkCell(graph, "a structure");
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
