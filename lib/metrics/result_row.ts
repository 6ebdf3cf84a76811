/**
 * One row of a table of results: published or measured, in the same form.
 *
 * @module
 */

import type { MetricMode } from "../spaces/space.ts";
import type { GenerationReport } from "./generation.ts";
import type { ReconstructionReport } from "./reconstruction.ts";

/** What a row says of how its samples came about; the row states what applies. */
export interface RowSettings {
  /** Sampling temperature. */
  readonly temperature?: number;
  /** Most probable tokens sampled from; null: all. */
  readonly topK?: number | null;
  /** Probability mass sampled from; null: all. */
  readonly topP?: number | null;
  /** How many samples the percentages of generation are of. */
  readonly samples?: number;
  /** How many sentences were drawn for them; more than `samples` where some were left out. */
  readonly draws?: number;
  readonly seed?: number;
  /** Whether decodes were cut at the first output (`cut`) or not (`uncut`). */
  readonly cut?: boolean;
  /** What a reader has to know; printed under the table. */
  readonly note?: string;
}

/** A row of Table 1 or 2. Percentages are numbers from 0 to 100. */
export interface ResultRow extends RowSettings {
  readonly method: string;
  readonly source: "paper" | "measured";
  readonly mode: MetricMode;
  readonly reconstruction: number;
  readonly validity: number;
  readonly uniqueness: number;
  readonly absoluteUniqueness: number;
  readonly novelty: number;
  readonly absoluteNovelty: number;
  /** The same by structure, in strict rows of a space that has one coarser than its cells. */
  readonly structureUniqueness?: number;
  readonly structureAbsoluteUniqueness?: number;
  readonly structureNovelty?: number;
  readonly structureAbsoluteNovelty?: number;
}

/**
 * Puts a measured row together.
 *
 * The mode is that of the generation report. It decides which reconstruction
 * stands in the row: element-wise in paper mode, whole graphs in strict mode.
 */
export function measuredRow(
  method: string,
  measured: {
    readonly reconstruction: ReconstructionReport;
    readonly generation: GenerationReport;
  },
  settings: Omit<RowSettings, "samples"> = {},
): ResultRow {
  const { reconstruction, generation } = measured;
  const { byStructure } = generation;
  return {
    method,
    source: "measured",
    mode: generation.mode,
    reconstruction: generation.mode === "paper"
      ? reconstruction.elementwise
      : reconstruction.wholeGraph,
    validity: generation.validity,
    uniqueness: generation.uniqueness,
    absoluteUniqueness: generation.absoluteUniqueness,
    novelty: generation.novelty,
    absoluteNovelty: generation.absoluteNovelty,
    ...byStructure && {
      structureUniqueness: byStructure.uniqueness,
      structureAbsoluteUniqueness: byStructure.absoluteUniqueness,
      structureNovelty: byStructure.novelty,
      structureAbsoluteNovelty: byStructure.absoluteNovelty,
    },
    samples: generation.samples,
    ...settings,
  };
}
