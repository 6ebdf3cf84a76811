/**
 * The cells of DARTS in words: genotypes, as DARTS's code and its successors print them.
 *
 *     Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0), …], normal_concat=range(2, 6),
 *              reduce=[…], reduce_concat=[2, 3, 4, 5])
 *
 * Each of the eight pairs is an operation and the node that it reads: 0 and 1 are the inputs,
 * 2 to 5 the intermediate nodes; two pairs make a node. The same as JSON is an object with
 * `normal` and `reduce`, arrays of pairs; an array of eight pairs alone is one cell.
 *
 * A cell of the space is one cell; a genotype has two. Reading takes the normal cell, or the
 * reduction cell where that is asked for; writing gives the cell as both.
 *
 * Source: DARTS (Liu et al. 2019, arXiv:1806.09055), `cnn/genotypes.py`.
 *
 * @module
 */

import { shown } from "../../core/shown.ts";
import type { Graph } from "../graph.ts";
import type { Notation } from "../notation.ts";
import {
  BLOCKS,
  cellOfOperations,
  DARTS_OPS,
  INNER_OPS,
  INPUTS,
  invalidReason,
  type Operation,
  operationsOf,
  REASONS,
} from "./cells.ts";

/** The two cells of a genotype. */
type Part = "normal" | "reduce";

/** Every intermediate node stands in the concatenation. */
const CONCATENATED = Array.from({ length: BLOCKS }, (_, b) => INPUTS + b);
const TEXT_FORM = /^\s*(?:\w+\s*=\s*)?Genotype\s*\(/;

/** Writes a cell as the pairs of a genotype. */
export function formatPairs(graph: Graph): [op: string, source: number][] {
  const reason = invalidReason(graph, "strict");
  if (reason !== null) {
    throw new RangeError(
      `Cannot write a genotype: the graph must be a cell of DARTS, got one that is none: ${
        REASONS[reason]
      }`,
    );
  }
  return operationsOf(graph).map(({ op, source }) => [DARTS_OPS[op], source]);
}

/**
 * Writes a cell as a genotype in Python's form, the cell as normal and reduction cell.
 *
 * @throws {RangeError} If the graph is not strictly a cell of this space.
 */
export function formatGenotype(graph: Graph): string {
  const pairs = formatPairs(graph)
    .map(([op, source]) => `('${op}', ${source})`).join(", ");
  const concat = `[${CONCATENATED.join(", ")}]`;
  return `Genotype(normal=[${pairs}], normal_concat=${concat}, ` +
    `reduce=[${pairs}], reduce_concat=${concat})`;
}

/**
 * Reads a cell of a genotype.
 *
 * @param value A genotype as a text in Python's form, as an object, or eight pairs alone.
 * @throws {SyntaxError} If it is none, or not of this space: what it must be.
 */
export function readGenotype(value: unknown, part: Part = "normal"): Graph {
  const genotype = typeof value === "string" ? _ofPython(value) : value;
  if (Array.isArray(genotype)) return _cell(genotype);
  if (!_isObject(genotype)) {
    throw new SyntaxError(
      `a genotype must be Genotype(normal=[…], …), an object of normal and reduce, or eight pairs, got ${
        shown(value)
      }`,
    );
  }
  const concat = genotype[`${part}_concat`] ?? CONCATENATED;
  if (
    !Array.isArray(concat) ||
    [...concat].sort().join() !== CONCATENATED.join()
  ) {
    throw new SyntaxError(
      `${part}_concat of a genotype must be ${CONCATENATED.join(", ")}, got ${
        shown(concat)
      }`,
    );
  }
  return _cell(genotype[part], part);
}

/** Notations by genotype, in the order of help texts. */
export const NOTATIONS: readonly Notation[] = [
  {
    name: "genotype",
    title: "Genotype(normal=[…], …) or its JSON, the normal cell",
    isForm: _isGenotype,
    read: (value) => readGenotype(value),
    write: formatGenotype,
  },
  {
    name: "genotype-reduce",
    title: "the same, the reduction cell",
    isForm: () => false,
    read: (value) => readGenotype(value, "reduce"),
  },
  {
    name: "pairs",
    title: 'one cell as eight pairs, [["sep_conv_3x3", 1], …]',
    isForm: _isPairs,
    read(value) {
      if (_isPairs(value)) return readGenotype(value);
      throw new SyntaxError(
        `a cell must be eight pairs of an operation and a number, got ${
          shown(value)
        }`,
      );
    },
    write: formatPairs,
  },
];

function _isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function _isGenotype(value: unknown): boolean {
  return typeof value === "string"
    ? TEXT_FORM.test(value)
    : _isObject(value) && Object.hasOwn(value, "normal");
}

function _isPairs(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 * BLOCKS &&
    value.every((pair) => Array.isArray(pair) && pair.length === 2);
}

/** The value of a genotype in Python's form: brackets, keywords and quotes become JSON's. */
function _ofPython(text: string): unknown {
  const form = new RegExp(`${TEXT_FORM.source}([^]*)\\)\\s*$`).exec(text);
  const json = (form?.[1] ?? text)
    .replace(
      /range\s*\(\s*(\d)\s*,\s*(\d)\s*\)/g,
      (_, from, to) =>
        `[${
          Array.from(
            { length: Math.max(0, Number(to) - Number(from)) },
            (_, i) => Number(from) + i,
          )
        }]`,
    )
    .replaceAll("'", '"').replaceAll("(", "[").replaceAll(")", "]")
    .replace(/,(\s*\])/g, "$1").replace(/,\s*$/, "");
  try {
    return JSON.parse(
      form === null ? json : `{${json.replace(/(\w+)\s*=/g, '"$1":')}}`,
    );
  } catch {
    throw new SyntaxError(
      `a genotype must be of the form Genotype(normal=[('sep_conv_3x3', 1), …], …), got ${
        shown(text)
      }`,
    );
  }
}

function _cell(pairs: unknown, part = "the cell"): Graph {
  if (!Array.isArray(pairs) || pairs.length !== 2 * BLOCKS) {
    throw new SyntaxError(
      `${part} of a genotype must be ${2 * BLOCKS} pairs, got ${shown(pairs)}`,
    );
  }
  const operations = pairs.map((pair, i): Operation => {
    const [name, source] = Array.isArray(pair) && pair.length === 2
      ? pair
      : [undefined, undefined];
    const op = INNER_OPS.find((op) => DARTS_OPS[op] === name);
    if (op === undefined) {
      throw new SyntaxError(
        `pair ${i} of a genotype must be an operation and a node, the operation one of ${
          INNER_OPS.map((op) => DARTS_OPS[op]).join(", ")
        }, got ${shown(pair)}`,
      );
    }
    const sources = INPUTS + (i >> 1);
    if (!Number.isInteger(source) || source < 0 || source >= sources) {
      throw new SyntaxError(
        `pair ${i} of a genotype must read a node from 0 to ${
          sources - 1
        }, got ${shown(source)}`,
      );
    }
    return { source, op };
  });
  return cellOfOperations(operations);
}
