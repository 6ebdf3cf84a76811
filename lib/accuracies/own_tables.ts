/**
 * Data sets of a user's own: accuracies of cells that somebody trained, taken from a CSV table
 * with the cells in any notation of their space.
 *
 * A table may cover part of the space. What was read and is right is kept as
 * `datasets/<name>.csv` in the folder of the space: index of the cell, accuracies as fractions.
 *
 * @module
 */

import { basename, join } from "node:path";
import { exists, writeFileAtomic } from "../core/files.ts";
import { shownList, shownText } from "../core/shown.ts";
import { type SourceFile, sourceFile } from "../core/source_file.ts";
import { type CellReading, readCellRows } from "../exchange/read_cells.ts";
import { type AccuracyTable, sourceLine } from "../spaces/accuracies.ts";
import {
  type EnumeratedSpace,
  isEnumerated,
  type SearchSpace,
} from "../spaces/space.ts";
import {
  accuraciesOf,
  accuracyFolders,
  loadAccuraciesFrom,
  MissingAccuraciesError,
} from "./accuracies.ts";

/** Units of accuracies. */
export const UNITS = ["percent", "fraction"] as const;

/** How a table of one's own is read. */
export interface OwnTableReading
  extends Pick<CellReading, "notation" | "column" | "onBytes"> {
  /** Columns of the accuracies; by default `validation` and `test`. */
  readonly validation?: string;
  readonly test?: string;
  /** By default what the numbers show: fractions where none is above 1. */
  readonly unit?: typeof UNITS[number];
}

const FOLDER = "datasets";
const ACTION = "read accuracies";

/**
 * Checks the name of a data set of one's own.
 *
 * @throws {RangeError} If it is no name, that of a published data set, or the cells of the space
 *   are not all listed.
 */
export function checkDatasetName(
  space: SearchSpace,
  name: string,
): asserts space is EnumeratedSpace {
  const fail = (rule: string, got: string): never => {
    throw new RangeError(`Cannot ${ACTION}: ${rule}, got ${got}`);
  };
  if (!isEnumerated(space)) {
    fail("the cells of their space must all be listed", space.title);
  }
  if (!/^[\w-]{1,40}$/.test(name)) {
    fail(
      "the name of a data set must be 1 to 40 letters, digits, - and _",
      shownText(name),
    );
  }
  if (_published(space).includes(name)) {
    fail(
      `the name of a data set of one's own must be another than those of ${space.title}, ${
        _published(space).join(", ")
      }`,
      name,
    );
  }
}

/**
 * Reads a table of accuracies.
 *
 * The same cell may stand in it more than once, with the same accuracies.
 *
 * @param path Of a CSV file, gzipped where it ends in `.gz`: a header, then a cell a line.
 * @param dataset Name of the data set.
 * @throws {Error} If it cannot be read.
 * @throws {SyntaxError} If it is no such table, with the line.
 * @throws {RangeError} If a name or a row is not as it must be, with the line.
 */
