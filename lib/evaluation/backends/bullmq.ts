/**
 * Jobs by a queue in Redis, which workers on any machine take from: `deno task worker`, or one
 * in Python (`examples/bullmq_worker.py`).
 *
 * The queue is BullMQ's, its locks, and what becomes of jobs whose worker is lost: they are handed
 * to the next one. A job is known by its id, so one that is submitted again, by this search or by
 * another, is the same job. Requests and results travel through Redis; no file system is shared.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Job as QueueJob, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { readJson, writeFileAtomic } from "../../core/files.ts";
import { within } from "../../core/processes.ts";
import { reasonOf } from "../../core/shown.ts";
import { hasResult, writeResult } from "../job_folder.ts";
import { parseProgress } from "../protocol.ts";
import {
  type Backend,
  type Job,
  type JobEnd,
  type JobEvent,
  openEvents,
  type SubmittedJob,
} from "./backend.ts";
import {
  connectRedis,
  parseAnswer,
  QUEUE,
  type QueuedAnswer,
  type QueuedRequest,
} from "./job_queue.ts";

/** Milliseconds between two looks at the queue. */
const LOOK_EVERY_MS = 500;

/** Milliseconds that Redis is waited for at the end. */
const FAREWELL_MS = 3000;

/** A file in the folder of a job: its submission, whose answer was not taken yet. */
const MARK = "queue";

/** How long answers stay in the queue, for searches that were stopped: seconds, and how many. */
const KEPT = { age: 7 * 24 * 3600, count: 100_000 };

/** What `BullmqBackend` can be told. */
export interface BullmqOptions {
  /** Jobs that a search has in the queue at a time. */
  readonly parallel: number;
  /** As in the local backend; workers watch it. */
  readonly heartbeatSeconds?: number | null;
}

interface Running {
  readonly job: Job;
  readonly controller: ReadableStreamDefaultController<JobEvent>;
  started: boolean;
  /** The last progress that was told. */
  progress: string;
}

/** Runs jobs by workers. */
export class BullmqBackend implements Backend {
  readonly name = "bullmq";
  readonly parallel: number;
  readonly #queue: Queue;
  readonly #client: Redis;
  readonly #heartbeatSeconds: number | null;
  readonly #running = new Map<string, Running>();
  #looking: Promise<void> | null = null;

  private constructor(
    client: Redis,
    { parallel, heartbeatSeconds = null }: BullmqOptions,
  ) {
    this.#client = client;
    this.#queue = new Queue(QUEUE, { connection: client });
    this.#queue.on("error", () => {}); // it connects again
    this.parallel = parallel;
    this.#heartbeatSeconds = heartbeatSeconds;
  }

  /**
   * Connects to a queue.
   *
   * @param url As {@link connectRedis} takes it.
   * @throws {Error} As {@link connectRedis}.
   */
  static async open(
    url: string,
    options: BullmqOptions,
  ): Promise<BullmqBackend> {
    return new BullmqBackend(await connectRedis(url, "search"), options);
  }

