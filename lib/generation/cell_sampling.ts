/**
 * Sampling cells: the language model writes code sequences, the VQ-VAE decodes them.
 *
 * Source: the paper, §3.2 and figure 1, step 3.
 *
 * @module
 */

import type { ParsedSentence } from "../language/sentences.ts";
import type { Sample } from "../metrics/generation.ts";
import type { Graph } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { decodeParsed, joinSequences } from "./cell_decoding.ts";
import type { WritingModel } from "./cell_model.ts";
import { writeSequences, type WritingOptions } from "./code_writing.ts";

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
  { signal, onProgress, ...options }: CellSamplingOptions,
): Promise<SampledCells> {
  signal?.throwIfAborted();
  const sequences = await writeSequences(model, count, {
    ...options,
    onProgress: (progress) => {
      signal?.throwIfAborted();
      onProgress?.(progress);
    },
  });
  return { sequences, samples: await decodeParsed(model, sequences) };
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
