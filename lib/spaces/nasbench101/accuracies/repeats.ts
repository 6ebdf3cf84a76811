/**
 * Accuracies of NAS-Bench-101 as they were measured: three trainings of each cell, or their
 * means alone.
 *
 * Whatever they are read from, official records or a table, is collected here hash by hash,
 * and every door checks the same: hashes in either case, accuracies that are fractions, three
 * repeats or one mean. Cells are looked up last, so that a file that is wrong is refused
 * before the space is enumerated.
 *
 * Shapes: `n` covered cells, `R` repeats: 3, or 1 for a mean.
 *
 * @module
 */

import { shown } from "../../../core/shown.ts";
import type { SourceFile } from "../../../core/source_file.ts";
import { CELL_COUNT } from "../cells.ts";
import { cellOfHash } from "../table.ts";

/** Epochs of the trainings that count. */
export const EPOCHS = 108;

/** Trainings of each cell. */
export const REPEATS = 3;

/** Accuracies of each covered cell: its three trainings, or their mean alone. */
export type Repeats = 1 | 3;

/** All repeats of the covered cells, or their means. */
export interface Nasbench101Repeats {
  /** `R`. */
  readonly repeats: Repeats;
  /** Indices of the covered cells, `[n]`, ascending. */
  readonly cells: Uint32Array;
  /**
   * `[n, R]`, row-major, fractions in `[0, 1]`: trainings in float32, which is exact, as the
   * benchmark's doubles hold float32 numbers; means in float64.
   */
  readonly validation: Float32Array | Float64Array;
  /** As `validation`. */
  readonly test: Float32Array | Float64Array;
  /**
   * `[n]`: how many cells of the space each stands for, where the covered ones are
   * a stratified sample; null where each counts the same.
   */
  readonly weights: Float32Array | null;
  readonly source: SourceFile;
}

/** Numbers of `R` repeats. */
export function accuracyColumn(
  repeats: Repeats,
  length: number,
): Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> {
  return repeats === 1 ? new Float64Array(length) : new Float32Array(length);
}

/** Collects repeats in any order of cells. */
export class RepeatCollector {
  readonly #repeats: Repeats;
  readonly #rowName: (row: number) => string;
  /** Place of each hash: cells in the order in which they came. */
  readonly #places = new Map<string, number>();
  readonly #validation: Float32Array | Float64Array;
  readonly #test: Float32Array | Float64Array;
  readonly #counts = new Uint8Array(CELL_COUNT);
  /** The first row of each. */
  readonly #rows = new Uint32Array(CELL_COUNT);
  #weights: Float32Array | null = null;
  // Repeats of a cell mostly follow each other.
  #hash: string | null = null;
  #place = -1;

  /**
   * @param repeats How many accuracies each cell must have.
   * @param rowName What a row is called in errors, such as `record 7 of accuracies.csv`.
   */
  constructor(repeats: Repeats, rowName: (row: number) => string) {
    this.#repeats = repeats;
    this.#rowName = rowName;
    this.#validation = accuracyColumn(repeats, CELL_COUNT * repeats);
    this.#test = accuracyColumn(repeats, CELL_COUNT * repeats);
  }

  /**
   * Takes in one repeat of a cell.
   *
   * @param hash Hexadecimal digits in either case.
   * @param row Its number, for errors.
   * @returns The cell's place, for {@link addWeight}.
   * @throws {RangeError} If the hash can be that of no cell, an accuracy is not in `[0, 1]`, or
   *   the cell has all its repeats already.
   */
  add(hash: string, validation: number, test: number, row: number): number {
    if (hash !== this.#hash) {
      this.#place = this.#placeOf(hash, row);
      this.#hash = hash;
    }
    const place = this.#place;
    this.#checkAccuracy(validation, "validation", row);
    this.#checkAccuracy(test, "test", row);
    const count = this.#counts[place];
    if (count === this.#repeats) {
      throw new RangeError(
        `Cannot read accuracies: the cell of ${
          this.#rowName(row)
        }, ${hash}, must have ${
          this.#repeats === 1
            ? "one row, where no column trial tells trainings apart"
            : `${REPEATS} repeats`
        }, got one more`,
      );
    }
    this.#validation[place * this.#repeats + count] = validation;
    this.#test[place * this.#repeats + count] = test;
    this.#counts[place] = count + 1;
    return place;
  }

