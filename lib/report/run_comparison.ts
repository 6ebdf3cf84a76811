/**
 * Runs side by side: the rows of Tables 1 to 4 of several runs, and how they differ.
 *
 * A column is a run, or runs that differ in nothing but the training seed; each further column
 * is set beside the first.
 *
 * @module
 */

import { type SeedGroup, seedGroups } from "../generation/training_seeds.ts";
import { AS_PUBLISHED } from "../generation/sampling_sweep.ts";
import {
  READINGS,
  RESULT_METRICS,
  type ResultMetric,
  type ResultRow,
} from "../metrics/result_row.ts";
import { shareError, spread } from "../metrics/statistics.ts";
import { generationTableNumber } from "../paper/generation_tables.ts";
import { searchTableNumber } from "../paper/search_tables.ts";
import type { SearchRow } from "../search/rows.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { generationTableName } from "./generation_report.ts";
import { METRIC_TITLES } from "./result_table.ts";
import { searchTableName } from "./search_tables.ts";
import {
  type Column,
  MISSING,
  type ReportTable,
  type Row,
  table,
} from "./tables.ts";

/** What a run found: measured rows of its tables, none where it lacks them. */
export interface RunResults {
  readonly seed: number;
  readonly generation: readonly ResultRow[];
  readonly search: readonly SearchRow[];
}

/** A run, or runs of several training seeds. */
export interface ComparedColumn {
  /** Heads the column. */
  readonly label: string;
  readonly runs: readonly RunResults[];
  /** Whether it is not set beside the first, as it is made of the others. */
  readonly isMean?: true;
}

/** A figure of a column. */
interface Figure {
  /** The mean over seeds. */
  readonly value: number;
  /** Over training seeds; null of one. */
  readonly deviation: number | null;
  /** Standard error; null where there is none. */
  readonly error: number | null;
}

/** The figures of a row of a table, by column; null where a column has no such row. */
interface Item {
  /** What tells it from other items of its table. */
  readonly name: Readonly<Record<string, string | number | null>>;
  readonly figures: readonly {
    readonly name: string;
    readonly digits: number;
    readonly columns: readonly (Figure | null)[];
  }[];
}

/**
 * The tables of results of several columns, by the names of their files.
 *
 * A row is a figure of a method. By the label of each column it has the `mean` over seeds, its
 * `deviation` and `error`, and for columns after the first `<label> - <first> difference` with
 * its error.
 */
export function comparisonTables(
  space: SearchSpace,
  columns: readonly ComparedColumn[],
): Record<string, ReportTable> {
  const tables: Record<string, ReportTable> = {};
  const place = space.title;
  const generation = generationTableNumber(space.name);
  for (const mode of ["paper", "strict"] as const) {
    const items = _generationItems(columns, mode);
    if (items.length === 0) continue;
    tables[`${generationTableName(space)}_${READINGS[mode]}`] = _table(
      items,
      columns,
      `${_numbered(generation, `generation on ${place}`)}, ${
        READINGS[mode]
      } reading (%)`,
      GENERATION_NOTE,
    );
  }
  const search = searchTableNumber(space.name);
  for (const dataset of _datasets(columns)) {
    tables[`${searchTableName(space)}_${dataset}`] = _table(
      _searchItems(columns, dataset),
      columns,
      `${_numbered(search, `search on ${place}`)}, ${dataset}`,
      SEARCH_NOTE,
    );
  }
  return tables;
}

const SEEDS_NOTE =
  "± after a figure is the sample standard deviation over training seeds, ± after a difference its standard error: that of means over training seeds where a column has several.";
const SHARES_NOTE =
  "A share of none or of all has an error of 0, which is too small.";
const GENERATION_NOTE =
  `${SEEDS_NOTE} Of a single training it is that of a share of independent samples, which does not say what another seed would bring; of uniqueness it is about right where few samples repeat. Reconstruction, of all validation cells, has none. ${SHARES_NOTE}`;
const SEARCH_NOTE =
  `${SEEDS_NOTE} Of a single training it is that over trials, of the trials that found the optimum that of a share. ${SHARES_NOTE} Trials of two runs begin alike where they have one seed; errors of differences leave that out, and are rather too large.`;

