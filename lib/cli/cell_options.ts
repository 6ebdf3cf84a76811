/**
 * What commands that read or write cells of other programs say of notations and spaces.
 *
 * @module
 */

import { notationsOf } from "../spaces/notations.ts";
import { SPACES } from "../spaces/registry.ts";

/** The names of all spaces. */
export const SPACE_NAMES: string = SPACES.map(({ name }) => name).join(", ");

const INDENT = " ".repeat(19);

/** The notations of each space, a line each, for the help under an option. */
export const NOTATION_HELP: string = SPACES.map((space) => {
  const notations = notationsOf(space);
  const width = Math.max(...notations.map(({ name }) => name.length)) + 2;
  return [
    `${INDENT}${space.title}:`,
    ...notations.map(({ name, title }) =>
      `${INDENT}  ${name.padEnd(width)}${title}`
    ),
  ].join("\n");
}).join("\n");

/**
 * Takes the value of an option that has to be one of some names.
 *
 * @returns The name; `undefined` where the option was not given.
 * @throws {RangeError} If it is none of them.
 */
export function oneOf<Name extends string>(
  value: string | boolean | undefined,
  option: string,
  names: readonly Name[],
  action: string,
): Name | undefined {
  const found = names.find((name) => name === value);
  if (value === undefined || found !== undefined) return found;
  throw new RangeError(
    `Cannot ${action}: ${option} must be one of ${
      names.join(", ")
    }, got ${value}`,
  );
}
