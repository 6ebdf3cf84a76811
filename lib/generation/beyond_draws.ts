/**
 * Sampling with an aim beside independent draws, with figures that can be compared: what
 * comes of as many sentences drawn.
 *
 * An aim leaves out what does not serve it, so that shares of what is returned say little: a
 * hundred per cent can take a hundred thousand sentences. All is in the strict reading.
 *
 * @module
 */

import type { ResultRow } from "../metrics/result_row.ts";
import type { MeasuredGenerator } from "./generator.ts";
import { bestDraws, type MeasuredGenerators } from "./generators.ts";

/** A row of what came of one way to sample; its percentages are of the samples returned. */
export interface BeyondRow extends ResultRow {
  /** Valid samples, different cells among them, and novel ones, in 100 sentences drawn. */
  readonly validPer100: number;
  readonly uniquePer100: number;
  readonly novelPer100: number;
}

/** For each language model its independent draws, then its samples with an aim at the same temperature. */
export function beyondRows(
  measured: readonly MeasuredGenerators[],
): BeyondRow[] {
  return measured.flatMap(({ writer }) =>
    writer === undefined
      ? []
      : [bestDraws(measured, writer.code), ...writer.aimed].map(_row)
  );
}

function _row(
  { draws, reports: { strict }, rows }: MeasuredGenerator,
): BeyondRow {
  const per100 = (count: number) => 100 * count / draws;
  return {
    ...rows.strict,
    validPer100: per100(strict.valid),
    uniquePer100: per100(strict.distinct),
    novelPer100: per100(strict.novel),
  };
}
