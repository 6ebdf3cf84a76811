/**
 * Tables as readers see them: HTML and Markdown, and CSV with the values unrounded.
 *
 * The columns are held and written by Arquero; what is added here is rounding, bold,
 * captions, footnotes and escaping. Plain text is in `table_text.ts`, tables of
 * results are in `result_table.ts`.
 *
 * @module
 */

import { type ColumnTable, table as arqueroTable } from "arquero";
import { escapeHtml } from "./html.ts";

/** A row as it comes: any values by name. */
export type Row = Readonly<Record<string, unknown>>;

/** How one column is shown. */
export interface Column {
  /** Name of the value in the row. */
  readonly key: string;
  /** Heading; the key by default. */
  readonly title?: string;
  /** Decimals; by default 2, or none where every number is whole. */
  readonly digits?: number;
  /** By default numbers to the right, text to the left. */
  readonly align?: "left" | "right" | "center";
  /** Replaces the usual way to write a value, missing ones included. */
  readonly format?: (value: unknown, row: Row) => string;
}

/** A table that is ready to be shown or saved. */
export interface ReportTable {
  readonly caption: string;
  /** Rows as given, unrounded. */
  readonly rows: readonly Row[];
  /** Columns as shown; texts, one per row. */
  readonly columns: readonly {
    readonly title: string;
    readonly align: "left" | "right" | "center";
    readonly texts: readonly string[];
    readonly bold: readonly boolean[];
  }[];
  /** Rows that a rule is drawn above. */
  readonly rules: readonly number[];
  /** What the reader has to know, under the table. */
  readonly notes: readonly string[];
}

/** Stands for a missing value. */
export const MISSING = "–";

/**
 * Prepares a table.
 *
 * Numbers get two decimals or none, whole ones a comma per thousand; one that two
 * decimals would round to zero is written with two significant digits. A missing
 * value (`null`, `undefined`, `NaN`) is `–`.
 *
 * @param rows Rows, or an Arquero table.
 * @param options `columns`: what is shown, in this order, by default every key;
 *   `bold`: which cells stand out; `rules`: rows that a rule is drawn above.
 * @throws {RangeError} If two columns have one title.
 */
export function table(
  rows: readonly object[] | ColumnTable,
  options: {
    readonly columns?: readonly (string | Column)[];
    readonly caption?: string;
    readonly notes?: readonly string[];
    readonly bold?: (row: Row, key: string) => boolean;
    readonly rules?: readonly number[];
  } = {},
): ReportTable {
  const list = ("objects" in rows ? rows.objects() : rows) as readonly Row[];
  const specified = options.columns ?? keysOf(list);
  const columns = specified.map((each) => {
    const column = typeof each === "string" ? { key: each } : each;
    const values = list.map((row) => row[column.key]);
    const present = values.filter((value) => !isMissing(value));
    const numeric = present.length > 0 &&
      present.every((value) => typeof value === "number");
    const digits = column.digits ?? (values.every(isWhole) ? 0 : 2);
    return {
      title: column.title ?? column.key,
      align: column.align ?? (numeric ? "right" as const : "left" as const),
      texts: list.map((row, index) =>
        column.format?.(values[index], row) ?? valueText(values[index], digits)
      ),
      bold: list.map((row) => options.bold?.(row, column.key) ?? false),
    };
  });
  const titles = columns.map((column) => column.title);
  const double = titles.find((title, at) => titles.indexOf(title) !== at);
  if (double !== undefined) {
    throw new RangeError(
      `Cannot make a table: titles of columns must differ, got ${double} twice`,
    );
  }
  return {
    caption: options.caption ?? "",
    rows: list,
    columns,
    rules: options.rules ?? [],
    notes: options.notes ?? [],
  };
}

/** Every key of any row, in the order of first appearance. */
function keysOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

function isMissing(value: unknown): boolean {
  return value === null || value === undefined || Number.isNaN(value);
}

