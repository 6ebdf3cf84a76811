/**
 * Samples on disk, so that a run that was killed need not draw them again, and so that what a
 * table reports can be counted again from what came with it.
 *
 * A packed JSON file with a line a sample: its operations and incoming edges as `graphText`
 * writes them, or what came in the place of a cell; for those made of codes the sentence too,
 * which is for people and other programs as well. Rows of tables name the file by its key.
 *
 * @module
 */

import { exists } from "../core/files.ts";
import { readGzipJson, writeGzipJson } from "../core/gzip.ts";
import { shown } from "../core/shown.ts";
import {
  MALFORMED_REASONS,
  type ParsedSentence,
  toSentence,
} from "../language/sentences.ts";
import { MALFORMED_KINDS, type Sample } from "../metrics/generation.ts";
import { graphText, parseGraphText } from "../spaces/graph.ts";

/** How the names of files of samples end. */
export const SAMPLES_SUFFIX = ".json.gz";

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
  await writeGzipJson(path, file);
}

/**
 * Reads samples, or null where there are none of this key.
 *
 * @throws {Error} If the file cannot be read.
 * @throws {SyntaxError} If it is not as `saveSamples` writes it.
 */
export async function loadSamples(
  path: string,
  key: string,
): Promise<SavedSamples | null> {
  if (!await exists(path)) return null;
  const file = await _sampleFile(path);
  if (file.key !== key) return null;
  const fail = (what: string, got: unknown): never => {
    throw new SyntaxError(
      `Cannot read the saved samples: ${what} in ${path} must be as they were saved, got ${
        shown(got)
      }; delete the file to draw them anew`,
    );
  };
  const texts = (what: string, value: unknown): readonly string[] =>
    Array.isArray(value) && value.every((text) => typeof text === "string")
      ? value
      : fail(what, value);
  const { draws, seconds } = file;
  if (!Number.isSafeInteger(draws) || draws < 0) fail("draws", draws);
  if (!(Number.isFinite(seconds) && seconds >= 0)) fail("seconds", seconds);
  const samples = texts("samples", file.samples)
    .map((text) => _sample(text) ?? fail("samples", text));
  if (file.sentences === undefined) return { draws, seconds, samples };
  const sequences = texts("sentences", file.sentences)
    .map((text) => _sequence(text) ?? fail("sentences", text));
  if (sequences.length !== samples.length) fail("sentences", sequences.length);
  return { draws, seconds, samples, sequences };
}

/**
 * The key of the samples in a file.
 *
 * @throws {Error} If the file cannot be read.
 * @throws {SyntaxError} If it has none.
 */
export async function samplesKey(path: string): Promise<string> {
  return (await _sampleFile(path)).key;
}

/** A file with a key; the rest is the reader's to check. */
async function _sampleFile(path: string): Promise<SampleFile> {
  const file = await readGzipJson(path, "saved samples") as SampleFile | null;
  if (typeof file?.key !== "string") {
    throw new SyntaxError(
      `Cannot read the saved samples: ${path} must be a JSON object with a key, got ${
        shown(file)
      }; delete the file to draw them anew`,
    );
  }
  return file;
}

/** The sample that a text stands for, or null. */
function _sample(text: string): Sample | null {
  return MALFORMED_KINDS.find((kind) => kind === text) ?? parseGraphText(text);
}

/** The sentence that a text stands for, or null. */
function _sequence(text: string): ParsedSentence | null {
  const malformed = MALFORMED_REASONS.find((reason) => reason === text);
  if (malformed !== undefined) return { codes: null, malformed };
  const codes = Int32Array.from(text.split(" "), Number);
  return toSentence(codes) === text ? { codes, malformed: null } : null;
}