export async function readOwnTable(
  path: string,
  space: SearchSpace,
  dataset: string,
  reading: OwnTableReading = {},
): Promise<AccuracyTable> {
  checkDatasetName(space, dataset);
  await space.prepare();
  const { validation = "validation", test = "test", unit, ...cells } = reading;
  const file = basename(path);
  const fields = [validation, test];
  const { count } = space.cells();
  const values = fields.map(() => new Float64Array(count).fill(NaN));
  const lines = new Map<number, number>(); // of each cell, where it first stands
  const units = new _Unit(file, unit);
  const rows = readCellRows(path, space, { ...cells, format: "csv", fields });
  for await (const { graph, line, fields: texts } of rows) {
    const index = graph === null ? null : space.indexOf(graph);
    if (index === null) {
      throw new RangeError(
        `Cannot ${ACTION}: line ${line} of ${file} must have a cell of ${space.title}, got ${
          graph === null
            ? "none"
            : `a graph that is none: ${_reason(space, graph)}`
        }`,
      );
    }
    const numbers = texts.map((text, i) => units.number(text, fields[i], line));
    const before = lines.get(index);
    if (before === undefined) {
      lines.set(index, line);
      numbers.forEach((number, i) => values[i][index] = number);
    } else if (numbers.some((number, i) => number !== values[i][index])) {
      throw new RangeError(
        `Cannot ${ACTION}: a cell must have one accuracy, got other ones in line ${line} of ${file} (${
          numbers.join(", ")
        }) than in line ${before} (${
          values.map((column) => column[index]).join(", ")
        })`,
      );
    }
  }
  if (lines.size === 0) {
    throw new RangeError(
      `Cannot ${ACTION}: ${file} must have those of a cell, got none`,
    );
  }
  const scale = units.unit() === "percent" ? 100 : 1;
  const [validations, tests] = values.map((column) =>
    column.map((value) => value / scale)
  );
  return _table(space, dataset, file, validations, tests, [...lines.keys()]);
}

/** Which unit the accuracies of a table are in. */
class _Unit {
  readonly #file: string;
  readonly #given: OwnTableReading["unit"];
  /** The first number above 1, and the first between 0 and 1, as texts with their lines. */
  #percent: string | null = null;
  #fraction: string | null = null;

  constructor(file: string, given: OwnTableReading["unit"]) {
    this.#file = file;
    this.#given = given;
  }

  /** Reads a number. */
  number(text: string, column: string, line: number): number {
    const number = text === "" ? NaN : Number(text);
    const most = this.#given === "fraction" ? 1 : 100;
    if (!(number >= 0 && number <= most)) {
      throw new RangeError(
        `Cannot ${ACTION}: ${column} in line ${line} of ${this.#file} must be a number from 0 to ${most}, got ${
          text === "" ? "nothing" : shownText(text)
        }`,
      );
    }
    if (number > 1) this.#percent ??= `${number} in line ${line}`;
    else if (number > 0 && number < 1) {
      this.#fraction ??= `${number} in line ${line}`;
    }
    return number;
  }

