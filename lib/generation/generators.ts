/**
 * The generators that Tables 1 and 2 compare, in the order of their rows: what notebook 5
 * runs and shows. A further one is a line in {@link GENERATORS}.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import { Random } from "../core/random.ts";
import type { Executor } from "../engine/executor.ts";
import type { GenerationReport } from "../metrics/generation.ts";
import type { ResultRow } from "../metrics/result_row.ts";
import { CODE_METHODS, type CodeKind } from "../models/vqvae/config.ts";
import { publishedRows } from "../paper/generation_tables.ts";
import type { SearchSpace } from "../spaces/space.ts";
import {
  arch2vecContenders,
  arch2vecGenerator,
  trainContenders,
} from "./arch2vec.ts";
import { openCellModel } from "./cell_model.ts";
import {
  knownCells,
  type MeasuredGenerator,
  measuredRows,
  measureGenerator,
} from "./generator.ts";
import { SAMPLES_SUFFIX } from "./saved_samples.ts";
import {
  aimedSettings,
  bestPoint,
  reportedPoints,
  type SweepPoint,
  sweepSampling,
  temperatureSettings,
} from "./sampling_sweep.ts";

/** The run that generators are measured in. */
export interface GenerationRun {
  readonly space: SearchSpace;
  readonly executor: Executor;
  /** Where a trained model of the run is, by its name, such as `arch-llm/t5`. */
  readonly model: (name: string) => string;
  /** Where a rival is trained, by its name, and its checkpoint found again. */
  readonly newModel: (name: string) => string;
  /** Where samples of a model are saved, and found again by a run that was killed. */
  readonly samplesOf?: (name: string) => string;
  /** Samples of each generator. */
  readonly samples: number;
  readonly seed: number;
  /** Whether its models were trained on a slice; few settings then show every part at work. */
  readonly quick: boolean;
  /** What the T5 was fine-tuned from; null: trained from scratch. */
  readonly t5: string | null;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** What came of a line of {@link GENERATORS}. */
export interface MeasuredGenerators {
  /** As the line is called. */
  readonly name: string;
  /** What the tables report. */
  readonly reported: readonly MeasuredGenerator[];
  /** All settings that a language model was sampled at, reported or not. */
  readonly sweep?: {
    readonly code: CodeKind;
    /** Independent draws, by temperature. */
    readonly temperatures: readonly SweepPoint[];
    /** With an aim. */
    readonly aimed: readonly SweepPoint[];
  };
}

/** A model, sampled in one way or more. */
export interface Generators {
  readonly name: string;
  /** Opens the models, trains those of a rival, samples and measures. */
  measure(run: GenerationRun): Promise<MeasuredGenerators>;
}

/** All of them. */
export const GENERATORS: readonly Generators[] = [
  { name: "arch2vec", measure: _arch2vec },
  _archLlm("arch-llm"),
  _archLlm("arch-llm-plus"),
];

/** What readers must know of the models of a run. */
export function trainingNote(
  { quick, t5 }: Pick<GenerationRun, "quick" | "t5">,
): string {
  if (quick) return "Quick run: models trained on a slice, not a result.";
  return t5 === null
    ? "T5 trained from scratch, not pretrained."
    : `T5 fine-tuned from ${t5}.`;
}

/** A code's language model: at all temperatures, then with aims. */
function _archLlm(code: CodeKind): Generators {
  const name = CODE_METHODS[code];
  return {
    name,
    async measure({ space, executor, samples, seed, quick, ...run }) {
      await using model = await openCellModel(space, {
        vqvae: run.model(`${code}/vqvae`),
        t5: run.model(`${code}/t5`),
      }, executor);
      const options = {
        samples,
        seed,
        random: Random.fromSeed(seed).split("sampling"),
        reconstruction: await model.vqvae.reconstruction(
          space,
          space.split().validation,
        ),
        note: trainingNote({ quick, t5: run.t5 }),
        folder: run.samplesOf?.(code),
        signal: run.signal,
      };
      const settings = temperatureSettings(quick);
      const temperatures = await sweepSampling(model, settings, {
        ...options,
        // The aims are the other half of the bar.
        onProgress: ({ done, total, message }) =>
          run.onProgress?.({ done, total: 2 * total, message }),
      });
      const aimed = await sweepSampling(
        model,
        aimedSettings(model, temperatures, quick),
        {
          ...options,
          onProgress: ({ done, total, message }) => {
            const all = settings.length * samples;
            run.onProgress?.({
              done: all + Math.round(all * done / total),
              total: 2 * all,
              message,
            });
          },
        },
      );
      return {
        name,
        reported: reportedPoints(
          [...temperatures, ...aimed],
          publishedRows(space.name).flatMap(({ temperature }) =>
            temperature ?? []
          ),
        ),
        sweep: { code, temperatures, aimed },
      };
    },
  };
}

/** All contenders of arch2vec. */
async function _arch2vec(
  { space, executor, samples, seed, quick, ...run }: GenerationRun,
): Promise<MeasuredGenerators> {
  const contenders = arch2vecContenders(space, seed);
  const trained = await trainContenders(space, contenders, {
    executor,
    newModel: run.newModel,
    quick,
    onProgress: run.onProgress,
  });
  const known = knownCells(space);
  const reported: MeasuredGenerator[] = [];
  for (const [i, { name, seed, folder }] of contenders.entries()) {
    await using generator = arch2vecGenerator(
      space,
      trained[i],
      executor,
      name,
    );
    const measured = await measureGenerator(space, generator, {
      samples,
      seed,
      random: Random.fromSeed(seed).split("arch2vec sampling"),
      known,
      note: quick ? trainingNote({ quick, t5: run.t5 }) : undefined,
      file: run.samplesOf && `${run.samplesOf(folder)}${SAMPLES_SUFFIX}`,
      signal: run.signal,
    });
    if (measured !== null) reported.push(measured);
  }
  return { name: "arch2vec", reported };
}

/** The rows that Tables 1 and 2 report. */
export function reportedRows(
  measured: readonly MeasuredGenerators[],
): ResultRow[] {
  return measured.flatMap(({ reported }) => measuredRows(reported));
}

/** The rows of all settings that language models were sampled at. */
export function sweepRows(
  measured: readonly MeasuredGenerators[],
): ResultRow[] {
  return measured.flatMap(({ sweep }) =>
    sweep === undefined
      ? []
      : measuredRows([...sweep.temperatures, ...sweep.aimed])
  );
}

/** The rows of independent draws of a code, by temperature. */
export function temperatureRows(
  measured: readonly MeasuredGenerators[],
  code: CodeKind,
): ResultRow[] {
  return measured.flatMap(({ sweep }) =>
    sweep?.code === code ? measuredRows(sweep.temperatures) : []
  );
}

/** The temperature whose independent draws of a code hold the most different cells, and its samples. */
export function bestDraws(
  measured: readonly MeasuredGenerators[],
  code: CodeKind,
): SweepPoint {
  const points = measured.flatMap(({ sweep }) =>
    sweep?.code === code ? sweep.temperatures : []
  );
  return bestPoint(points, "strict", "absoluteUniqueness");
}

/** The longest that the samples of one setting took to be drawn and measured, in seconds. */
export function longestSampling(
  measured: readonly MeasuredGenerators[],
): number {
  return Math.max(
    ...measured.flatMap(({ reported, sweep }) => [
      ...reported,
      ...(sweep === undefined ? [] : [...sweep.temperatures, ...sweep.aimed]),
    ]).map(({ seconds }) => seconds),
  );
}

/** How many samples of a temperature are what, in strict mode. */
export interface Outcomes {
  readonly method: string;
  readonly temperature: number;
  readonly samples: number;
  readonly valid: number;
  /** Those that are not valid, by reason. */
  readonly reasons: GenerationReport["reasons"];
  /** The malformed ones, by kind. */
  readonly malformed: GenerationReport["malformed"];
}

/** The outcomes of independent draws, by method and temperature. */
export function sweepOutcomes(
  measured: readonly MeasuredGenerators[],
): Outcomes[] {
  return measured.flatMap(({ name, sweep }) =>
    (sweep?.temperatures ?? []).map(({ setting, reports: { strict } }) => ({
      method: name,
      temperature: setting.temperature,
      samples: strict.samples,
      valid: strict.valid,
      reasons: strict.reasons,
      malformed: strict.malformed,
    }))
  );
}
