/**
 * Backends: where the programs that train cells run. One takes jobs, tells what becomes of
 * each, and cancels them; queues, retries of lost machines and limits are those of the system
 * behind it. A further one is a file beside this one.
 *
 * @module
 */

import type { TrainingProgress } from "../protocol.ts";

/** One request to a program, in a folder of its own (`job_folder.ts`). */
export interface Job {
  /** As in the request: the same for the same cell, recipe and seed. */
  readonly id: string;
  /** Absolute. */
  readonly folder: string;
  /** Seconds after which it is ended; null where there is no limit. */
  readonly limitSeconds: number | null;
}

/** How an attempt ended. */
export type JobEnd =
  /** The program ended; what it found is in the folder of the job. */
  | { readonly kind: "exited"; readonly code: number }
  /** It is not known what became of it, or its machine is gone: it can be tried again. */
  | { readonly kind: "lost"; readonly why: string }
  /** It took longer than it may. */
  | { readonly kind: "timeout" };

/** What becomes of a job. */
export type JobEvent =
  | { readonly event: "started" }
  | { readonly event: "progress"; readonly progress: TrainingProgress }
  /** The last one. */
  | { readonly event: "ended"; readonly end: JobEnd };

/** A job that was submitted. */
export interface SubmittedJob {
  readonly job: Job;
  /** As they happen; to be read once. */
  readonly events: ReadableStream<JobEvent>;
}

/** A place where jobs run; disposing gives up what is still running. */
export interface Backend extends AsyncDisposable {
  readonly name: string;
  /** Jobs that run at a time. */
  readonly parallel: number;
  /**
   * Submits jobs, which begin when there is room.
   *
   * A job that an earlier process submitted under the same id, and that is still waiting or
   * running, is gone on with: it is not begun twice.
   *
   * @throws {Error} If the system takes none.
   */
  submit(jobs: readonly Job[]): Promise<SubmittedJob[]>;
  /** Ends jobs, which get time to save what they have; their events end. */
  cancel(ids: readonly string[]): Promise<void>;
}

/** Seconds that a program has to save its state once it is told to end. */
export const GRACE_SECONDS = 30;

/** Signs of life that may fail to come before a program is given up. */
export const MISSED_HEARTBEATS = 3;

/** A stream of the events of a job, and what puts them into it. */
export function openEvents(): {
  readonly events: ReadableStream<JobEvent>;
  readonly controller: ReadableStreamDefaultController<JobEvent>;
} {
  let controller: ReadableStreamDefaultController<JobEvent>;
  const events = new ReadableStream<JobEvent>({
    start: (started) => {
      controller = started;
    },
  });
  return { events, controller: controller! };
}
