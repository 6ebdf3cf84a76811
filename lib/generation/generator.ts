/**
 * The seam of generation: whatever makes cells is a {@link CellGenerator}, and one function
 * makes the rows that Tables 1 and 2 have of it.
 *
 * Source: the paper, §4.2, tables 1 and 2.
 *
 * @module
 */

import { runKey } from "../core/keys.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Random } from "../core/random.ts";
import type { ParsedSentence } from "../language/sentences.ts";
import {
  type GenerationReport,
  measureGeneration,
  type Sample,
  trainingKeys,
} from "../metrics/generation.ts";
import { NO_RECONSTRUCTION } from "../metrics/reconstruction.ts";
import {
  measuredRow,
  type ResultRow,
  type RowSettings,
} from "../metrics/result_row.ts";
import type { MetricMode, SearchSpace } from "../spaces/space.ts";
import type { DecodedCells } from "../spaces/tensors.ts";
import {
  type MeasuredReconstruction,
  measureReconstruction,
} from "./reconstruction.ts";
import { loadSamples, SAMPLES_SUFFIX, saveSamples } from "./saved_samples.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 3;

/** The readings of the metrics, in the order of tables. */
export const MODES: readonly MetricMode[] = ["paper", "strict"];

/** What a generator draws with. */
export interface SampleOptions {
  readonly random: Random;
  /** Ends the sampling early: it throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** What a generator made. */
export interface GeneratedCells {
  /** The cells, and what came in the place of one. */
  readonly samples: readonly Sample[];
  /** How many were drawn for them; more where some were left out. */
  readonly draws: number;
  /** The codes of each sample, where it was made of codes. */
  readonly sequences?: readonly ParsedSentence[];
  /** That drawing took, where it is a share of what was drawn for several together. */
  readonly seconds?: number;
}

/** A trained model that makes cells in one way. */
export interface CellGenerator {
  /** Names its rows. */
  readonly name: string;
  /** Identity of all that its samples depend on, random numbers apart: weights, settings. */
  readonly key: string;
  /** What its rows state of the way it samples. */
  readonly settings: Pick<
    RowSettings,
    "temperature" | "topK" | "topP" | "cut" | "uncheckedNodes" | "note"
  >;
  /** Why a graph is no cell, where its authors judge otherwise than the space does. */
  readonly invalidReason?: SearchSpace["invalidReason"];
  /**
   * Encodes and decodes cells of the space; missing where nothing is encoded.
   *
   * @param cells Indices into the space's cells.
   * @returns What comes back, in the same order.
   */
  reconstruct?(cells: ArrayLike<number>): Promise<DecodedCells>;
  /**
   * Makes cells.
   *
   * @param count How many; fewer come back where it has no more to give.
   */
  sample(count: number, options: SampleOptions): Promise<GeneratedCells>;
}

/** A generator that encodes cells too. */
export interface Autoencoder extends CellGenerator {
  reconstruct(cells: ArrayLike<number>): Promise<DecodedCells>;
}

/** What came of a generator. */
export interface MeasuredGenerator extends GeneratedCells {
  readonly settings: CellGenerator["settings"];
  readonly reports: Readonly<Record<MetricMode, GenerationReport>>;
  /** Rows for a table, one a reading. */
  readonly rows: Readonly<Record<MetricMode, ResultRow>>;
  /** Of sampling and measuring, when the samples were drawn. */
  readonly seconds: number;
}

/** The keys of the training cells in both readings: what a sample must not have to be novel. */
export type KnownCells = Readonly<Record<MetricMode, ReadonlySet<string>>>;

/** Takes the keys of all training cells of a space; may take a second or two. */
export function knownCells(space: SearchSpace): KnownCells {
  return {
    paper: trainingKeys(space, "paper"),
    strict: trainingKeys(space, "strict"),
  };
}

/**
 * Samples a generator and measures it in both readings.
 *
 * @param options `samples`: how many; `seed`: stated in its rows; `note`: what readers must
 *   know of the model; `reconstruction`: of the validation cells, and `known`, where these
 *   were found before; `file`: where to save the samples, and to find those of a run that
 *   was killed; what is reconstructed here is saved beside them.
 * @returns Null if nothing came of it.
 */
export async function measureGenerator(
  space: SearchSpace,
  generator: CellGenerator,
  {
    samples: count,
    seed,
    note,
    file,
    reconstruction,
    known = knownCells(space),
    ...drawing
  }: SampleOptions & {
    readonly samples: number;
    readonly seed?: number;
    readonly note?: string;
    readonly file?: string;
    readonly reconstruction?: MeasuredReconstruction;
    readonly known?: KnownCells;
  },
): Promise<MeasuredGenerator | null> {
  const started = performance.now();
  const key = runKey({
    generator: generator.key,
    samples: count,
    random: drawing.random.state,
    version: VERSION,
  });
  const saved = file === undefined ? null : await loadSamples(file, key);
  const generated = saved ?? await generator.sample(count, drawing);
  const drawn = performance.now();
  const drawingSeconds = generated.seconds ?? (drawn - started) / 1000;
  if (generated.samples.length === 0) return null;
  const reconstructed: MeasuredReconstruction = reconstruction ??
    (_reconstructs(generator)
      ? await measureReconstruction(
        space,
        (cells) => generator.reconstruct(cells),
        {
          model: generator.key,
          file: file?.replace(
            SAMPLES_SUFFIX,
            `_reconstruction${SAMPLES_SUFFIX}`,
          ),
        },
      )
      : NO_RECONSTRUCTION);
  const { invalidReason } = generator;
  const judge = invalidReason === undefined
    ? space
    : { ...space, invalidReason };
  const measure = (mode: MetricMode) =>
    measureGeneration(judge, generated.samples, mode, known[mode]);
  const reports = { paper: measure("paper"), strict: measure("strict") };
  const notes = [generator.settings.note, note].filter((text) =>
    text !== undefined
  );
  const row = (mode: MetricMode) =>
    measuredRow(
      generator.name,
      { reconstruction: reconstructed, generation: reports[mode] },
      {
        ...(space.variableSize ? { cut: true } : {}),
        ...generator.settings,
        ...(seed === undefined ? {} : { seed }),
        draws: generated.draws,
        ...(file === undefined ? {} : { samplesKey: key }),
        ...(reconstructed.key === undefined
          ? {}
          : { reconstructionKey: reconstructed.key }),
        ...(notes.length === 0 ? {} : { note: notes.join(" ") }),
      },
    );
  const { samples, draws, sequences } = generated;
  const measured = {
    samples,
    draws,
    ...(sequences === undefined ? {} : { sequences }),
    settings: generator.settings,
    reports,
    rows: { paper: row("paper"), strict: row("strict") },
    seconds: saved?.seconds ??
      drawingSeconds + (performance.now() - drawn) / 1000,
  };
  if (file !== undefined && saved === null) {
    await saveSamples(file, { key, generator: generator.name, ...measured });
  }
  return measured;
}

function _reconstructs(generator: CellGenerator): generator is Autoencoder {
  return generator.reconstruct !== undefined;
}

/** The rows of what was measured, the published reading first for each. */
export function measuredRows(
  measured: readonly MeasuredGenerator[],
): ResultRow[] {
  return measured.flatMap(({ rows }) => MODES.map((mode) => rows[mode]));
}
