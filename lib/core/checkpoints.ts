/**
 * What training runs share: progress reports, and checkpoints they go on from.
 *
 * @module
 */


import { type HostTensors, floats } from "./tensors.ts";

import { exists, readJson, sha256 } from "./files.ts";
import { readSafetensors, storable, writeSafetensors } from "./safetensors.ts";

/** Called as work proceeds; `message` says how it goes (losses, rates). */
export type OnProgress = (
  progress: { done: number; total: number; message: string },
) => void;

/** A point that a killed run goes on from. */
export interface Checkpoint<T> {
  /** All state that the next step depends on. */
  readonly tensors: HostTensors;
  /** Counters and history. */
  readonly progress: T;
}

/**
 * The identity of a run: its configuration, its data and the code that trains.
 *
 * A checkpoint under another key belongs to another run and is not gone on from.
 */
export function runKey(parts: Record<string, unknown>): string {
  return sha256(JSON.stringify(parts));
}

/** A digest of numbers, as a part of a run's identity. */
export function digest(numbers: Float32Array | Int32Array | Uint32Array) {
  const { buffer, byteOffset, byteLength } = numbers;
  return sha256(new Uint8Array(buffer, byteOffset, byteLength));
}

/** A digest of weights and their names, as a part of a run's identity. */
export function weightsDigest(weights: HostTensors): string {
  return sha256(JSON.stringify(
    Array.from(
      storable(weights),
      ([name, { shape, data }]) => [name, shape, digest(data)],
    ),
  ));
}

/**
 * Reads what a run saved as JSON, or null where there is none of this run.
 *
 * @param path Null: nothing is ever saved.
 * @param what Names the content in errors.
 */
export async function loadResult<T extends { readonly key: string }>(
  path: string | null,
  key: string,
  what: string,
): Promise<T | null> {
  if (path === null || !await exists(path)) return null;
  const saved = await readJson<T>(path, what);
  return saved.key === key ? saved : null;
}

/** Writes a checkpoint, whole or not at all. */
export function saveCheckpoint<T>(
  path: string,
  key: string,
  { tensors, progress }: Checkpoint<T>,
): Promise<void> {
  return writeSafetensors(path, storable(tensors), {
    key,
    progress: JSON.stringify(progress),
  });
}

/** Reads a checkpoint, or null where there is none of this run. */
export async function loadCheckpoint<T>(
  path: string,
  key: string,
): Promise<Checkpoint<T> | null> {
  if (!await exists(path)) return null;
  const { tensors, metadata } = await readSafetensors(path);
  if (metadata.key !== key) return null;
  return {
    tensors: Object.fromEntries(
      [...tensors].map(([name, { shape, data }]) => [
        name,
        floats(shape, data as Float32Array),
      ]),
    ),
    progress: JSON.parse(metadata.progress) as T,
  };
}
