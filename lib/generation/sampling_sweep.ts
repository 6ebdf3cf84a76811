/**
 * Arch-LLM sampled and measured at one setting after the other, and which of the settings
 * Tables 1 and 2 report.
 *
 * The samples of each setting are saved as soon as they are drawn, and a run that was
 * killed goes on from them.
 *
 * Source: the paper, §4.3 and figure 2.
 *
 * @module
 */

import { join } from "node:path";
import type { OnProgress } from "../core/progress.ts";
import type { Random } from "../core/random.ts";
import type { ReconstructionReport } from "../metrics/reconstruction.ts";
import type { MetricMode } from "../spaces/space.ts";
import { archLlmGenerator, type ArchLlmSetting } from "./arch_llm.ts";
import type { CellModel } from "./cell_model.ts";
import {
  knownCells,
  type MeasuredGenerator,
  measureGenerator,
} from "./generator.ts";
import { SAMPLES_SUFFIX } from "./saved_samples.ts";

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

/** What came of one setting. */
export interface SweepPoint extends MeasuredGenerator {
  readonly setting: ArchLlmSetting;
}

/** The settings of independent draws: one temperature each. */
export function temperatureSettings(quick: boolean): ArchLlmSetting[] {
  return (quick ? [0.8, 1, 1.8] : SWEEP_TEMPERATURES)
    .map((temperature) => ({ temperature }));
}

/**
 * The settings with an aim.
 *
 * Well-formed sentences are asked for at temperatures that break many; the other aims at the
 * one at which independent draws hold the most different cells. `distinct` is left out where
 * codes are not one token each.
 *
 * @param points What came of independent draws.
 */
export function aimedSettings(
  { tokens }: Pick<CellModel, "tokens">,
  points: readonly SweepPoint[],
  quick: boolean,
): ArchLlmSetting[] {
  const { temperature } =
    bestPoint(points, "strict", "absoluteUniqueness").setting;
  return [
    ...(quick ? [0.8] : [1.4, 1.6, 1.8, 2]).map((temperature) => ({
      temperature,
      aim: "well-formed" as const,
    })),
    ...tokens.single === null
      ? []
      : [{ temperature, aim: "distinct" as const }],
    { temperature, aim: "unique" },
    { temperature, aim: "novel" },
  ];
}

/**
 * Samples and measures each of several settings.
 *
 * Each setting draws from a generator of its own, so its result does not depend on the
 * others. A setting whose aim no sample meets has no point.
 *
 * @param options `note`: what readers must know of the model; `folder`: where to save the
 *   samples, one file a setting, and to find those of a run that was killed.
 */
export async function sweepSampling(
  model: CellModel,
  settings: readonly ArchLlmSetting[],
  {
    samples,
    seed,
    random,
    reconstruction,
    note,
    folder,
    signal,
    onProgress = () => {},
  }: {
    samples: number;
    seed: number;
    random: Random;
    reconstruction: ReconstructionReport;
    note?: string;
    folder?: string;
    signal?: AbortSignal;
    onProgress?: OnProgress;
  },
): Promise<SweepPoint[]> {
  const { space } = model;
  const known = knownCells(space);
  const points: SweepPoint[] = [];
  for (const [index, setting] of settings.entries()) {
    const measured = await measureGenerator(
      space,
      archLlmGenerator(model, setting),
      {
        samples,
        seed,
        random: random.split(_drawName(setting)),
        reconstruction,
        known,
        note,
        file: folder === undefined
          ? undefined
          : join(folder, _fileName(setting)),
        signal,
        onProgress: ({ done, total, message }) =>
          onProgress({
            done: index * samples + Math.round(samples * done / total),
            total: settings.length * samples,
            message,
          }),
      },
    );
    if (measured !== null) points.push({ ...measured, setting });
  }
  return points;
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
 * The points that Tables 1 and 2 report.
 *
 * Of independent draws those at the paper's temperatures, and those that are best in
 * absolute uniqueness or absolute novelty in either reading; of well-formed sentences the one
 * with the highest absolute novelty in paper mode; and all that have another aim.
 *
 * @param temperatures The paper's.
 * @returns In the order given.
 */
export function reportedPoints(
  points: readonly SweepPoint[],
  temperatures: readonly number[],
): SweepPoint[] {
  const withAim = (aim?: string) =>
    points.filter(({ setting }) => setting.aim === aim);
  const independent = withAim();
  const wellFormed = withAim("well-formed");
  const best = new Set([
    ...(independent.length === 0
      ? []
      : (["strict", "paper"] as const).flatMap((mode) => [
        bestPoint(independent, mode, "absoluteUniqueness"),
        bestPoint(independent, mode, "absoluteNovelty"),
      ])),
    ...(wellFormed.length === 0
      ? []
      : [bestPoint(wellFormed, "paper", "absoluteNovelty")]),
  ]);
  return points.filter((point) => {
    const { aim, temperature } = point.setting;
    if (best.has(point)) return true;
    if (aim === undefined) return temperatures.includes(temperature);
    return aim !== "well-formed";
  });
}

/** Tells the random draws of a setting from those of others. */
function _drawName(
  { temperature, topK = null, topP = null, aim }: ArchLlmSetting,
): string {
  return [
    `${temperature}/${topK}/${topP}`,
    ...(aim === undefined ? [] : [aim]),
  ].join("/");
}

function _fileName({ temperature, topK, topP, aim }: ArchLlmSetting): string {
  const parts = [
    `temperature_${temperature}`,
    ...(topK == null ? [] : [`top_k_${topK}`]),
    ...(topP == null ? [] : [`top_p_${topP}`]),
    ...(aim === undefined ? [] : [aim]),
  ];
  return parts.join("_") + SAMPLES_SUFFIX;
}
