/**
 * Notations of cells: how other tools and papers write them down.
 *
 * Each notation has an order of operations and edges of its own, so a cell is converted, never
 * guessed: what a value can be by its form alone is taken for that, everything else has to be
 * named. Two notations every space has:
 *
 *     matrix   {"matrix": [[0, 1], [0, 0]], "ops": ["input", "output"]}
 *              NAS-Bench-101's ModelSpec; `input` and `output` may be left out of `ops`
 *     one-hot  {"module_adjacency": [[0, 1], [0, 0]], "module_operations": [[1, 0], [0, 1]]}
 *              arch2vec's rows; rows and columns of zeros after the last node are padding
 *
 * A space adds its own. Reading a notation does not judge the cell.
 *
 * Source: NAS-Bench-101 (Ying et al. 2019), `ModelSpec`; arch2vec (Yan et al. 2020), its
 * preprocessed data.
 *
 * @module
 */

import { shown, shownList } from "../core/shown.ts";
import { type Graph, graphOf, hasEdge, MAX_NODES } from "./graph.ts";
import type { Notation } from "./notation.ts";
import { cellGraph, type EnumeratedSpace, type SearchSpace } from "./space.ts";

/** What the notations that every space has need of it. */
type Operations = Pick<SearchSpace, "ops" | "publishedOps" | "nodeCount">;

/**
 * Cells by their index among those of the space. A number alone shows no notation, so it has
 * to be named.
 *
 * @param title What order the cells are in.
 */
export function indexNotation(
  space: Pick<EnumeratedSpace, "cells" | "indexOf" | "title">,
  title: string,
): Notation {
  return {
    name: "index",
    title,
    isForm: () => false,
    read(value) {
      const { count } = space.cells();
      const index = typeof value === "string" && /^\s*\d{1,9}\s*$/.test(value)
        ? Number(value)
        : value;
      if (
        typeof index !== "number" || !Number.isInteger(index) || index < 0 ||
        index >= count
      ) {
        throw new SyntaxError(
          `an index must be a whole number in [0, ${count}), got ${
            shown(value)
          }`,
        );
      }
      return cellGraph(space.cells(), index);
    },
    write(graph) {
      const index = space.indexOf(graph);
      if (index === null) {
        throw new RangeError(
          `Cannot write an index: the graph must be a cell of ${space.title}, got another`,
        );
      }
      return index;
    },
  };
}

/** The notations of a space: its own, then those that every space has. */
export function notationsOf(space: SearchSpace): readonly Notation[] {
  return [...space.notations ?? [], _matrix(space), _oneHot(space)];
}

/**
 * Looks a notation of a space up.
 *
 * @throws {RangeError} If it has none of that name; the message lists those there are.
 */
export function getNotation(space: SearchSpace, name: string): Notation {
  const notations = notationsOf(space);
  const notation = notations.find((notation) => notation.name === name);
  if (notation === undefined) {
    throw new RangeError(
      `Cannot use a notation: one of ${space.title} must be ${
        shownList(notations.map(({ name }) => name))
      }, got ${shown(name)}`,
    );
  }
  return notation;
}

/**
 * Reads a cell of whatever notation its form shows.
 *
 * @throws {SyntaxError} If the form shows none, with the names of those there are.
 */
export function readCell(
  value: unknown,
  notations: readonly Notation[],
): Graph {
  const notation = notations.find((notation) => notation.isForm(value));
  if (notation === undefined) {
    throw new SyntaxError(
      `a cell must be of a form that one notation has, or its notation be named, one of ${
        shownList(notations.map(({ name }) => name))
      }, got ${shown(value)}`,
    );
  }
  return notation.read(value);
}

/** Names of the fields that hold the adjacency matrix and the operations. */
const MATRIX_FIELDS = ["matrix", "adjacency", "module_adjacency"];
const OPS_FIELDS = ["ops", "operations", "module_operations"];

/** ModelSpec: a matrix and the names of operations. */
function _matrix(space: Operations): Notation {
  const names = space.publishedOps ?? space.ops;
  return {
    name: "matrix",
    title: 'ModelSpec as JSON, {"matrix": [[…]], "ops": ["input", …]}',
    isForm: (value) => _fields(value)?.ops.every(_isText) ?? false,
    read(value) {
      const { matrix, ops } = _needed(value, "names of operations");
      const within = matrix.length - 2;
      const all = ops.length === within && within >= 0
        ? ["input", ...ops, "output"]
        : ops;
      return _graph(
        matrix,
        all.map((name) => {
          const op = names.findIndex((known) => known === name);
          const own = space.ops.findIndex((known) => known === name);
          if (op < 0 && own < 0) {
            throw new SyntaxError(
              `an operation must be ${shownList(names)}, got ${shown(name)}`,
            );
          }
          return op < 0 ? own : op;
        }),
        space,
      );
    },
    write: ({ ops, incoming }) => ({
      matrix: Array.from(
        ops,
        (_, from) =>
          Array.from(ops, (_, to) => hasEdge({ incoming }, from, to) ? 1 : 0),
      ),
      ops: Array.from(ops, (op) => names[op]),
    }),
  };
}

