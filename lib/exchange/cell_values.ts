/**
 * Files of cells, value by value: text lines, JSON lines, a JSON array, a table as CSV.
 *
 * A value is what a notation reads. Files are read as they come, so that one of millions of
 * cells takes no more memory than one of ten:
 *
 *     lines   a cell a line: JSON where the line begins with {, [ or ", else the text itself
 *     json    one array
 *     csv     a header, then a cell a line: the column of cells, or columns of matrix and ops
 *
 * @module
 */

import { parseStrictJson } from "../core/strict_json.ts";
import { reasonOf, shown, shownList } from "../core/shown.ts";

/** Forms of files. */
export const CELL_FORMATS = ["lines", "json", "csv"] as const;

/** One of {@link CELL_FORMATS}. */
export type CellFormat = typeof CELL_FORMATS[number];

/** A cell as it stands in a file. */
export interface CellValue {
  /** A text, a number, or what JSON makes of an array or an object; null where there is no cell. */
  readonly value: unknown;
  /** Line of the file, from 1; of a JSON array the number of the entry. */
  readonly line: number;
  /** The texts of the other columns that were asked for, in their order. */
  readonly fields?: readonly string[];
}

/** Characters of a cell, far above those of any. */
const LONGEST = 2 ** 16;
/** Columns of cells, the first one that a table has is taken. */
const CELL_COLUMNS = [
  "cell",
  "arch",
  "arch_str",
  "architecture",
  "module_hash",
  "hash",
];

/** The form that a name of a file shows: by default lines. */
export function formatOfName(name: string): CellFormat {
  const [, ending = ""] = /\.(\w+)(?:\.gz)?$/.exec(name) ?? [];
  return CELL_FORMATS.find((format) => format === ending.toLowerCase()) ??
    "lines";
}

/**
 * The values of a file.
 *
 * @param texts Its text, piece by piece.
 * @param options Of a CSV table, `column`: of the cells, by default the first of the usual
 *   names; `fields`: further columns that are read.
 * @throws {SyntaxError} If it is not of the form, with the line.
 */
export async function* cellValues(
  texts: AsyncIterable<string>,
  format: CellFormat,
  { column, fields = [] }: {
    readonly column?: string;
    readonly fields?: readonly string[];
  } = {},
): AsyncGenerator<CellValue, void, void> {
  if (format === "json") return yield* _entries(texts);
  let read: ((line: string, number: number) => Omit<CellValue, "line">) | null =
    format === "csv"
      ? null
      : (line, number) => ({ value: _lineValue(line, number) });
  for await (const [line, number] of _lines(texts)) {
    if (read === null) read = _tableReader(line, column, fields);
    else if (line.trim() !== "") yield { ...read(line, number), line: number };
  }
}