function _numbered(number: number | null, subject: string): string {
  return number === null
    ? subject[0].toUpperCase() + subject.slice(1)
    : `Table ${number}: ${subject}`;
}

/** The items of all columns, in the order of first appearance, by their keys. */
function _merged<T>(
  columns: readonly (readonly T[])[],
  key: (one: T) => string,
): { first: T; columns: (T | null)[] }[] {
  const maps = columns.map((own) => new Map(own.map((one) => [key(one), one])));
  const keys = new Set(maps.flatMap((map) => [...map.keys()]));
  return [...keys].map((key) => {
    const found = maps.map((map) => map.get(key) ?? null);
    return { first: found.find((one) => one !== null)!, columns: found };
  });
}

function _generationItems(
  columns: readonly ComparedColumn[],
  mode: ResultRow["mode"],
): Item[] {
  const areSeeds = columns.some(({ isMean }) => isMean);
  const groups = columns.map(({ runs: [first, ...others] }) =>
    seedGroups(
      // Beside other seeds of the same settings a run stands for its own.
      areSeeds
        ? first.generation.filter(({ seed }) => seed === first.seed)
        : first.generation,
      others.map(({ seed, generation }) => ({ seed, rows: generation })),
    ).filter((group) => group.mode === mode)
  );
  return _merged(groups, _groupName).map(({ first, columns }) => {
    const figure = (metric: ResultMetric | "temperature") =>
      columns.map((group) => group && _generationFigure(group, metric));
    const isChosen = first.reason !== undefined &&
      first.reason !== AS_PUBLISHED;
    return {
      name: { method: _groupName(first) },
      figures: [
        ...(isChosen
          ? [{
            name: "temperature",
            digits: 2,
            columns: figure("temperature"),
          }]
          : []),
        ...RESULT_METRICS.map((metric) => ({
          name: METRIC_TITLES[metric].replace(" (%)", "").toLowerCase()
            .replace("absolute", "abs."),
          digits: 2,
          columns: figure(metric),
        })),
      ],
    };
  });
}

/** Names what rows stand for, in their reading. */
function _groupName({ method, mode, reason, rows }: SeedGroup): string {
  if (reason !== undefined && reason !== AS_PUBLISHED) {
    return `${method}, best ${reason.replace(` (${READINGS[mode]})`, "")}`;
  }
  const [{ temperature }] = rows;
  return temperature === undefined ? method : `${method} t=${temperature}`;
}

function _generationFigure(
  { rows }: SeedGroup,
  metric: ResultMetric | "temperature",
): Figure | null {
  const isOfValid = metric === "uniqueness" || metric === "novelty";
  const figure = _overSeeds(
    // A share of no valid samples is none.
    rows.map((row) => isOfValid && row.validity === 0 ? null : row[metric]),
  );
  if (figure === null || rows.length > 1) return figure;
  if (metric === "temperature" || metric === "reconstruction") return figure;
  const [{ samples = 0, validity }] = rows;
  const count = isOfValid ? samples * validity / 100 : samples;
  const error = shareError(figure.value / 100, count);
  return { ...figure, error: error && 100 * error };
}

/** Names of the data sets that any run has searched on. */
function _datasets(columns: readonly ComparedColumn[]): string[] {
  const rows = columns.flatMap(({ runs }) =>
    runs.flatMap(({ search }) => search)
  );
  return [
    ...new Set(
      rows.flatMap((row) => Object.keys(row))
        .flatMap((key) => key.match(/^(.+) validation$/)?.[1] ?? []),
    ),
  ];
}

function _searchItems(
  columns: readonly ComparedColumn[],
  dataset: string,
): Item[] {
  const groups = columns.map(({ runs }) =>
    [...Map.groupBy(runs.flatMap(({ search }) => search), _searchName)]
      .map(([name, rows]) => ({ name, rows }))
  );
  return _merged(groups, ({ name }) => name).map(({ first, columns }) => {
    const [{ source, method, queries }] = first.rows;
    const figure = (name: string) =>
      columns.map((group) => group && _searchFigure(group.rows, dataset, name));
    return {
      name: {
        method: source === "measured" ? method : `${method}, surrogate`,
        queries,
      },
      figures: ["validation", "test", "optimum found"].map((name) =>
        name === "optimum found"
          ? { name, digits: 1, columns: figure(name) }
          : { name: `${name} (%)`, digits: 2, columns: figure(name) }
      ),
    };
  });
}

