/**
 * Configurations of models as they are read: each field checked by name, kind and bounds.
 *
 * @module
 */

import { shown, shownText } from "./shown.ts";

/** Fields of an object, each with a default for where it is missing. */
export class ConfigFields {
  readonly #file: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #action: string;

  /**
   * @param file What was read.
   * @param path Where, for errors.
   * @param action What cannot be done with a wrong one.
   * @throws {RangeError} If it is no object.
   */
  constructor(file: unknown, path: string, action = "use the model") {
    this.#path = path;
    this.#action = action;
    if (typeof file !== "object" || file === null || Array.isArray(file)) {
      this.#fail("the file", "an object", file);
    }
    this.#file = file as Record<string, unknown>;
  }

  /** Whether a field is there and null. */
  isNull(name: string): boolean {
    return this.#get(name) === null;
  }

  /**
   * A whole number in `[low, high]`.
   *
   * @throws {RangeError} If it is none, or is missing without a default.
   */
  whole(
    name: string,
    [low, high]: readonly [number, number],
    otherwise?: number,
  ): number {
    return this.real(
      name,
      `a whole number in [${low}, ${high}]`,
      (value) => Number.isInteger(value) && value >= low && value <= high,
      otherwise,
    );
  }

  /**
   * A number.
   *
   * @param rule What `isRight` asks for, for errors.
   * @throws {RangeError} If it is not right, or is missing without a default.
   */
  real(
    name: string,
    rule: string,
    isRight: (value: number) => boolean,
    otherwise?: number,
  ): number {
    const given = this.#get(name);
    const value = given === undefined ? otherwise : given;
    return typeof value === "number" && isRight(value)
      ? value
      : this.#fail(name, rule, value);
  }

  /**
   * One of some values, or a default where the field is missing.
   *
   * @throws {RangeError} If it is another.
   */
  oneOf<const T, const U = T>(
    name: string,
    values: readonly T[],
    otherwise: U,
  ): T | U {
    return this.#get(name) === undefined
      ? otherwise
      : this.choice(name, values);
  }

  /**
   * One of some values.
   *
   * @throws {RangeError} If it is another, or is missing.
   */
  choice<const T>(name: string, values: readonly T[]): T {
    const given = this.#get(name);
    const found = values.find((value) => value === given);
    return found ??
      this.#fail(name, values.map(String).join(" or "), given);
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#file, name) ? this.#file[name] : undefined;
  }

  #fail(name: string, rule: string, got: unknown): never {
    throw new RangeError(
      `Cannot ${this.#action} of ${this.#path}: ${name} must be ${rule}, got ${
        typeof got === "string" ? shownText(got) : shown(got)
      }`,
    );
  }
}
