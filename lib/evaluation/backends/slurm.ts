/**
 * Jobs on a SLURM cluster, by its commands: `sbatch`, `squeue`, `sacct` and `scancel`.
 *
 * Jobs that are submitted together are an array of which so many run at a time. Where they run,
 * for how long and with what is said by options of `sbatch` that the user gives. Folders of jobs
 * must be on a file system that all machines share: what stands there is the truth, SLURM is
 * asked for nothing but whether a job still waits or runs.
 *
 * Before a job is submitted it is written down in its folder under which name, so that a tool
 * that is killed and started again finds it in the queue.
 *
 * Source: SLURM's manual pages; made for and tested with 22.05.
 *
 * @module
 */

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { randomUUID } from "node:crypto";
import { writeFileAtomic } from "../../core/files.ts";
import { reasonOf } from "../../core/shown.ts";
import { exitCode, hasResult, Output, RUN_JOB } from "../job_folder.ts";
import {
  type Backend,
  GRACE_SECONDS,
  type Job,
  type JobEnd,
  type JobEvent,
  MISSED_HEARTBEATS,
  openEvents,
  type SubmittedJob,
} from "./backend.ts";

const SCRIPT = fileURLToPath(new URL("slurm_job.sh", import.meta.url));

/** Beginning of the names of arrays. */
const NAME = "arch-llm-";

/** What a file `slurm` in the folder of a job has: the name of its array and its place in it. */
const PLACE = /^(arch-llm-[0-9a-f-]{36}) (\d+)\n$/;

/** Attempts to submit while the controller does not answer, and milliseconds before the second. */
const SUBMISSIONS = 6;
const SUBMIT_AGAIN_MS = 2000;

/** Looks without an answer after which a job that is cancelled is left in the queue. */
const ASKED_IN_VAIN = 2;

/** Seconds that a shared file system may take to show what a job has left. */
const SHOWN_WITHIN_SECONDS = 10;

/** What `SlurmBackend` can be told. */
export interface SlurmOptions {
  /** Jobs at a time. */
  readonly parallel: number;
  /** As in the local backend. */
  readonly heartbeatSeconds?: number | null;
  /** Absolute folder that programs run in. */
  readonly cwd: string;
  /** Options of `sbatch`, such as `--gres=gpu:1`. */
  readonly sbatch?: readonly string[];
  /** Milliseconds between two looks at the queue. */
  readonly lookEveryMs?: number;
}

interface Running {
  readonly job: Job;
  /** Its place in the queue. */
  readonly array: string;
  readonly task: number;
  readonly controller: ReadableStreamDefaultController<JobEvent>;
  readonly output: Output;
  /** When it was first seen to run, and when it last printed something; null before. */
  started: number | null;
  heard: number;
  /** Why it is being ended; null while it is not. */
  ending: JobEnd | "cancelled" | null;
  /** When it was first missing in the queue. */
  missing: number | null;
  readonly ended: PromiseWithResolvers<void>;
}

/** A task in the queue. */
interface Queued {
  /** As `scancel` takes it. */
  readonly id: string;
  readonly state: string;
  /** Why it waits. */
  readonly reason: string;
}

/** Runs jobs on a cluster. */
export class SlurmBackend implements Backend {
  readonly name = "slurm";
  readonly parallel: number;
  readonly #command: readonly string[];
  readonly #options: SlurmOptions;
  readonly #running = new Map<string, Running>();
  #looking: Promise<void> | null = null;
  /** Looks at the queue in a row that had no answer. */
  #unanswered = 0;

  /** @param command Program and arguments, as for every backend. */
  constructor(command: readonly string[], options: SlurmOptions) {
    this.#command = command;
    this.parallel = options.parallel;
    this.#options = options;
  }

  /**
   * Checks that SLURM answers.
   *
   * @throws {Error} If it does not.
   */
  static async open(
    command: readonly string[],
    options: SlurmOptions,
  ): Promise<SlurmBackend> {
    const { code, errors } = await _run(["squeue", "--me", "--noheader"]);
    if (code !== 0) {
      throw new Error(
        `Cannot use SLURM: squeue must answer on this machine, got ${
          reasonOf(errors)
        }`,
      );
    }
    return new SlurmBackend(command, options);
  }

