/**
 * Saves tables and figures of a run, and shows what it saves.
 *
 * Under the folder of outputs: `tables/<name>.{json,csv,md,tex}` and
 * `figures/<name>.{json,html,tex}` and the images `figures/<name>.{png,svg,pdf}`. The pages of
 * figures share one copy of Plotly beside them. `html_report.ts` reads the files back.
 *
 * @module
 */

import { join } from "node:path";
import { exists, readJson, writeFileAtomic, writeJson } from "../core/files.ts";
import { inlineScale, showWith, tryToDraw } from "./display.ts";
import { type Figure, figureTitle } from "./figure.ts";
import { figureHtml, PAGE_STYLE } from "./figure_html.ts";
import { escapeHtml } from "./html.ts";
import { type FigureImages, plotlyPath, renderFigure } from "./images.ts";
import { latexText, tableLatex } from "./table_latex.ts";
import { type ReportTable, tableCsv, tableMarkdown } from "./tables.ts";

/** Name of the copy of Plotly beside the figures' pages. */
const PLOTLY_FILE = "plotly.min.js";
/** Pixels per CSS pixel of the saved images: sharp in print. */
const FILE_SCALE = 2;

/**
 * Saves a table: rows as JSON and as CSV, unrounded, as Markdown and as LaTeX.
 *
 * @param outputs Folder of the run's outputs.
 * @param name Name of the files; letters, digits, `-` and `_`.
 * @throws {RangeError} If the name holds anything else.
 * @throws {Error} If a file cannot be written.
 */
export async function saveTable(
  outputs: string,
  name: string,
  table: ReportTable,
): Promise<void> {
  const path = pathOf(outputs, "tables", name);
  await writeJson(`${path}.json`, table.rows);
  await writeFileAtomic(`${path}.csv`, tableCsv(table));
  await writeFileAtomic(`${path}.md`, tableMarkdown(table));
  await writeFileAtomic(`${path}.tex`, tableLatex(table, name));
}

/**
 * Saves a figure: as data, as an interactive page, with its caption for LaTeX, and as PNG,
 * SVG and PDF where it can be drawn.
 *
 * An image of an earlier run never stays beside newer data.
 *
 * @param images Where they are at hand; null for none. By default they are drawn.
 * @throws {RangeError} If the name holds anything but letters, digits, `-`, `_`.
 * @throws {Error} If a file cannot be written.
 */
export async function saveFigure(
  outputs: string,
  name: string,
  figure: Figure,
  images?: FigureImages | null,
): Promise<void> {
  const path = pathOf(outputs, "figures", name);
  if (images === undefined) {
    const drawn = await tryToDraw((chromium) =>
      renderFigure(figure, [FILE_SCALE], { chromium })
    );
    images = drawn?.images ?? null;
  }
  for (const ending of ["png", "svg", "pdf"] as const) {
    const file = `${path}.${ending}`;
    if (images) await writeFileAtomic(file, images[ending]);
    else await Deno.remove(file).catch(() => {});
  }
  await copyPlotly(outputs);
  await writeJson(`${path}.json`, figure);
  await writeFileAtomic(`${path}.html`, figurePage(figure));
  await writeFileAtomic(`${path}.tex`, figureLatex(figure, name));
}

/**
 * A figure as LaTeX includes it: the image in a column's width, over title and caption.
 *
 * @param name Of its files; the label is `fig:<name>`.
 */
export function figureLatex(figure: Figure, name: string): string {
  const caption = [`${figureTitle(figure)}.`, figure.caption ?? ""].join(" ")
    .trim();
  return `% Needs \\usepackage{graphicx}; the file ${name}.pdf lies beside this one.
\\begin{figure}
\\centering
\\includegraphics[width=\\columnwidth]{${name}}
\\caption{${latexText(caption)}}
\\label{fig:${name}}
\\end{figure}
`;
}

/** Saves a table and shows it. */
export async function publishTable(
  outputs: string,
  name: string,
  table: ReportTable,
): Promise<void> {
  await saveTable(outputs, name, table);
  await showWith([table]);
}

/** Saves a figure and shows it; one run of the browser draws the images of both. */
export async function publishFigure(
  outputs: string,
  name: string,
  figure: Figure,
): Promise<void> {
  pathOf(outputs, "figures", name);
  const drawn = await tryToDraw((chromium) =>
    renderFigure(figure, [FILE_SCALE, inlineScale(figure)], { chromium })
  );
  await saveFigure(outputs, name, figure, drawn?.images ?? null);
  await showWith([figure], new Map([[figure, drawn?.pngs[1] ?? null]]));
}

/**
 * Reads a saved figure.
 *
 * @throws {Error} If it was not saved or cannot be read.
 */
export function readFigure(outputs: string, name: string): Promise<Figure> {
  return readJson(`${pathOf(outputs, "figures", name)}.json`, "figure");
}

/**
 * Reads a saved table as the Markdown it was saved as, caption and notes included.
 *
 * @throws {Error} If it was not saved or cannot be read.
 */
export async function readTable(
  outputs: string,
  name: string,
): Promise<string> {
  const path = `${pathOf(outputs, "tables", name)}.md`;
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(
      `Cannot read the table: ${path}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function pathOf(outputs: string, kind: "tables" | "figures", name: string) {
  if (!/^[\w-]+$/.test(name)) {
    throw new RangeError(
      "Cannot save a result: its name must be letters, digits, - and _, got " +
        JSON.stringify(name),
    );
  }
  return join(outputs, kind, name);
}

/** Puts Plotly beside the figures, unless this version of it is there. */
async function copyPlotly(outputs: string): Promise<void> {
  const target = join(outputs, "figures", PLOTLY_FILE);
  const library = await Deno.readFile(plotlyPath());
  if (
    await exists(target) && (await Deno.stat(target)).size === library.length
  ) return;
  await writeFileAtomic(target, library);
}

function figurePage(figure: Figure): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(figureTitle(figure))}</title>
<style>${PAGE_STYLE}</style>
<script src="${PLOTLY_FILE}"></script>
</head>
<body>
${figureHtml(figure, "figure")}
</body>
</html>
`;
}
