/**
 * Opening a trained model by name: that of a run of record, which may come with the
 * repository, or of a run of one's own.
 *
 * @module
 */

import { openDevice } from "../engine/device.ts";
import type { Executor } from "../engine/executor.ts";
import { type CellModel, openCellModel } from "../generation/cell_model.ts";
import type { CodeKind } from "../models/vqvae/config.ts";
import { getSpace } from "../spaces/registry.ts";
import {
  hasModel,
  modelFolder,
  OUTPUTS,
  recordFolder,
  runFolder,
  shownPath,
} from "./folders.ts";

/**
 * Opens the VQ-VAE and the T5 of a code.
 *
 * @param space Name of a search space of the registry.
 * @param options `run`: the name of a run under `outputs/runs/`, by default the run of record;
 *   `executor`: where to run it, by default the fastest device there is.
 * @returns The model; it owns what it holds on the device: open it with `await using`.
 * @throws {RangeError} If there is no such space.
 * @throws {Error} If the models are not there, with the command that makes them.
 */
export async function openModel(
  space: string,
  code: CodeKind,
  { run, executor }: { readonly run?: string; readonly executor?: Executor } =
    {},
): Promise<CellModel> {
  const opened = getSpace(space);
  return await openCellModel(opened, {
    vqvae: trainedModelFolder(space, `${code}/vqvae`, run),
    t5: trainedModelFolder(space, `${code}/t5`, run),
  }, executor ?? await openDevice("auto"));
}

/**
 * Where a trained model is.
 *
 * @param space Name of a search space.
 * @param name Of the model, such as `arch-llm/t5`.
 * @param run As of {@link openModel}.
 * @returns Its absolute folder.
 * @throws {Error} If it is not there, with the command that makes it.
 */
export function trainedModelFolder(
  space: string,
  name: string,
  run?: string,
): string {
  const outputs = run === undefined
    ? recordFolder(OUTPUTS, space)
    : runFolder(OUTPUTS, run);
  if (hasModel(outputs, name)) return modelFolder(outputs, name);
  throw new Error(
    `Cannot open a model: ${
      shownPath(modelFolder(outputs, name))
    } must hold one, got none; deno task reproduce --space ${space} makes it, as a run to be named here`,
  );
}
