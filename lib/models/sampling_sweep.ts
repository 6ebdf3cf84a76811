/**
 * Samples cells at one temperature after the other and measures them in both modes.
 *
 * Source: the paper, §4.3 and figure 2.
 *
 * @module
 */

import { join } from "node:path";
import { writeJson } from "../files.ts";
import type { SamplingOptions } from "../language/decoding.ts";
import {
  type GenerationReport,
  measureGeneration,
  trainingKeys,
} from "../metrics/generation.ts";
import type { ReconstructionReport } from "../metrics/reconstruction.ts";
import { measuredRow, type ResultRow } from "../metrics/result_row.ts";
import type { Random } from "../random.ts";
import type { MetricMode } from "../spaces/space.ts";
import {
  type CellModel,
  sampleCells,
  type SampledCells,
} from "./cell_sampling.ts";
import type { OnProgress } from "./training_run.ts";

/** Temperatures of the reported sweep; the paper's are among them. */
export const SWEEP_TEMPERATURES: readonly number[] = [
  0.5,
  0.6,
  0.7,
  0.8,
  0.9,
  1,
  1.1,
  1.2,
  1.4,
  1.6,
  1.8,
  2,
];

const MODES: readonly MetricMode[] = ["paper", "strict"];

/** What came of one setting. */
export interface SweepPoint extends SampledCells {
  readonly options: SamplingOptions;
  readonly reports: Readonly<Record<MetricMode, GenerationReport>>;
  /** Rows for a table, one a mode. */
  readonly rows: Readonly<Record<MetricMode, ResultRow>>;
}

/**
 * Samples and measures each of several settings.
 *
 * Each setting draws from a generator of its own, so its result does not depend on the others.
 *
 * @param settings How to choose tokens.
 * @param options `method`: the name of the rows; `note`: what readers must know of the model.
 */
export async function sweepSampling(
  model: CellModel,
  settings: readonly SamplingOptions[],
  {
    samples,
    seed,
    random,
    reconstruction,
    method,
    note,
    onProgress = () => {},
  }: {
    samples: number;
    seed: number;
    random: Random;
    reconstruction: ReconstructionReport;
    method: string;
    note?: string;
    onProgress?: OnProgress;
  },
): Promise<SweepPoint[]> {
  const { space } = model;
  const training = {
    paper: trainingKeys(space, "paper"),
    strict: trainingKeys(space, "strict"),
  };
  const points: SweepPoint[] = [];
  for (const [index, options] of settings.entries()) {
    const { temperature, topK = null, topP = null } = options;
    const sampled = await sampleCells(model, samples, {
      ...options,
      random: random.split(`${temperature}/${topK}/${topP}`),
      onProgress: ({ done, message }) =>
        onProgress({
          done: index * samples + done,
          total: settings.length * samples,
          message,
        }),
    });
    const measure = (mode: MetricMode) =>
      measureGeneration(space, sampled.samples, mode, training[mode]);
    const reports = { paper: measure("paper"), strict: measure("strict") };
    const row = (mode: MetricMode) =>
      measuredRow(
        `${method} t=${temperature}`,
        { reconstruction, generation: reports[mode] },
        {
          temperature,
          topK,
          topP,
          seed,
          ...(space.variableSize ? { cut: true } : {}),
          ...(note === undefined ? {} : { note }),
        },
      );
    points.push({
      options,
      ...sampled,
      reports,
      rows: { paper: row("paper"), strict: row("strict") },
    });
  }
  return points;
}

/** The rows of all points, paper mode first at each. */
export function sweepRows(points: readonly SweepPoint[]): ResultRow[] {
  return points.flatMap((point) => MODES.map((mode) => point.rows[mode]));
}

/** The point with the highest value of a metric in a mode; the first of equals. */
export function bestPoint(
  points: readonly SweepPoint[],
  mode: MetricMode,
  metric: "absoluteUniqueness" | "absoluteNovelty",
): SweepPoint {
  if (points.length === 0) {
    throw new RangeError(
      "Cannot take the best point: there must be at least one, got 0",
    );
  }
  return points.reduce((best, point) =>
    point.reports[mode][metric] > best.reports[mode][metric] ? point : best
  );
}

/**
 * Saves the sentences of all points under `samples/`, one file a setting.
 *
 * @param outputs Folder of the run's outputs.
 */
export async function saveSamples(
  outputs: string,
  points: readonly SweepPoint[],
): Promise<void> {
  for (const { options, sentences, reports } of points) {
    const { temperature, topK = null, topP = null } = options;
    const name = [
      `temperature_${temperature}`,
      ...(topK === null ? [] : [`top_k_${topK}`]),
      ...(topP === null ? [] : [`top_p_${topP}`]),
    ].join("_");
    await writeJson(join(outputs, "samples", `${name}.json`), {
      options,
      reports,
      sentences,
    });
  }
}
