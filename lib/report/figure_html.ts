/**
 * A figure as a piece of an HTML page that has Plotly loaded, and the page's look.
 *
 * @module
 */

import type { Figure } from "./figure.ts";
import { escapeHtml, jsonForScript } from "./html.ts";

/**
 * An interactive figure that is as wide as the page lets it be.
 *
 * @param id Unique in the page.
 */
export function figureHtml(figure: Figure, id: string): string {
  const { width, ...layout } = figure.layout;
  const caption = figure.caption
    ? `<figcaption>${escapeHtml(figure.caption)}</figcaption>`
    : "";
  const parts = [figure.data, layout, { displaylogo: false, responsive: true }];
  return `<figure style="max-width:${width}px">
<div id="${escapeHtml(id)}" style="height:${layout.height}px"></div>
${caption}
<script>Plotly.newPlot(${jsonForScript(id)}, ${
    parts.map(jsonForScript).join(", ")
  });</script>
</figure>`;
}

/** Look of the pages: light and dark as the reader's system has it, and print. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --text: #222; --page: #fff; --faint: #666; --line: #ccc; --link: #0060a0; }
@media (prefers-color-scheme: dark) {
  :root { --text: #ddd; --page: #16181b; --faint: #999; --line: #444; --link: #6fb7e9; }
}
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: var(--text); background: var(--page);
  font: 16px/1.55 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 2.5rem; padding-top: 0.5rem; border-top: 1px solid var(--line); }
a { color: var(--link); }
figure { margin: 1.5rem 0; }
figure > div { background: #fff; border-radius: 4px; overflow: hidden; }
figcaption, .notes { color: var(--faint); font-size: 0.9rem; margin-top: 0.4rem; }
table { border-collapse: collapse; margin: 0.5rem 0; font-size: 0.93rem; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 8px; }
td:first-child { white-space: nowrap; }
.manifest td { white-space: normal; border: 0 !important; }
thead th { border-top: 1.5px solid; border-bottom: 1px solid; }
tbody tr:last-child td { border-bottom: 1.5px solid; }
.table { overflow-x: auto; margin: 1.5rem 0; }
.table ul { margin: 0.3rem 0; padding-left: 1.2rem; color: var(--faint); font-size: 0.9rem; }
pre { overflow-x: auto; padding: 0.6rem; border: 1px solid var(--line); border-radius: 4px; }
code { font-size: 0.92em; }
.manifest td { vertical-align: top; overflow-wrap: anywhere; }
@media print {
  :root { --text: #000; --page: #fff; --faint: #444; --line: #bbb; --link: #000; }
  /* A sheet is some 700 pixels wide, the widest figure 900. */
  body { max-width: none; margin: 0; zoom: 0.74; }
  nav, .modebar { display: none !important; }
  h2, h3 { break-after: avoid; }
  table { font-size: 0.8rem; }
  th, td { padding: 2px 5px !important; }
  td:first-child { white-space: normal; }
  .table { overflow: visible; }
  figure, .table { break-inside: avoid; }
}`;
