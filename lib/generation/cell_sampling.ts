/**
 * Sampling cells: the language model writes code sequences, the VQ-VAE decodes them.
 *
 * Source: the paper, §3.2 and figure 1, step 3.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import type { ParsedSentence } from "../language/sentences.ts";
import type { Sample } from "../metrics/generation.ts";
import type { DrawOptions } from "../models/t5/token_draws.ts";
import type { Graph } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { decodeParsed, joinSequences } from "./cell_decoding.ts";
import type { WritingModel } from "./cell_model.ts";
import { writeSequencesEach, type WritingOptions } from "./code_writing.ts";

/** How to sample. */
export interface CellSamplingOptions extends WritingOptions {
  /** Ends the sampling early: it throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What came of one sentence after the other. */
export interface SampledCells {
  /** The codes as written, or what is wrong with them. */
  readonly sequences: readonly ParsedSentence[];
  /** The cell that each decodes to, or what is wrong with it. */
  readonly samples: readonly Sample[];
}

/**
 * Samples cells independently with the "generate:" prompt.
 *
 * @param count How many.
 * @throws {RangeError} If a sampling option is out of range.
 */
export async function sampleCells(
  model: WritingModel,
  count: number,
  options: CellSamplingOptions,
): Promise<SampledCells> {
  const [sampled] = await sampleCellsEach(model, count, [options], options);
  return sampled;
}

/**
 * Samples as many cells in each of several settings, all in one pass.
 *
 * @param options `signal` and `onProgress` are of all settings together.
 * @returns Of each setting what {@link sampleCells} returns.
 * @throws {RangeError} If a sampling option is out of range.
 */
export async function sampleCellsEach(
  model: WritingModel,
  count: number,
  settings: readonly DrawOptions[],
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: OnProgress },
): Promise<SampledCells[]> {
  signal?.throwIfAborted();
  const written = await writeSequencesEach(
    model,
    count,
    settings,
    (progress) => {
      signal?.throwIfAborted();
      onProgress?.(progress);
    },
  );
  const sampled: SampledCells[] = [];
  for (const sequences of written) {
    sampled.push({ sequences, samples: await decodeParsed(model, sequences) });
  }
  return sampled;
}

/** The codes of the sequences that are well-formed, one after the other, `[B·N]`. */
export function codesOf({ sequences }: SampledCells): Int32Array {
  const wellFormed = sequences.flatMap(({ codes }) =>
    codes === null ? [] : [codes]
  );
  return joinSequences(wellFormed, wellFormed[0]?.length ?? 0);
}

/** The first samples that are cells of the space as they stand (strict reading). */
export function firstCells(
  space: SearchSpace,
  samples: readonly Sample[],
  most: number,
): Graph[] {
  const cells: Graph[] = [];
  for (const sample of samples) {
    if (cells.length === most) break;
    if (typeof sample === "string") continue;
    if (space.invalidReason(sample, "strict") === null) cells.push(sample);
  }
  return cells;
}
