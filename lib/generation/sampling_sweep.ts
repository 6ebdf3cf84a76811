/**
 * Arch-LLM sampled and measured at one setting after the other, and which temperatures
 * Tables 1 and 2 report.
 *
 * Independent draws are made in one pass over all settings. The samples of each setting are
 * saved as soon as they are measured, and a run that was killed goes on from them.
 *
 * Source: the paper, §4.3 and figure 2.
 *
 * @module
 */

import { join } from "node:path";
import type { OnProgress } from "../core/progress.ts";
import type { Random } from "../core/random.ts";
import { READINGS } from "../metrics/result_row.ts";
import type { MetricMode } from "../spaces/space.ts";
import { AIMS } from "./aimed_sampling.ts";
import { archLlmGenerator, type ArchLlmSetting } from "./arch_llm.ts";
import type { CellModel } from "./cell_model.ts";
import { sampleCellsEach, type SampledCells } from "./cell_sampling.ts";
import {
  type GeneratedCells,
  knownCells,
  type MeasuredGenerator,
  measureGenerator,
  MODES,
} from "./generator.ts";
import type { MeasuredReconstruction } from "./reconstruction.ts";
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

/** The settings of a sweep: one temperature each. */
export function temperatureSettings(quick: boolean): ArchLlmSetting[] {
  return (quick ? [0.8, 1, 1.8] : SWEEP_TEMPERATURES)
    .map((temperature) => ({ temperature }));
}

/** What a temperature is chosen for, beside a reading. */
const METRICS = {
  absoluteUniqueness: "absolute uniqueness",
  absoluteNovelty: "absolute novelty",
} as const;
type Metric = keyof typeof METRICS;

/** Why a temperature is reported that the paper has: no choice of ours. */
export const AS_PUBLISHED = "as published";

/** Why a temperature is reported: it was the best of a sweep in a metric. */
function _bestIn(mode: MetricMode, metric: Metric): string {
  return `${METRICS[metric]} (${READINGS[mode]})`;
}

/** Why a temperature is reported at which most samples are different cells. */
export const MOST_DIFFERENT_CELLS = _bestIn("strict", "absoluteUniqueness");

/** A temperature to report. */
export interface ChosenTemperature {
  readonly temperature: number;
  /** What for, as rows say it. */
  readonly chosenFor: string;
}

/**
 * Chooses the temperatures that Tables 1 and 2 report.
 *
 * The paper's need no choice. The others are the best of a sweep in absolute uniqueness or
 * absolute novelty, in either reading. Samples of that sweep are not to be reported at them:
 * the best of several is best by luck as well.
 *
 * @param sweep Independent draws by temperature.
 * @param published The paper's temperatures.
 * @returns Ascending, each once.
 * @throws {RangeError} If the sweep is empty.
 */
export function chooseTemperatures(
  sweep: readonly SweepPoint[],
  published: readonly number[],
): ChosenTemperature[] {
  const reasons = new Map<number, string[]>();
  const add = (temperature: number, reason: string) =>
    reasons.set(temperature, [...reasons.get(temperature) ?? [], reason]);
  for (const temperature of new Set(published)) add(temperature, AS_PUBLISHED);
  for (const mode of MODES) {
    for (const metric of Object.keys(METRICS) as Metric[]) {
      const { temperature } = bestPoint(sweep, mode, metric).setting;
      add(temperature, _bestIn(mode, metric));
    }
  }
  return [...reasons].sort(([a], [b]) => a - b)
    .map(([temperature, names]) => ({
      temperature,
      chosenFor: names.join("; "),
    }));
}

/**
 * The settings with an aim, all at one temperature.
 *
 * `distinct` is left out where codes are not one token each.
 */
export function aimedSettings(
  { tokens }: Pick<CellModel, "tokens">,
  temperature: number,
): ArchLlmSetting[] {
  return AIMS.filter((aim) => aim !== "distinct" || tokens.single !== null)
    .map((aim) => ({ temperature, aim }));
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
    reconstruction: MeasuredReconstruction;
    note?: string;
    folder?: string;
    signal?: AbortSignal;
    onProgress?: OnProgress;
  },
): Promise<SweepPoint[]> {
  const { space } = model;
  const known = knownCells(space);
  const points: SweepPoint[] = [];
  const randomOf = (setting: ArchLlmSetting) =>
    random.split(_drawName(setting));
  const total = settings.length * samples;
  const independent = _inOnePass(
    settings.filter(({ aim }) => aim === undefined),
    async (rest) =>
      await sampleCellsEach(
        model,
        samples,
        rest.map((setting) => ({ ...setting, random: randomOf(setting) })),
        {
          signal,
          onProgress: ({ done, message }) =>
            onProgress({
              done: settings.indexOf(rest[0]) * samples + done,
              total,
              message,
            }),
        },
      ),
  );
  for (const [index, setting] of settings.entries()) {
    const generator = archLlmGenerator(model, setting);
    const measured = await measureGenerator(
      space,
      setting.aim === undefined
        ? { ...generator, sample: () => independent(setting) }
        : generator,
      {
        samples,
        seed,
        random: randomOf(setting),
        reconstruction,
        known,
        note,
        file: folder === undefined
          ? undefined
          : join(folder, _fileName(setting)),
        signal,
        onProgress: ({ done, total: all, message }) =>
          onProgress({
            done: index * samples + Math.round(samples * done / all),
            total,
            message,
          }),
      },
    );
    if (measured !== null) points.push({ ...measured, setting });
  }
  return points;
}

/**
 * Draws settings together: all that come after the first that is asked for, with it, as those
 * before it were saved by a run that was killed.
 */
function _inOnePass(
  settings: readonly ArchLlmSetting[],
  draw: (settings: readonly ArchLlmSetting[]) => Promise<SampledCells[]>,
): (setting: ArchLlmSetting) => Promise<GeneratedCells> {
  let drawn: Map<ArchLlmSetting, GeneratedCells> | undefined;
  return async (setting) => {
    if (drawn === undefined) {
      const rest = settings.slice(settings.indexOf(setting));
      const started = performance.now();
      const sampled = await draw(rest);
      const seconds = (performance.now() - started) / 1000 / rest.length;
      drawn = new Map(rest.map((setting, i) => [setting, {
        ...sampled[i],
        draws: sampled[i].samples.length,
        seconds,
      }]));
    }
    return drawn.get(setting)!;
  };
}

/** The point with the highest value of a metric in a mode; the first of equals. */
export function bestPoint(
  points: readonly SweepPoint[],
  mode: MetricMode,
  metric: Metric,
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
