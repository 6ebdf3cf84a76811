/**
 * Trains arch2vec with several seeds side by side.
 *
 * Its batches are so small that a second thread is of no use within a step; on the CPU each
 * seed gets a worker and a thread of its own instead. The weights are the same either way.
 *
 * @module
 */

import type { Executor } from "../compile/executor.ts";
import type { SearchSpace, SpaceName } from "../spaces/space.ts";
import type { Arch2vecConfig } from "./arch2vec.ts";
import {
  type Arch2vecTraining,
  trainArch2vec,
  type TrainedArch2vec,
} from "./arch2vec_training.ts";
import type { OnProgress } from "./training_run.ts";

/** What a worker is asked for. */
export interface Arch2vecJob {
  readonly space: SpaceName;
  readonly config: Arch2vecConfig;
  readonly training: Arch2vecTraining;
  readonly checkpoint?: string;
  readonly limit?: number;
}

/** What a worker tells. */
export interface Arch2vecNews {
  readonly progress?: Parameters<OnProgress>[0];
  readonly trained?: TrainedArch2vec;
  readonly error?: string;
}

/**
 * Trains one model for each of several settings that differ in their seed.
 *
 * @param options `checkpoint`: the file of a seed; `limit`: as in `trainArch2vec`.
 * @returns In the order of the settings.
 * @throws {Error} If one of them fails.
 */
export async function trainArch2vecSeeds(
  space: SearchSpace,
  config: Arch2vecConfig,
  trainings: readonly Arch2vecTraining[],
  { executor, checkpoint, limit, onProgress = () => {} }: {
    executor: Executor;
    checkpoint?: (seed: number) => string;
    limit?: number;
    onProgress?: OnProgress;
  },
): Promise<TrainedArch2vec[]> {
  const done = trainings.map(() => 0);
  const report = (index: number): OnProgress => (progress) => {
    done[index] = progress.done;
    onProgress({
      done: done.reduce((sum, steps) => sum + steps, 0),
      total: progress.total * trainings.length,
      message: `seed ${trainings[index].seed}, ${progress.message}`,
    });
  };
  const path = (training: Arch2vecTraining) => checkpoint?.(training.seed);
  if (executor.description !== "onnxruntime cpu") {
    const models: TrainedArch2vec[] = [];
    for (const [index, training] of trainings.entries()) {
      models.push(
        await trainArch2vec(space, config, training, {
          executor,
          checkpoint: path(training),
          limit,
          onProgress: report(index),
        }),
      );
    }
    return models;
  }
  return await Promise.all(trainings.map((training, index) =>
    _inWorker({
      space: space.name,
      config,
      training,
      checkpoint: path(training),
      limit,
    }, report(index))
  ));
}

function _inWorker(
  job: Arch2vecJob,
  onProgress: OnProgress,
): Promise<TrainedArch2vec> {
  const worker = new Worker(new URL("./arch2vec_worker.ts", import.meta.url), {
    type: "module",
  });
  return new Promise<TrainedArch2vec>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Arch2vecNews>) => {
      if (data.progress !== undefined) onProgress(data.progress);
      if (data.trained !== undefined) resolve(data.trained);
      if (data.error !== undefined) reject(new Error(data.error));
    };
    worker.onerror = (event) => {
      event.preventDefault(); // else it would end the program
      reject(new Error(event.message));
    };
    worker.postMessage(job);
  }).finally(() => worker.terminate());
}
