/**
 * Samples cells at one temperature after the other and measures them in both modes.
 *
 * The sentences of each setting are saved as soon as they are drawn, and a run that was
 * killed goes on from them.
 *
 * Source: the paper, §4.3 and figure 2.
 *
 * @module
 */

import { join } from "node:path";
import { writeJson } from "../core/files.ts";
import type { SamplingOptions } from "../language/decoding.ts";
import {
  type GenerationReport,
  measureGeneration,
  trainingKeys,
} from "../metrics/generation.ts";
import type { ReconstructionReport } from "../metrics/reconstruction.ts";
import { measuredRow, type ResultRow } from "../metrics/result_row.ts";
import type { Random } from "../core/random.ts";
import type { MetricMode } from "../spaces/space.ts";
import { type Aim, type AimedCells, sampleWithAim } from "./aimed_sampling.ts";
import {
  type CellModel,
  decodeSentences,
  sampleCells,
} from "./cell_sampling.ts";
import { loadResult, type OnProgress, runKey } from "../core/checkpoints.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

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

/** How to sample: how to choose tokens, and what to aim at, if not at independent draws. */
export interface SweepSetting extends SamplingOptions {
  readonly aim?: Aim;
}

/** What came of one setting. */
export interface SweepPoint extends AimedCells {
  readonly options: SweepSetting;
  readonly reports: Readonly<Record<MetricMode, GenerationReport>>;
  /** Rows for a table, one a mode. */
  readonly rows: Readonly<Record<MetricMode, ResultRow>>;
  /** Of sampling, decoding and measuring, when the sentences were drawn. */
  readonly seconds: number;
}

/** What is saved of a setting. */
interface SavedSamples {
  /** Identity of models, settings and code; other samples are not gone on from. */
  readonly key: string;
  readonly options: SweepSetting;
  readonly reports: SweepPoint["reports"];
  readonly sentences: readonly string[];
  readonly draws: number;
  readonly seconds: number;
}

/**
 * Samples and measures each of several settings.
 *
 * Each setting draws from a generator of its own, so its result does not depend on the
 * others. A setting whose aim no sample meets has no point.
 *
 * @param options `method`: the name of the rows; `note`: what readers must know of the
 *   model; `folder`: where to save the sentences, one file a setting, and to find those of
 *   a run that was killed.
 */
export async function sweepSampling(
  model: CellModel,
  settings: readonly SweepSetting[],
  {
    samples,
    seed,
    random,
    reconstruction,
    method,
    note,
    folder,
    onProgress = () => {},
  }: {
    samples: number;
    seed: number;
    random: Random;
    reconstruction: ReconstructionReport;
    method: string;
    note?: string;
    folder?: string;
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
    const { temperature, topK = null, topP = null, aim } = options;
    const started = performance.now();
    const draw = random.split(
      [
        `${temperature}/${topK}/${topP}`,
        ...(aim === undefined ? [] : [aim]),
      ].join("/"),
    );
    const path = folder === undefined ? null : join(folder, _fileName(options));
    const key = runKey({
      model: model.key,
      options,
      samples,
      random: draw.state,
      version: VERSION,
    });
    const saved = await loadResult<SavedSamples>(path, key, "saved samples");
    const report: OnProgress = ({ done, total, message }) =>
      onProgress({
        done: index * samples + Math.round(samples * done / total),
        total: settings.length * samples,
        message,
      });
    const sampled = saved === null
      ? await _sample(model, samples, options, draw, report)
      : {
        sentences: saved.sentences,
        samples: await decodeSentences(model, saved.sentences),
        draws: saved.draws,
      };
    if (sampled.samples.length === 0) continue;
    const measure = (mode: MetricMode) =>
      measureGeneration(space, sampled.samples, mode, training[mode]);
    const reports = { paper: measure("paper"), strict: measure("strict") };
    const seconds = saved?.seconds ?? (performance.now() - started) / 1000;
    const row = (mode: MetricMode) =>
      measuredRow(
        [
          aim === undefined ? method : `${method}, ${aim},`,
          `t=${temperature}`,
        ].join(" "),
        { reconstruction, generation: reports[mode] },
        {
          temperature,
          topK,
          topP,
          seed,
          draws: sampled.draws,
          ...(space.variableSize ? { cut: true } : {}),
          ...(note === undefined ? {} : { note }),
        },
      );
    points.push({
      options,
      ...sampled,
      reports,
      rows: { paper: row("paper"), strict: row("strict") },
      seconds,
    });
    if (path !== null) {
      const { sentences, draws } = sampled;
      const file: SavedSamples = {
        key,
        options,
        reports,
        sentences,
        draws,
        seconds,
      };
      await writeJson(path, file);
    }
  }
  return points;
}

async function _sample(
  model: CellModel,
  count: number,
  { aim, ...choice }: SweepSetting,
  random: Random,
  onProgress: OnProgress,
): Promise<AimedCells> {
  const options = { ...choice, random, onProgress };
  return aim === undefined
    ? { ...await sampleCells(model, count, options), draws: count }
    : await sampleWithAim(model, aim, count, options);
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

function _fileName(
  { temperature, topK, topP, aim }: SweepSetting,
): string {
  const parts = [
    `temperature_${temperature}`,
    ...(topK == null ? [] : [`top_k_${topK}`]),
    ...(topP == null ? [] : [`top_p_${topP}`]),
    ...(aim === undefined ? [] : [aim]),
  ];
  return `${parts.join("_")}.json`;
}