  /**
   * Takes in the weight of a cell in a stratified sample.
   *
   * @throws {RangeError} If it is not above 0, or above the number of cells.
   */
  addWeight(place: number, weight: number, row: number): void {
    if (!(Math.fround(weight) > 0 && weight <= CELL_COUNT)) {
      throw new RangeError(
        `Cannot read accuracies: the sampling weight of ${
          this.#rowName(row)
        } must be a number above 0 and at most ${CELL_COUNT}, got ${weight}`,
      );
    }
    this.#weights ??= new Float32Array(CELL_COUNT);
    this.#weights[place] = weight;
  }

  /**
   * Whether there is something, and all of each cell.
   *
   * @param name Of the file, for errors.
   * @throws {RangeError} If there is nothing, or a cell has too few repeats.
   */
  checkComplete(name: string): void {
    if (this.#places.size === 0) {
      throw new RangeError(
        `Cannot read accuracies: ${name} must have those of a cell, got none`,
      );
    }
    for (const [hash, place] of this.#places) {
      if (this.#counts[place] === this.#repeats) continue;
      throw new RangeError(
        `Cannot read accuracies: ${name} must have ${REPEATS} repeats of each cell, got ${
          this.#counts[place]
        } of ${hash}`,
      );
    }
  }

  /**
   * What was collected, in the order of the cells; the space must be prepared.
   *
   * @throws {RangeError} If no cell has a hash.
   */
  join(source: SourceFile): Nasbench101Repeats {
    const repeats = this.#repeats;
    const n = this.#places.size;
    const found = Array.from(this.#places, ([hash, place]) => {
      const cell = cellOfHash(hash);
      if (cell === null) this.#failHash(hash, this.#rows[place]);
      return { cell, place };
    }).sort((a, b) => a.cell - b.cell);
    const validation = accuracyColumn(repeats, n * repeats);
    const test = accuracyColumn(repeats, n * repeats);
    found.forEach(({ place }, i) => {
      const from = place * repeats, to = from + repeats;
      validation.set(this.#validation.subarray(from, to), i * repeats);
      test.set(this.#test.subarray(from, to), i * repeats);
    });
    const weights = this.#weights;
    return {
      repeats,
      cells: Uint32Array.from(found, ({ cell }) => cell),
      validation,
      test,
      weights: weights === null
        ? null
        : Float32Array.from(found, ({ place }) => weights[place]),
      source,
    };
  }

  #placeOf(given: string, row: number): number {
    const hash = given.toLowerCase();
    const known = this.#places.get(hash);
    if (known !== undefined) return known;
    if (!/^[0-9a-f]{32}$/.test(hash)) this.#failHash(given, row);
    const place = this.#places.size;
    if (place === CELL_COUNT) {
      throw new RangeError(
        `Cannot read accuracies: the rows up to ${
          this.#rowName(row)
        } must be of at most ${CELL_COUNT} cells, got one more`,
      );
    }
    this.#places.set(hash, place);
    this.#rows[place] = row;
    return place;
  }

  #failHash(hash: string, row: number): never {
    throw new RangeError(
      `Cannot read accuracies: the hash of ${
        this.#rowName(row)
      } must be that of a cell of NAS-Bench-101, got ${shown(hash)}`,
    );
  }

  #checkAccuracy(value: number, what: string, row: number): void {
    if (value >= 0 && value <= 1) return;
    throw new RangeError(
      `Cannot read accuracies: the ${what} accuracy of ${
        this.#rowName(row)
      } must be in [0, 1], got ${value}`,
    );
  }
}
