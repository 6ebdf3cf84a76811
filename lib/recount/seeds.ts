/**
 * Rows over training seeds, counted again: mean and standard deviation of what the samples of
 * each seed come to.
 *
 * @module
 */

import {
  compareFigures,
  type CountedRow,
  type RecountedRow,
  type UncheckedRow,
} from "./compare.ts";

/** The figures over seeds. */
const METRICS = [
  "reconstruction",
  "validity",
  "uniqueness",
  "absoluteUniqueness",
  "novelty",
  "absoluteNovelty",
];

/** What came of a table over seeds. */
export interface RecountedSeeds {
  readonly rows: readonly RecountedRow[];
  /** Rows that could not be counted, as the samples of a seed are not there. */
  readonly left: number;
  /** The seeds whose samples were missed. */
  readonly missing: readonly number[];
}

/**
 * Counts the rows of a table over training seeds again.
 *
 * @param rows Of the table, copied ones among them.
 * @param counted The rows of Table 1 or 2 of the runs of all seeds, the first run's first, with
 *   what was counted for them.
 */
export function recountSeeds(
  rows: readonly UncheckedRow[],
  counted: readonly CountedRow[],
): RecountedSeeds {
  const measured = rows.filter(({ source }) => source !== "paper");
  const missing = new Set<number>();
  const recounted = measured.flatMap((row): RecountedRow[] => {
    const seeds = `${row.seeds}`.split(", ").map(Number);
    const own = seeds.map((seed) =>
      counted.find((one) => _isOf(one.row, row, seed))
    );
    const lacking = seeds.filter((seed, i) =>
      own[i] === undefined &&
      !counted.some((one) => _isSeed(one.row, row, seed))
    );
    for (const seed of lacking) missing.add(seed);
    if (lacking.length > 0) return [];
    const name = `${row.method}, seeds ${row.seeds}, ${row.mode}`;
    const problem = _problem(row, seeds, own);
    if (problem !== null) {
      return [{ row: name, figures: 0, differences: [problem] }];
    }
    const figures = Object.fromEntries(METRICS.flatMap((metric) => {
      const values = own.map((one) => one!.figures![metric]);
      const { mean, deviation } = _spread(values);
      return [[metric, mean], [`${metric}Deviation`, deviation]];
    }));
    return [{
      row: name,
      ...compareFigures(row, figures, Object.keys(figures)),
    }];
  });
  return {
    rows: recounted,
    left: measured.length - recounted.length,
    missing: [...missing].sort((a, b) => a - b),
  };
}

/** Why a row whose seeds are all there cannot be compared; null where it can. */
function _problem(
  row: UncheckedRow,
  seeds: readonly number[],
  own: readonly (CountedRow | undefined)[],
): string | null {
  if (row.trainings !== seeds.length) {
    return `its seeds are ${row.seeds}, its trainings ${row.trainings}`;
  }
  const none = own.findIndex((one) => one === undefined);
  if (none >= 0) return `no row of seed ${seeds[none]} is like it`;
  return own.find((one) => one!.figures === null)?.problem ?? null;
}

/** Whether a row of a single training is of a method and a seed of a row over seeds. */
function _isSeed(
  single: UncheckedRow,
  { method }: UncheckedRow,
  seed: number,
): boolean {
  const name = `${single.method}`.replace(/ t=[\d.]+$/, "");
  return single.seed === seed && name === method;
}

/**
 * Whether it is the row that the mean is made of, too: of the same reading, at one of the
 * temperatures, and chosen for the same.
 */
function _isOf(single: UncheckedRow, row: UncheckedRow, seed: number): boolean {
  if (!_isSeed(single, row, seed) || single.mode !== row.mode) return false;
  if (row.chosenFor === undefined) return single.chosenFor === undefined;
  const reasons = `${single.chosenFor}`.split("; ");
  return `${row.temperatures}`.split(", ").includes(`${single.temperature}`) &&
    `${row.chosenFor}`.split("; ").every((reason) => reasons.includes(reason));
}

/** Mean and sample standard deviation; of one value there is none. */
function _spread(values: readonly number[]) {
  let sum = 0, squares = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) * (value - mean);
  const deviation = values.length === 1
    ? 0
    : Math.sqrt(squares / (values.length - 1));
  return { mean, deviation };
}