  async submit(jobs: readonly Job[]): Promise<SubmittedJob[]> {
    const queue = await this.#queue();
    const places = new Map<Job, { array: string; task: number }>();
    const fresh: Job[] = [];
    for (const job of jobs) {
      const place = await _placeOf(job.folder);
      const isThere = place !== null &&
        queue?.get(_key(place.array, place.task)) !== undefined;
      if (isThere) places.set(job, place);
      else fresh.push(job);
    }
    if (fresh.length > 0) {
      const array = await this.#submit(fresh);
      fresh.forEach((job, task) => places.set(job, { array, task }));
    }
    const submitted: SubmittedJob[] = [];
    for (const job of jobs) {
      const output = await Output.after(job.folder);
      const { events, controller } = openEvents();
      this.#running.set(job.id, {
        job,
        ...places.get(job)!,
        controller,
        output,
        started: null,
        heard: performance.now(),
        ending: null,
        missing: null,
        ended: Promise.withResolvers(),
      });
      submitted.push({ job, events });
    }
    this.#looking ??= this.#look().finally(() => this.#looking = null);
    return submitted;
  }

  async cancel(ids: readonly string[]): Promise<void> {
    const ended: Promise<void>[] = [];
    for (const id of ids) {
      const running = this.#running.get(id);
      if (running === undefined) continue;
      running.ending = "cancelled";
      ended.push(running.ended.promise);
    }
    await Promise.all(ended);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel([...this.#running.keys()]);
  }

  /** Submits jobs as one array; returns its name. */
  async #submit(jobs: readonly Job[]): Promise<string> {
    const array = NAME + randomUUID();
    const list = join(jobs[0].folder, `${array}.list`);
    await writeFileAtomic(
      list,
      jobs.map(({ folder }) => `${folder}\n`).join(""),
    );
    for (const [task, { folder }] of jobs.entries()) {
      await writeFileAtomic(join(folder, "slurm"), `${array} ${task}\n`);
    }
    const { sbatch = [], cwd } = this.#options;
    for (let attempt = 1;; attempt++) {
      const { code, errors } = await _run([
        "sbatch",
        "--requeue",
        // Before its time is over a program gets time to save itself.
        `--signal=B:TERM@${2 * GRACE_SECONDS}`,
        `--chdir=${cwd}`,
        ...["--output=/dev/null", "--error=/dev/null"],
        ...sbatch,
        // By these it is found again, whatever the user says.
        ...["--parsable", `--job-name=${array}`],
        `--array=0-${jobs.length - 1}%${this.parallel}`,
        ...[SCRIPT, RUN_JOB, list, ...this.#command],
      ]);
      if (code === 0) return array;
      // What it has taken although it did not say so is not to be submitted twice.
      const queue = await this.#queue();
      if (queue?.has(_key(array, 0))) return array;
      if (attempt === SUBMISSIONS || queue !== null) {
        throw new Error(
          `Cannot submit to SLURM: sbatch must take the job, got ${
            reasonOf(errors)
          }`,
        );
      }
      await delay(SUBMIT_AGAIN_MS * 2 ** (attempt - 1));
    }
  }

  /** Looks at the queue and the folders of jobs as long as there are any. */
  async #look(): Promise<void> {
    const { lookEveryMs = 2000 } = this.#options;
    while (this.#running.size > 0) {
      const queue = await this.#queue();
      this.#unanswered = queue === null ? this.#unanswered + 1 : 0;
      const cancelled: string[] = [];
      for (const running of [...this.#running.values()]) {
        const queued = queue?.get(_key(running.array, running.task));
        try {
          await this.#follow(running, queued, queue !== null);
        } catch (error) {
          this.#leave(running);
          running.controller.error(error);
          continue;
        }
        if (running.ending !== null && queued !== undefined) {
          cancelled.push(queued.id);
        }
      }
      if (cancelled.length > 0) await _run(["scancel", ...cancelled]);
      if (this.#running.size > 0) await delay(lookEveryMs);
    }
  }

  /**
   * What a job has come to.
   *
   * @param queued Its task in the queue; undefined where it is not there.
   * @param isKnown Whether the queue could be read.
   */
  async #follow(
    running: Running,
    queued: Queued | undefined,
    isKnown: boolean,
  ): Promise<void> {
    const { job, controller, output } = running;
    const { alive, progress } = await output.look();
    const now = performance.now();
    if (alive) running.heard = now;
    if (queued?.state === "RUNNING" && running.started === null) {
      running.started = running.heard = now;
      controller.enqueue({ event: "started" });
    }
    if (progress !== null) controller.enqueue({ event: "progress", progress });
    running.ending ??= this.#reasonToEnd(running, now);
    if (queued?.state === "PENDING" && HELD.test(queued.reason)) {
      running.ending ??= { kind: "lost", why: `SLURM says ${queued.reason}` };
    }
    if (queued !== undefined) {
      // One that was sent back to the queue begins anew.
      if (queued.state === "PENDING") running.started = null;
      running.missing = null;
      return;
    }
    if (!isKnown) {
      // Without an answer it stays in the queue, and is found there by the next start.
      if (running.ending === "cancelled" && this.#unanswered >= ASKED_IN_VAIN) {
        this.#end(running, null);
      }
      return;
    }
    running.missing ??= now;
    if (running.ending === "cancelled") return this.#end(running, null);
    if (running.ending !== null) return this.#end(running, running.ending);
    const code = await exitCode(job.folder);
    if (code !== null || await hasResult(job.folder)) {
      return this.#end(running, { kind: "exited", code: code ?? 0 });
    }
    if (now - running.missing < 1000 * SHOWN_WITHIN_SECONDS) return;
    const state = await _lastState(running.array, running.task);
    this.#end(
      running,
      state === "TIMEOUT"
        ? { kind: "timeout" }
        : { kind: "lost", why: `SLURM says ${state ?? "nothing more of it"}` },
    );
  }

  #reasonToEnd({ job, started, heard }: Running, now: number): JobEnd | null {
    if (started === null) return null;
    const { limitSeconds } = job;
    if (limitSeconds !== null && now - started > 1000 * limitSeconds) {
      return { kind: "timeout" };
    }
    const { heartbeatSeconds = null } = this.#options;
    const seconds = heartbeatSeconds === null
      ? Infinity
      : MISSED_HEARTBEATS * heartbeatSeconds;
    return now - heard > 1000 * seconds
      ? { kind: "lost", why: `it printed nothing for ${seconds} s` }
      : null;
  }

  #end(running: Running, end: JobEnd | null): void {
    this.#leave(running);
    if (end !== null) running.controller.enqueue({ event: "ended", end });
    running.controller.close();
  }

  #leave(running: Running): void {
    this.#running.delete(running.job.id);
    running.ended.resolve();
  }

  /** Our tasks in the queue; null where the controller does not answer. */
  async #queue(): Promise<Map<string, Queued> | null> {
    const { code, output } = await _run([
      ...["squeue", "--me", "--noheader", "--array"],
      ...["--states=all", "--format=%F|%K|%j|%T|%r"],
    ]);
    if (code !== 0) return null;
    const tasks = new Map<string, Queued>();
    for (const line of output.split("\n")) {
      const [id, task, name, state, reason] = line.split("|");
      if (name === undefined || !name.startsWith(NAME)) continue;
      if (_isOver(state)) continue;
      tasks.set(_key(name, Number(task)), {
        id: `${id}_${task}`,
        state,
        reason,
      });
    }
    return tasks;
  }
}

