/**
 * Trains several models side by side.
 *
 * Steps of models as small as these keep one core busy, not several; so on the CPU each model
 * gets a worker, and the cores are shared out among them. The weights are the same either way,
 * but for rounding where an operator adds up in more threads. Spaces that the registry does not
 * have, other devices and pretrained models are trained here, one model after the other.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import { inWorkers, threadsEach } from "../core/workers.ts";
import type { Executor } from "../engine/executor.ts";
import { SPACES } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { Arch2vecConfig } from "./arch2vec/config.ts";
import {
  type Arch2vecTraining,
  trainArch2vec,
  type TrainedArch2vec,
} from "./arch2vec/training.ts";
import { type T5Base, trainT5To } from "./t5/base.ts";
import type { FittedSequences, T5Training, TrainedT5 } from "./t5/training.ts";
import type { ByCode, VqvaeConfig } from "./vqvae/config.ts";
import { CODE_METHODS, CODES } from "./vqvae/config.ts";
import {
  type TrainedVqvae,
  trainVqvaeTo,
  type VqvaeTraining,
} from "./vqvae/training.ts";

/** An arch2vec to be trained. */
export interface Arch2vecRun {
  readonly config: Arch2vecConfig;
  readonly training: Arch2vecTraining;
  /** The file to save to after each epoch and to go on from. */
  readonly checkpoint?: string;
}

/** A VQ-VAE to be trained. */
export interface VqvaeRun {
  /** Where it is saved. */
  readonly directory: string;
  readonly config: VqvaeConfig;
  readonly training: VqvaeTraining;
}

/** A T5 to be trained from scratch. */
export interface T5Run {
  /** Where it is saved. */
  readonly directory: string;
  readonly sequences: FittedSequences;
  readonly training: T5Training;
}

/** What each worker gets. */
export interface TrainingPlace {
  /** Name of the space. */
  readonly space: string;
  readonly threads: number;
}

/** What a worker is asked for. */
export type TrainingJob =
  | { readonly model: "arch2vec"; run: Arch2vecRun; limit?: number }
  | { readonly model: "vqvae"; run: VqvaeRun }
  | { readonly model: "t5"; run: T5Run };

/** Where models are trained, and who is told. */
interface Options {
  readonly executor: Executor;
  readonly onProgress?: OnProgress;
}

/**
 * Trains several arch2vec.
 *
 * @param options `limit`: as in `trainArch2vec`.
 * @returns In the order of the runs.
 * @throws {Error} If one of them fails.
 */
export function trainArch2vecs(
  space: SearchSpace,
  runs: readonly Arch2vecRun[],
  { executor, limit, onProgress }: Options & { readonly limit?: number },
): Promise<TrainedArch2vec[]> {
  return _sideBySide(space, runs, {
    executor,
    onProgress,
    names: runs.map((_, i) => `model ${i + 1} of ${runs.length}`),
    threads: 1, // its batches are so small that a second one is of no use
    job: (run) => ({ model: "arch2vec", run, limit }),
    train: ({ config, training, checkpoint }, onProgress) =>
      trainArch2vec(space, config, training, {
        ...{ executor, checkpoint, limit, onProgress },
      }),
  });
}

/**
 * Trains the VQ-VAE of each code and saves it to a folder; one after the other where encoders
 * have several layers.
 *
 * @throws {Error} If one of them fails.
 */
export async function trainVqvaes(
  space: SearchSpace,
  runs: ByCode<VqvaeRun>,
  options: Options,
): Promise<ByCode<TrainedVqvae>> {
  const list = CODES.map((code) => runs[code]);
  // Of several layers one code takes many times as long as the other, and would be left with
  // one core in the end; it keeps several busy.
  const alike = list.every(({ config }) => config.layers === 1);
  return _byCode(
    await _sideBySide(space, list, {
      ...options,
      names: CODES.map((code) => CODE_METHODS[code]),
      job: alike
        ? (run) => ({
          model: "vqvae",
          run,
          threads: threadsEach(list.length),
        })
        : undefined,
      train: ({ directory, config, training }, onProgress) =>
        trainVqvaeTo(directory, space, config, training, {
          executor: options.executor,
          onProgress,
        }),
    }),
  );
}

/**
 * Trains the T5 of each code and saves it to a folder, as `trainT5To` does.
 *
 * @param base Of all: codes of a space have one shape.
 * @throws {RangeError | Error} As `trainT5To`.
 */
export async function trainT5s(
  space: SearchSpace,
  runs: ByCode<T5Run>,
  base: T5Base,
  options: Options,
): Promise<ByCode<TrainedT5>> {
  const list = CODES.map((code) => runs[code]);
  return _byCode(
    await _sideBySide(space, list, {
      ...options,
      names: CODES.map((code) => CODE_METHODS[code]),
      job: base.weights === undefined
        ? (run) => ({ model: "t5", run })
        : undefined,
      train: ({ directory, sequences, training }, onProgress) =>
        trainT5To(directory, sequences, base, training, {
          executor: options.executor,
          onProgress,
        }),
    }),
  );
}

function _byCode<T>(list: readonly T[]): ByCode<T> {
  return Object.fromEntries(
    CODES.map((code, i) => [code, list[i]]),
  ) as ByCode<T>;
}

async function _sideBySide<Run, Trained>(
  space: SearchSpace,
  runs: readonly Run[],
  {
    executor,
    names,
    threads = threadsEach(runs.length),
    job,
    train,
    onProgress = () => {},
  }: Options & {
    /** One a run, for the progress. */
    readonly names: readonly string[];
    /** Of a worker. */
    readonly threads?: number;
    /** What a worker gets for a run; undefined where there must be none. */
    readonly job?: (run: Run) => TrainingJob;
    /** Trains without a worker. */
    readonly train: (run: Run, onProgress: OnProgress) => Promise<Trained>;
  },
): Promise<Trained[]> {
  const done = runs.map(() => 0);
  const report = (
    index: number,
    { done: steps, total, message }: Parameters<OnProgress>[0],
  ) => {
    done[index] = steps;
    onProgress({
      done: done.reduce((sum, count) => sum + count, 0),
      total: total * runs.length,
      message: `${names[index]}, ${message}`,
    });
  };
  // A worker opens the space by its name.
  const works = executor.description === "onnxruntime cpu" &&
    SPACES.includes(space);
  if (works && job !== undefined && runs.length > 1) {
    return await inWorkers<TrainingPlace, TrainingJob, Trained>(
      new URL("./training_worker.ts", import.meta.url),
      { space: space.name, threads },
      runs.map(job),
      { onProgress: report },
    );
  }
  const models: Trained[] = [];
  for (const [index, run] of runs.entries()) {
    models.push(await train(run, (progress) => report(index, progress)));
  }
  return models;
}
