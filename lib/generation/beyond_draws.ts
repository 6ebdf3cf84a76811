/**
 * Sampling with an aim beside independent draws, with figures that can be compared: what
 * comes of as many sentences drawn.
 *
 * An aim leaves out what does not serve it, so that shares of what is returned say little: a
 * hundred per cent can take a hundred thousand sentences. All is in the strict reading.
 *
 * @module
 */

import type { MeasuredGenerator } from "./generator.ts";
import { bestDraws, type MeasuredGenerators } from "./generators.ts";

/** What came of one way to sample. */
export interface BeyondRow {
  readonly method: string;
  readonly temperature?: number;
  readonly seed?: number;
  /** Sentences drawn; with `distinct` outcomes drawn without replacement. */
  readonly draws: number;
  /** Samples returned of them. */
  readonly samples: number;
  /** Percent of the samples returned. */
  readonly validity: number;
  readonly absoluteUniqueness: number;
  readonly absoluteNovelty: number;
  /** Valid samples, different cells among them, and novel ones, in 100 sentences drawn. */
  readonly validPer100: number;
  readonly uniquePer100: number;
  readonly novelPer100: number;
  readonly note?: string;
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
  const { method, temperature, seed, note } = rows.strict;
  const per100 = (count: number) => 100 * count / draws;
  return {
    method,
    temperature,
    seed,
    draws,
    samples: strict.samples,
    validity: strict.validity,
    absoluteUniqueness: strict.absoluteUniqueness,
    absoluteNovelty: strict.absoluteNovelty,
    validPer100: per100(strict.valid),
    uniquePer100: per100(strict.distinct),
    novelPer100: per100(strict.novel),
    ...(note === undefined ? {} : { note }),
  };
}
