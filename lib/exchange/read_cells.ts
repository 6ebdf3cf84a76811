/**
 * Cells read from a file or a pipe, in any notation of their space.
 *
 * @module
 */

import { basename } from "node:path";
import { reasonOf } from "../core/shown.ts";
import { readChunks } from "../core/source_file.ts";
import type { Graph } from "../spaces/graph.ts";
import { getNotation, notationsOf, readCell } from "../spaces/notations.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { type CellFormat, cellValues, formatOfName } from "./cell_values.ts";

/** How cells are written in a file. */
export interface CellReading {
  /** By default what the name of the file shows, of a pipe lines. */
  readonly format?: CellFormat;
  /** Name of a notation; by default the one that the form of each cell shows. */
  readonly notation?: string;
  /** Of a CSV table the column of cells. */
  readonly column?: string;
  /** Gets the number of bytes of the file so far. */
  readonly onBytes?: (done: number) => void;
}

/** The name that stands for the standard input. */
export const STANDARD_INPUT = "-";

/** A cell as it was read. */
export interface CellRow {
  /** Null for a sample that is no graph at all. */
  readonly graph: Graph | null;
  /** As in `CellValue`. */
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Reads cells one by one.
 *
 * Graphs come as they are written: they are not judged. A `null` is a sample that is no graph
 * at all.
 *
 * @param path Of a file, gzipped where it ends in `.gz`; `-` for the standard input.
 * @throws {Error} If the file cannot be read, or at the first cell that is of no notation,
 *   with its line.
 */
export async function* readCells(
  path: string,
  space: SearchSpace,
  reading: CellReading = {},
): AsyncGenerator<Graph | null, void, void> {
  for await (const { graph } of readCellRows(path, space, reading)) yield graph;
}

/**
 * Reads cells with what else a CSV table has of them, row by row.
 *
 * @param reading `fields`: names of the columns that are read beside the cells.
 * @throws {Error} As {@link readCells}, or if there is no such column.
 */
export async function* readCellRows(
  path: string,
  space: SearchSpace,
  { format, notation, column, fields, onBytes }: CellReading & {
    readonly fields?: readonly string[];
  } = {},
): AsyncGenerator<CellRow, void, void> {
  const name = path === STANDARD_INPUT ? "the standard input" : basename(path);
  const fail = (error: unknown): never => {
    throw new SyntaxError(
      `Cannot read the cells of ${name}: ${reasonOf(error)}`,
      { cause: error },
    );
  };
  const notations = notation === undefined
    ? notationsOf(space)
    : [getNotation(space, notation)];
  const read = notation === undefined
    ? (value: unknown) => readCell(value, notations)
    : (value: unknown) => notations[0].read(value);
  const texts = path === STANDARD_INPUT
    ? _texts(Deno.stdin.readable, name)
    : _texts(ReadableStream.from(readChunks(path, { onBytes })), name);
  const values = cellValues(texts, format ?? formatOfName(name), {
    column,
    fields,
  });
  while (true) {
    const { done, value: found } = await values.next().catch(fail);
    if (done) return;
    let graph: Graph | null = null;
    try {
      graph = found.value === null ? null : read(found.value);
    } catch (error) {
      fail(new Error(`line ${found.line}: ${reasonOf(error)}`));
    }
    yield { graph, line: found.line, fields: found.fields ?? [] };
  }
}

async function* _texts(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  name: string,
): AsyncGenerator<string, void, void> {
  const plain = name.endsWith(".gz")
    ? bytes.pipeThrough(new DecompressionStream("gzip"))
    : bytes;
  yield* plain.pipeThrough(new TextDecoderStream("utf-8"));
}
