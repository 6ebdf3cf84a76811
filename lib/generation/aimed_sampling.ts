/**
 * Sampling cells with an aim, where independent draws repeat themselves.
 *
 * - `distinct`: code sequences without replacement.
 * - `unique`: cells of the space, each once, as the same cell (strict reading).
 * - `novel`: the same, and none of them a training cell.
 *
 * All keep drawing until there are as many as asked for, or the model has nothing else to
 * say, or too little, and tell how many sentences were drawn.
 *
 * @module
 */

import type { ParsedSentence } from "../language/sentences.ts";
import { sampleWithoutReplacement } from "../language/without_replacement.ts";
import { cellKey, type Sample, trainingKeys } from "../metrics/generation.ts";
import { decodeCodes } from "./cell_decoding.ts";
import type { WritingModel } from "./cell_model.ts";
import {
  type CellSamplingOptions,
  sampleCells,
  type SampledCells,
} from "./cell_sampling.ts";
import { nextCodes } from "./code_writing.ts";

/** What can be aimed at. */
export const AIMS = ["distinct", "unique", "novel"] as const;
/** One of {@link AIMS}. */
export type Aim = typeof AIMS[number];

/** What was returned of how many draws. */
export interface AimedCells extends SampledCells {
  /**
   * Sentences drawn until the last one that was returned, or in vain; for `distinct` the
   * outcomes of the search that had enough.
   */
  readonly draws: number;
}

/** The fewest sentences drawn at a time. */
const BATCH = 1000;
/**
 * Draws for each one that is asked for, at most: of the outcomes without replacement, and of
 * sentences beyond `PATIENCE`. A model that hardly ever writes a cell would else draw for hours.
 */
const MOST_DRAWS = 20;
/** Draws without anything to keep after which the model has nothing else to say. */
const PATIENCE = 20_000;

/**
 * Samples cells with an aim.
 *
 * @param count How many; fewer come back where 20,000 sentences in a row brought none, or
 *   20,000 and twenty times as many as asked for have not enough; for `distinct` where twenty
 *   times as many outcomes have not.
 * @throws {RangeError} If a sampling option is out of range; for `distinct`, if top-k or
 *   top-p is asked for, the temperature is 0, or a code is not one token.
 */
export async function sampleWithAim(
  model: WritingModel,
  aim: Aim,
  count: number,
  options: CellSamplingOptions,
): Promise<AimedCells> {
  if (aim === "distinct") return await _sampleDistinct(model, count, options);
  const keep = _newCells(model, aim === "novel");
  const sequences: ParsedSentence[] = [];
  const samples: Sample[] = [];
  let draws = 0;
  let lastKept = 0;
  const most = PATIENCE + MOST_DRAWS * count;
  while (
    samples.length < count && draws < Math.min(most, lastKept + PATIENCE)
  ) {
    const drawn = await sampleCells(
      model,
      Math.max(BATCH, count - samples.length),
      { ...options, onProgress: undefined },
    );
    for (const [i, sample] of drawn.samples.entries()) {
      if (
        samples.length === count ||
        draws === Math.min(most, lastKept + PATIENCE)
      ) break;
      draws++;
      if (!keep(sample)) continue;
      samples.push(sample);
      sequences.push(drawn.sequences[i]);
      lastKept = draws;
    }
    options.onProgress?.({
      done: samples.length,
      total: count,
      message: `${aim}, ${draws.toLocaleString("en")} draws`,
    });
  }
  return { sequences, samples, draws };
}

/** Tells valid cells (strict reading) that were not told before. */
function _newCells(
  { space }: WritingModel,
  novel: boolean,
): (sample: Sample) => boolean {
  const seen = new Set(novel ? trainingKeys(space, "strict") : []);
  return (sample) => {
    const key = cellKey(space, sample);
    if (key === null || seen.has(key)) return false;
    seen.add(key);
    return true;
  };
}

async function _sampleDistinct(
  model: WritingModel,
  count: number,
  {
    temperature,
    topK = null,
    topP = null,
    random,
    signal,
    onProgress,
  }: CellSamplingOptions,
): Promise<AimedCells> {
  if (topK !== null || topP !== null || !(temperature > 0)) {
    throw new RangeError(
      `Cannot sample without replacement: temperature must be more than 0, without top-k and top-p, got temperature ${temperature}, top-k ${topK}, top-p ${topP}`,
    );
  }
  const { nodes, codebookSize } = model.vqvae.config;
  const next = nextCodes(model, temperature);
  // Of the outcomes some leave the form, so more have to be drawn than are returned.
  for (let draws = count;; draws = Math.ceil(1.5 * draws)) {
    const drawn = await sampleWithoutReplacement(next, draws, {
      length: nodes,
      codebookSize,
      random,
      onProgress: ({ done, total }) => {
        signal?.throwIfAborted();
        onProgress?.({ done, total, message: "prefixes" });
      },
    });
    const found = drawn.codes.length / nodes;
    const more = drawn.draws === draws && draws < MOST_DRAWS * count;
    if (found < count && more) continue;
    const codes = drawn.codes.subarray(0, Math.min(count, found) * nodes);
    const samples = await decodeCodes(model, codes);
    const sequences = samples.map((_, i) => ({
      codes: codes.slice(i * nodes, (i + 1) * nodes),
      malformed: null,
    }));
    const used = found < count ? drawn.draws : drawn.drawnBy[count - 1];
    return { sequences, samples, draws: used };
  }
}
