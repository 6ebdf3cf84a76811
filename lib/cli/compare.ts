/**
 * `deno task compare`: runs side by side, with what they differ in.
 *
 * @module
 */

import { resolve } from "node:path";
import {
  type ComparedColumn,
  comparisonTables,
} from "../report/run_comparison.ts";
import { saveTable } from "../report/save.ts";
import { tableText } from "../report/table_text.ts";
import { type ReportTable, table } from "../report/tables.ts";
import {
  type ComparedRun,
  differingSettings,
  groupsOfSeeds,
  openComparedRuns,
} from "../run/compared_runs.ts";
import { shownPath } from "../run/folders.ts";
import {
  existingOutputs,
  parseWords,
  runCommand,
  userFolder,
} from "./command.ts";

const ACTION = "compare runs";

const HELP = `deno task compare RUN RUN... [options]

  RUN              the folder of a finished run, its name in outputs/runs, or a space with
                   a run of record
  --to FOLDER      save the tables there as JSON, CSV, Markdown and LaTeX
  --outputs DIR    folder of all runs and records (outputs)

Prints what the runs differ in, and their Tables 1 to 4 side by side, with differences to
the first and their standard errors. Runs that differ in nothing but the seed are one
column, mean and standard deviation over training seeds; where all do, each run is a
column, and the mean another.
`;

/** What `compare` is asked for. */
export interface CompareRequest {
  readonly runs: readonly string[];
  /** Absolute folder of all runs and records. */
  readonly root: string;
  /** Absolute folder that relative paths are relative to. */
  readonly folder: string;
  /** Absolute; null to save nothing. */
  readonly to: string | null;
}

/**
 * Reads the command line of `compare`.
 *
 * @param folder What relative paths are relative to.
 * @throws {RangeError} If an option is unknown or its value is wrong.
 */
export function parseCompareArguments(
  args: readonly string[],
  folder: string = Deno.cwd(),
): CompareRequest {
  const { values, words } = parseWords(args, {
    to: { type: "string" },
    outputs: { type: "string" },
  }, ACTION);
  return {
    runs: words,
    root: existingOutputs(values.outputs, folder, ACTION),
    folder,
    to: values.to === undefined ? null : resolve(folder, values.to),
  };
}

/** A column with the runs that it is made of. */
interface NamedColumn extends ComparedColumn {
  readonly from: readonly ComparedRun[];
}

/** Runs as columns: by groups that differ in more than the seed, where there are several. */
function _columns(runs: readonly ComparedRun[]): NamedColumn[] {
  const groups = groupsOfSeeds(runs);
  const alone = groups.length === 1;
  const columns = (alone ? runs.map((run) => [run]) : groups)
    .map((from, at) => _column(_label(at), from));
  return alone
    ? [...columns, { ..._column("mean", runs), isMean: true }]
    : columns;
}

function _column(label: string, from: readonly ComparedRun[]): NamedColumn {
  return { label, from, runs: from.map(({ results }) => results) };
}

/** A, B, …, Z, then 27 and so on. */
function _label(at: number): string {
  return at < 26 ? String.fromCharCode("A".charCodeAt(0) + at) : `${at + 1}`;
}

/** Which runs the columns are, and what they differ in. */
function _originTables(
  columns: readonly NamedColumn[],
): Record<string, ReportTable> {
  const single = columns.filter(({ isMean }) => !isMean);
  const runs = single.flatMap(({ label, from }) =>
    from.map(({ folder, manifest }) => ({
      column: label,
      run: shownPath(folder),
      seed: manifest.settings.seed,
      finished: manifest.finished.slice(0, 10),
      quick: manifest.settings.quick,
    }))
  );
  const settings = differingSettings(single.map(({ from }) => from));
  return {
    runs: table(runs, {
      columns: [
        { key: "column", title: "" },
        "run",
        { key: "seed", align: "left" },
        "finished",
      ],
      caption: "Runs",
      notes: runs.some(({ quick }) => quick)
        ? ["A quick run is not a result."]
        : [],
    }),
    settings: table(
      settings.map(({ setting, values }) => ({
        setting,
        ...Object.fromEntries(
          values.map((value, i) => [single[i].label, value]),
        ),
      })),
      {
        columns: ["setting", ...single.map(({ label }) => label)],
        caption: settings.length === 0
          ? "Settings: the same, and the versions too"
          : "Settings that differ",
      },
    ),
  };
}

/**
 * Compares the runs, prints the tables, and saves them where that is asked for.
 *
 * @throws {Error} If a run cannot be read, or a file cannot be written.
 */
export async function runCompare(
  { runs: names, root, folder, to }: CompareRequest,
  print: (text: string) => void = console.log,
): Promise<void> {
  const { space, runs } = await openComparedRuns(names, { root, folder });
  const columns = _columns(runs);
  const tables = {
    ..._originTables(columns),
    ...comparisonTables(space, columns),
  };
  for (const [file, table] of Object.entries(tables)) {
    print(`${tableText(table)}\n`);
    if (to !== null) await saveTable(to, file, table);
  }
  if (to !== null) print(`Saved in ${shownPath(to)}`);
}

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  await runCompare(parseCompareArguments(args, userFolder()));
  return 0;
}

if (import.meta.main) await runCommand(HELP, main);
