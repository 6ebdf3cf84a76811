/**
 * HTML made safe: text, script data, and the Markdown that the project writes.
 *
 * @module
 */

/** Escapes text for HTML content and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;")
    .replace(/>/g, "&gt;").replace(/"/g, "&quot;").replace(/'/g, "&#39;");
}

/** JSON that can stand inside a `<script>` element. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c")
    .replace(/\u2028/g, "\\u2028").replace(/\u2029/g, "\\u2029");
}

/**
 * Turns Markdown into HTML: headings, paragraphs, lists, fenced code, tables,
 * and inside a line code, bold, italic and links.
 *
 * What the project itself writes and no more. HTML in it is shown as text, and a
 * link leads only to http, https, a file beside the page, or a place within it.
 */
export function markdownToHtml(markdown: string): string {
  const lines = markdown.replace(/\r\n?/g, "\n").split("\n");
  const html: string[] = [];
  let at = 0;
  /** Takes lines as long as they match. */
  const take = (pattern: RegExp): string[] => {
    const start = at;
    while (at < lines.length && pattern.test(lines[at])) at++;
    return lines.slice(start, at);
  };
  while (at < lines.length) {
    const line = lines[at];
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (line.trim() === "") at++;
    else if (line.startsWith("```")) {
      at++;
      const code = take(/^(?!```)/);
      at++;
      html.push(`<pre><code>${escapeHtml(code.join("\n"))}</code></pre>`);
    } else if (heading) {
      const level = heading[1].length;
      html.push(`<h${level}>${inline(heading[2])}</h${level}>`);
      at++;
    } else if (BULLET.test(line)) {
      html.push(list("ul", take(LIST_LINE), BULLET));
    } else if (NUMBER.test(line)) {
      html.push(list("ol", take(LIST_LINE), NUMBER));
    } else if (line.startsWith("|")) {
      html.push(tableHtml(take(/^\|/)));
    } else {
      const text = take(PARAGRAPH_LINE);
      html.push(
        `<p>${inline((text.length ? text : [lines[at++]]).join("\n"))}</p>`,
      );
    }
  }
  return html.join("\n");
}

const BULLET = /^[-*]\s+/;
const NUMBER = /^\d+\.\s+/;
/** An item, or a line that goes on with one. */
const LIST_LINE = /^([-*]\s|\d+\.\s|\s+\S)/;
const PARAGRAPH_LINE = /^(?!\s*$|```|#{1,6}\s|[-*]\s|\d+\.\s|\|)/;

function list(tag: "ul" | "ol", lines: string[], mark: RegExp): string {
  const items: string[] = [];
  for (const line of lines) {
    if (mark.test(line) || items.length === 0) {
      items.push(line.replace(mark, ""));
    } else items[items.length - 1] += "\n" + line.trim();
  }
  return `<${tag}>${
    items.map((item) => `<li>${inline(item)}</li>`).join("")
  }</${tag}>`;
}

/** Splits a row at the bars that no backslash stands before. */
function cells(row: string): string[] {
  const inner = row.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  const parts: string[] = [""];
  for (let i = 0; i < inner.length; i++) {
    if (inner[i] === "\\") parts[parts.length - 1] += inner[i] + inner[++i];
    else if (inner[i] === "|") parts.push("");
    else parts[parts.length - 1] += inner[i];
  }
  return parts.map((part) => part.trim());
}

function tableHtml(rows: string[]): string {
  const [head, rule = "", ...body] = rows;
  const alignment = cells(rule).map((cell) =>
    /^:-*:$/.test(cell) ? "center" : cell.endsWith(":") ? "right" : "left"
  );
  const rowHtml = (row: string, tag: string) =>
    `<tr>${
      cells(row).map((cell, column) =>
        `<${tag} style="text-align:${alignment[column] ?? "left"}">${
          inline(cell)
        }</${tag}>`
      ).join("")
    }</tr>`;
  return `<table><thead>${rowHtml(head, "th")}</thead><tbody>${
    body.map((row) => rowHtml(row, "td")).join("")
  }</tbody></table>`;
}

/** Stands around the number of a piece put aside; not in any text (private use). */
const ASIDE = "\uE000";

/** Formats one run of text; `\` keeps the character after it as it is. */
function inline(text: string): string {
  // What is final is put aside, so that later rules do not touch it.
  const kept: string[] = [];
  const keep = (html: string) => `${ASIDE}${kept.push(html) - 1}${ASIDE}`;
  const marked = text.replaceAll(ASIDE, "")
    .replace(
      /`([^`]+)`/g,
      (_, code) => keep(`<code>${escapeHtml(code)}</code>`),
    )
    .replace(
      /\\([\\`*_{}[\]()#+\-.!|<>&~$])/g,
      (_, char) => keep(escapeHtml(char)),
    )
    .replace(
      /\[([^\]]+)\]\(([^\s)]+)\)/g,
      (whole, label, target) =>
        /^(https?:|[^:]*$)/.test(target)
          ? keep(`<a href="${escapeHtml(target)}">`) + label + keep("</a>")
          : whole,
    );
  return escapeHtml(marked)
    .replace(/\*\*(.+?)\*\*/gs, "<strong>$1</strong>")
    .replace(/(?<!\w)[*_](\S|\S.*?\S)[*_](?!\w)/gs, "<em>$1</em>")
    .replace(/\uE000(\d+)\uE000/g, (_, index) => kept[Number(index)]);
}
