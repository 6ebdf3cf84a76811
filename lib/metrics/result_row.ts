/**
 * One row of a table of results: published or measured, in the same form.
 *
 * @module
 */

import type { MetricMode } from "../spaces/space.ts";
import type { GenerationReport } from "./generation.ts";
import type { ReconstructionReport } from "./reconstruction.ts";

/**
 * The readings of the metrics as people are told of them.
 *
 * The published reading is an inference: that under which the paper's figures are possible.
 * The paper does not state it. The strict one is what a user of the metrics means.
 */
export const READINGS: Readonly<Record<MetricMode, string>> = {
  paper: "published",
  strict: "strict",
};

/** What a row says of how its samples came about; the row states what applies. */
export interface RowSettings {
  /** Sampling temperature. */
  readonly temperature?: number;
  /** What the temperature was chosen for, each once, with `; ` between. */
  readonly chosenFor?: string;
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
  /** Nodes whose operation is not looked at in the published reading. */
  readonly uncheckedNodes?: readonly number[];
  /** The key of its file of samples: what the percentages of generation are counted from. */
  readonly samplesKey?: string;
  /** The key of the file of what came back of the validation cells, which reconstruction is counted from. */
  readonly reconstructionKey?: string;
  /** What a reader has to know; printed under the table. */
  readonly note?: string;
}

/** The metrics of Tables 1 and 2, in the order of their columns. */
export const RESULT_METRICS = [
  "reconstruction",
  "validity",
  "uniqueness",
  "absoluteUniqueness",
  "novelty",
  "absoluteNovelty",
] as const;
/** One of {@link RESULT_METRICS}. */
export type ResultMetric = typeof RESULT_METRICS[number];

/** A row of Table 1 or 2. Metrics are percentages, numbers from 0 to 100. */
export interface ResultRow
  extends RowSettings, Readonly<Record<ResultMetric, number>> {
  readonly method: string;
  readonly source: "paper" | "measured";
  readonly mode: MetricMode;
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
 * stands in the row: element-wise in the published reading, whole graphs in the strict one.
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
