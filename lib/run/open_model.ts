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
  const outputs = run === undefined
    ? recordFolder(OUTPUTS, space)
    : runFolder(OUTPUTS, run);
  for (const kind of ["vqvae", "t5"]) {
    if (hasModel(outputs, `${code}/${kind}`)) continue;
    throw new Error(
      `Cannot open a model: ${
        shownPath(modelFolder(outputs, `${code}/${kind}`))
      } must hold one, got none; deno task reproduce --space ${space} makes it, as a run to be named here`,
    );
  }
  return await openCellModel(opened, {
    vqvae: modelFolder(outputs, `${code}/vqvae`),
    t5: modelFolder(outputs, `${code}/t5`),
  }, executor ?? await openDevice("auto"));
}
