/**
 * What the commands share: one sentence on an error, and option texts turned into values.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { shown } from "../core/shown.ts";
import { isRunName, OUTPUTS, RUN_NAME_RULE } from "../run/folders.ts";

/**
 * Runs a command to its end and leaves the process with its exit code.
 *
 * `--help` among the arguments shows the help, whatever else there is, and the exit code is
 * 0. An error is written to standard error as its message alone, and the exit code is 1; a
 * broken invariant (`Internal: …`) keeps its stack.
 *
 * @param help What the command does and its options.
 * @param command Gets the arguments; returns the exit code.
 */
export async function runCommand(
  help: string,
  command: (args: readonly string[]) => Promise<number>,
): Promise<never> {
  if (Deno.args.includes(HELP_OPTION)) {
    console.log(help.trimEnd());
    Deno.exit(0);
  }
  try {
    Deno.exit(await command(Deno.args));
  } catch (error) {
    const known = error instanceof Error &&
      !error.message.startsWith("Internal:");
    console.error(known ? error.message : error);
    Deno.exit(1);
  }
}

const HELP_OPTION = "--help";

/** Options by name: those with a value are `string`, flags are `boolean`. */
type Options = Readonly<
  Record<string, { readonly type: "string" | "boolean" }>
>;

/** Characters of the longest value: more are no path and no name. */
const LONGEST_VALUE = 1000;

/**
 * Parses `--name value`, `--name=value` and `--flag`; anything else is an error.
 *
 * @param action What cannot be done on an error.
 * @throws {RangeError} On an option that does not exist, stands twice, or whose value is
 *   missing or empty, and on a bare word.
 */
export function parseOptions<Given extends Options>(
  args: readonly string[],
  options: Given,
  action: string,
) {
  return _parse(args, options, action, false).values;
}

/**
 * As {@link parseOptions}, with bare words.
 *
 * @returns Values by option, and the words in order.
 */
export function parseWords<Given extends Options>(
  args: readonly string[],
  options: Given,
  action: string,
) {
  const { values, positionals } = _parse(args, options, action, true);
  return { values, words: positionals };
}

function _parse<Given extends Options>(
  args: readonly string[],
  options: Given,
  action: string,
  allowPositionals: boolean,
) {
  const fail = (what: string, cause?: unknown): never => {
    throw new RangeError(`Cannot ${action}: ${what}`, { cause });
  };
  for (const arg of args) {
    const name = arg.match(/^--[\w-]+(?==)/)?.[0] ?? "an argument";
    if (arg.length > LONGEST_VALUE) {
      fail(
        `${name} must have at most ${LONGEST_VALUE} characters, got ${arg.length}`,
      );
    }
    // deno-lint-ignore no-control-regex
    if (/[\x00-\x1f\x7f]/.test(arg)) {
      fail(
        `${name} must hold no control characters, got ${shown(arg)}`,
      );
    }
  }
  const parsed = (() => {
    try {
      return parseArgs({
        args: _joined(args, options),
        options,
        allowPositionals,
        tokens: true,
      });
    } catch (error) {
      // The first sentence says what is wrong; the rest are hints on dashes.
      const [first] = (error as Error).message.split(/\.\s|\n/);
      const lacking = first.match(/^Option '(--[\w-]+).*(?:missing|ambiguous)/);
      const what = lacking === null
        ? first[0].toLowerCase() + first.slice(1)
        : `${lacking[1]} must be followed by a value`;
      const names = Object.keys(options).map((name) => `--${name}`);
      const known = names.length === 0
        ? `the only option is ${HELP_OPTION}`
        : `the options are ${[...names, HELP_OPTION].join(", ")}`;
      return fail(`${what}; ${known}`, error);
    }
  })();
  const seen = new Set<string>();
  for (const token of parsed.tokens) {
    if (token.kind !== "option") continue;
    const { rawName, value } = token;
    if (seen.has(rawName)) fail(`${rawName} must stand once, got it twice`);
    if (value?.trim() === "") {
      fail(`${rawName} must be followed by a value, got an empty one`);
    }
    seen.add(rawName);
  }
  return parsed;
}

/** Arguments with `--name -5` as `--name=-5`: no option has one dash, so that is a value. */
function _joined(args: readonly string[], options: Options): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const next = args[i + 1] ?? "";
    const takesValue = args[i].startsWith("--") &&
      options[args[i].slice(2)]?.type === "string";
    if (takesValue && /^-[^-]/.test(next)) joined.push(`${args[i++]}=${next}`);
    else joined.push(args[i]);
  }
  return joined;
}

