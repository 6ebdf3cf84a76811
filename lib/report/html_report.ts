/**
 * The report of a run: one HTML file with every table and figure, that needs nothing
 * but a browser.
 *
 * @module
 */

import { writeFileAtomic } from "../core/files.ts";
import type { Figure } from "./figure.ts";
import { figureHtml, PAGE_STYLE } from "./figure_html.ts";
import { escapeHtml, markdownToHtml } from "./html.ts";
import { plotlyPath } from "./images.ts";
import { readFigure, readTable } from "./save.ts";
import { MISSING, type ReportTable, tableHtml } from "./tables.ts";

/** A part of the report: text, then tables, then figures. */
export interface ReportSection {
  readonly title: string;
  readonly markdown?: string;
  /** Trusted HTML such as a drawing; put in as it is. */
  readonly html?: string;
  /** A string is Markdown, as `readTable` returns it. */
  readonly tables?: readonly (ReportTable | string)[];
  readonly figures?: readonly Figure[];
}

/** A whole report. */
export interface Report {
  readonly title: string;
  /** Markdown. */
  readonly intro: string;
  readonly sections: readonly ReportSection[];
  /** How the run came about: seed, versions, times; shown at the end. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** A section by the names of what it shows. */
export interface PlannedSection
  extends Omit<ReportSection, "tables" | "figures"> {
  readonly tables?: readonly string[];
  readonly figures?: readonly string[];
}

/**
 * Reads back the saved tables and figures that a plan names.
 *
 * @param outputs Folder of the run's outputs.
 * @throws {Error} If one of them was not saved.
 */
export function readSections(
  outputs: string,
  plan: readonly PlannedSection[],
): Promise<ReportSection[]> {
  return Promise.all(plan.map(async (section) => ({
    ...section,
    tables: await Promise.all(
      (section.tables ?? []).map((name) => readTable(outputs, name)),
    ),
    figures: await Promise.all(
      (section.figures ?? []).map((name) => readFigure(outputs, name)),
    ),
  })));
}

/**
 * Writes a report as one file, Plotly included once.
 *
 * @throws {Error} If the file cannot be written.
 */
export async function writeReport(
  report: Report,
  path: string,
): Promise<void> {
  const plotly = await Deno.readTextFile(plotlyPath());
  await writeFileAtomic(path, reportHtml(report, plotly));
}

/**
 * A report as HTML.
 *
 * @param plotly Source of the Plotly library.
 */
export function reportHtml(report: Report, plotly: string): string {
  const sections = report.sections.map((section, at) =>
    sectionHtml(section, at + 1)
  );
  const contents = report.sections.map(({ title }, at) =>
    `<li><a href="#section-${at + 1}">${escapeHtml(title)}</a></li>`
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.title)}</title>
<style>${PAGE_STYLE}</style>
<script>${plotly.replace(/<\/(script)/gi, "<\\/$1")}</script>
</head>
<body>
<h1>${escapeHtml(report.title)}</h1>
${markdownToHtml(report.intro)}
<nav><ul>${contents.join("")}<li><a href="#run">The run</a></li></ul></nav>
${sections.join("\n")}
<section id="run">
<h2>The run</h2>
${manifestHtml(report.manifest)}
</section>
</body>
</html>
`;
}

function sectionHtml(section: ReportSection, number: number): string {
  const tables = (section.tables ?? []).map((table) =>
    `<div class="table">${
      typeof table === "string" ? markdownToHtml(table) : tableHtml(table)
    }</div>`
  );
  const figures = (section.figures ?? []).map((figure, at) =>
    figureHtml(figure, `figure-${number}-${at + 1}`)
  );
  return [
    `<section id="section-${number}">`,
    `<h2>${escapeHtml(section.title)}</h2>`,
    section.markdown ? markdownToHtml(section.markdown) : "",
    section.html ?? "",
    ...tables,
    ...figures,
    "</section>",
  ].filter(Boolean).join("\n");
}

/** Values as a table; an object with more than eight entries is folded. */
function manifestHtml(values: Readonly<Record<string, unknown>>): string {
  const rows = Object.entries(values).map(([key, value]) =>
    `<tr><td>${escapeHtml(key)}</td><td>${valueHtml(value)}</td></tr>`
  );
  return `<table class="manifest"><tbody>${rows.join("")}</tbody></table>`;
}

function valueHtml(value: unknown): string {
  if (value === null || value === undefined) return MISSING;
  if (typeof value !== "object") return escapeHtml(String(value));
  const entries = Object.entries(value);
  if (entries.length === 0) return MISSING;
  if (Array.isArray(value) && value.every((each) => typeof each !== "object")) {
    return escapeHtml(value.join(", "));
  }
  const inner = manifestHtml(Object.fromEntries(entries));
  return entries.length <= 8
    ? inner
    : `<details><summary>${entries.length} entries</summary>${inner}</details>`;
}
