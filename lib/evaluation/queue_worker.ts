/**
 * A worker of the queue: takes jobs and has the program of this machine train their cells.
 *
 * Each job has a folder here, which holds its checkpoint where it is tried again by the same
 * worker. If the worker is killed its programs go on, and the next worker on the same folder
 * waits for them.
 *
 * @module
 */

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Job as QueueJob, Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { writeFileAtomic } from "../core/files.ts";
import { within } from "../core/processes.ts";
import {
  MOST_STALLS,
  parseQueuedRequest,
  QUEUE,
  type QueuedAnswer,
} from "./backends/job_queue.ts";
import { LocalBackend } from "./backends/local.ts";
import type { JobEnd } from "./backends/backend.ts";
import { lastErrors, takeResultOfOutput, writeRequest } from "./job_folder.ts";
import { type EvaluationRequest, TRY_AGAIN } from "./protocol.ts";

/** Milliseconds between two looks at whether a job is still wanted. */
const WANTED_EVERY_MS = 5000;

/** Milliseconds that Redis is waited for at the end. */
const FAREWELL_MS = 5000;

/** What a worker can be told. */
export interface WorkerOptions {
  /** Program and arguments, as for the local backend. */
  readonly command: readonly string[];
  /** Absolute folder of the folders of jobs. */
  readonly folder: string;
  /** Trainings at a time. */
  readonly parallel: number;
  /** Absolute folder that programs run in. */
  readonly cwd: string;
  /** Seconds after which a worker that says nothing is taken for lost. */
  readonly lockSeconds: number;
  /** When it aborts, programs are told to save themselves, and their jobs go back. */
  readonly signal: AbortSignal;
  readonly onJob?: (line: string) => void;
}

/**
 * Works until it is told to stop.
 *
 * @param client Is closed at the end.
 */
export async function runWorker(
  client: Redis,
  { command, folder, parallel, cwd, lockSeconds, signal, onJob = () => {} }:
    WorkerOptions,
): Promise<void> {
  const backends = new Map<number | null, LocalBackend>();
  const backendOf = (heartbeatSeconds: number | null) => {
    if (!backends.has(heartbeatSeconds)) {
      backends.set(
        heartbeatSeconds,
        new LocalBackend(command, { parallel, heartbeatSeconds, cwd }),
      );
    }
    return backends.get(heartbeatSeconds)!;
  };
  const queue = new Queue(QUEUE, { connection: client });
  const worker = new Worker(
    QUEUE,
    async (queued) => {
      const answer = await _work(queued, queue, folder, backendOf, signal);
      onJob(`${queued.id}: ${_told(answer.end)}`);
      return answer;
    },
    {
      connection: client,
      concurrency: parallel,
      lockDuration: 1000 * lockSeconds,
      stalledInterval: 1000 * lockSeconds,
      maxStalledCount: MOST_STALLS,
    },
  );
  // Both connect again.
  worker.on("error", () => {});
  queue.on("error", () => {});
  if (!signal.aborted) {
    await new Promise((resolve) =>
      signal.addEventListener("abort", resolve, { once: true })
    );
  }
  for (const backend of backends.values()) {
    await backend[Symbol.asyncDispose]();
  }
  // Where Redis is away, jobs go to others once this worker is taken for lost.
  await within(
    Promise.allSettled([worker.close(), queue.close()]),
    FAREWELL_MS,
  );
  client.disconnect();
}

/** Trains the cell of a job. */
async function _work(
  queued: QueueJob,
  queue: Queue,
  root: string,
  backendOf: (heartbeatSeconds: number | null) => LocalBackend,
  signal: AbortSignal,
): Promise<QueuedAnswer> {
  if (signal.aborted) return _stopped();
  const { submission, request, limitSeconds, heartbeatSeconds, cancelled } =
    parseQueuedRequest(queued.data);
  if (cancelled) return _stopped();
  const id = queued.id!;
  if (!/^[\w-]{1,200}$/.test(id)) {
    throw new SyntaxError(
      `a job must have an id of letters and digits, got ${id}`,
    );
  }
  const folder = join(root, id);
  const known = join(folder, "submission");
  // What was left for an earlier attempt was not right; for this one it is the answer.
  if (await Deno.readTextFile(known).catch(() => null) !== submission) {
    for (const name of ["result.json", "output"]) {
      await Deno.remove(join(folder, name)).catch(() => {});
    }
    await writeRequest(folder, request as unknown as EvaluationRequest);
    await writeFileAtomic(known, submission);
  }
  const backend = backendOf(heartbeatSeconds);
  const [{ events }] = await backend.submit([{ id, folder, limitSeconds }]);
  const over = new AbortController();
  _whileWanted(queue, id, over.signal, () => backend.cancel([id]));
  let end: JobEnd | null = null;
  try {
    for await (const happened of events) {
      if (happened.event === "ended") end = happened.end;
      else if (happened.event === "progress") {
        const { progress } = happened;
        await queued.updateProgress({ event: "progress", ...progress })
          .catch(() => {});
      }
    }
  } finally {
    over.abort();
  }
  if (end === null) return _stopped();
  if (end.kind === "exited" && end.code === 0) await takeResultOfOutput(folder);
  return {
    end,
    result: await Deno.readTextFile(join(folder, "result.json")).catch(() =>
      null
    ),
    errors: await lastErrors(folder),
  };
}

/** The answer of a training that is to be gone on with. */
function _stopped(): QueuedAnswer {
  return { end: { kind: "exited", code: TRY_AGAIN }, result: null, errors: "" };
}

/** Ends a job that its search wants no more. */
async function _whileWanted(
  queue: Queue,
  id: string,
  over: AbortSignal,
  stop: () => Promise<void>,
): Promise<void> {
  while (!over.aborted) {
    await delay(WANTED_EVERY_MS, undefined, { signal: over }).catch(() => {});
    if (over.aborted) return;
    const now = await queue.getJob(id).catch(() => undefined);
    if (now?.data.cancelled === true) return await stop();
  }
}

function _told(end: JobEnd): string {
  return end.kind === "exited" ? `ended with ${end.code}` : end.kind;
}