/**
 * Turns an option's text into a number.
 *
 * @param range The least and the greatest that it may be.
 * @returns The number; `undefined` where the option was not given.
 * @throws {RangeError} If the text is no decimal whole number, or it is out of range.
 */
export function wholeNumber(
  text: string | undefined,
  option: string,
  action: string,
  range?: readonly [low: number, high: number],
): number | undefined {
  if (text === undefined) return undefined;
  const number = /^-?\d+$/.test(text) ? Number(text) : NaN;
  const [low, high] = range ??
    [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  if (!(number >= low && number <= high)) {
    const rule = range === undefined ? "" : ` from ${low} to ${high}`;
    throw new RangeError(
      `Cannot ${action}: ${option} must be a whole number${rule}, got ${text}`,
    );
  }
  return number;
}

/** The folder in which the user typed `deno task`: what relative paths are relative to. */
export function userFolder(): string {
  return Deno.env.get("INIT_CWD") ?? Deno.cwd();
}

/**
 * As {@link outputsRoot}, of runs and records that are read.
 *
 * @throws {RangeError} If it is not there or no folder.
 */
export function existingOutputs(
  option: string | undefined,
  folder: string,
  action: string,
): string {
  return existingFolder(outputsRoot(option, folder), "--outputs", action);
}

/** The absolute folder of all runs and records, as `--outputs` names it; by default the project's. */
export function outputsRoot(
  option: string | undefined,
  folder: string,
): string {
  return option === undefined ? OUTPUTS : resolve(folder, option);
}

/**
 * Checks a folder that is to be read from.
 *
 * @param path Absolute.
 * @param option That named it.
 * @param options `files`: names of files that have to be in it.
 * @returns The path.
 * @throws {RangeError} If it is not there, no folder, or without one of the files.
 */
export function existingFolder(
  path: string,
  option: string,
  action: string,
  { files = [] }: { readonly files?: readonly string[] } = {},
): string {
  const found = _stat(path);
  const lacking = files.filter((file) => _stat(join(path, file)) === null);
  const got = found === null
    ? `nothing at ${path}`
    : !found.isDirectory
    ? `a file: ${path}`
    : lacking.length > 0
    ? `${path} without ${lacking.join(", ")}`
    : null;
  if (got === null) return path;
  const rule = files.length === 0 ? "" : ` with ${files.join(", ")}`;
  throw new RangeError(
    `Cannot ${action}: ${option} must be a folder${rule}, got ${got}`,
  );
}

/**
 * Checks a file that is to be read.
 *
 * @param path Absolute.
 * @param option That named it.
 * @returns The path.
 * @throws {RangeError} If it is not there, or no regular file.
 */
export function existingFile(
  path: string,
  option: string,
  action: string,
): string {
  const found = _stat(path);
  if (found?.isFile) return path;
  throw new RangeError(
    `Cannot ${action}: ${option} must be a file, got ${
      found === null ? "nothing at" : "something else:"
    } ${path}`,
  );
}

/** What is at a path; null where there is nothing, or nothing that can be looked at. */
function _stat(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null;
  }
}

/**
 * Checks the name of a run.
 *
 * @returns The name.
 * @throws {RangeError} If no run can have it.
 */
export function checkedRunName(name: string, action: string): string {
  if (isRunName(name)) return name;
  throw new RangeError(
    `Cannot ${action}: the name of a run must be ${RUN_NAME_RULE}, got ${name}`,
  );
}

/** A time as people say it: `8.2 s`, `3 min 5 s`, `1 h 2 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
