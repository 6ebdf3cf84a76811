/**
 * Files of samples and reconstructed cells as counting again reads them: by a reader of its own.
 *
 * @module
 */

import { join } from "node:path";
import { exists } from "../core/files.ts";
import { readGzipJson } from "../core/gzip.ts";
import { shown } from "../core/shown.ts";
import { type PlainGraph, plainGraph } from "./graph.ts";

/** What can stand in the place of a cell. */
const MALFORMED = ["wrong length", "outside the codebook", "not a number"];

/** A file of samples. */
export interface CountedSamples {
  /** By which rows name it. */
  readonly key: string;
  /** How many were drawn for them. */
  readonly draws: number;
  /** Null for what is no sentence. */
  readonly samples: readonly (PlainGraph | null)[];
}

/**
 * Reads a file of samples.
 *
 * @throws {Error} If it cannot be read.
 * @throws {SyntaxError} If it is none.
 */
export async function readCounted(path: string): Promise<CountedSamples> {
  const { key, draws, samples } = await openCounted(path);
  if (typeof draws !== "number" || !Number.isSafeInteger(draws)) {
    throw unlikeSaved(path, "the number of draws", draws);
  }
  if (!Array.isArray(samples) || samples.length === 0) {
    throw unlikeSaved(path, "the list of samples", samples);
  }
  // Samples repeat: equal ones are one graph.
  const graphs = new Map<unknown, PlainGraph | null>(
    MALFORMED.map((kind) => [kind, null]),
  );
  for (const text of samples) {
    if (graphs.has(text)) continue;
    const graph = typeof text === "string" ? plainGraph(text) : null;
    if (graph === null) throw unlikeSaved(path, "each sample", text);
    graphs.set(text, graph);
  }
  return { key, draws, samples: samples.map((text) => graphs.get(text)!) };
}

/**
 * Reads a file that rows name by its key; the rest of it is the reader's to check.
 *
 * @throws {Error} If it cannot be read.
 * @throws {SyntaxError} If it has no key.
 */
export async function openCounted(
  path: string,
): Promise<{ readonly key: string; readonly [name: string]: unknown }> {
  const file = await readGzipJson(path, "samples") as
    | { readonly key?: unknown }
    | null;
  const key = file?.key;
  if (typeof key !== "string") throw unlikeSaved(path, "the key", file);
  return { ...file, key };
}

/** The error of a file that is not as a run saves it. */
export function unlikeSaved(
  path: string,
  what: string,
  got: unknown,
): SyntaxError {
  return new SyntaxError(
    `Cannot read the samples: ${what} in ${path} must be as a run saves it, got ${
      shown(got)
    }`,
  );
}

/**
 * The files in a folder of samples and those below it, by their keys; none where it is not there.
 *
 * @throws {Error} If one cannot be read.
 * @throws {SyntaxError} If one has no key.
 */
export async function sampleFiles(
  folder: string,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const walk = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (isDirectory) await walk(path);
      else if (name.endsWith(".json.gz")) {
        files.set((await openCounted(path)).key, path);
      }
    }
  };
  if (await exists(folder)) await walk(folder);
  return files;
}
