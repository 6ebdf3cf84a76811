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
  { format, notation, column, onBytes }: CellReading = {},
): AsyncGenerator<Graph | null, void, void> {
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
  const values = cellValues(texts, format ?? formatOfName(name), { column });
  while (true) {
    const { done, value: found } = await values.next().catch(fail);
    if (done) return;
    let graph: Graph | null = null;
    try {
      graph = found.value === null ? null : read(found.value);
    } catch (error) {
      fail(new Error(`line ${found.line}: ${reasonOf(error)}`));
    }
    yield graph;
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
