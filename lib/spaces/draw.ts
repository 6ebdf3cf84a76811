/**
 * Drawings of cells as SVG, laid out in layers by Graphviz.
 *
 * Where a space's operations stand between feature maps, a valid cell is drawn so: the
 * operation on the edge. Every other graph is drawn with its operations as nodes.
 * Colours are those of Okabe and Ito, told apart with any kind of colour vision;
 * each operation is named as well. The same graph gives the same text.
 *
 * @module
 */

import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { edgePairs, type Graph } from "./graph.ts";
import type { SearchSpace } from "./space.ts";

/** How an operation is drawn. */
export interface OpStyle {
  /** What is written. */
  readonly label: string;
  /** Border of a node, line of an edge. */
  readonly line: string;
  /** Inside of a node; dark text is readable on it. */
  readonly fill: string;
  /** Mark of a point that stands for it, by Plotly's name. */
  readonly symbol: string;
}

const TEXT = "#1a1a1a";
const PLAIN: OpStyle = {
  label: "",
  line: "#595959",
  fill: "#f2f2f2",
  symbol: "star",
};
const STYLES: Readonly<Record<string, OpStyle>> = {
  input: { ...PLAIN, label: "input", symbol: "triangle-right" },
  output: { ...PLAIN, label: "output", symbol: "triangle-left" },
  conv1x1: _style("conv 1×1", "#0072b2", "#b8dcf2", "circle"),
  conv3x3: _style("conv 3×3", "#d55e00", "#fbd3b4", "square"),
  maxpool: _style("max pool 3×3", "#009e73", "#b3e6d6", "diamond"),
  maxpool3x3: _style("max pool 3×3", "#009e73", "#b3e6d6", "diamond"),
  avgpool3x3: _style("avg pool 3×3", "#009e73", "#b3e6d6", "diamond"),
  skip: _style("skip", "#b3568a", "#f2d5e4", "x"),
  none: _style("none", "#8c8c8c", "#ffffff", "circle-open"),
  "c_k-2": { ...PLAIN, label: "c k−2", symbol: "triangle-right" },
  "c_k-1": { ...PLAIN, label: "c k−1", symbol: "triangle-down" },
  max_pool_3x3: _style("max pool 3×3", "#009e73", "#b3e6d6", "diamond"),
  avg_pool_3x3: _style("avg pool 3×3", "#6b6b00", "#f7f2b0", "diamond-open"),
  skip_connect: _style("skip", "#b3568a", "#f2d5e4", "x"),
  sep_conv_3x3: _style("sep 3×3", "#d55e00", "#fbd3b4", "square"),
  sep_conv_5x5: _style("sep 5×5", "#b34700", "#f2a06b", "square-open"),
  dil_conv_3x3: _style("dil 3×3", "#0072b2", "#b8dcf2", "circle"),
  dil_conv_5x5: _style("dil 5×5", "#004f7c", "#6fb4e0", "circle-open"),
};
const FONT = 'fontname="Helvetica,Arial,sans-serif"';

/**
 * Draws one cell.
 *
 * @param graph Any graph over the space's operations, valid or not.
 * @param options `title` is written above the cell; with `rows` what stands for row `k` of
 *   the graph has the class `row0`, `row1`, ….
 * @returns A whole SVG element, without XML declaration, ready to stand in HTML.
 */
