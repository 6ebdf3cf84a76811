/**
 * Tables and text in columns, for terminals.
 *
 * A table that is too wide has its headings and texts folded; where that is not enough its
 * columns come in blocks, one under the other, each with the first columns again.
 *
 * @module
 */

import type { ReportTable } from "./tables.ts";

type Column = ReportTable["columns"][number];

/** Columns of a terminal that everything fits in, unless told otherwise. */
const WIDTH = 80;
/** Between two columns. */
const GAP = "  ";
/** A text column is folded to no less, nor is a word of more broken. */
const NARROW = 16, LONG_WORD = 30;

/**
 * Plain text in columns.
 *
 * @param width The longest line, in characters.
 */
export function tableText(table: ReportTable, width: number = WIDTH): string {
  const blocks = _blocks(table.columns, width).map((block) =>
    _blockText(block, _widths(block, width))
  );
  return [
    ...(table.caption ? [foldText(table.caption, width)] : []),
    ...blocks,
    ...(table.notes.length > 0
      ? [table.notes.map((note) => foldText(note, width)).join("\n")]
      : []),
  ].join("\n\n");
}

/**
 * Folds each line of a text between words; a word that is longer than a line is broken.
 *
 * What continues an item of a list is indented.
 */
export function foldText(text: string, width: number = WIDTH): string {
  return text.split("\n").map((line) => {
    const [indent] = line.match(/^\s*(?:- )?/)!;
    return _fold(line.slice(indent.length), width - indent.length)
      .map((part, i) => (i === 0 ? indent : " ".repeat(indent.length)) + part)
      .join("\n");
  }).join("\n");
}

/** The lines of a text, none longer than `width`; one empty line of none. */
function _fold(text: string, width: number): string[] {
  if (_length(text) <= width) return [text];
  const lines = [""];
  for (let word of text.split(" ")) {
    const last = lines.at(-1)!;
    const room = width - _length(last) - (last === "" ? 0 : 1);
    if (_length(word) <= room) {
      lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
      continue;
    }
    if (last === "") lines.pop();
    for (; _length(word) > width; word = [...word].slice(width).join("")) {
      lines.push([...word].slice(0, width).join(""));
    }
    lines.push(word);
  }
  return lines;
}

/** Columns in blocks that can be folded to a width. */
function _blocks(columns: readonly Column[], width: number): Column[][] {
  const total = (block: readonly Column[], of: (column: Column) => number) =>
    block.reduce((sum, column) => sum + of(column) + GAP.length, -GAP.length);
  if (total(columns, _natural) <= width) return [[...columns]];
  const first = columns.findIndex(({ align }) => align === "right");
  const keys = columns.slice(0, Math.max(1, first));
  const blocks = [[...keys]];
  for (const column of columns.slice(keys.length)) {
    const block = blocks.at(-1)!;
    if (
      block.length > keys.length && total([...block, column], _least) > width
    ) blocks.push([...keys, column]);
    else block.push(column);
  }
  return blocks;
}

/** The width of each column of a block: the least, and what is left to those that need most. */
function _widths(block: readonly Column[], width: number): number[] {
  const widths = block.map(_least);
  const spare = () =>
    width - widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length);
  while (spare() > 0) {
    const needs = block.map((column, at) => _natural(column) / widths[at]);
    const most = Math.max(...needs);
    if (most <= 1) break;
    widths[needs.indexOf(most)]++;
  }
  while (spare() < 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest] <= 1) break;
    widths[widest]--;
  }
  return widths;
}

/** Wide enough for the column as it is. */
function _natural({ title, texts }: Column): number {
  return Math.max(...[title, ...texts].map(_length));
}

/** The least width: numbers stay whole, texts and the title are folded. */
function _least({ title, align, texts }: Column): number {
  const words = (text: string) =>
    text.split(" ").map((word) => Math.min(_length(word), LONG_WORD));
  const titleWidth = Math.max(...words(title));
  return align === "right"
    ? Math.max(titleWidth, ...texts.map(_length))
    : Math.max(
      titleWidth,
      ...texts.map((text) =>
        Math.max(...words(text), Math.min(_length(text), NARROW))
      ),
    );
}

function _blockText(
  block: readonly Column[],
  widths: readonly number[],
): string {
  if (block.length === 0) return "";
  const row = (folded: readonly (readonly string[])[]): string[] => {
    const height = Math.max(...folded.map((lines) => lines.length));
    return Array.from(
      { length: height },
      (_, line) =>
        folded.map((lines, at) => {
          const text = lines[line] ?? "";
          const space = " ".repeat(widths[at] - _length(text));
          return block[at].align === "right" ? space + text : text + space;
        }).join(GAP).trimEnd(),
    );
  };
  const cells = block.map(({ texts }, at) =>
    _flowed(texts.map((text) => _fold(text, widths[at])))
  );
  return [
    ...row(block.map(({ title }, at) => _fold(title, widths[at]))),
    widths.map((width) => "─".repeat(width)).join(GAP),
    ...block[0].texts.flatMap((_, i) => row(cells.map((of) => of[i]))),
  ].join("\n");
}

/** Has a folded text go on in the empty cells under it. */
function _flowed(cells: readonly string[][]): string[][] {
  const flowed = [...cells];
  for (let at = 0; at + 1 < flowed.length; at++) {
    const [line, ...rest] = flowed[at];
    if (rest.length > 0 && flowed[at + 1].join("") === "") {
      flowed[at] = [line];
      flowed[at + 1] = rest;
    }
  }
  return flowed;
}

/** In characters. */
function _length(text: string): number {
  return [...text].length;
}
