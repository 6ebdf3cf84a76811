/**
 * arch2vec as a generator: cells decoded from its prior; and which of its models are compared.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import type { Executor } from "../engine/executor.ts";
import { Arch2vec } from "../models/arch2vec/arch2vec.ts";
import {
  type Arch2vecConfig,
  arch2vecConfig,
  REPAIRED,
} from "../models/arch2vec/config.ts";
import {
  arch2vecTraining,
  type TrainedArch2vec,
} from "../models/arch2vec/training.ts";
import { trainArch2vecs } from "../models/side_by_side.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { Autoencoder } from "./generator.ts";

/** arch2vec on a device; disposing frees it. */
export interface Arch2vecGenerator extends Autoencoder, AsyncDisposable {}

/**
 * Places a trained arch2vec on a device.
 *
 * @param name Names its rows.
 */
export function arch2vecGenerator(
  space: SearchSpace,
  trained: TrainedArch2vec,
  executor: Executor,
  name: string,
): Arch2vecGenerator {
  const model = new Arch2vec(trained, executor);
  const { wholeDecodes, uncheckedNodes } = model.config.quirks;
  const unchecked = uncheckedNodes
    ? space.settings.arch2vec.uncheckedNodes
    : undefined;
  return {
    name,
    key: model.key,
    settings: {
      topK: null,
      topP: null,
      ...(space.variableSize ? { cut: !wholeDecodes } : {}),
      ...(unchecked === undefined ? {} : {
        uncheckedNodes: unchecked,
        note:
          "In the published reading judged as arch2vec's code does: the operation of " +
          `node ${unchecked.join(", ")} is not looked at.`,
      }),
    },
    ...(unchecked === undefined
      ? {}
      : { invalidReason: _unchecked(space, unchecked) }),
    reconstruct: async (cells) =>
      await model.decode(await model.encode(space, cells)),
    async sample(count, { random, signal }) {
      signal?.throwIfAborted();
      return {
        samples: await model.sample(space, count, { random }),
        draws: count,
      };
    },
    [Symbol.asyncDispose]: () => model.dispose(),
  };
}

/** A space's judgement that in the published reading never looks at the operation of some nodes. */
function _unchecked(
  space: SearchSpace,
  nodes: readonly number[],
): SearchSpace["invalidReason"] {
  const [anyOp] = space.innerOps;
  return (graph, mode) => {
    if (mode === "strict") return space.invalidReason(graph, mode);
    const ops = graph.ops.map((op, node) => nodes.includes(node) ? anyOp : op);
    return space.invalidReason({ ...graph, ops }, mode);
  };
}

/** A model to be compared. */
export interface Arch2vecContender {
  /** Names its rows. */
  readonly name: string;
  readonly config: Arch2vecConfig;
  /** Its folder among the models of a run. */
  readonly folder: string;
  readonly seed: number;
}

/** arch2vec as its authors' code has it, and repaired. */
export function arch2vecContenders(
  space: SearchSpace,
  seed: number,
): Arch2vecContender[] {
  return [
    {
      name: "arch2vec, as published",
      config: arch2vecConfig(space),
      folder: "arch2vec/published",
      seed,
    },
    {
      name: "arch2vec, repaired",
      config: arch2vecConfig(space, REPAIRED),
      folder: "arch2vec/repaired",
      seed,
    },
  ];
}

/** Cells that a quick run trains arch2vec on. */
const QUICK_CELLS = 2_000;

/** Where and how contenders are trained. */
export interface ContenderTraining {
  readonly executor: Executor;
  /** Where a model of the run is written, by its name. */
  readonly newModel: (name: string) => string;
  /** On few cells, to show every part at work. */
  readonly quick: boolean;
  readonly onProgress?: OnProgress;
}

/** Trains contenders, or takes them from the checkpoints that the run has. */
export function trainContenders(
  space: SearchSpace,
  contenders: readonly Arch2vecContender[],
  { executor, newModel, quick, onProgress }: ContenderTraining,
): Promise<TrainedArch2vec[]> {
  return trainArch2vecs(
    space,
    contenders.map(({ config, folder, seed }) => ({
      config,
      training: arch2vecTraining(space, seed, quick),
      checkpoint: newModel(`${folder}/checkpoint.safetensors`),
    })),
    { executor, limit: quick ? QUICK_CELLS : undefined, onProgress },
  );
}

/**
 * arch2vec as its authors' code has it: the first of the contenders, which is trained unless
 * the run has it.
 */
export async function trainedArch2vec(
  space: SearchSpace,
  { seed, ...training }: ContenderTraining & { readonly seed: number },
): Promise<TrainedArch2vec> {
  const [first] = arch2vecContenders(space, seed);
  const [trained] = await trainContenders(space, [first], training);
  return trained;
}

/**
 * Places {@link trainedArch2vec} on a device.
 *
 * @returns The model; it owns what it holds on the device.
 */
export async function openArch2vec(
  space: SearchSpace,
  options: ContenderTraining & { readonly seed: number },
): Promise<Arch2vec> {
  return new Arch2vec(await trainedArch2vec(space, options), options.executor);
}
