/**
 * The generators that Tables 1 and 2 compare, in the order of their rows: what notebook 5
 * runs and shows. A further one is a line in {@link GENERATORS}.
 *
 * @module
 */

import { join } from "node:path";
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
import { archLlmGenerator, type ArchLlmSetting } from "./arch_llm.ts";
import { openCellModel } from "./cell_model.ts";
import {
  knownCells,
  type MeasuredGenerator,
  measuredRows,
  measureGenerator,
} from "./generator.ts";
import { measureReconstruction } from "./reconstruction.ts";
import { SAMPLES_SUFFIX } from "./saved_samples.ts";
import {
  aimedSettings,
  chooseTemperatures,
  MOST_DIFFERENT_CELLS,
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
  /** Independent draws: what Tables 1 and 2 report. */
  readonly reported: readonly MeasuredGenerator[];
  /** What a language model has besides. */
  readonly writer?: {
    readonly code: CodeKind;
    /** Other independent draws, by temperature: what temperatures were chosen on. */
    readonly sweep: readonly SweepPoint[];
    /** Samples with an aim. */
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

/**
 * A code's language model: at all temperatures; at those chosen by that and the paper's,
 * drawn anew; and with aims.
 */
function _archLlm(code: CodeKind): Generators {
  const name = CODE_METHODS[code];
  return {
    name,
    async measure({ space, executor, samples, seed, quick, ...run }) {
      await using model = await openCellModel(space, {
        vqvae: run.model(`${code}/vqvae`),
        t5: run.model(`${code}/t5`),
      }, executor);
      const folder = run.samplesOf?.(code);
      const reconstruction = await measureReconstruction(
        space,
        archLlmGenerator(model, { temperature: 1 }).reconstruct,
        {
          model: model.key,
          file: folder && join(folder, `reconstruction${SAMPLES_SUFFIX}`),
        },
      );
      const random = Random.fromSeed(seed).split("sampling");
      let far = 0;
      const draw = (part: number, draws: string, settings: ArchLlmSetting[]) =>
        sweepSampling(model, settings, {
          samples,
          seed,
          random: random.split(draws),
          reconstruction,
          note: trainingNote({ quick, t5: run.t5 }),
          folder: folder && join(folder, draws),
          signal: run.signal,
          onProgress: ({ done, total, message }) => {
            // A search that had too few sequences begins anew; the bar does not.
            far = Math.max(far, Math.round(samples * (part + done / total)));
            run.onProgress?.({ done: far, total: 3 * samples, message });
          },
        });
      const sweep = await draw(0, "sweep", temperatureSettings(quick));
      const chosen = chooseTemperatures(
        sweep,
        publishedRows(space.name).flatMap(({ temperature }) =>
          temperature ?? []
        ),
      );
      const reported = await draw(
        1,
        "reported",
        chosen.map(({ temperature }) => ({ temperature })),
      );
      const { temperature } = chosen.find(({ chosenFor }) =>
        chosenFor.includes(MOST_DIFFERENT_CELLS)
      )!;
      return {
        name,
        reported: reported.map((point, i) =>
          _chosenFor(point, chosen[i].chosenFor)
        ),
        writer: {
          code,
          sweep,
          aimed: await draw(2, "aimed", aimedSettings(model, temperature)),
        },
      };
    },
  };
}

/** Says in the rows what their temperature was chosen for. */
function _chosenFor<Measured extends MeasuredGenerator>(
  measured: Measured,
  chosenFor: string,
): Measured {
  const { paper, strict } = measured.rows;
  return {
    ...measured,
    rows: {
      paper: { ...paper, chosenFor },
      strict: { ...strict, chosenFor },
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

/** The rows of the draws of a code that temperatures were chosen on. */
export function temperatureRows(
  measured: readonly MeasuredGenerators[],
  code: CodeKind,
): ResultRow[] {
  return measured.flatMap(({ writer }) =>
    writer?.code === code ? measuredRows(writer.sweep) : []
  );
}

/** Of the reported draws of a code those at the temperature chosen for the most different cells. */
export function bestDraws(
  measured: readonly MeasuredGenerators[],
  code: CodeKind,
): MeasuredGenerator {
  const best = measured.find(({ writer }) => writer?.code === code)?.reported
    .find(({ rows }) => rows.strict.chosenFor?.includes(MOST_DIFFERENT_CELLS));
  if (best === undefined) {
    throw new RangeError(
      `Cannot take the best draws: ${code} must be among the generators measured, got ${
        measured.map(({ name }) => name).join(", ") || "none"
      }`,
    );
  }
  return best;
}

/** The longest that the samples of one setting took to be drawn and measured, in seconds. */
export function longestSampling(
  measured: readonly MeasuredGenerators[],
): number {
  return Math.max(
    ...measured.flatMap(({ reported, writer }) => [
      ...reported,
      ...(writer === undefined ? [] : [...writer.sweep, ...writer.aimed]),
    ]).map(({ seconds }) => seconds),
  );
}

/** How many samples of a temperature are what, in the strict reading. */
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

/** The outcomes of the draws that temperatures were chosen on, by method and temperature. */
export function sweepOutcomes(
  measured: readonly MeasuredGenerators[],
): Outcomes[] {
  return measured.flatMap(({ name, writer }) =>
    (writer?.sweep ?? []).map(({ setting, reports: { strict } }) => ({
      method: name,
      temperature: setting.temperature,
      samples: strict.samples,
      valid: strict.valid,
      reasons: strict.reasons,
      malformed: strict.malformed,
    }))
  );
}
