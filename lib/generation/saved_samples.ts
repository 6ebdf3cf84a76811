/**
 * Samples on disk, so that a run that was killed need not draw them again.
 *
 * A line a sample: its operations and incoming edges as `graphText` writes them, or what came
 * in the place of a cell; for those made of codes the sentence too, which is for people and
 * other programs as well.
 *
 * @module
 */

import { loadResult } from "../core/checkpoints.ts";
import { writeJson } from "../core/files.ts";
import {
  MALFORMED_REASONS,
  type ParsedSentence,
  toSentence,
} from "../language/sentences.ts";
import { MALFORMED_KINDS, type Sample } from "../metrics/generation.ts";
import { graphText } from "../spaces/graph.ts";

/** Samples that can be gone on from. */
export interface SavedSamples {
  readonly samples: readonly Sample[];
  readonly sequences?: readonly ParsedSentence[];
  readonly draws: number;
  readonly seconds: number;
}

/** The file. */
interface SampleFile {
  /** Identity of generator, number and random draws; other samples are not gone on from. */
  readonly key: string;
  /** The name of the generator, for readers. */
  readonly generator: string;
  readonly draws: number;
  readonly seconds: number;
  readonly samples: readonly string[];
  readonly sentences?: readonly string[];
}

/** Writes samples. */
export async function saveSamples(
  path: string,
  { key, generator, draws, seconds, samples, sequences }:
    & SavedSamples
    & Pick<SampleFile, "key" | "generator">,
): Promise<void> {
  const file: SampleFile = {
    key,
    generator,
    draws,
    seconds,
    samples: samples.map((sample) =>
      typeof sample === "string" ? sample : graphText(sample)
    ),
    ...(sequences && {
      sentences: sequences.map(({ codes, malformed }) =>
        codes === null ? malformed : toSentence(codes)
      ),
    }),
  };
  await writeJson(path, file);
}

/** Reads samples, or null where there are none of this key. */
export async function loadSamples(
  path: string,
  key: string,
): Promise<SavedSamples | null> {
  const file = await loadResult<SampleFile>(path, key, "saved samples");
  if (file === null) return null;
  const { draws, seconds, samples, sentences } = file;
  return {
    draws,
    seconds,
    samples: samples.map(_sample),
    ...(sentences && { sequences: sentences.map(_sequence) }),
  };
}

function _sample(text: string): Sample {
  const kind = MALFORMED_KINDS.find((kind) => kind === text);
  if (kind !== undefined) return kind;
  const [ops, incoming] = text.split(";").map((part) => part.split(","));
  return {
    ops: Uint8Array.from(ops, Number),
    incoming: Uint32Array.from(incoming, Number),
  };
}

function _sequence(text: string): ParsedSentence {
  const malformed = MALFORMED_REASONS.find((reason) => reason === text);
  return malformed === undefined
    ? { codes: Int32Array.from(text.split(" "), Number), malformed: null }
    : { codes: null, malformed };
}
