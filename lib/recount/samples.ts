/**
 * Files of samples as counting again reads them: by a reader of its own.
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
  const { key, draws, samples } = await _opened(path);
  if (typeof draws !== "number" || !Number.isSafeInteger(draws)) {
    throw _unlike(path, "the number of draws", draws);
  }
  if (!Array.isArray(samples) || samples.length === 0) {
    throw _unlike(path, "the list of samples", samples);
  }
  // Samples repeat: equal ones are one graph.
  const graphs = new Map<unknown, PlainGraph | null>(
    MALFORMED.map((kind) => [kind, null]),
  );
  for (const text of samples) {
    if (graphs.has(text)) continue;
    const graph = typeof text === "string" ? plainGraph(text) : null;
    if (graph === null) throw _unlike(path, "each sample", text);
    graphs.set(text, graph);
  }
  return { key, draws, samples: samples.map((text) => graphs.get(text)!) };
}

/** A file's object, which has a key. */
async function _opened(
  path: string,
): Promise<{ key: string; draws?: unknown; samples?: unknown }> {
  const file = await readGzipJson(path, "samples") as
    | { readonly key?: unknown }
    | null;
  const key = file?.key;
  if (typeof key !== "string") throw _unlike(path, "the key", file);
  return { ...file, key };
}

function _unlike(path: string, what: string, got: unknown): SyntaxError {
  return new SyntaxError(
    `Cannot read the samples: ${what} in ${path} must be as a run saves it, got ${
      shown(got)
    }`,
  );
}

/**
 * The files of samples in a folder and those below it, by their keys; none where it is not there.
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
        files.set((await _opened(path)).key, path);
      }
    }
  };
  if (await exists(folder)) await walk(folder);
  return files;
}