export async function drawCell(
  space: SearchSpace,
  graph: Graph,
  options: { readonly title?: string; readonly rows?: boolean } = {},
): Promise<string> {
  const graphviz = await Graphviz.load();
  const edges = space.featureMapEdges;
  const inner = edges !== undefined &&
      space.invalidReason(graph, "strict") === null
    ? _featureMapCell(space, graph, edges)
    : _operationCell(space, graph);
  const title = options.title === undefined
    ? ""
    : `label=${_quote(options.title)} labelloc=t fontsize=13`;
  const svg = graphviz.layout(
    `digraph cell {
      graph [${title} ${FONT} fontcolor="${TEXT}" bgcolor="transparent" pad=0.1]
      node [${FONT} fontcolor="${TEXT}" fontsize=11 penwidth=1.5]
      edge [${FONT} fontcolor="${TEXT}" fontsize=10 arrowsize=0.6 penwidth=1.2 color="${PLAIN.line}"]
      ${inner}
    }`,
    "svg",
    "dot",
  );
  // Names and ids would clash where several drawings stand in one document.
  const { rows = false } = options;
  return svg.slice(svg.indexOf("<svg"))
    .replace(/ row\d+(?=")/g, rows ? "$&" : "")
    .replace(/<!--[^]*?-->\n?/g, "")
    .replace(/<title>[^]*?<\/title>\n?/g, "")
    .replace(/ id="[^"]*"/g, "")
    .trim();
}

/**
 * Draws several cells side by side in one SVG, row by row.
 *
 * @param options `columns` is how many stand in a row, by default all up to four;
 *   `titles` has one title for each cell.
 * @throws {RangeError} If there is no cell, `columns` is not a positive integer, or
 *   the number of titles is another than that of cells.
 */
export async function drawCells(
  space: SearchSpace,
  graphs: readonly Graph[],
  options: {
    readonly columns?: number;
    readonly titles?: readonly string[];
  } = {},
): Promise<string> {
  const { columns = Math.min(graphs.length, 4), titles } = options;
  if (graphs.length === 0) {
    throw new RangeError(
      "Cannot draw cells: there must be at least one, got 0",
    );
  }
  if (!Number.isInteger(columns) || columns < 1) {
    throw new RangeError(
      `Cannot draw cells: columns must be a positive integer, got ${columns}`,
    );
  }
  if (titles !== undefined && titles.length !== graphs.length) {
    throw new RangeError(
      `Cannot draw cells: titles must be one for each of ${graphs.length} cells, got ${titles.length}`,
    );
  }
  const drawings: { svg: string; width: number; height: number }[] = [];
  for (const [i, graph] of graphs.entries()) {
    const svg = await drawCell(space, graph, { title: titles?.[i] });
    const size = svg.match(/width="([\d.]+)pt" height="([\d.]+)pt"/);
    if (size === null) throw new Error("Internal: a drawing without a size");
    drawings.push({ svg, width: +size[1], height: +size[2] });
  }
  const GAP = 12;
  const cellWidth = Math.max(...drawings.map(({ width }) => width));
  let body = "";
  let top = 0;
  for (let first = 0; first < drawings.length; first += columns) {
    const row = drawings.slice(first, first + columns);
    for (const [column, { svg, width }] of row.entries()) {
      const left = column * (cellWidth + GAP) + (cellWidth - width) / 2;
      body += svg.replace("<svg ", `<svg x="${left}" y="${top}" `)
        .replace(/(width|height)="([\d.]+)pt"/g, '$1="$2"') + "\n";
    }
    top += Math.max(...row.map(({ height }) => height)) + GAP;
  }
  const shown = Math.min(columns, drawings.length);
  const width = shown * (cellWidth + GAP) - GAP, height = top - GAP;
  return `<svg width="${width}pt" height="${height}pt" viewBox="0 0 ${width} ${height}" ` +
    `xmlns="http://www.w3.org/2000/svg">\n${body}</svg>`;
}

/** Operations as nodes, data flowing down. */
function _operationCell(space: SearchSpace, graph: Graph): string {
  let dot = "nodesep=0.25 ranksep=0.3\n" +
    'node [shape=box style="rounded,filled" margin="0.12,0.05" height=0.3]\n';
  for (const [node, op] of graph.ops.entries()) {
    const { label, line, fill } = operationStyle(space.ops[op]);
    dot += `${node} [label=${
      _quote(label)
    } color="${line}" fillcolor="${fill}" class="row${node}"]\n`;
  }
  for (const [from, to] of edgePairs(graph)) dot += `${from} -> ${to}\n`;
  return dot;
}

/**
 * Feature maps as nodes, operations on the edges; `none` dashed.
 *
 * An operation is a node of its own in the middle of its edge, of one size for
 * all: so it never touches a line, and every cell has the same layout.
 */
function _featureMapCell(
  space: SearchSpace,
  graph: Graph,
  edges: readonly (readonly [from: number, to: number])[],
): string {
  const last = Math.max(...edges.flat());
  const maps = Array.from(
    { length: last + 1 },
    (_, map) =>
      map === 0
        ? `0 [label=in class="row0"]`
        : map === last
        ? `${map} [label=out class="row${graph.ops.length - 1}"]`
        : `${map} [label=${map}]`,
  );
  let dot = `nodesep=0.15 ranksep=0.23
    node [shape=circle style=filled fixedsize=true width=0.34 color="${PLAIN.line}" fillcolor="${PLAIN.fill}"]
    ${maps.join("\n")}
    node [shape=box width=1 height=0.24 fontsize=10]
    edge [penwidth=1.8]\n`;
  for (const [edge, [from, to]] of edges.entries()) {
    const op = graph.ops[space.inputs + edge];
    const { label, line, fill } = operationStyle(space.ops[op]);
    const style = space.ops[op] === "none" ? "dashed" : "solid";
    const name = `op${from}${to}`;
    dot += `${name} [label=${
      _quote(label)
    } color="${line}" fillcolor="${fill}" style="rounded,filled,${style}" class="row${
      space.inputs + edge
    }"]
      ${from} -> ${name} [arrowhead=none color="${line}" style=${style}]
      ${name} -> ${to} [color="${line}" style=${style}]\n`;
  }
  return dot;
}

function _style(
  label: string,
  line: string,
  fill: string,
  symbol: string,
): OpStyle {
  return { label, line, fill, symbol };
}

/** How an operation looks, in drawings of cells and in figures alike. */
export function operationStyle(name = "?"): OpStyle {
  return STYLES[name] ?? { ...PLAIN, label: name };
}

/** A DOT string that is shown as it is. */
function _quote(text: string): string {
  const literal = text.replaceAll("&", "&amp;").replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"');
  return `"${literal}"`;
}
