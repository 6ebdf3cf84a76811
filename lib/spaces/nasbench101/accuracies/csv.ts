/**
 * Accuracies of NAS-Bench-101 from a table, CSV or gzipped CSV, in one of three forms.
 *
 * The first line names the columns, in any order, separated by commas. A row a cell:
 *
 *     module_hash                    of the cell, 32 hexadecimal digits in either case
 *     validation_accuracy_1, _2, _3  of three trainings, fractions
 *     test_accuracy_1, _2, _3        of the same three
 *
 * Or a row a training, three of each cell, told apart by `trial`:
 *
 *     module_hash, trial, validation_accuracy, test_accuracy
 *
 * Or a row a cell with the means of its trainings alone:
 *
 *     module_hash, validation_accuracy, test_accuracy
 *
 * In each form there may be `sampling_weight`, how many cells of the space the cell stands
 * for, in a stratified sample, and `epochs`: rows of other than 108 are passed over. So are
 * other columns. No value is quoted; numbers are decimal.
 *
 * @module
 */

import { shown } from "../../../core/shown.ts";
import { readChunks } from "../../../core/source_file.ts";
import { CELL_COUNT } from "../cells.ts";
import { EPOCHS, RepeatCollector, REPEATS, type Repeats } from "./repeats.ts";

const WEIGHT = "sampling_weight";
/** Characters of a line, far above those of a table with all that was measured. */
const LONGEST_LINE = 2 ** 16;
/** The header, and each cell trained for four numbers of epochs. */
const MOST_LINES = 1 + 4 * REPEATS * CELL_COUNT;
/** Trainings of a cell are numbered below it: a bit for each. */
const MOST_TRIALS = 31;

/**
 * Reads a table.
 *
 * @param path Gzipped where it ends in `.gz`.
 * @param name Of the file, for errors.
 * @param options `onBytes` gets the number of bytes of the file so far.
 * @throws {Error} If it cannot be read, or at the first line that is not as it must
 *   be, with its number, from 1, and the column.
 */
export async function readAccuracyCsv(
  path: string,
  name: string,
  options: { readonly onBytes?: (done: number) => void } = {},
): Promise<RepeatCollector> {
  const lineName = (number: number) => `line ${number} of ${name}`;
  let table: { columns: Columns; collector: RepeatCollector } | null = null;
  let number = 0;
  for await (const lines of _lines(path, name, options.onBytes)) {
    for (const line of lines) {
      number++;
      if (table === null) {
        const columns = _columns(line, lineName(number));
        const collector = new RepeatCollector(columns.repeats, lineName);
        table = { columns, collector };
      } else if (line !== "") {
        _addRow(table.collector, table.columns, line, number, lineName);
      }
    }
  }
  const collector = table?.collector ??
    new RepeatCollector(REPEATS, lineName);
  collector.checkComplete(name);
  return collector;
}

/** What a line holds, by position. */
interface Columns {
  readonly names: readonly string[];
  /** Accuracies that a cell has in the end. */
  readonly repeats: Repeats;
  readonly hash: number;
  /** One of each row, or three. */
  readonly validation: readonly number[];
  readonly test: readonly number[];
  /** −1 where there is none, as of those below. */
  readonly weight: number;
  readonly trial: number;
  readonly epochs: number;
  /** Trials of each cell so far, a bit each. */
  readonly trials: Map<string, number>;
}

function _columns(line: string, row: string): Columns {
  const names = line.split(",").map((name) => name.trim());
  const twice = names.find((name, i) =>
    name !== "" && names.indexOf(name) !== i
  );
  if (twice !== undefined) {
    throw new RangeError(
      `Cannot read accuracies: ${row} must name each column once, got ${
        shown(twice)
      } twice`,
    );
  }
  const position = (name: string) => {
    const found = names.indexOf(name);
    if (found < 0) {
      throw new RangeError(
        `Cannot read accuracies: ${row} must name a column ${name}, got ${
          shown(line)
        }`,
      );
    }
    return found;
  };
  const hash = position("module_hash");
  const trial = names.indexOf("trial");
  const single = names.includes("validation_accuracy");
  if (single && names.includes("validation_accuracy_1")) {
    throw new RangeError(
      `Cannot read accuracies: ${row} must name trainings or their mean, got validation_accuracy and validation_accuracy_1`,
    );
  }
  const accuracies = (name: string) =>
    single
      ? [position(name)]
      : Array.from({ length: REPEATS }, (_, k) => position(`${name}_${k + 1}`));
  return {
    names,
    repeats: single && trial < 0 ? 1 : REPEATS,
    hash,
    validation: accuracies("validation_accuracy"),
    test: accuracies("test_accuracy"),
    weight: names.indexOf(WEIGHT),
    trial: single ? trial : -1,
    epochs: names.indexOf("epochs"),
    trials: new Map(),
  };
}

