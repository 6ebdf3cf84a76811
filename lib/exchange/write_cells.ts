/**
 * Cells written for other programs: in a notation a line, as a table, or as graphs.
 *
 * Texts come piece by piece, so that a whole space is written without being held.
 *
 *     lines    a cell a line in a notation, as text or JSON
 *     json     one array of them
 *     csv      a row a cell: the cell, then what is known of it
 *     graphml  a document with a graph a cell: operations of nodes, what is known of graphs
 *     dot      a digraph a cell, for Graphviz
 *
 * @module
 */

import type { AccuracyTable } from "../spaces/accuracies.ts";
import { edgePairs, type Graph } from "../spaces/graph.ts";
import type { Notation } from "../spaces/notation.ts";
import { isEnumerated, type SearchSpace } from "../spaces/space.ts";

/** Forms in which cells are written. */
export const WRITTEN_FORMATS = [
  "lines",
  "json",
  "csv",
  "graphml",
  "dot",
] as const;

/** One of {@link WRITTEN_FORMATS}. */
export type WrittenFormat = typeof WRITTEN_FORMATS[number];

/** A cell to be written, with what is known of it by name, the same names for each cell. */
export interface WrittenCell {
  readonly graph: Graph;
  readonly known: Readonly<Record<string, number | string | null>>;
}

/** What is known of a cell of a space. */
export type KnownOfCell = (graph: Graph) => WrittenCell["known"];

/**
 * What is known of cells: index, the cost of their network, and accuracies, fractions.
 *
 * @param accuracies Those that are there.
 */
export function knownOfCells(
  space: SearchSpace,
  accuracies: readonly AccuracyTable[],
): KnownOfCell {
  return (graph) => {
    const index = isEnumerated(space) ? space.indexOf(graph) : null;
    const cost = space.cost?.(graph);
    const mean = (values: Float64Array) => {
      const value = index === null ? NaN : values[index];
      return Number.isNaN(value) ? null : value;
    };
    return {
      ...isEnumerated(space) && { index },
      ...cost && {
        parameters: cost.parameters,
        multiply_adds: cost.multiplyAdds,
      },
      ...Object.fromEntries(accuracies.flatMap((table) => [
        [`${table.dataset}_validation`, mean(table.validation)],
        [`${table.dataset}_test`, mean(table.test)],
      ])),
    };
  };
}

/**
 * Writes cells.
 *
 * @param notation That cells are written in; graphml and dot have none.
 * @throws {RangeError} If the notation is only read, or a graph is no cell of the space.
 */
export function* writtenCells(
  cells: Iterable<WrittenCell>,
  space: SearchSpace,
  format: WrittenFormat,
  notation: Notation,
): Generator<string, void, void> {
  if (format === "graphml") return yield* _graphml(cells, space);
  if (format === "dot") return yield* _dot(cells, space);
  const { write, name } = notation;
  if (write === undefined) {
    throw new RangeError(
      `Cannot write cells: the notation must be one that is written, got ${name}, which is only read`,
    );
  }
  const text = (graph: Graph) => {
    const value = write(graph);
    return typeof value === "string" ? value : JSON.stringify(value);
  };
  let first = true;
  if (format === "json") yield "[";
  for (const { graph, known } of cells) {
    if (format === "lines") yield `${text(graph)}\n`;
    else if (format === "json") {
      yield `${first ? "\n" : ",\n"}${JSON.stringify(write(graph))}`;
    } else {
      if (first) yield `${_row(["cell", ...Object.keys(known)])}\n`;
      yield `${_row([text(graph), ...Object.values(known)])}\n`;
    }
    first = false;
  }
  if (format === "json") yield "\n]\n";
}

/** A row of CSV; a missing value is empty. */
function _row(values: readonly (number | string | null)[]): string {
  return values.map((value) => {
    const text = value === null ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }).join(",");
}

/** Source: GraphML (Brandes et al. 2002), as networkx and yEd read it. */
function* _graphml(
  cells: Iterable<WrittenCell>,
  { ops }: SearchSpace,
): Generator<string, void, void> {
  let number = 0;
  for (const { graph, known } of cells) {
    const names = Object.keys(known);
    if (number === 0) {
      yield '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n' +
        '  <key id="op" for="node" attr.name="op" attr.type="string"/>\n' +
        names.map((name, i) =>
          `  <key id="g${i}" for="graph" attr.name="${_xml(name)}" attr.type="${
            typeof known[name] === "string" ? "string" : "double"
          }"/>\n`
        ).join("");
    }
    yield `  <graph id="cell${number++}" edgedefault="directed">\n` +
      names.map((name, i) =>
        known[name] === null
          ? ""
          : `    <data key="g${i}">${_xml(String(known[name]))}</data>\n`
      ).join("") +
      Array.from(
        graph.ops,
        (op, node) =>
          `    <node id="n${node}"><data key="op">${
            _xml(ops[op])
          }</data></node>\n`,
      )
        .join("") +
      edgePairs(graph).map(([from, to]) =>
        `    <edge source="n${from}" target="n${to}"/>\n`
      ).join("") +
      "  </graph>\n";
  }
  if (number > 0) yield "</graphml>\n";
}

function _xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Source: the DOT language of Graphviz. */
function* _dot(
  cells: Iterable<WrittenCell>,
  { ops }: SearchSpace,
): Generator<string, void, void> {
  let number = 0;
  for (const { graph, known } of cells) {
    const label = Object.entries(known)
      .flatMap(([name, value]) => value === null ? [] : [`${name} ${value}`])
      .join(", ");
    yield `digraph cell${number++} {\n  label = ${JSON.stringify(label)};\n` +
      Array.from(
        graph.ops,
        (op, node) => `  n${node} [label = ${JSON.stringify(ops[op])}];\n`,
      ).join("") +
      edgePairs(graph).map(([from, to]) => `  n${from} -> n${to};\n`).join("") +
      "}\n";
  }
}
