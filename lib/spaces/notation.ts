/**
 * One way to write cells: what a notation is.
 *
 * @module
 */

import type { Graph } from "./graph.ts";

/** One way to write cells of a space. */
export interface Notation {
  /** By which commands know it. */
  readonly name: string;
  /** What it is, for a list of notations. */
  readonly title: string;
  /**
   * Whether a value is of this form and of no other notation's; false where a value of this
   * notation could be one of another, so that it has to be named.
   */
  isForm(value: unknown): boolean;
  /**
   * Reads a cell.
   *
   * @param value A text, a number, or what JSON makes of an array or an object.
   * @throws {SyntaxError} If the value is not of this notation: what it must be.
   */
  read(value: unknown): Graph;
  /**
   * Writes a cell, as a text or a value for JSON; missing where it is only read.
   *
   * @throws {RangeError} If the graph is not strictly a cell of the space.
   */
  write?(graph: Graph): unknown;
}
