/**
 * The compared methods, from the folders of trained models.
 *
 * Where the models come from is plain data, so that a worker can make the same methods anew.
 *
 * @module
 */

import type { Executor } from "../engine/executor.ts";
import { openCellModel, openCellModels } from "../generation/cell_model.ts";
import { openArch2vec } from "../generation/arch2vec.ts";
import { Arch2vec } from "../models/arch2vec/arch2vec.ts";
import type { TrainedArch2vec } from "../models/arch2vec/training.ts";
import { CODES } from "../models/vqvae/config.ts";
import type { SearchSpace } from "../spaces/space.ts";
import {
  algorithm1Variants,
  type ComparedMethod,
  comparedMethods,
  METHOD_MODELS,
  type MethodMeans,
} from "./compared.ts";
import { latentVectors } from "./latents.ts";
import type { NamedMethod } from "./method.ts";
import { rivalSearches, type RivalTraining } from "./rivals/rivals.ts";

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

/** One method; disposing frees its model. */
export interface OpenedMethod extends ComparedMethod, AsyncDisposable {}

/** How a method is named where a name is typed: `Arch-LLM+ search` is `arch-llm-plus-search`. */
export function methodSlug(name: string): string {
  return name.toLowerCase().replaceAll("+", "-plus").replaceAll(/\W+/g, "-")
    .replace(/-$/, "");
}

/** The names of all methods: those of notebook 7, then those of other papers. */
export function methodNames(space: SearchSpace, executor: Executor): string[] {
  const alone = comparedMethods(space, { models: {}, latents: null }, executor);
  return [
    ...alone.map(({ name }) => name),
    ...METHOD_MODELS.keys(),
    ...rivalSearches(space).map(({ name }) => name),
  ];
}

/**
 * Opens one method, and the model that it needs, if any.
 *
 * @param name As tables have it.
 * @param options `folder`: where the trained models of a code are, by their names; `training`:
 *   how the others are trained, arch2vec and those of other papers' searches.
 * @throws {RangeError} If there is no such method.
 * @throws {Error} If a file of the model is missing or is none.
 */
export async function openMethod(
  space: SearchSpace,
  name: string,
  { folder, training }: {
    readonly folder: (name: string) => string;
    readonly training: RivalTraining;
  },
): Promise<OpenedMethod> {
  await using opened = new AsyncDisposableStack();
  const { executor } = training;
  const rival = rivalSearches(space).find((rival) => rival.name === name);
  const method = rival === undefined
    ? await _compared(space, name, { folder, training, owner: opened })
    : { ...rival, ...await rival.open(training, opened) };
  if (method === undefined) {
    throw new RangeError(
      `Cannot search: the method must be one of ${
        methodNames(space, executor).join("; ")
      }, got ${name}`,
    );
  }
  const owned = opened.move();
  return { ...method, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** One of notebook 7's methods, with its model; undefined where there is none of the name. */
async function _compared(
  space: SearchSpace,
  name: string,
  { folder, training, owner }: {
    readonly folder: (name: string) => string;
    readonly training: RivalTraining;
    readonly owner: AsyncDisposableStack;
  },
): Promise<ComparedMethod | undefined> {
  const { executor } = training;
  const needed = METHOD_MODELS.get(name);
  let means: MethodMeans = { models: {}, latents: null };
  if (needed === "arch2vec") {
    const model = owner.use(await openArch2vec(space, training));
    means = { ...means, latents: latentVectors(model, space) };
  } else if (needed !== undefined) {
    const vqvae = folder(`${needed}/vqvae`), t5 = folder(`${needed}/t5`);
    const model = await openCellModel(space, { vqvae, t5 }, executor);
    means = { ...means, models: { [needed]: owner.use(model) } };
  }
  return comparedMethods(space, means, executor)
    .find((method) => method.name === name);
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
    methods: comparedMethods(space, {
      models: writers,
      latents: latentVectors(arch2vec, space),
    }, executor),
    algorithm1: algorithm1Variants(writers["arch-llm"], executor),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
