/**
 * The compared methods, from the folders of trained models.
 *
 * Where the models come from is plain data, so that a worker can make the same methods anew.
 *
 * @module
 */

import type { Executor } from "../engine/executor.ts";
import { openCellModels } from "../generation/cell_model.ts";
import { Arch2vec } from "../models/arch2vec/arch2vec.ts";
import type { TrainedArch2vec } from "../models/arch2vec/training.ts";
import { CODES } from "../models/vqvae/config.ts";
import type { SearchSpace } from "../spaces/space.ts";
import {
  algorithm1Variants,
  type ComparedMethod,
  comparedMethods,
} from "./compared.ts";
import { latentVectors } from "./latents.ts";
import type { NamedMethod } from "./method.ts";

/** The models that methods are made with. */
export interface MethodModels {
  /** Folders of trained models by their names, such as `arch-llm/t5`. */
  readonly folders: Readonly<Record<string, string>>;
  readonly arch2vec: TrainedArch2vec;
}

/** The methods; disposing frees their models. */
export interface OpenedMethods extends AsyncDisposable {
  readonly models: MethodModels;
  /** In the order of the tables. */
  readonly methods: readonly ComparedMethod[];
  /** Algorithm 1 with other settings. */
  readonly algorithm1: readonly NamedMethod[];
}

/**
 * Names the models of a run that methods are made with.
 *
 * @param folder Where a trained model is, by its name.
 */
export function methodModels(
  folder: (name: string) => string,
  arch2vec: TrainedArch2vec,
): MethodModels {
  const names = CODES.flatMap((code) => [`${code}/vqvae`, `${code}/t5`]);
  return {
    folders: Object.fromEntries(names.map((name) => [name, folder(name)])),
    arch2vec,
  };
}

/**
 * Opens the models and makes the methods.
 *
 * @throws {Error} If a file of a model is missing or is none.
 */
export async function openMethods(
  space: SearchSpace,
  models: MethodModels,
  executor: Executor,
): Promise<OpenedMethods> {
  await using opened = new AsyncDisposableStack();
  const writers = await openCellModels(
    space,
    (name) => models.folders[name],
    executor,
  );
  for (const writer of Object.values(writers)) opened.use(writer);
  const arch2vec = opened.use(new Arch2vec(models.arch2vec, executor));
  const owned = opened.move();
  return {
    models,
    methods: comparedMethods(writers, latentVectors(arch2vec, space), executor),
    algorithm1: algorithm1Variants(writers["arch-llm"], executor),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
