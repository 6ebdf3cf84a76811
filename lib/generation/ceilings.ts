/**
 * What the metrics can reach at best: printed under the tables they bound.
 *
 * @module
 */

import { publishedRows } from "../paper/generation_tables.ts";
import {
  isEnumerated,
  type MetricMode,
  type SearchSpace,
} from "../spaces/space.ts";

/** Sizes of a space. */
export interface SpaceSize {
  readonly cells: number;
  readonly trainCells: number;
}

/** A bound on a column of a table. */
export interface Ceiling {
  readonly metric:
    | "reconstruction"
    | "absoluteUniqueness"
    | "novelty";
  /** The mode of the rows that it bounds. */
  readonly mode: MetricMode;
  /** Percent. */
  readonly percent: number;
  /** One sentence for readers, with the number in it. */
  readonly text: string;
}

/**
 * The expected number of different cells among independent uniform draws.
 *
 * `N(1 − (1 − 1/N)^n)`; a distribution that is not uniform has fewer.
 *
 * @param draws `n`, at least 0.
 * @param cells `N`, at least 1.
 * @throws {RangeError} If either is not such an integer.
 */
export function expectedDistinct(draws: number, cells: number): number {
  _count("draws", draws, 0);
  _count("cells", cells, 1);
  if (draws === 0) return 0;
  // 1 − (1 − 1/N)^n without the cancellation that a large N brings.
  return -cells * Math.expm1(draws * Math.log1p(-1 / cells));
}

/**
 * The highest strict novelty that a number of valid, distinct samples leaves room for.
 *
 * Only cells outside the training set are novel; the other distinct cells are
 * training cells, and each of them takes at least one of the valid samples.
 *
 * @param report `valid` samples with `distinct` cells among them.
 * @returns Percent of the valid samples.
 * @throws {RangeError} If not `1 ≤ distinct ≤ valid`.
 */
export function noveltyBound(
  report: { readonly valid: number; readonly distinct: number },
  size: SpaceSize,
): number {
  const { valid, distinct } = report;
  _count("distinct samples", distinct, 1);
  if (!(Number.isInteger(valid) && valid >= distinct)) {
    throw new RangeError(
      `Cannot bound a metric: valid samples must be an integer of at least ${distinct}, got ${valid}`,
    );
  }
  const seen = Math.max(0, distinct - (size.cells - size.trainCells));
  return 100 * (valid - seen) / valid;
}

/** The novelty, in percent, that uniform draws from all cells are expected to have. */
export function uniformNovelty(size: SpaceSize): number {
  return 100 * (1 - size.trainCells / size.cells);
}

/**
 * The ceilings to print under a space's table; none where its cells are not counted.
 *
 * @param draws How many samples each row is of.
 * @throws {RangeError} If `draws` is not a positive integer.
 */
export function ceilings(space: SearchSpace, draws: number): Ceiling[] {
  _count("draws", draws, 1);
  const cells = isEnumerated(space) ? space.cells().count : space.cellCount;
  if (cells === undefined) return [];
  const size = { cells, trainCells: space.split().train.length };
  const distinct = 100 * expectedDistinct(draws, size.cells) / draws;
  const novel = uniformNovelty(size);
  const bound = space.settings.reconstructionCeiling;
  return [
    ...(bound === undefined ? [] : [{
      metric: "reconstruction" as const,
      mode: "strict" as const,
      percent: bound.all,
      text:
        `Whole graphs: an undirected encoder without node positions and an inner-product decoder can reconstruct at most ${bound.all} % of all cells (${bound.validation} % of the validation cells), because in the others two nodes that no edge joins get the same embedding.`,
    }]),
    {
      metric: "absoluteUniqueness",
      mode: "strict",
      percent: distinct,
      text: `Independent draws: ${_number(draws)} uniform draws from ${
        _number(size.cells)
      } cells are expected to hold ${
        distinct.toFixed(2)
      } % distinct cells, the most that independent samples can be expected to reach in strict absolute uniqueness.`,
    },
    {
      metric: "novelty",
      mode: "strict",
      percent: novel,
      text: `Uniform draws: ${
        novel.toFixed(2)
      } % of them are expected to be strictly novel, the share of cells that are not in training.`,
    },
    ..._publishedNovelty(space, size),
  ];
}

/** What the most novel published row could be if it were strict, where that is less than printed. */
function _publishedNovelty(space: SearchSpace, size: SpaceSize): Ceiling[] {
  const row = publishedRows(space.name).at(-1);
  if (row === undefined) return [];
  const { method, samples, validity, uniqueness, novelty } = row;
  const valid = Math.round(samples! * validity / 100);
  const distinct = Math.round(valid * uniqueness / 100);
  const percent = noveltyBound({ valid, distinct }, size);
  if (percent >= novelty) return [];
  return [{
    metric: "novelty",
    mode: "strict",
    percent,
    text: `The published ${method}: ${_number(distinct)} distinct among ${
      _number(valid)
    } valid samples leave room for at most ${
      percent.toFixed(1)
    } % strict novelty, so the printed ${novelty} % is not strict.`,
  }];
}

function _count(what: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(
      `Cannot bound a metric: ${what} must be an integer of at least ${least}, got ${value}`,
    );
  }
}

function _number(value: number): string {
  return value.toLocaleString("en-US");
}
