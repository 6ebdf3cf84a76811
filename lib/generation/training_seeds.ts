/**
 * Rows of Tables 1 and 2 over training seeds: the mean of each metric and how far single
 * trainings are from it.
 *
 * A method is trained, its temperatures are chosen and it is sampled with each seed anew. So
 * where a temperature was chosen, rows belong together that were chosen for the same, be
 * their temperatures what they may.
 *
 * @module
 */

import {
  READINGS,
  RESULT_METRICS,
  type ResultMetric,
  type ResultRow,
} from "../metrics/result_row.ts";
import { spread } from "../metrics/statistics.ts";
import { AS_PUBLISHED } from "./sampling_sweep.ts";

/** A method over training seeds; metrics are means, in percent. */
export type SeedsRow =
  & Pick<ResultRow, "method" | "mode" | "chosenFor" | "note">
  & {
    /** The temperatures, where there are any, ascending with `, ` between. */
    readonly temperatures?: string;
    /** The seeds, ascending with `, ` between. */
    readonly seeds: string;
    /** How many seeds. */
    readonly trainings: number;
  }
  & Readonly<Record<ResultMetric, number>>
  & Readonly<Record<`${ResultMetric}Deviation`, number>>;

/** Rows that belong together, one a seed, ascending. */
export interface SeedGroup {
  /** Without the temperature that the names of rows have. */
  readonly method: string;
  readonly mode: ResultRow["mode"];
  /** What their temperatures were chosen for; undefined where there was no choice. */
  readonly reason: string | undefined;
  readonly rows: readonly ResultRow[];
}

/** Rows of the run of a seed. */
interface SeedRows {
  readonly seed: number;
  readonly rows: readonly ResultRow[];
}

/**
 * Sorts the rows of several trainings by what they stand for.
 *
 * In a reading stand the paper's temperatures, each for itself, and those chosen for a metric in
 * that reading.
 *
 * @param rows Measured rows, each with its seed; of equal ones of a seed the first counts.
 * @param further Rows of the runs of further seeds: measured ones of a run's own seed count.
 */
export function seedGroups(
  rows: readonly ResultRow[],
  further: readonly SeedRows[] = [],
): SeedGroup[] {
  const others = further.flatMap(({ seed, rows }) =>
    rows.filter((row) => row.source === "measured" && row.seed === seed)
  );
  const groups = Map.groupBy(
    [...rows, ...others].flatMap((row) =>
      _reasons(row).map((reason) => ({ row, reason, method: _method(row) }))
    ),
    ({ row, reason, method }) => {
      const isChosen = reason !== undefined && reason !== AS_PUBLISHED;
      return [method, row.mode, reason, isChosen || row.temperature].join("/");
    },
  );
  return [...groups.values()].map(([{ row, reason, method }, ...others]) => ({
    ...{ method, mode: row.mode, reason },
    rows: _firstOfSeeds([row, ...others.map((other) => other.row)]),
  }));
}

/**
 * Puts the rows of several trainings together, as {@link seedGroups} sorts them.
 *
 * @returns In the order of first appearance, the published reading first.
 */
export function rowsOverSeeds(
  ...rows: Parameters<typeof seedGroups>
): SeedsRow[] {
  // Chosen for several metrics alike: one row that says so.
  const alike = Map.groupBy(
    seedGroups(...rows),
    ({ method, mode, rows }) =>
      JSON.stringify([
        method,
        mode,
        rows.map(({ seed, temperature }) => [seed, temperature]),
      ]),
  );
  const merged = [...alike.values()].map((group) => {
    const [{ method, mode, rows }] = group;
    const reasons = group.flatMap(({ reason }) => reason ?? []);
    return _seedsRow(method, mode, rows, reasons);
  });
  return (["paper", "strict"] as const).flatMap((mode) =>
    merged.filter((row) => row.mode === mode)
  );
}

/** What a row stands for in its reading; undefined for one without a choice. */
function _reasons({ chosenFor, mode }: ResultRow): (string | undefined)[] {
  return chosenFor === undefined ? [undefined] : chosenFor.split("; ")
    .filter((reason) =>
      reason === AS_PUBLISHED || reason.endsWith(`(${READINGS[mode]})`)
    );
}

/** The method without the temperature that its name has. */
function _method({ method, temperature }: ResultRow): string {
  return method.replace(` t=${temperature}`, "");
}

/** One row a seed, ascending. */
function _firstOfSeeds(rows: readonly ResultRow[]): ResultRow[] {
  return [...Map.groupBy(rows, ({ seed }) => seed).values()]
    .map(([first]) => first)
    .sort((a, b) => (a.seed ?? 0) - (b.seed ?? 0));
}

function _seedsRow(
  method: string,
  mode: ResultRow["mode"],
  rows: readonly ResultRow[],
  reasons: readonly string[],
): SeedsRow {
  const list = (values: readonly (number | undefined)[]) =>
    [...new Set(values.filter((value) => value !== undefined))]
      .sort((a, b) => a - b).join(", ");
  const temperatures = list(rows.map(({ temperature }) => temperature));
  const metrics = RESULT_METRICS.map((metric) => {
    const { mean, deviation } = spread(rows.map((row) => row[metric]));
    return { [metric]: mean, [`${metric}Deviation`]: deviation };
  });
  return {
    method,
    mode,
    ...(temperatures === "" ? {} : { temperatures }),
    ...(reasons.length === 0 ? {} : { chosenFor: reasons.join("; ") }),
    seeds: list(rows.map(({ seed }) => seed)),
    trainings: rows.length,
    ...Object.assign({}, ...metrics),
    ...(rows[0].note === undefined ? {} : { note: rows[0].note }),
  };
}
