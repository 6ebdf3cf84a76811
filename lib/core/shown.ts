/**
 * Values as error messages show them: of bounded length, whatever was read.
 *
 * @module
 */

const LONGEST = 80;

/** A value as JSON, cut where it is long. */
export function shown(value: unknown): string {
  const text = typeof value === "string" && value.length > LONGEST
    ? JSON.stringify(value.slice(0, LONGEST + 1))
    : _json(value) ?? String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function _json(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return "what lies too deep in each other to be shown";
  }
}

/** A name or another text without quotation marks, cut where it is long. */
export function shownText(text: string, longest: number = LONGEST): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Entries joined by commas, the first few of many. */
export function shownList(entries: readonly string[], most = 6): string {
  const first = entries.slice(0, most)
    .map((entry) => shownText(entry, 2 * LONGEST)).join(", ");
  const more = entries.length - most;
  return more > 0 ? `${first} and ${more.toLocaleString("en-US")} more` : first;
}

/** What an error says, on one line and cut where it is long: parsers quote what they read. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return shownText(text.replace(/\s+/g, " "), 4 * LONGEST);
}