/** arch2vec's: a matrix, and a row of ones and zeros for each operation. */
function _oneHot(space: Operations): Notation {
  return {
    name: "one-hot",
    title:
      'arch2vec, {"module_adjacency": [[…]], "module_operations": [[1, 0, …], …]}',
    isForm: (value) => _fields(value)?.ops.every(Array.isArray) ?? false,
    read(value) {
      const { matrix, ops } = _needed(value, "rows of ones and zeros");
      const rows = ops.map((row) => _oneHotOp(row, space.ops.length));
      let nodes = rows.length;
      while (nodes > 0 && rows[nodes - 1] === null) nodes--;
      const own = rows.slice(0, nodes).map((op) => {
        if (op !== null) return op;
        throw new SyntaxError(
          "an operation must be a row with one 1, got a row of zeros before the last node",
        );
      });
      const isPadding = matrix.every((row, from) =>
        _isRow(row) &&
        (from < nodes
          ? row.slice(nodes).every((edge) => edge === 0)
          : row.every((edge) => edge === 0))
      );
      if (matrix.length < nodes || !isPadding) {
        throw new SyntaxError(
          `the matrix must have no edge beyond the ${nodes} nodes of its operations, got some`,
        );
      }
      return _graph(
        matrix.slice(0, nodes).map((row) => (row as unknown[]).slice(0, nodes)),
        own,
        space,
      );
    },
  };
}

/** The operation of a row of ones and zeros; null of a row of zeros. */
function _oneHotOp(row: unknown, operations: number): number | null {
  if (
    !_isRow(row) || row.length !== operations ||
    row.some((value) => value !== 0 && value !== 1) ||
    row.filter((value) => value === 1).length > 1
  ) {
    throw new SyntaxError(
      `an operation must be a row of ${operations} numbers, one of them 1 and the others 0, got ${
        shown(row)
      }`,
    );
  }
  const op = row.indexOf(1);
  return op < 0 ? null : op;
}

/** Matrix and operations of an object that has both, and nothing that is neither's; or null. */
function _fields(
  value: unknown,
): { matrix: unknown[]; ops: unknown[] } | null {
  if (typeof value !== "object" || value === null) return null;
  const field = (names: readonly string[]) => {
    const found = names.filter((name) => Object.hasOwn(value, name));
    const list = found.length === 1
      ? (value as Record<string, unknown>)[found[0]]
      : null;
    return Array.isArray(list) ? list : null;
  };
  const matrix = field(MATRIX_FIELDS), ops = field(OPS_FIELDS);
  return matrix === null || ops === null ? null : { matrix, ops };
}

function _needed(
  value: unknown,
  operations: string,
): { matrix: unknown[]; ops: unknown[] } {
  const fields = _fields(value);
  if (fields === null) {
    throw new SyntaxError(
      `a cell must be an object of a matrix and ${operations}, got ${
        shown(value)
      }`,
    );
  }
  return fields;
}

/** @param matrix Rows of zeros and ones, edges upwards only. */
function _graph(
  matrix: readonly unknown[],
  ops: readonly number[],
  { nodeCount }: Operations,
): Graph {
  const most = Math.min(nodeCount, MAX_NODES);
  if (ops.length !== matrix.length || ops.length < 2 || ops.length > most) {
    throw new SyntaxError(
      `a cell must have 2 to ${most} nodes, as many rows as operations, got ${matrix.length} rows and ${ops.length} operations`,
    );
  }
  const edges: [number, number][] = [];
  matrix.forEach((row, from) => {
    if (!_isRow(row) || row.length !== matrix.length) {
      throw new SyntaxError(
        `row ${from} of the matrix must be of ${matrix.length} numbers, got ${
          shown(row)
        }`,
      );
    }
    row.forEach((edge, to) => {
      if (edge === 0) return;
      if (edge !== 1 || to <= from) {
        throw new SyntaxError(
          `the matrix must be of zeros and ones, with ones above the diagonal alone, got ${
            shown(edge)
          } in row ${from}, column ${to}`,
        );
      }
      edges.push([from, to]);
    });
  });
  return graphOf(ops, edges);
}

function _isRow(value: unknown): value is number[] {
  return Array.isArray(value) &&
    value.every((entry) => typeof entry === "number");
}

function _isText(value: unknown): value is string {
  return typeof value === "string";
}
