/**
 * What runs save: results as JSON, and checkpoints that a killed run goes on from.
 *
 * Both hold the key of their run (`keys.ts`); what another run saved is not read.
 *
 * @module
 */

import { exists, readJson } from "./files.ts";
import { readSafetensors, storable, writeSafetensors } from "./safetensors.ts";
import { shown, shownText } from "./shown.ts";
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

/** A checkpoint that is of this run and not as a run saves one: a disk or a person changed it. */
export class DamagedCheckpointError extends Error {
  override readonly name = "DamagedCheckpointError";

  /** @param problem What is wrong, as `its … must be …, got …`. */
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(
      `Cannot go on from the checkpoint ${path}: ${problem}; delete it to start anew`,
      options,
    );
  }
}

/**
 * Reads what a run saved as JSON, or null where there is none of this run.
 *
 * The caller checks what it relies on.
 *
 * @param path Null: nothing is ever saved.
 * @param what Names the content in errors.
 * @throws {Error} If the file cannot be read.
 * @throws {SyntaxError} If it is no JSON object with a key.
 */
export async function loadResult<T extends { readonly key: string }>(
  path: string | null,
  key: string,
  what: string,
): Promise<T | null> {
  if (path === null || !await exists(path)) return null;
  const saved = await readJson<T | null>(path, what);
  if (typeof saved?.key !== "string") {
    throw new SyntaxError(
      `Cannot read the ${what}: ${path} must be a JSON object with a key, got ${
        shown(saved)
      }`,
    );
  }
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

/**
 * Reads a checkpoint, or null where there is none of this run.
 *
 * @param like Tensors of the names and shapes that it must have; their order is that of the
 *   result.
 * @param isProgress Tells whether a value is the progress of such a run.
 * @throws {Error} If the file cannot be read.
 * @throws {DamagedCheckpointError} If it is not as this run saves it.
 */
export async function loadCheckpoint<T>(
  path: string,
  key: string,
  like: HostTensors,
  isProgress: (value: unknown) => boolean,
): Promise<Checkpoint<T> | null> {
  if (!await exists(path)) return null;
  const { tensors, metadata } = await readSafetensors(path);
  if (metadata.key !== key) return null;
  const surplus = [...tensors.keys()].find((name) =>
    !Object.hasOwn(like, name)
  );
  if (surplus !== undefined) {
    throw new DamagedCheckpointError(
      path,
      `its tensors must be those of the model, got ${shownText(surplus)}`,
    );
  }
  const restored = Object.entries(like).map(([name, { shape }]) => {
    const tensor = tensors.get(name);
    if (
      `${tensor?.shape}` !== `${shape}` ||
      !(tensor?.data instanceof Float32Array)
    ) {
      throw new DamagedCheckpointError(
        path,
        `its tensor ${name} must be of real numbers [${
          shape.join(", ")
        }], got ${
          tensor === undefined
            ? "none"
            : `${tensor.data.constructor.name} [${
              shownText(tensor.shape.join(", "))
            }]`
        }`,
      );
    }
    return [name, floats(shape, tensor.data)] as const;
  });
  return {
    tensors: Object.fromEntries(restored),
    progress: _progress<T>(path, metadata.progress, isProgress),
  };
}

function _progress<T>(
  path: string,
  text: string | undefined,
  isProgress: (value: unknown) => boolean,
): T {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "");
  } catch {
    value = undefined;
  }
  if (!isProgress(value)) {
    throw new DamagedCheckpointError(
      path,
      `its progress must be that of such a run, got ${shown(value ?? text)}`,
    );
  }
  return value as T;
}
