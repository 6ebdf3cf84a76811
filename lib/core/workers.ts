/**
 * Jobs side by side: each in a worker, a thread with a program of its own.
 *
 * Both sides stand here: what hands jobs out, and what a worker's module calls to take them.
 * Jobs, news and results are copied from one to the other, so they are plain data.
 *
 * @module
 */

import type { OnProgress } from "./progress.ts";

/** What a worker tells. */
interface News<Result> {
  readonly progress?: Parameters<OnProgress>[0];
  readonly result?: Result;
  readonly error?: string;
}

/** What does a job. */
type Task<Job, Result> = (job: Job, onProgress: OnProgress) => Promise<Result>;

/** The most workers that are of use at once: one a core. */
export function mostWorkers(): number {
  return Math.max(1, navigator.hardwareConcurrency);
}

/** Threads for each of several jobs at once, so that together they keep all cores busy. */
export function threadsEach(jobs: number): number {
  return Math.max(1, Math.floor(mostWorkers() / jobs));
}

/**
 * Runs jobs in workers, each of which takes the next one when it is done with its last.
 *
 * @param module The workers' module, which calls {@link takeJobs}.
 * @param common What every worker gets before its first job.
 * @param options `workers`: how many at once, by default one a job; `onProgress` is told of a
 *   job by its place; `onResult` of one that has ended.
 * @returns The results in the order of the jobs.
 * @throws {Error} If a job fails, or the reason of `signal` when that aborts; what the other
 *   workers do then ends at once.
 */
export async function inWorkers<Common, Job, Result>(
  module: URL,
  common: Common,
  jobs: readonly Job[],
  { workers = jobs.length, signal, onProgress, onResult }: {
    readonly workers?: number;
    readonly signal?: AbortSignal;
    readonly onProgress?: (
      job: number,
      progress: Parameters<OnProgress>[0],
    ) => void;
    readonly onResult?: (job: number, result: Result) => void;
  } = {},
): Promise<Result[]> {
  signal?.throwIfAborted();
  const results: Result[] = new Array(jobs.length);
  const running: Worker[] = [];
  let next = 0;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      if (next === jobs.length) return resolve();
      const worker = new Worker(module, { type: "module" });
      running.push(worker);
      let job = next++;
      worker.onmessage = (
        { data: { progress, result, error } }: MessageEvent<News<Result>>,
      ) => {
        if (progress !== undefined) {
          try {
            onProgress?.(job, progress);
          } catch (stopped) {
            reject(stopped);
          }
        } else if (error !== undefined) reject(new Error(error));
        else {
          results[job] = result!;
          onResult?.(job, result!);
          if (next === jobs.length) return resolve();
          job = next++;
          worker.postMessage(jobs[job]);
        }
      };
      worker.onerror = (event) => {
        event.preventDefault(); // else it would end the program
        reject(new Error(event.message));
      };
      worker.postMessage(common);
      worker.postMessage(jobs[job]);
    });
  let aborted = () => {};
  try {
    const all = Promise.all(
      Array.from({ length: Math.min(workers, jobs.length) }, work),
    );
    await (signal === undefined ? all : Promise.race([
      all,
      new Promise<never>((_, reject) => {
        aborted = () => reject(signal.reason);
        signal.addEventListener("abort", aborted, { once: true });
      }),
    ]));
  } finally {
    signal?.removeEventListener("abort", aborted);
    for (const worker of running) worker.terminate();
  }
  return results;
}

/**
 * Has this module, a worker's, take jobs, one after the other.
 *
 * @param open Gets what all workers get, and returns what does a job.
 */
export function takeJobs<Common, Job, Result>(
  open: (common: Common) => Task<Job, Result> | Promise<Task<Job, Result>>,
): void {
  // A program has no location; a worker has one, and onnxruntime-web, which Transformers.js
  // holds, takes its origin, "null" of a file, for an address.
  Object.defineProperty(globalThis, "location", { value: undefined });
  // The type checker takes a worker's global scope for a window.
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<unknown>) => void;
    postMessage(news: News<Result>): void;
  };
  scope.onmessage = ({ data: common }) => {
    const opened = (async () => await open(common as Common))();
    opened.catch(() => {}); // which the first job tells
    scope.onmessage = async ({ data: job }) => {
      try {
        const task = await opened;
        const result = await task(
          job as Job,
          (progress) => scope.postMessage({ progress }),
        );
        scope.postMessage({ result });
      } catch (error) {
        scope.postMessage({ error: (error as Error).message });
      }
    };
  };
}
