/**
 * Jobs as processes of this machine, so many at a time.
 *
 * A process is on its own: if the tool is killed it goes on, and the next start of the tool
 * waits for it instead of beginning it again.
 *
 * @module
 */

import { kill } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { outputOf } from "../../core/processes.ts";
import {
  exitCode,
  hasResult,
  Output,
  processOf,
  RUN_JOB,
} from "../job_folder.ts";
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

/** Milliseconds between two looks at a job. */
const LOOK_EVERY_MS = 100;

/** What `LocalBackend` can be told. */
export interface LocalOptions {
  /** Jobs at a time; by default 1. */
  readonly parallel?: number;
  /**
   * Seconds within which a program prints something; one that is silent for three times as
   * long is given up. Null: however long it takes.
   */
  readonly heartbeatSeconds?: number | null;
  /** Absolute folder that programs run in; by default that of this process. */
  readonly cwd?: string;
}

/** A job that runs, or waits to. */
interface Running {
  readonly job: Job;
  readonly controller: ReadableStreamDefaultController<JobEvent>;
  /** Number of the place it runs in; null while it waits. */
  slot: number | null;
  /** Why it is being ended; null while it is not. */
  ending: JobEnd | "cancelled" | null;
  /** Resolves when it has ended. */
  readonly ended: PromiseWithResolvers<void>;
}

/** Runs jobs as processes of this machine. */
export class LocalBackend implements Backend {
  readonly name = "local";
  readonly parallel: number;
  readonly #command: readonly string[];
  readonly #heartbeatSeconds: number | null;
  readonly #cwd: string | undefined;
  readonly #free: number[];
  readonly #waiting: Running[] = [];
  readonly #running = new Map<string, Running>();

  /**
   * @param command Program and arguments, with `{request}`, `{result}` and `{gpu}` where the
   *   files of a job and the number of its place belong.
   */
  constructor(
    command: readonly string[],
    { parallel = 1, heartbeatSeconds = null, cwd }: LocalOptions = {},
  ) {
    this.#command = command;
    this.parallel = parallel;
    this.#heartbeatSeconds = heartbeatSeconds;
    this.#cwd = cwd;
    this.#free = Array.from({ length: parallel }, (_, slot) => slot).reverse();
  }

  submit(jobs: readonly Job[]): Promise<SubmittedJob[]> {
    const submitted = jobs.map((job) => {
      const { events, controller } = openEvents();
      const running: Running = {
        job,
        controller,
        slot: null,
        ending: null,
        ended: Promise.withResolvers(),
      };
      this.#running.set(job.id, running);
      this.#waiting.push(running);
      return { job, events };
    });
    this.#fill();
    return Promise.resolve(submitted);
  }

  async cancel(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map(async (id) => {
      const running = this.#running.get(id);
      if (running === undefined) return;
      running.ending = "cancelled";
      if (running.slot !== null) return await running.ended.promise;
      this.#waiting.splice(this.#waiting.indexOf(running), 1);
      this.#end(running, null);
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel([...this.#running.keys()]);
  }

  #fill(): void {
    while (this.#waiting.length > 0 && this.#free.length > 0) {
      const running = this.#waiting.shift()!;
      running.slot = this.#free.pop()!;
      this.#run(running).then(
        (end) => this.#end(running, end),
        (error) => {
          this.#release(running);
          running.controller.error(error);
        },
      );
    }
  }

  #end(running: Running, end: JobEnd | null): void {
    this.#release(running);
    if (end !== null) running.controller.enqueue({ event: "ended", end });
    running.controller.close();
  }

  #release(running: Running): void {
    this.#running.delete(running.job.id);
    if (running.slot !== null) this.#free.push(running.slot);
    running.ended.resolve();
    this.#fill();
  }

  /** Starts the process, or finds the one of an earlier start of the tool; waits for its end. */
  async #run(running: Running): Promise<JobEnd | null> {
    const { job, controller } = running;
    const output = await Output.after(job.folder);
    let gone = false;
    let pid = await _left(job.folder);
    if (pid === null) {
      if (await hasResult(job.folder)) return { kind: "exited", code: 0 };
      const child = new Deno.Command("sh", {
        args: [RUN_JOB, job.folder, ...this.#command],
        env: { EVALUATOR_GPU: `${running.slot}` },
        cwd: this.#cwd,
        ...{ stdin: "null", stdout: "null", stderr: "null", detached: true },
      }).spawn();
      pid = child.pid;
      child.status.then(() => gone = true);
    }
    controller.enqueue({ event: "started" });
    const started = performance.now();
    let heard = started, told: number | null = null;
    while (true) {
      const before = gone || !_isAlive(pid);
      const { alive, progress } = await output.look();
      const now = performance.now();
      if (alive) heard = now;
      if (progress !== null) {
        controller.enqueue({ event: "progress", progress });
      }
      if (before) break;
      running.ending ??= this.#reasonToEnd(job, now - started, now - heard);
      if (running.ending !== null) {
        if (told === null) {
          _signal(pid, "SIGTERM");
          told = now;
        } else if (now - told > 1000 * GRACE_SECONDS) _signal(-pid, "SIGKILL");
      }
      await delay(LOOK_EVERY_MS);
    }
    // Of a process that was killed, parts may have been left.
    _signal(-pid, "SIGKILL");
    if (running.ending === "cancelled") return null;
    if (running.ending !== null) return running.ending;
    const code = await exitCode(job.folder);
    return code === null
      ? { kind: "lost", why: "its process was killed" }
      : { kind: "exited", code };
  }

  #reasonToEnd(
    { limitSeconds }: Job,
    sinceStart: number,
    sinceHeard: number,
  ): JobEnd | null {
    if (limitSeconds !== null && sinceStart > 1000 * limitSeconds) {
      return { kind: "timeout" };
    }
    const seconds = this.#heartbeatSeconds === null
      ? Infinity
      : MISSED_HEARTBEATS * this.#heartbeatSeconds;
    return sinceHeard > 1000 * seconds
      ? { kind: "lost", why: `it printed nothing for ${seconds} s` }
      : null;
  }
}

/** The process that an earlier start of the tool left running in a folder; null if there is none. */
async function _left(folder: string): Promise<number | null> {
  const pid = await processOf(folder);
  if (pid === null || !_isAlive(pid)) return null;
  const command = await outputOf(["ps", "-o", "args=", "-p", `${pid}`]) ??
    await outputOf(["cat", `/proc/${pid}/cmdline`]);
  return command?.includes(folder) ? pid : null;
}

function _isAlive(pid: number): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function _signal(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    kill(pid, signal);
  } catch {
    // It has ended before.
  }
}
