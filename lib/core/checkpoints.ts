/**
 * What runs save: results as JSON, and checkpoints that a killed run goes on from.
 *
 * Both hold the key of their run (`keys.ts`); what another run saved is not read.
 *
 * @module
 */

import { exists, readJson } from "./files.ts";
import { readSafetensors, storable, writeSafetensors } from "./safetensors.ts";
import { floats, type HostTensors } from "./tensors.ts";

/** Name of the checkpoint beside the files of the model that is trained. */
export const CHECKPOINT = "checkpoint.safetensors";

/** A point that a killed run goes on from. */
export interface Checkpoint<T> {
  /** All state that the next step depends on. */
  readonly tensors: HostTensors;
  /** Counters and history. */
  readonly progress: T;
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