function _addRow(
  collector: RepeatCollector,
  columns: Columns,
  line: string,
  number: number,
  lineName: (number: number) => string,
): void {
  const values = line.split(",");
  if (values.length !== columns.names.length) {
    throw new RangeError(
      `Cannot read accuracies: ${
        lineName(number)
      } must have ${columns.names.length} values, got ${values.length}`,
    );
  }
  const at = (column: number) =>
    _number(values[column], columns.names[column], lineName(number));
  if (columns.epochs >= 0 && at(columns.epochs) !== EPOCHS) return;
  const hash = values[columns.hash].trim();
  if (columns.trial >= 0) {
    _checkTrial(columns, hash, at(columns.trial), lineName(number));
  }
  let place = 0;
  for (const [k, column] of columns.validation.entries()) {
    place = collector.add(hash, at(column), at(columns.test[k]), number);
  }
  if (columns.weight >= 0) {
    collector.addWeight(place, at(columns.weight), number);
  }
}

/** A training stands in one row. */
function _checkTrial(
  { trials }: Columns,
  hash: string,
  trial: number,
  row: string,
): void {
  if (!(Number.isInteger(trial) && trial >= 0 && trial < MOST_TRIALS)) {
    throw new RangeError(
      `Cannot read accuracies: column trial of ${row} must be a whole number in [0, ${MOST_TRIALS}), got ${trial}`,
    );
  }
  const key = hash.toLowerCase();
  const known = trials.get(key) ?? 0;
  if (known & 1 << trial) {
    throw new RangeError(
      `Cannot read accuracies: ${row} must be another trial of its cell, got ${trial} again`,
    );
  }
  trials.set(key, known | 1 << trial);
}

function _number(text: string, column: string, row: string): number {
  const trimmed = text.trim();
  const value = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(trimmed)
    ? Number(trimmed)
    : NaN;
  if (!Number.isFinite(value)) {
    throw new SyntaxError(
      `Cannot read accuracies: column ${column} of ${row} must be a decimal number, got ${
        shown(text)
      }`,
    );
  }
  return value;
}

/**
 * Bytes that are decompressed at a time. They can become a thousand times as many, all of
 * which are in memory before the first line is looked at.
 */
const PIECE_BYTES = 2 ** 12;

async function* _pieces(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      yield chunk.subarray(at, at + PIECE_BYTES);
    }
  }
}

/** The lines of a text file, some at a time, without their ends and byte-order marks. */
async function* _lines(
  path: string,
  name: string,
  onBytes?: (done: number) => void,
): AsyncGenerator<string[], void, void> {
  let bytes = ReadableStream.from(readChunks(path, { onBytes }));
  if (name.endsWith(".gz")) {
    bytes = ReadableStream.from(_pieces(bytes))
      .pipeThrough(new DecompressionStream("gzip"));
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
      if (lines.some((line) => line.length > LONGEST_LINE)) {
        throw new RangeError(
          `Cannot read accuracies: a line of ${name} must have at most ${LONGEST_LINE} characters, got more after line ${number}`,
        );
      }
      rest = lines.pop()!;
      number += lines.length;
      if (number > MOST_LINES) {
        throw new RangeError(
          `Cannot read accuracies: ${name} must have at most ${MOST_LINES} lines, got more`,
        );
      }
      yield lines.map(_content);
    }
    if (rest !== "") yield [_content(rest)];
  } finally {
    await texts.return?.();
  }
}

function _content(line: string): string {
  return line.replace(/^\ufeff/, "").replace(/\r$/, "");
}