  /** The unit of all numbers read. */
  unit(): typeof UNITS[number] {
    if (this.#given !== undefined) return this.#given;
    if (this.#percent !== null && this.#fraction !== null) {
      throw new RangeError(
        `Cannot ${ACTION}: those of ${this.#file} must be all percentages or all fractions, got ${this.#percent} and ${this.#fraction}; --unit says which they are`,
      );
    }
    return this.#percent === null ? "fraction" : "percent";
  }
}

/**
 * Keeps a table, to be found under the name of its data set.
 *
 * @param own The project's own folder for the space.
 */
export async function keepOwnTable(
  { dataset, covered, validation, test }: AccuracyTable,
  space: SearchSpace,
  own: string,
): Promise<void> {
  const lines = Array.from(
    covered,
    (cell) => `${cell},${validation[cell]},${test[cell]}\n`,
  );
  await writeFileAtomic(
    join(own, FOLDER, `${dataset}.csv`),
    [_header(space), ...lines].join(""),
  );
}

/** Names of the data sets of one's own that a space has, sorted. */
export async function ownDatasets(
  space: SearchSpace,
  folders: readonly string[] = accuracyFolders(space),
): Promise<string[]> {
  const names = new Set<string>();
  for (const folder of folders) {
    const path = join(folder, FOLDER);
    if (!await exists(path)) continue;
    for await (const { name } of Deno.readDir(path)) {
      if (name.endsWith(".csv")) names.add(name.slice(0, -".csv".length));
    }
  }
  return [...names].sort();
}

/**
 * Loads a table that was kept.
 *
 * @param folders Of the space, the first looked at first.
 * @throws {RangeError} If there is none of that name, with those there are.
 * @throws {SyntaxError} If the file is not as it was kept, or the space has changed since.
 */
export async function loadOwnTable(
  space: SearchSpace,
  dataset: string,
  folders: readonly string[] = accuracyFolders(space),
): Promise<AccuracyTable> {
  checkDatasetName(space, dataset);
  const path = await _find(dataset, folders);
  if (path === null) {
    const names = [..._published(space), ...await ownDatasets(space, folders)];
    throw new RangeError(
      `Cannot load accuracies: the data set must be one of ${space.title}, ${
        shownList(names)
      }, got ${dataset}; deno task data --space ${space.name} --from FILE --dataset ${dataset} adds it`,
    );
  }
  await space.prepare();
  const { count } = space.cells();
  const [header, ...lines] = (await Deno.readTextFile(path)).trimEnd()
    .split("\n");
  const [validation, test] = [0, 1].map(() =>
    new Float64Array(count).fill(NaN)
  );
  const covered = lines.map((line) => {
    const [cell, ...accuracies] = line.split(",").map(Number);
    if (
      !Number.isInteger(cell) || !(cell >= 0 && cell < count) ||
      accuracies.length !== 2 ||
      !accuracies.every((accuracy) => accuracy >= 0 && accuracy <= 1)
    ) return -1;
    [validation[cell], test[cell]] = accuracies;
    return cell;
  });
  if (`${header}\n` !== _header(space) || covered.includes(-1)) {
    throw new SyntaxError(
      `Cannot load accuracies: ${path} must be as deno task data made it of these cells of ${space.title}, got another file; import the table again`,
    );
  }
  const name = `${dataset}.csv`;
  return _table(space, dataset, name, validation, test, covered);
}

/**
 * Loads all accuracies that are there, published ones and one's own: what is known of cells.
 *
 * @param say Gets a line where the published ones are not there.
 * @throws {Error} If a file that is there is not as it must be.
 */
export async function loadKnownAccuracies(
  space: SearchSpace,
  say: (line: string) => void,
  folders: readonly string[] = accuracyFolders(space),
): Promise<AccuracyTable[]> {
  const tables: AccuracyTable[] = [];
  try {
    tables.push(...await loadAccuraciesFrom(folders, space));
  } catch (error) {
    if (!(error instanceof MissingAccuraciesError)) throw error;
    say(`Without published accuracies: ${error.message}`);
  }
  for (const dataset of await ownDatasets(space, folders)) {
    tables.push(await loadOwnTable(space, dataset, folders));
  }
  return tables;
}

/** Tells the file of a data set of one's own apart; null where there is none. */
export async function ownTableFile(
  space: SearchSpace,
  dataset: string,
  folders: readonly string[] = accuracyFolders(space),
): Promise<SourceFile | null> {
  const path = await _find(dataset, folders);
  return path === null ? null : await sourceFile(path);
}

async function _find(
  dataset: string,
  folders: readonly string[],
): Promise<string | null> {
  for (const folder of folders) {
    const path = join(folder, FOLDER, `${dataset}.csv`);
    if (await exists(path)) return path;
  }
  return null;
}

/** What a kept table begins with: indices are those of one version of the space. */
function _header({ name, version }: SearchSpace): string {
  return `${name} ${version},validation,test\n`;
}

function _published(space: SearchSpace): string[] {
  return (accuraciesOf(space)?.datasets ?? []).map(({ name }) => name);
}

function _reason(
  space: SearchSpace,
  graph: Parameters<SearchSpace["invalidReason"]>[0],
): string {
  const reason = space.invalidReason(graph, "strict");
  return reason === null
    ? "it is not in its table"
    : space.invalidReasons[reason] ?? reason;
}

function _table(
  space: EnumeratedSpace,
  dataset: string,
  file: string,
  validation: Float64Array,
  test: Float64Array,
  cells: readonly number[],
): AccuracyTable {
  const covered = Uint32Array.from(cells).sort();
  return {
    space: space.name,
    dataset,
    title: dataset,
    validation,
    test,
    covered,
    source: sourceLine(file, covered.length, validation.length),
  };
}
