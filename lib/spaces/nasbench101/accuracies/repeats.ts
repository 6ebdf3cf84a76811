/**
 * Accuracies of NAS-Bench-101 as they were measured: three trainings of each cell.
 *
 * Whatever they are read from, official records or a table, is collected here cell
 * by cell, and every door checks the same: known cells, accuracies that are
 * fractions, three repeats.
 *
 * Shapes: `n` covered cells, 3 repeats.
 *
 * @module
 */

import type { SourceFile } from "../../../core/source_file.ts";
import { CELL_COUNT } from "../cells.ts";
import { cellOfHash } from "../table.ts";

/** Trainings of each cell. */
export const REPEATS = 3;

/**
 * All repeats of the covered cells.
 *
 * In float32, which is exact: the benchmark's doubles hold float32 numbers.
 */
export interface Nasbench101Repeats {
  /** Indices of the covered cells, `[n]`, ascending. */
  readonly cells: Uint32Array;
  /** `[n, 3]`, row-major, fractions in `[0, 1]`. */
  readonly validation: Float32Array;
  /** `[n, 3]`, row-major, fractions in `[0, 1]`. */
  readonly test: Float32Array;
  /**
   * `[n]`: how many cells of the space each stands for, where the covered ones are
   * a stratified sample; null where each counts the same.
   */
  readonly weights: Float32Array | null;
  readonly source: SourceFile;
}

/** Collects repeats in any order of cells. */
export class RepeatCollector {
  readonly #validation = new Float32Array(CELL_COUNT * REPEATS);
  readonly #test = new Float32Array(CELL_COUNT * REPEATS);
  readonly #counts = new Uint8Array(CELL_COUNT);
  #covered = 0;
  #weights: Float32Array | null = null;
  // Repeats of a cell mostly follow each other.
  #hash = "";
  #cell = -1;

  /**
   * Takes in one repeat of a cell; the space must be prepared.
   *
   * @param row Where it stands, for errors, such as `record 7 of accuracies.csv`.
   * @returns The index of the cell.
   * @throws {RangeError} If no cell has the hash, an accuracy is not in `[0, 1]`, or
   *   the cell has three repeats already.
   */
  add(hash: string, validation: number, test: number, row: string): number {
    if (hash !== this.#hash) {
      const cell = cellOfHash(hash);
      if (cell === null) {
        throw new RangeError(
          `Cannot read accuracies: the hash of ${row} must be that of a cell of NAS-Bench-101, got ${
            JSON.stringify(hash)
          }`,
        );
      }
      this.#hash = hash;
      this.#cell = cell;
    }
    const cell = this.#cell;
    _checkAccuracy(validation, "validation", row);
    _checkAccuracy(test, "test", row);
    const count = this.#counts[cell];
    if (count === REPEATS) {
      throw new RangeError(
        `Cannot read accuracies: the cell of ${row}, ${hash}, must have ${REPEATS} repeats, got one more`,
      );
    }
    this.#validation[cell * REPEATS + count] = validation;
    this.#test[cell * REPEATS + count] = test;
    this.#counts[cell] = count + 1;
    if (count === 0) this.#covered++;
    return cell;
  }

  /**
   * Takes in the weight of a cell in a stratified sample.
   *
   * @throws {RangeError} If it is not a finite number of at least 0.
   */
  addWeight(cell: number, weight: number, row: string): void {
    if (!(weight >= 0 && weight < Infinity)) {
      throw new RangeError(
        `Cannot read accuracies: the sampling weight of ${row} must be a number of at least 0, got ${weight}`,
      );
    }
    this.#weights ??= new Float32Array(CELL_COUNT);
    this.#weights[cell] = weight;
  }

  /**
   * What was collected.
   *
   * @throws {RangeError} If there is nothing, or a cell has fewer than three repeats.
   */
  finish(source: SourceFile): Nasbench101Repeats {
    const counts = this.#counts;
    const n = this.#covered;
    if (n === 0) {
      throw new RangeError(
        `Cannot read accuracies: ${source.name} must have those of a cell, got none`,
      );
    }
    const cells = new Uint32Array(n);
    const validation = new Float32Array(n * REPEATS);
    const test = new Float32Array(n * REPEATS);
    const weights = this.#weights === null ? null : new Float32Array(n);
    let i = 0;
    for (let cell = 0; cell < CELL_COUNT; cell++) {
      if (counts[cell] === 0) continue;
      if (counts[cell] < REPEATS) {
        throw new RangeError(
          `Cannot read accuracies: ${source.name} must have ${REPEATS} repeats of each cell, got ${
            counts[cell]
          } of cell ${cell} in the order of hashes`,
        );
      }
      const from = cell * REPEATS, to = from + REPEATS;
      cells[i] = cell;
      validation.set(this.#validation.subarray(from, to), i * REPEATS);
      test.set(this.#test.subarray(from, to), i * REPEATS);
      if (weights !== null) weights[i] = this.#weights![cell];
      i++;
    }
    return { cells, validation, test, weights, source };
  }
}

function _checkAccuracy(value: number, what: string, row: string): void {
  if (value >= 0 && value <= 1) return;
  throw new RangeError(
    `Cannot read accuracies: the ${what} accuracy of ${row} must be in [0, 1], got ${value}`,
  );
}
