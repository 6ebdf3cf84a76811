/**
 * JSON where a key stands once in its object: of two, `JSON.parse` takes the last in silence.
 *
 * @module
 */

import { shown, shownText } from "./shown.ts";

/** Objects and arrays within each other, as the reference reader of safetensors has it. */
const DEEPEST = 127;

/**
 * Parses JSON.
 *
 * @param options `wholeNumbers`: takes no number but a whole one, in digits alone.
 * @throws {SyntaxError} If it is not JSON, a key stands twice in an object, a text is no
 *   Unicode, or objects lie too deep in each other.
 */
export function parseStrictJson(
  text: string,
  { wholeNumbers = false }: { readonly wholeNumbers?: boolean } = {},
): unknown {
  const value = JSON.parse(text);
  // What follows looks at what the parsed value no longer shows; the syntax is right.
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === "{" || sign === "[") {
      open.push(sign === "{" ? new Set() : null);
      if (open.length > DEEPEST) {
        throw new SyntaxError(
          `objects must lie in each other at most ${DEEPEST} deep, got more`,
        );
      }
    } else if (sign === "}" || sign === "]") open.pop();
    else if (sign === '"') {
      const end = _endOfText(text, at);
      _checkText(text, at, end, open.at(-1) ?? null);
      at = end - 1;
    } else if (wholeNumbers && /[-\d]/.test(sign)) {
      const number = _matchAt(/[-+.\deE]+/y, text, at);
      if (!/^\d+$/.test(number)) {
        throw new SyntaxError(
          `numbers must be whole, in digits alone, got ${shownText(number)}`,
        );
      }
      at += number.length - 1;
    }
  }
  return value;
}

/** The position after the text that begins at one. */
function _endOfText(text: string, start: number): number {
  let end = start;
  while (true) {
    end = text.indexOf('"', end + 1);
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
}

/** Checks a text, which is a key of `keys` where a colon follows it. */
function _checkText(
  text: string,
  start: number,
  end: number,
  keys: Set<string> | null,
): void {
  const content: string = JSON.parse(text.slice(start, end));
  if (!content.isWellFormed()) {
    throw new SyntaxError(`texts must be Unicode, got ${shown(content)}`);
  }
  if (keys === null || _matchAt(/\s*:/y, text, end) === "") return;
  if (keys.has(content)) {
    throw new SyntaxError(
      `a key must stand once in its object, got ${shown(content)} twice`,
    );
  }
  keys.add(content);
}

/** What a sticky pattern matches from a position on; empty where it does not. */
function _matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}
