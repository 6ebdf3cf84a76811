/**
 * `deno task score`: anybody's samples through the metrics of Tables 1 and 2.
 *
 * @module
 */

import { resolve } from "node:path";
import { loadKnownAccuracies } from "../accuracies/own_tables.ts";
import { CELL_FORMATS, type CellFormat } from "../exchange/cell_values.ts";
import { readCells, STANDARD_INPUT } from "../exchange/read_cells.ts";
import { ceilings } from "../generation/ceilings.ts";
import { scoreCells } from "../metrics/scored_cells.ts";
import { saveTable } from "../report/save.ts";
import { scoreTables } from "../report/score_report.ts";
import { tableText } from "../report/table_text.ts";
import { shownPath } from "../run/folders.ts";
import { notationsOf } from "../spaces/notations.ts";
import { DEFAULT_SPACE, getSpace } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { NOTATION_HELP, oneOf, SPACE_NAMES } from "./cell_options.ts";
import {
  existingFile,
  parseOptions,
  runCommand,
  userFolder,
} from "./command.ts";

const ACTION = "score cells";

const HELP = `deno task score --cells FILE [options]

  --cells FILE     samples as they were drawn, repeats and failures among them; - for the
                   standard input. A sample that is no cell at all is null (CSV: empty)
  --space NAME     ${SPACE_NAMES} (${DEFAULT_SPACE.name})
  --name TEXT      of the method in the tables (Samples)
  --train FILE     the cells that novel ones are not among, by default the training split
  --to FOLDER      save the tables there as JSON, CSV, Markdown and LaTeX

of both files:
  --notation NAME  where the form of a cell shows none
${NOTATION_HELP}
  --read NAME      form of the file: ${
  CELL_FORMATS.join(", ")
} (by its name, else lines)
  --column NAME    of a CSV table that has the cells

Prints a row in each reading beside the published ones, why samples are not valid, and
which cells came most often, with their accuracies where there are any (deno task data).
Figures are comparable with rows of as many samples alone.
`;

/** What `score` is asked for. */
export interface ScoreRequest {
  readonly space: SearchSpace;
  /** Absolute, or `-`. */
  readonly cells: string;
  readonly train: string | null;
  readonly name: string;
  readonly notation?: string;
  readonly format?: CellFormat;
  readonly column?: string;
  /** Absolute; null to save nothing. */
  readonly to: string | null;
}

/**
 * Reads the command line of `score`.
 *
 * @param folder What relative paths are relative to.
 * @throws {RangeError} If an option is unknown or missing, or its value is wrong.
 */
export function parseScoreArguments(
  args: readonly string[],
  folder: string = Deno.cwd(),
): ScoreRequest {
  const text = { type: "string" } as const;
  const options = parseOptions(args, {
    ...{ cells: text, space: text, name: text, train: text, to: text },
    ...{ notation: text, read: text, column: text },
  }, ACTION);
  const fail = (what: string): never => {
    throw new RangeError(`Cannot ${ACTION}: ${what}`);
  };
  const file = (path: string, option: string) =>
    path === STANDARD_INPUT
      ? path
      : existingFile(resolve(folder, path), option, ACTION);
  const { cells = fail("--cells must name a file, got none"), train, to } =
    options;
  if (cells === STANDARD_INPUT && train === STANDARD_INPUT) {
    fail("one of --cells and --train must be a file, got - for both");
  }
  const space = getSpace(options.space ?? DEFAULT_SPACE.name);
  const notations = notationsOf(space).map(({ name }) => name);
  return {
    space,
    cells: file(cells, "--cells"),
    train: train === undefined ? null : file(train, "--train"),
    name: options.name ?? "Samples",
    notation: oneOf(options.notation, "--notation", notations, ACTION),
    format: oneOf(options.read, "--read", CELL_FORMATS, ACTION),
    column: options.column,
    to: to === undefined ? null : resolve(folder, to),
  };
}

/**
 * Scores the samples, prints the tables, and saves them where that is asked for.
 *
 * @throws {Error} If a file cannot be read or written.
 */
export async function runScore(
  { space, cells, train, name, to, ...reading }: ScoreRequest,
  print: (text: string) => void = console.log,
): Promise<void> {
  await space.prepare();
  const scored = await scoreCells(space, readCells(cells, space, reading), {
    name,
    training: train === null ? undefined : readCells(train, space, reading),
  });
  const limits = ceilings(space, scored.reports.strict.samples);
  const accuracies = await loadKnownAccuracies(space, () => {});
  const tables = scoreTables(space, scored, limits, accuracies);
  for (const [file, table] of Object.entries(tables)) {
    if (table.rows.length > 0) print(`${tableText(table)}\n`);
    if (to !== null) await saveTable(to, file, table);
  }
  if (to !== null) print(`Saved in ${shownPath(to)}`);
}

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  await runScore(parseScoreArguments(args, userFolder()));
  return 0;
}

if (import.meta.main) await runCommand(HELP, main);
