/**
 * Accuracies of NAS-Bench-101 from a table, CSV or gzipped CSV, of one row a cell.
 *
 * The first line names the columns, in any order, separated by commas:
 *
 *     module_hash                    of the cell, 32 hexadecimal digits
 *     validation_accuracy_1, _2, _3  of three trainings, fractions
 *     test_accuracy_1, _2, _3        of the same three
 *     sampling_weight                may be missing: how many cells of the space the
 *                                    cell stands for, in a stratified sample
 *
 * Other columns are passed over. No value is quoted.
 *
 * @module
 */

import { readChunks, sourceFile } from "../../../core/source_file.ts";
import {
  type Nasbench101Repeats,
  RepeatCollector,
  REPEATS,
} from "./repeats.ts";

const WEIGHT = "sampling_weight";

/**
 * Reads a table; the space must be prepared.
 *
 * @param path Gzipped where it ends in `.gz`.
 * @param options `onBytes` gets the number of bytes of the file so far.
 * @throws {Error} If it cannot be read, or at the first line that is not as it must
 *   be, with its number, from 1.
 */
export async function readAccuracyCsv(
  path: string,
  options: { readonly onBytes?: (done: number) => void } = {},
): Promise<Nasbench101Repeats> {
  const source = await sourceFile(path);
  const collector = new RepeatCollector();
  let columns: Columns | null = null;
  let number = 0;
  for await (const line of _lines(path, source.name, options.onBytes)) {
    number++;
    const row = `line ${number} of ${source.name}`;
    if (columns === null) columns = _columns(line, row);
    else if (line !== "") _addRow(collector, columns, line.split(","), row);
  }
  return collector.finish(source);
}

/** Positions of the columns in a line. */
interface Columns {
  readonly count: number;
  readonly hash: number;
  readonly validation: readonly number[];
  readonly test: readonly number[];
  /** −1 where there is none. */
  readonly weight: number;
}

function _columns(line: string, row: string): Columns {
  const names = line.split(",").map((name) => name.trim());
  const position = (name: string) => {
    const found = names.indexOf(name);
    if (found < 0) {
      throw new RangeError(
        `Cannot read accuracies: ${row} must name a column ${name}, got ${
          names.length > 20 ? "others" : JSON.stringify(line.slice(0, 200))
        }`,
      );
    }
    return found;
  };
  const repeats = (name: string) =>
    Array.from({ length: REPEATS }, (_, k) => position(`${name}_${k + 1}`));
  return {
    count: names.length,
    hash: position("module_hash"),
    validation: repeats("validation_accuracy"),
    test: repeats("test_accuracy"),
    weight: names.indexOf(WEIGHT),
  };
}

function _addRow(
  collector: RepeatCollector,
  columns: Columns,
  values: readonly string[],
  row: string,
): void {
  if (values.length !== columns.count) {
    throw new RangeError(
      `Cannot read accuracies: ${row} must have ${columns.count} values, got ${values.length}`,
    );
  }
  let cell = 0;
  for (let k = 0; k < REPEATS; k++) {
    cell = collector.add(
      values[columns.hash],
      _number(values[columns.validation[k]], row),
      _number(values[columns.test[k]], row),
      row,
    );
  }
  if (columns.weight >= 0) {
    collector.addWeight(cell, _number(values[columns.weight], row), row);
  }
}

function _number(text: string, row: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isNaN(value)) {
    throw new SyntaxError(
      `Cannot read accuracies: ${row} must have numbers as accuracies, got ${
        JSON.stringify(text)
      }`,
    );
  }
  return value;
}

/** The lines of a text file, without their ends. */
async function* _lines(
  path: string,
  name: string,
  onBytes?: (done: number) => void,
): AsyncGenerator<string, void, void> {
  let bytes = ReadableStream.from(readChunks(path, { onBytes }));
  if (name.endsWith(".gz")) {
    bytes = bytes.pipeThrough(new DecompressionStream("gzip"));
  }
  const texts = bytes.pipeThrough(new TextDecoderStream("utf-8"))[
    Symbol.asyncIterator
  ]();
  let rest = "", number = 0;
  try {
    while (true) {
      // Only reading is looked after here: errors of the caller are its own.
      const { done, value } = await texts.next().catch((error) => {
        throw new RangeError(
          `Cannot read accuracies: ${name} must be ${
            name.endsWith(".gz") ? "a whole gzip file" : "text"
          }, got an error after line ${number}: ${error.message}`,
          { cause: error },
        );
      });
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop()!;
      number += lines.length;
      for (const line of lines) yield line.replace(/\r$/, "");
    }
    if (rest !== "") yield rest.replace(/\r$/, "");
  } finally {
    await texts.return?.();
  }
}