function _searchName({ source, method, queries }: SearchRow): string {
  return [source, method, queries].join("/");
}

function _searchFigure(
  rows: readonly SearchRow[],
  dataset: string,
  name: string,
): Figure | null {
  const figure = _overSeeds(rows.map((row) => row[`${dataset} ${name}`]));
  if (figure === null || rows.length > 1) return figure;
  const [row] = rows;
  const error = row[`${dataset} ${name} error`];
  const trials = Number(row[`${dataset} trials`]);
  if (name !== "optimum found") {
    return { ...figure, error: typeof error === "number" ? error : null };
  }
  const share = shareError(figure.value / trials, trials);
  return { ...figure, error: share && trials * share };
}

/** Mean, deviation and standard error over seeds; null where a seed has no figure. */
function _overSeeds(values: readonly unknown[]): Figure | null {
  const numbers = values.filter((value) =>
    typeof value === "number" && Number.isFinite(value)
  );
  if (numbers.length < values.length) return null;
  const { mean, deviation } = spread(numbers as number[]);
  const several = values.length > 1;
  return {
    value: mean,
    deviation: several ? deviation : null,
    error: several ? deviation / Math.sqrt(values.length) : null,
  };
}

function _table(
  items: readonly Item[],
  columns: readonly ComparedColumn[],
  caption: string,
  note: string,
): ReportTable {
  const [first, ...others] = columns.filter(({ isMean }) => !isMean);
  const rows = items.flatMap(({ name, figures }) =>
    figures.map((figure) => ({
      ...name,
      figure: figure.name,
      ..._figures(figure.columns, columns),
    }))
  );
  const starts = new Set<Row>();
  const digits = new Map<Row, number>();
  let at = 0;
  for (const { figures } of items) {
    for (const [i, figure] of figures.entries()) {
      if (i === 0) starts.add(rows[at]);
      digits.set(rows[at++], figure.digits);
    }
  }
  const rules = rows.flatMap((row, i) => i > 0 && starts.has(row) ? [i] : []);
  const names = Object.keys(items[0].name);
  return table(rows, {
    columns: [
      ...names.map((key): Column => ({
        key,
        align: "left",
        // Once for all figures of a method.
        format: (value, row) => starts.has(row) ? `${value ?? MISSING}` : "",
      })),
      "figure",
      ...columns.map(({ label }): Column => ({
        key: `${label} mean`,
        title: label,
        align: "right",
        format: (value, row) =>
          _text(value, row[`${label} deviation`], digits.get(row)!),
      })),
      ...others.map(({ label }): Column => {
        const key = `${label} - ${first.label}`;
        return {
          key: `${key} difference`,
          title: `${label} − ${first.label}`,
          align: "right",
          format: (value, row) => {
            const text = _text(value, row[`${key} error`], digits.get(row)!);
            return parseFloat(text) > 0 ? `+${text}` : text;
          },
        };
      }),
    ],
    rules,
    caption,
    notes: [note],
  });
}

/** What a row has of each column, and of the differences to the first. */
function _figures(
  figures: readonly (Figure | null)[],
  columns: readonly ComparedColumn[],
): Record<string, number | null> {
  const [base] = figures;
  return Object.assign(
    {},
    ...columns.map(({ label, isMean }, i) => {
      const figure = figures[i];
      const key = `${label} - ${columns[0].label}`;
      return {
        [`${label} mean`]: figure?.value ?? null,
        [`${label} deviation`]: figure?.deviation ?? null,
        [`${label} error`]: figure?.error ?? null,
        ...(i === 0 || isMean ? {} : {
          [`${key} difference`]: figure && base && figure.value - base.value,
          [`${key} error`]: _joinedError(figure, base),
        }),
      };
    }),
  );
}

/** The standard error of a difference of independent figures. */
function _joinedError(a: Figure | null, b: Figure | null): number | null {
  const [one, other] = [a?.error ?? null, b?.error ?? null];
  return one === null || other === null ? null : Math.hypot(one, other);
}

function _text(value: unknown, error: unknown, digits: number): string {
  if (typeof value !== "number") return MISSING;
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text) +
    (typeof error === "number" ? ` ± ${error.toFixed(digits)}` : "");
}
