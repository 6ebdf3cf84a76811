/**
 * Commands that stand in one text, as people write them in a shell, taken apart into words.
 *
 * Quotation marks and backslashes keep spaces together, as in POSIX; nothing is expanded, so a
 * word is what stands there.
 *
 * @module
 */

/**
 * Takes a command apart.
 *
 * @throws {SyntaxError} If a quotation mark is not closed, or there is no word.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(splitWords(`python "my train.py" --request {request}`), [
 *   "python",
 *   "my train.py",
 *   "--request",
 *   "{request}",
 * ]);
 * ```
 */
export function splitWords(command: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < command.length; at++) {
    const sign = command[at];
    if (sign === "'" || sign === '"') {
      const [text, end] = _quoted(command, at);
      word = (word ?? "") + text;
      at = end;
    } else if (sign === "\\" && at + 1 < command.length) {
      word = (word ?? "") + command[++at];
    } else if (/\s/.test(sign)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + sign;
  }
  if (word !== null) words.push(word);
  if (words.length === 0) {
    throw new SyntaxError(
      "Cannot read a command: it must have a word, got none",
    );
  }
  return words;
}

/** The text within quotation marks, and where they are closed. */
function _quoted(command: string, start: number): [string, number] {
  const mark = command[start];
  let text = "";
  for (let at = start + 1; at < command.length; at++) {
    const sign = command[at];
    if (sign === mark) return [text, at];
    const next = command[at + 1];
    // Within double quotation marks a backslash keeps what means something there, alone.
    if (sign === "\\" && mark === '"' && /["\\$`]/.test(next ?? "")) {
      text += command[++at];
    } else text += sign;
  }
  throw new SyntaxError(
    `Cannot read a command: ${mark} must be closed, got the end after ${
      command.slice(start)
    }`,
  );
}