function isWhole(value: unknown): boolean {
  return typeof value !== "number" || !Number.isFinite(value) ||
    Number.isInteger(value);
}

function valueText(value: unknown, digits: number): string {
  if (isMissing(value)) return MISSING;
  if (typeof value === "number") {
    if (value !== 0 && Math.abs(value) < 0.5 * 10 ** -digits) {
      return `${Number(value.toPrecision(2))}`;
    }
    return value.toLocaleString("en-US", {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The rows as an Arquero table: every key, values as they are. */
export function toArquero(rows: readonly Row[]): ColumnTable {
  const keys = keysOf(rows);
  // Entries and names, because an object would put a column called 1 first.
  return arqueroTable(
    keys.map((
      key,
    ) => [key, rows.map((row) => isMissing(row[key]) ? null : row[key])]),
    keys,
  );
}

/** CSV of every key with unrounded values; a missing one is empty. */
export function tableCsv(table: ReportTable): string {
  return toArquero(table.rows).toCSV();
}

/** The shown texts as an Arquero table, each cell rewritten. */
function textTable(
  { columns }: ReportTable,
  title: (text: string) => string,
  cell: (text: string, bold: boolean) => string,
): { texts: ColumnTable; align: Record<string, "l" | "r" | "c"> } {
  const names = columns.map((column) => title(column.title));
  const entries = columns.map((column, at): [string, string[]] => [
    names[at],
    column.texts.map((text, row) => cell(text, column.bold[row])),
  ]);
  const align = Object.fromEntries(
    columns.map((
      column,
      at,
    ) => [names[at], column.align[0] as "l" | "r" | "c"]),
  );
  return { texts: arqueroTable(entries, names), align };
}

/** GitHub's Markdown: the caption, the table, the notes as a list. */
export function tableMarkdown(table: ReportTable): string {
  const { texts, align } = textTable(
    table,
    escapeMarkdown,
    (text, bold) => bold ? `**${escapeMarkdown(text)}**` : escapeMarkdown(text),
  );
  const parts = [
    table.caption && `**${escapeMarkdown(table.caption)}**`,
    texts.toMarkdown({ align, limit: Infinity }).trimEnd(),
    table.notes.map((note) => `- ${escapeMarkdown(note)}`).join("\n"),
  ];
  return parts.filter(Boolean).join("\n\n") + "\n";
}

/** Escapes what Markdown would read as markup; the bar is left to Arquero. */
export function escapeMarkdown(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replace(/[\\`*_[\]<>]/g, "\\$&");
}

const RULE = "1.5px solid currentColor";

/**
 * HTML with its styles inline, for notebooks and the report.
 *
 * It takes the colours of the page, so it reads in light and dark.
 */
export function tableHtml(table: ReportTable): string {
  const { texts, align } = textTable(table, escapeHtml, (text) => text);
  const bold = new Map(
    table.columns.map((column) => [escapeHtml(column.title), column.bold]),
  );
  const last = table.rows.length - 1;
  const html = texts.toHTML({
    limit: Infinity, // else a hundred rows
    align,
    style: {
      table: "border-collapse:collapse;border:0;margin:4px 0;color:inherit",
      th: `padding:4px 8px;border:0;border-top:${RULE};` +
        `border-bottom:1px solid currentColor;font-weight:600`,
      td: (title: string, row: number) =>
        "padding:3px 8px;border:0" +
        (bold.get(title)?.[row] ? ";font-weight:700" : "") +
        (table.rules.includes(row)
          ? ";border-top:1px solid currentColor"
          : "") +
        (row === last ? `;border-bottom:${RULE}` : ""),
    },
  });
  const caption = table.caption
    ? `<p style="margin:4px 0"><strong>${
      escapeHtml(table.caption)
    }</strong></p>`
    : "";
  const notes = table.notes.map((note) =>
    `<p style="margin:2px 0;font-size:0.88em">${escapeHtml(note)}</p>`
  ).join("");
  return `<div style="overflow-x:auto;margin:8px 0">${caption}${html}${notes}</div>`;
}