/** States after which a task does not come back. */
const OVER: readonly string[] = [
  ...["BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED"],
  ...["NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT"],
];

/** A job that could not be started is held until somebody lets it go: another one is as good. */
const HELD = /requeued held/i;

function _isOver(state: string): boolean {
  return OVER.includes(state);
}

function _key(array: string, task: number): string {
  return `${array} ${task}`;
}

async function _placeOf(
  folder: string,
): Promise<{ array: string; task: number } | null> {
  const text = await Deno.readTextFile(join(folder, "slurm")).catch(() => "");
  const found = PLACE.exec(text);
  return found === null ? null : { array: found[1], task: Number(found[2]) };
}

/** The state that a task ended in, by the accounts or by what the controller remembers. */
async function _lastState(array: string, task: number): Promise<string | null> {
  const remembered = await _run([
    ...["squeue", "--me", "--noheader", "--array", "--states=all"],
    ...[`--name=${array}`, "--format=%K|%T"],
  ]);
  const accounts = await _run([
    ...["sacct", "--noheader", "--parsable2", "--allocations"],
    ...[`--name=${array}`, "--format=JobID,State"],
  ]);
  for (const { output } of [remembered, accounts]) {
    for (const line of output.split("\n")) {
      const [id, state] = line.split("|");
      if (state !== undefined && Number(id.split("_").at(-1)) === task) {
        return state.split(" ")[0];
      }
    }
  }
  return null;
}

async function _run(
  command: readonly string[],
): Promise<{ code: number; output: string; errors: string }> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(command[0], {
      args: command.slice(1),
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    return { code, output: text(stdout), errors: text(stderr) };
  } catch (error) {
    return { code: -1, output: "", errors: (error as Error).message };
  }
}
