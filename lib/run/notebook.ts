/**
 * Notebook files: their code, their title, and what is left out of a stored one.
 *
 * A code cell is named by its number among the code cells, counted from 1: the
 * number that Jupyter shows in `[ ]` after a run from top to bottom.
 *
 * Source: nbformat 4.5, https://nbformat.readthedocs.io.
 *
 * @module
 */

import { readJson } from "../core/files.ts";
import { shown } from "../core/shown.ts";

/** A cell of a notebook file; text is one string or a list of lines. */
export interface NotebookCell {
  cell_type: "code" | "markdown" | "raw";
  source: string | string[];
  metadata: Record<string, unknown>;
  execution_count?: number | null;
  outputs?: Record<string, unknown>[];
  [key: string]: unknown;
}

/** A notebook file. */
export interface Notebook {
  cells: NotebookCell[];
  metadata: Record<string, unknown>;
  nbformat: number;
  nbformat_minor: number;
}

/**
 * Reads a notebook.
 *
 * @throws {Error} If the file cannot be read.
 * @throws {SyntaxError} If it is not JSON, or not a version 4 notebook; the message has the
 *   first cell that is none, from 1.
 */
export async function readNotebook(path: string): Promise<Notebook> {
  const notebook = await readJson<Notebook>(path, "notebook");
  if (!Array.isArray(notebook?.cells) || notebook.nbformat !== 4) {
    throw new SyntaxError(
      `Cannot read the notebook: ${path} must be a notebook of format 4, got format ${
        shown(notebook?.nbformat)
      }`,
    );
  }
  if (
    !isRecord(notebook.metadata) || !isShallow(notebook.metadata) ||
    !Number.isInteger(notebook.nbformat_minor) ||
    ![undefined, null].includes(notebook.metadata.language_info as null) &&
      !isRecord(notebook.metadata.language_info)
  ) {
    throw new SyntaxError(
      `Cannot read the notebook: the metadata of ${path} must be those of format 4, got ${
        shown(notebook.metadata)
      }`,
    );
  }
  const stray = notebook.cells.findIndex((cell) => !isCell(cell));
  if (stray >= 0) {
    throw new SyntaxError(
      `Cannot read the notebook: cell ${
        stray + 1
      } of ${path} must be one of format 4, got ${
        shown(notebook.cells[stray])
      }`,
    );
  }
  return notebook;
}

/** Whether a value is a cell, as far as anything here looks at it. */
function isCell(value: unknown): value is NotebookCell {
  if (!isRecord(value)) return false;
  const { cell_type, source, metadata, outputs, execution_count } = value;
  return ["code", "markdown", "raw"].includes(cell_type as string) &&
    (typeof source === "string" ||
      Array.isArray(source) &&
        source.every((line) => typeof line === "string")) &&
    isRecord(metadata) && isShallow(value) &&
    (outputs === undefined || Array.isArray(outputs)) &&
    (execution_count === undefined || execution_count === null ||
      Number.isInteger(execution_count));
}

/** The most that values of a notebook lie in each other: what is deeper could not be written. */
const DEEPEST = 200;

function isShallow(value: unknown, depth = 0): boolean {
  return typeof value !== "object" || value === null ||
    depth < DEEPEST &&
      Object.values(value).every((inner) => isShallow(inner, depth + 1));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text of a cell. */
export function cellText(cell: NotebookCell): string {
  return Array.isArray(cell.source) ? cell.source.join("") : cell.source;
}

function isCode({ cell_type }: NotebookCell): boolean {
  return cell_type === "code";
}

/** The text of each code cell that holds any, in order. */
export function codeCells(notebook: Notebook): string[] {
  return notebook.cells.filter(isCode)
    .map(cellText).filter((text) => text.trim() !== "");
}

/** The first Markdown heading without its marks, or `fallback` where there is none. */
export function notebookTitle(notebook: Notebook, fallback: string): string {
  for (const cell of notebook.cells) {
    if (cell.cell_type !== "markdown") continue;
    const heading = cellText(cell).match(/^#+\s+(.+)$/m);
    if (heading !== null) return heading[1].trim();
  }
  return fallback;
}

/** The first paragraph of the first Markdown cell that is no heading; empty where there is none. */
export function introduction(notebook: Notebook): string {
  const cell = notebook.cells.find((cell) => cell.cell_type === "markdown");
  const paragraphs = cell === undefined ? [] : cellText(cell).split(/\n\s*\n/);
  return paragraphs.map((text) => text.replace(/^#.*$/gm, "").trim())
    .find((text) => text !== "") ?? "";
}

/** Cell metadata that tells of one run or one window, not of the notebook. */
const VOLATILE_CELL_METADATA = [
  "execution",
  "ExecuteTime",
  "collapsed",
  "scrolled",
];

function without(
  record: Record<string, unknown>,
  names: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).filter(([name]) => !names.includes(name)),
  );
}

/**
 * Copies a notebook without what changes from run to run or machine to machine:
 * times, scroll positions, tool state, the language's version.
 *
 * Code, prose, outputs and execution counts stay; the kernel is named.
 */
export function stableNotebook(notebook: Notebook): Notebook {
  const language = notebook.metadata.language_info as
    | Record<string, unknown>
    | undefined;
  return {
    cells: notebook.cells.map((cell) => ({
      ...cell,
      metadata: without(cell.metadata, VOLATILE_CELL_METADATA),
    })),
    metadata: {
      kernelspec: {
        display_name: "Deno",
        language: "typescript",
        name: "deno",
      },
      language_info: without(language ?? { name: "typescript" }, ["version"]),
    },
    nbformat: notebook.nbformat,
    nbformat_minor: notebook.nbformat_minor,
  };
}

/**
 * A notebook with the outputs of an execution of it: prose and code stay as they are.
 *
 * @param action What cannot be done on an error.
 * @throws {RangeError} If the two differ in their code.
 */
export function withOutputs(
  notebook: Notebook,
  executed: Notebook,
  action: string,
): Notebook {
  const results = executed.cells.filter(isCode);
  const cells = notebook.cells.filter(isCode);
  const first = cells.findIndex((cell, i) =>
    results[i] === undefined || cellText(cell) !== cellText(results[i])
  );
  if (first !== -1 || cells.length !== results.length) {
    throw new RangeError(
      `Cannot ${action}: its code must be what was executed, got another code cell ${
        (first === -1 ? cells.length : first) + 1
      }; run it again`,
    );
  }
  let code = 0;
  return {
    ...notebook,
    cells: notebook.cells.map((cell) => {
      if (!isCode(cell)) return cell;
      const { execution_count, outputs } = results[code++];
      return { ...cell, execution_count, outputs };
    }),
  };
}

/**
 * The text of a notebook file as Jupyter writes it, so that a save changes few lines, but with
 * the numbers of a figure in one line: one a line they would double the file.
 */
export function notebookText(notebook: Notebook): string {
  const text = JSON.stringify(notebook, null, 1);
  return text.replaceAll(NUMBERS, (list) => list.replaceAll(/\n\s*/g, "")) +
    "\n";
}

/** A list of numbers, one a line; in a text of JSON there is no line break. */
const NUMBERS = /\[\n\s+[-\d.eE+,\s]+\]/g;
