/**
 * The rows of a table beside what their samples come to when they are counted again.
 *
 * A row names its samples by their key. Only what samples tell is compared: reconstruction
 * takes the models.
 *
 * @module
 */

import { shown } from "../core/shown.ts";
import { countAgain, type Figures } from "./count.ts";
import type { KnownGraphs, PlainSpace, Reading } from "./plain_space.ts";
import { type CountedSamples, readCounted } from "./samples.ts";

/** Figures that each row has; it may have others. */
const NEEDED = ["samples", "validity", "absoluteUniqueness", "absoluteNovelty"];
/** By how much percentages of the same counts may differ: the rounding of a division. */
const ROUNDING = 1e-9;

/** A row of a table as it is read: nothing is known of it. */
export type UncheckedRow = Readonly<Record<string, unknown>>;

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
 * Counts the samples of the measured rows of a table again, and compares.
 *
 * @param files Of samples, by their keys.
 * @throws {Error} If a file of samples cannot be read.
 * @throws {SyntaxError} If one is none.
 */
export async function recountRows(
  rows: readonly UncheckedRow[],
  { space, known, files }: {
    readonly space: PlainSpace;
    readonly known: KnownGraphs;
    readonly files: ReadonlyMap<string, string>;
  },
): Promise<RecountedRow[]> {
  const measured = measuredOf(rows);
  const recounted = new Map<UncheckedRow, RecountedRow>();
  // Each file is read once, for the rows of both readings.
  for (const [key, own] of Map.groupBy(measured, (row) => row.samplesKey)) {
    const path = files.get(String(key));
    const samples = path === undefined ? null : await readCounted(path);
    for (const row of own) {
      recounted.set(row, _recounted(row, samples, space, known));
    }
  }
  return measured.map((row) => recounted.get(row)!);
}

function _recounted(
  row: UncheckedRow,
  samples: CountedSamples | null,
  space: PlainSpace,
  known: KnownGraphs,
): RecountedRow {
  const { method, mode, seed, uncheckedNodes } = row;
  const name = `${method}, seed ${seed}, ${mode}`;
  const reading = _reading(mode);
  const unchecked = _nodes(uncheckedNodes);
  const refused = (problem: string) => ({
    row: name,
    figures: 0,
    differences: [problem],
  });
  if (samples === null) return refused("its samples are not there");
  if (reading === null) return refused(`its reading is ${shown(mode)}`);
  if (unchecked === null) {
    return refused(`its unchecked nodes are ${shown(uncheckedNodes)}`);
  }
  const figures = countAgain(space, samples, reading, known, unchecked);
  return { row: name, ..._compared(row, figures) };
}

function _reading(mode: unknown): Reading | null {
  return mode === "paper" || mode === "strict" ? mode : null;
}

function _nodes(value: unknown): readonly number[] | null {
  if (value === undefined) return [];
  return Array.isArray(value) && value.every(Number.isInteger) ? value : null;
}

/** The figures that a row has, and those it must have, beside those that were counted. */
function _compared(
  row: UncheckedRow,
  figures: Figures,
): Pick<RecountedRow, "figures" | "differences"> {
  const names = Object.keys(figures)
    .filter((name) => name in row || NEEDED.includes(name));
  const differences = names.flatMap((name) => {
    const stated = row[name], counted = figures[name];
    const agrees = typeof stated === "number" &&
      Math.abs(stated - counted) <= ROUNDING * Math.max(1, counted);
    return agrees ? [] : [`${name} is ${shown(stated)}, counted ${counted}`];
  });
  return { figures: names.length, differences };
}