function _lineValue(line: string, number: number): unknown {
  const text = line.trim();
  if (text === "null") return null;
  return /^[{["]/.test(text) ? _json(text, `line ${number}`) : text;
}

/** What makes a value of a line of a table. */
function _tableReader(
  header: string,
  column: string | undefined,
  others: readonly string[],
): (line: string, number: number) => Omit<CellValue, "line"> {
  const names = _fields(header, 1).map((name) => name.trim());
  const at = (...columns: readonly string[]) =>
    columns.map((name) => names.indexOf(name)).find((at) => at >= 0) ?? -1;
  const cell = column === undefined
    ? names.length === 1 ? 0 : at(...CELL_COLUMNS)
    : at(column);
  const matrix = at("matrix", "module_adjacency");
  const ops = at("ops", "module_operations");
  if (cell < 0 && (column !== undefined || matrix < 0 || ops < 0)) {
    throw new SyntaxError(
      `line 1 must name ${
        column === undefined
          ? `a column of cells, ${
            CELL_COLUMNS.join(", ")
          }, or columns matrix and ops`
          : `the column ${column}`
      }, got ${shownList(names)}`,
    );
  }
  const missing = others.find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new SyntaxError(
      `line 1 must name the column ${missing}, got ${shownList(names)}`,
    );
  }
  const otherPlaces = others.map((name) => names.indexOf(name));
  return (line, number) => {
    const texts = _fields(line, number);
    if (texts.length !== names.length) {
      throw new SyntaxError(
        `line ${number} must have ${names.length} values, got ${texts.length}`,
      );
    }
    const fields = otherPlaces.map((at) => texts[at].trim());
    if (cell >= 0) {
      const value = texts[cell].trim() === ""
        ? null
        : _lineValue(texts[cell], number);
      return { value, fields };
    }
    const value = {
      matrix: _json(texts[matrix], `line ${number}`),
      ops: _json(texts[ops], `line ${number}`),
    };
    return { value, fields };
  };
}

/** The values of a line of CSV; one that holds a comma or a quotation mark is quoted. */
function _fields(line: string, number: number): string[] {
  if (!line.includes('"')) return line.split(",");
  const fields: string[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")*)"\s*|([^",]*))(,|$)/y;
  for (let end = ","; end === ",";) {
    const found = pattern.exec(line);
    if (found === null) {
      throw new SyntaxError(
        `line ${number} must be CSV, with quotation marks doubled within quoted values, got ${
          shown(line)
        }`,
      );
    }
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2]);
    end = found[3];
  }
  return fields;
}

function _json(text: string, place: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (error) {
    throw new SyntaxError(`${place} must be JSON, got ${reasonOf(error)}`);
  }
}

/** Lines with their numbers, without their ends and a byte-order mark. */
async function* _lines(
  texts: AsyncIterable<string>,
): AsyncGenerator<[line: string, number: number], void, void> {
  let rest = "", number = 0;
  for await (const text of texts) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    _checkLength(rest, `line ${number + lines.length + 1}`);
    for (const line of lines) yield [_clean(line, ++number), number];
  }
  if (rest !== "") yield [_clean(rest, ++number), number];
}

function _clean(line: string, number: number): string {
  _checkLength(line, `line ${number}`);
  const start = number === 1 && line.startsWith("\ufeff") ? 1 : 0;
  return line.slice(start, line.endsWith("\r") ? -1 : undefined);
}

function _checkLength(text: string, place: string): void {
  if (text.length <= LONGEST) return;
  throw new SyntaxError(
    `${place} must have at most ${LONGEST} characters, got more`,
  );
}

/** The entries of a JSON array, each parsed as soon as it is whole. */
async function* _entries(
  texts: AsyncIterable<string>,
): AsyncGenerator<CellValue, void, void> {
  let depth = 0, quoted = false, escaped = false;
  let begun = false, first = true, ended = false;
  let entry = "", line = 0;
  const take = (): CellValue => {
    const value = _json(entry, `entry ${++line}`);
    entry = "";
    return { value, line };
  };
  for await (const text of texts) {
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const sign = text[i];
      if (quoted) {
        if (escaped) escaped = false;
        else if (sign === "\\") escaped = true;
        else if (sign === '"') quoted = false;
        continue;
      }
      if (depth === 0) {
        const mark = sign === "\ufeff" && !begun; // of the order of bytes
        begun = true;
        if (sign === "[" && first) {
          depth = 1;
          first = false;
        } else if (!mark && !" \t\n\r".includes(sign)) {
          throw new SyntaxError(
            `the file must be one JSON array, got ${
              shown(text.slice(i, i + 40))
            }`,
          );
        }
        start = i + 1;
      } else if (sign === '"') quoted = true;
      else if (sign === "[" || sign === "{") depth++;
      else if (sign === "]" || sign === "}" || sign === ",") {
        if (sign !== ",") depth--;
        if (depth !== (sign === "," ? 1 : 0)) continue;
        entry += text.slice(start, i);
        start = i + 1;
        ended = sign === "]";
        if (!ended || line > 0 || entry.trim() !== "") yield take();
      }
    }
    entry += text.slice(start);
    _checkLength(entry, `entry ${line + 1}`);
  }
  if (!ended) {
    throw new SyntaxError(
      `the file must be one whole JSON array, got its end after entry ${line}`,
    );
  }
}