  async submit(jobs: readonly Job[]): Promise<SubmittedJob[]> {
    const submitted: SubmittedJob[] = [];
    for (const job of jobs) {
      const { events, controller } = openEvents();
      await this.#add(job);
      this.#running.set(job.id, {
        ...{ job, controller, started: false, progress: "" },
      });
      submitted.push({ job, events });
    }
    this.#looking ??= this.#look().finally(() => this.#looking = null);
    return submitted;
  }

  async cancel(ids: readonly string[]): Promise<void> {
    const cancelled = ids.filter((id) => {
      const running = this.#running.get(id);
      running?.controller.close();
      return this.#running.delete(id);
    });
    // Where Redis is away, they stay in the queue until the search is gone on with.
    await within(
      Promise.allSettled(cancelled.map((id) => this.#takeBack(id))),
      FAREWELL_MS,
    );
  }

  async #takeBack(id: string): Promise<void> {
    const queued = await this.#queue.getJob(id) as QueueJob | undefined;
    // A worker that has it is told to let it save itself; it is not waited for.
    await queued?.remove().catch(() =>
      queued.updateData({ ...queued.data, cancelled: true })
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel([...this.#running.keys()]);
    const closed = (async () => {
      await this.#looking;
      await this.#queue.close();
    })();
    closed.catch(() => {});
    await within(closed, FAREWELL_MS);
    this.#client.disconnect();
  }

  /**
   * Puts a job into the queue, unless it is there: from before, as this folder knows, or because
   * another search wants the same. An answer that was taken before is no answer to this.
   */
  async #add(job: Job): Promise<void> {
    const mark = join(job.folder, MARK);
    const known = await this.#queue.getJob(job.id) as QueueJob | undefined;
    const own = await Deno.readTextFile(mark).catch(() => null);
    if (known !== undefined) {
      const { submission } = known.data as QueuedRequest;
      if (known.finishedOn === undefined || submission === own) {
        // If it is being ended, what comes of it is one attempt.
        if (known.data.cancelled) {
          await known.updateData({ ...known.data, cancelled: false });
        }
        return await writeFileAtomic(mark, submission);
      }
      await known.remove().catch(() => {}); // another search was faster
    }
    const { work_dir: _, checkpoint: __, ...request } = await readJson<
      Record<string, unknown>
    >(join(job.folder, "request.json"), "request");
    const data: QueuedRequest = {
      submission: randomUUID(),
      request,
      limitSeconds: job.limitSeconds,
      heartbeatSeconds: this.#heartbeatSeconds,
      cancelled: false,
    };
    await writeFileAtomic(mark, data.submission);
    await this.#queue.add("train", data, {
      jobId: job.id,
      removeOnComplete: KEPT,
      removeOnFail: KEPT,
    });
  }

  /** Looks at the jobs as long as there are any. */
  async #look(): Promise<void> {
    while (this.#running.size > 0) {
      await delay(LOOK_EVERY_MS);
      await Promise.all([...this.#running.values()].map(async (running) => {
        const { job, controller } = running;
        try {
          const queued = await this.#queue.getJob(job.id) as
            | QueueJob
            | undefined;
          if (!this.#running.has(job.id)) return;
          // As where Redis was emptied.
          if (queued === undefined) return await this.#add(job);
          this.#tell(running, queued);
          if (queued.finishedOn === undefined) return;
          const end = await _take(job, queued);
          if (!this.#running.delete(job.id)) return;
          controller.enqueue({ event: "ended", end });
          controller.close();
        } catch (error) {
          if (this.#running.delete(job.id)) controller.error(error);
        }
      }));
    }
  }

  #tell(running: Running, queued: QueueJob): void {
    if (!running.started && queued.processedOn !== undefined) {
      running.started = true;
      running.controller.enqueue({ event: "started" });
    }
    const line = JSON.stringify(queued.progress);
    if (line === running.progress) return;
    running.progress = line;
    const progress = parseProgress(line);
    if (progress !== null) {
      running.controller.enqueue({ event: "progress", progress });
    }
  }
}

/** Takes what a worker has answered into the folder of the job. */
async function _take(
  { folder }: Job,
  queued: QueueJob,
): Promise<JobEnd> {
  await Deno.remove(join(folder, MARK)).catch(() => {});
  if (queued.failedReason) {
    return { kind: "lost", why: reasonOf(queued.failedReason) };
  }
  let answer: QueuedAnswer;
  try {
    answer = parseAnswer(queued.returnvalue);
  } catch (error) {
    return { kind: "lost", why: (error as Error).message };
  }
  const { end, result, errors } = answer;
  if (result !== null && !await hasResult(folder)) {
    await writeResult(folder, result);
  }
  await writeFileAtomic(join(folder, "errors"), `${errors}\n`);
  return end;
}
