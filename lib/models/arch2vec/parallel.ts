/**
 * Trains several arch2vec models side by side.
 *
 * Its batches are so small that a second thread is of no use within a step; on the CPU each
 * model gets a worker and a thread of its own instead. The weights are the same either way.
 * Spaces that the registry does not have are trained on here, one model after the other.
 *
 * @module
 */

import type { OnProgress } from "../../core/progress.ts";
import type { Executor } from "../../engine/executor.ts";
import { SPACES } from "../../spaces/registry.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import type { Arch2vecConfig } from "./config.ts";
import {
  type Arch2vecTraining,
  trainArch2vec,
  type TrainedArch2vec,
} from "./training.ts";

/** A model to be trained. */
export interface Arch2vecRun {
  readonly config: Arch2vecConfig;
  readonly training: Arch2vecTraining;
  /** The file to save to after each epoch and to go on from. */
  readonly checkpoint?: string;
}

/** What a worker is asked for. */
export interface Arch2vecJob extends Arch2vecRun {
  readonly space: string;
  readonly limit?: number;
}

/** What a worker tells. */
export interface Arch2vecNews {
  readonly progress?: Parameters<OnProgress>[0];
  readonly trained?: TrainedArch2vec;
  readonly error?: string;
}

/**
 * Trains several models, on the CPU all at once where the registry has the space.
 *
 * @param options `limit`: as in `trainArch2vec`.
 * @returns In the order of the runs.
 * @throws {Error} If one of them fails.
 */
export async function trainArch2vecInParallel(
  space: SearchSpace,
  runs: readonly Arch2vecRun[],
  { executor, limit, onProgress = () => {} }: {
    executor: Executor;
    limit?: number;
    onProgress?: OnProgress;
  },
): Promise<TrainedArch2vec[]> {
  const done = runs.map(() => 0);
  const report = (index: number): OnProgress => (progress) => {
    done[index] = progress.done;
    onProgress({
      done: done.reduce((sum, steps) => sum + steps, 0),
      total: progress.total * runs.length,
      message: `model ${index + 1} of ${runs.length}, ${progress.message}`,
    });
  };
  // A worker opens the space by its name.
  const inWorkers = executor.description === "onnxruntime cpu" &&
    SPACES.includes(space);
  if (inWorkers) {
    return await Promise.all(
      runs.map((run, index) =>
        _inWorker({ ...run, space: space.name, limit }, report(index))
      ),
    );
  }
  const models: TrainedArch2vec[] = [];
  for (const [index, { config, training, checkpoint }] of runs.entries()) {
    models.push(
      await trainArch2vec(space, config, training, {
        executor,
        checkpoint,
        limit,
        onProgress: report(index),
      }),
    );
  }
  return models;
}

function _inWorker(
  job: Arch2vecJob,
  onProgress: OnProgress,
): Promise<TrainedArch2vec> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
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
