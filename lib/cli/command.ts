/**
 * What the commands share: one sentence on an error, and option texts turned into values.
 *
 * @module
 */

import { resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { OUTPUTS } from "../run/folders.ts";

/**
 * Runs a command to its end and leaves the process with its exit code.
 *
 * An error is written to standard error as its message alone, and the exit code
 * is 1; a broken invariant (`Internal: …`) keeps its stack.
 *
 * @param command Returns the exit code.
 */
export async function runCommand(
  command: () => Promise<number>,
): Promise<never> {
  try {
    Deno.exit(await command());
  } catch (error) {
    const known = error instanceof Error &&
      !error.message.startsWith("Internal:");
    console.error(known ? error.message : error);
    Deno.exit(1);
  }
}

/**
 * Parses `--name value`, `--name=value` and `--flag`; anything else is an error.
 *
 * @param action What cannot be done on an error.
 * @throws {RangeError} On an option that does not exist, lacks its value, or on a bare word.
 */
export function parseOptions<
  Options extends NonNullable<ParseArgsConfig["options"]>,
>(args: readonly string[], options: Options, action: string) {
  return _parse(args, options, action, false).values;
}

/**
 * As {@link parseOptions}, with bare words.
 *
 * @returns Values by option, and the words in order.
 */
export function parseWords<
  Options extends NonNullable<ParseArgsConfig["options"]>,
>(args: readonly string[], options: Options, action: string) {
  const { values, positionals } = _parse(args, options, action, true);
  return { values, words: positionals };
}

function _parse<Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: Options,
  action: string,
  allowPositionals: boolean,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals });
  } catch (error) {
    // The first sentence says what is wrong; the rest are hints on dashes.
    const [first] = (error as Error).message.split(/\.\s|\n/);
    const lacking = first.match(/^Option '(--[\w-]+).*(?:missing|ambiguous)/);
    const what = lacking === null
      ? first[0].toLowerCase() + first.slice(1)
      : `${lacking[1]} must be followed by a value`;
    const names = Object.keys(options).map((name) => `--${name}`);
    const known = names.length === 0
      ? "there are no options"
      : `the options are ${names.join(", ")}`;
    throw new RangeError(
      `Cannot ${action}: ${what}; ${known}`,
      { cause: error },
    );
  }
}

/**
 * Turns an option's text into a number.
 *
 * @returns The number; `undefined` where the option was not given.
 * @throws {RangeError} If the text is no decimal whole number.
 */
export function wholeNumber(
  text: string | undefined,
  option: string,
  action: string,
): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?\d+$/.test(text)) {
    throw new RangeError(
      `Cannot ${action}: ${option} must be a whole number, got ${text}`,
    );
  }
  return Number(text);
}

/** The folder in which the user typed `deno task`: what relative paths are relative to. */
export function userFolder(): string {
  return Deno.env.get("INIT_CWD") ?? Deno.cwd();
}

/** The absolute folder of all runs and records, as `--outputs` names it; by default the project's. */
export function outputsRoot(
  option: string | undefined,
  folder: string,
): string {
  return option === undefined ? OUTPUTS : resolve(folder, option);
}

/** A time as people say it: `8.2 s`, `3 min 5 s`, `1 h 2 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
