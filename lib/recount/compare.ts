/**
 * The rows of a table beside what their samples and reconstructed cells come to when they are
 * counted again.
 *
 * A row names them by their keys.
 *
 * @module
 */

import { shown } from "../core/shown.ts";
import { countAgain, type Figures } from "./count.ts";
import type {
  KnownGraphs,
  PlainSpace,
  Reading,
  SplitCells,
} from "./plain_space.ts";
import {
  type Accuracies,
  countReconstruction,
  readReconstruction,
} from "./reconstruction.ts";
import { type CountedSamples, readCounted } from "./samples.ts";

/** Figures that each row has; it may have others. */
const NEEDED = [
  "samples",
  "reconstruction",
  "validity",
  "absoluteUniqueness",
  "absoluteNovelty",
];
/** By how much percentages of the same counts may differ: the rounding of a division. */
const ROUNDING = 1e-9;

/** A row of a table as it is read: nothing is known of it. */
export type UncheckedRow = Readonly<Record<string, unknown>>;

/** What rows are counted again with. */
export interface CountingAgain {
  readonly space: PlainSpace;
  readonly cells: SplitCells;
  readonly known: KnownGraphs;
  /** Of samples and reconstructed cells, by their keys. */
  readonly files: ReadonlyMap<string, string>;
}

/** A row and what was counted for it. */
export interface CountedRow {
  readonly row: UncheckedRow;
  /** Null where it could not be counted. */
  readonly figures: Figures | null;
  /** Why not, in words. */
  readonly problem?: string;
}

/** What came of a row. */
export interface RecountedRow {
  /** Names it: its method, seed and reading. */
  readonly row: string;
  /** How many figures were compared. */
  readonly figures: number;
  /** What is not as counted, each in words; none where all agrees. */
  readonly differences: readonly string[];
}

/** The rows of a table that are not copied from a paper. */
export function measuredOf(rows: readonly UncheckedRow[]): UncheckedRow[] {
  return rows.filter(({ source }) => source !== "paper");
}

/**
 * Counts what the measured rows of a table name again.
 *
 * @throws {Error} If a file cannot be read.
 * @throws {SyntaxError} If one is not as a run saves it.
 */
export async function countRows(
  rows: readonly UncheckedRow[],
  counting: CountingAgain,
): Promise<CountedRow[]> {
  const { files, cells } = counting;
  const measured = measuredOf(rows);
  const reconstructions = new Map<unknown, Accuracies | null>();
  for (const key of new Set(measured.map((row) => row.reconstructionKey))) {
    const path = files.get(String(key));
    reconstructions.set(
      key,
      path === undefined ? null : countReconstruction(
        await readReconstruction(path),
        cells.table,
        cells.validation,
      ),
    );
  }
  const counted = new Map<UncheckedRow, CountedRow>();
  // Each file of samples is read once, for the rows of both readings.
  for (const [key, own] of Map.groupBy(measured, (row) => row.samplesKey)) {
    const path = files.get(String(key));
    const samples = path === undefined ? null : await readCounted(path);
    for (const row of own) {
      const accuracies = reconstructions.get(row.reconstructionKey) ?? null;
      counted.set(row, _counted(row, samples, accuracies, counting));
    }
  }
  return measured.map((row) => counted.get(row)!);
}

function _counted(
  row: UncheckedRow,
  samples: CountedSamples | null,
  accuracies: Accuracies | null,
  { space, known }: CountingAgain,
): CountedRow {
  const refused = (problem: string) => ({ row, figures: null, problem });
  const { mode, uncheckedNodes } = row;
  const reading = _reading(mode);
  const unchecked = _nodes(uncheckedNodes);
  if (samples === null) return refused("its samples are not there");
  if (accuracies === null) {
    return refused("its reconstructed cells are not there, or of others");
  }
  if (reading === null) return refused(`its reading is ${shown(mode)}`);
  if (unchecked === null) {
    return refused(`its unchecked nodes are ${shown(uncheckedNodes)}`);
  }
  return {
    row,
    figures: {
      ...countAgain(space, samples, reading, known, unchecked),
      reconstruction: accuracies[reading],
    },
  };
}

function _reading(mode: unknown): Reading | null {
  return mode === "paper" || mode === "strict" ? mode : null;
}

function _nodes(value: unknown): readonly number[] | null {
  if (value === undefined) return [];
  return Array.isArray(value) && value.every(Number.isInteger) ? value : null;
}

/** The figures that a row has, and those it must have, beside those that were counted. */
export function compareRow(
  { row, figures, problem = "" }: CountedRow,
): RecountedRow {
  const { method, mode, seed } = row;
  const name = `${method}, seed ${seed}, ${mode}`;
  if (figures === null) {
    return { row: name, figures: 0, differences: [problem] };
  }
  const names = Object.keys(figures)
    .filter((name) => name in row || NEEDED.includes(name));
  return { row: name, ...compareFigures(row, figures, names) };
}

/**
 * Compares figures of a row with those that were counted.
 *
 * @param names Of the figures.
 */
export function compareFigures(
  row: UncheckedRow,
  counted: Figures,
  names: readonly string[],
): Pick<RecountedRow, "figures" | "differences"> {
  const differences = names.flatMap((name) => {
    const stated = row[name], value = counted[name];
    const agrees = typeof stated === "number" &&
      Math.abs(stated - value) <= ROUNDING * Math.max(1, value);
    return agrees ? [] : [`${name} is ${shown(stated)}, counted ${value}`];
  });
  return { figures: names.length, differences };
}
