/**
 * Tables of results: the published rows, and under them the measured ones by mode.
 *
 * The columns are those of Tables 1 and 2 of the Arch-LLM paper; where cells of different
 * keys can compute the same, uniqueness and novelty by structure follow them.
 *
 * @module
 */

import type { ResultRow } from "../metrics/result_row.ts";
import { type Column, MISSING, type ReportTable, table } from "./tables.ts";

const METRICS = [
  ["reconstruction", "Reconstruction (%)"],
  ["validity", "Validity (%)"],
  ["uniqueness", "Uniqueness (%)"],
  ["absoluteUniqueness", "Absolute uniqueness (%)"],
  ["novelty", "Novelty (%)"],
  ["absoluteNovelty", "Absolute novelty (%)"],
] as const;
/** Columns of tables that have them. */
const BY_STRUCTURE = [
  ["structureUniqueness", "Uniqueness by structure (%)"],
  ["structureAbsoluteUniqueness", "Absolute uniqueness by structure (%)"],
  ["structureNovelty", "Novelty by structure (%)"],
  ["structureAbsoluteNovelty", "Absolute novelty by structure (%)"],
] as const;

/**
 * How a setting reads: `column` is its heading where measured rows differ in it,
 * `note` says it once under the table where they agree.
 */
const SETTINGS: readonly {
  readonly key: "samples" | "draws" | "seed" | "topK" | "topP" | "cut";
  readonly column: string;
  readonly text: (value: unknown) => string;
  readonly note: (value: unknown) => string;
}[] = [
  {
    key: "samples",
    column: "Samples",
    text: (value) => Number(value).toLocaleString("en-US"),
    note: (value) => `${Number(value).toLocaleString("en-US")} samples each`,
  },
  {
    key: "draws",
    column: "Draws",
    text: (value) => Number(value).toLocaleString("en-US"),
    note: (value) => `${Number(value).toLocaleString("en-US")} draws each`,
  },
  {
    key: "seed",
    column: "Seed",
    text: String,
    note: (value) => `seed ${value}`,
  },
  {
    key: "topK",
    column: "Top-k",
    text: (value) => value === null ? "off" : String(value),
    note: (value) => value === null ? "no top-k" : `top-k ${value}`,
  },
  {
    key: "topP",
    column: "Top-p",
    text: (value) => value === null ? "off" : String(value),
    note: (value) => value === null ? "no top-p" : `top-p ${value}`,
  },
  {
    key: "cut",
    column: "Decodes",
    text: (value) => value ? "cut" : "uncut",
    note: (value) =>
      value
        ? "decodes cut at the first output"
        : "decodes not cut at an output",
  },
];

/**
 * Lays out a table of results.
 *
 * Published rows come first, then the measured ones of the paper's mode, then
 * those of strict mode, each in the order given. The best measured value of a mode is
 * bold; one that all rows of the mode share is not. A setting that all
 * measured rows share is said once under the table, else it is a column. A row's
 * own note becomes a numbered footnote.
 *
 * @param options `notes`: lines under the table, such as the ceilings.
 */
export function resultTable(
  rows: readonly ResultRow[],
  options: {
    readonly caption?: string;
    readonly notes?: readonly string[];
  } = {},
): ReportTable {
  const published = rows.filter((row) => row.source === "paper");
  const measured = rows.filter((row) => row.source === "measured");
  const modes = (["paper", "strict"] as const)
    .map((mode) => measured.filter((row) => row.mode === mode))
    .filter((group) => group.length > 0);
  const ordered = [...published, ...modes.flat()];
  const groups = published.length > 0 ? [published, ...modes] : modes;
  const rules = groups.slice(0, -1).map((_, index) =>
    groups.slice(0, index + 1).flat().length
  );
  const footnotes = [
    ...new Set(ordered.flatMap((row) => row.note ? [row.note] : [])),
  ];
  const settings = SETTINGS.filter(({ key }) =>
    measured.some((row) => row[key] !== undefined)
  ).map((setting) => ({
    ...setting,
    shared: measured.every((row) =>
      row[setting.key] === measured[0][setting.key]
    ),
  }));
  const columns: Column[] = [
    {
      key: "method",
      title: "Method",
      format: (value, row) =>
        `${value}${
          row.note ? superscript(footnotes.indexOf(`${row.note}`) + 1) : ""
        }`,
    },
    { key: "source", title: "Source" },
    { key: "mode", title: "Mode" },
    {
      key: "temperature",
      title: "Temperature",
      digits: temperatureDigits(ordered),
    },
    ...settings.filter(({ shared }) => !shared).map((
      { key, column, text },
    ) => ({
      key,
      title: column,
      align: "right" as const,
      format: (value: unknown, row: Readonly<Record<string, unknown>>) =>
        value === undefined || row.source === "paper" ? MISSING : text(value),
    })),
    ...[
      ...METRICS,
      ...BY_STRUCTURE.filter(([key]) =>
        measured.some((row) => row[key] !== undefined)
      ),
    ].map(([key, title]) => ({ key, title, digits: 2 })),
  ];
  const shared = settings.filter(({ shared }) => shared)
    .map(({ key, note }) => note(measured[0][key]));
  const best = bestValues(modes);
  return table(ordered, {
    columns,
    rules,
    caption: options.caption ?? "",
    bold: (row, key) =>
      row.source === "measured" && row[key] !== undefined &&
      row[key] === best.get(`${row.mode} ${key}`),
    notes: [
      ...footnotes.map((note, index) => `${superscript(index + 1)} ${note}`),
      ...(shared.length > 0 ? [`Measured rows: ${shared.join(", ")}.`] : []),
      ...options.notes ?? [],
    ],
  });
}

/** The best value by `mode metric`, where the rows of a mode are not all the same. */
function bestValues(
  modes: readonly (readonly ResultRow[])[],
): Map<string, number> {
  const best = new Map<string, number>();
  for (const rows of modes) {
    for (const [metric] of [...METRICS, ...BY_STRUCTURE]) {
      const values = rows.flatMap((row) => row[metric] ?? [])
        .filter(Number.isFinite);
      const highest = Math.max(...values);
      if (values.some((value) => value < highest)) {
        best.set(`${rows[0].mode} ${metric}`, highest);
      }
    }
  }
  return best;
}

/** One decimal, or as many as the temperatures need. */
function temperatureDigits(rows: readonly ResultRow[]): number {
  return Math.max(
    1,
    ...rows.map((row) => `${row.temperature ?? ""}`.split(".")[1]?.length ?? 0),
  );
}

function superscript(number: number): string {
  return `${number}`.replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]);
}
