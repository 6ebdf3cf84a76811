/**
 * Cells evaluated by training them: a program of the user's trains each, wherever a backend
 * runs it.
 *
 * What was found stands in a folder for each cell, recipe and seed; what stands there is never
 * trained again, whichever search asks for it.
 *
 * @module
 */

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runKey } from "../core/keys.ts";
import { reasonOf } from "../core/shown.ts";
import type { Cell } from "../spaces/cell.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { Backend, Job, JobEnd, SubmittedJob } from "./backends/backend.ts";
import type { Evaluation, Evaluator } from "./evaluator.ts";
import {
  lastErrors,
  readResult,
  rejectResult,
  takeResultOfOutput,
  writeRequest,
  writeResult,
} from "./job_folder.ts";
import {
  type EvaluationResult,
  PROTOCOL,
  type Recipe,
  recipeKey,
  requestCell,
  requestId,
  type TrainingProgress,
  TRY_AGAIN,
} from "./protocol.ts";

/** How often a cell is tried, by what went wrong with it. */
const ATTEMPTS: Readonly<Record<Trouble, number>> = {
  crash: 3,
  // A program that stops on the way, or whose machine is gone, is not to blame.
  stopped: 100,
  lost: 10,
};

type Trouble = "crash" | "stopped" | "lost";

const RETRY_AFTER_MS = 1000;

/** An attempt that led to nothing. */
interface Setback {
  readonly trouble: Trouble;
  /** In words for a reader. */
  readonly why: string;
}

/** What happens to a cell while it is evaluated. */
export type TrainingEvent =
  | { readonly event: "started" | "ended"; readonly cell: Cell }
  | {
    readonly event: "progress";
    readonly cell: Cell;
    readonly progress: TrainingProgress;
  }
  | {
    readonly event: "retry";
    readonly cell: Cell;
    /** Why, in words for a reader. */
    readonly why: string;
  };

/** What a training evaluator can be told. */
export interface TrainingOptions {
  /** Absolute folder of the folders of jobs. */
  readonly folder: string;
  readonly recipe: Recipe;
  /** Identity of the program, beside the recipe: its command. */
  readonly program: string;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Milliseconds before another attempt after a crash; twice as long after each further one. */
  readonly retryAfterMs?: number;
}

/** Has cells trained by a program. Test accuracies are out of a search's reach. */
export class TrainingEvaluator implements Evaluator {
  readonly name = "trained";
  readonly key: string;
  readonly #space: SearchSpace;
  readonly #backend: Backend;
  readonly #options: TrainingOptions;

  constructor(space: SearchSpace, backend: Backend, options: TrainingOptions) {
    const { recipe, program } = options;
    this.key = runKey({
      protocol: PROTOCOL,
      space: space.name,
      ...{ program, recipe: recipeKey(recipe), seed: recipe.seed },
    });
    this.#space = space;
    this.#backend = backend;
    this.#options = options;
  }

  covers(): boolean {
    return true;
  }

  async *evaluate(
    cells: readonly Cell[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<Evaluation> {
    const { folder, recipe } = this.#options;
    const open = new Map<Job, Cell>();
    for (const cell of cells) {
      signal?.throwIfAborted();
      const id = requestId(this.#space, cell, recipe);
      const job: Job = {
        id,
        folder: join(folder, id),
        limitSeconds: recipe.budget_s ?? null,
      };
      const settled = await this.#settled(job, cell);
      if (settled !== null && !("trouble" in settled)) yield settled;
      else {
        await this.#request(job, cell);
        open.set(job, cell);
      }
    }
    if (open.size > 0) yield* this.#trained(open, signal);
  }

  /** Evaluations of jobs, as they come. */
  async *#trained(
    jobs: ReadonlyMap<Job, Cell>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Evaluation> {
    const open = new Set([...jobs.keys()].map(({ id }) => id));
    const came: Evaluation[] = [];
    const failures: unknown[] = [];
    let wake = Promise.withResolvers<void>();
    const stop = () => wake.resolve();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      for (const one of await this.#backend.submit([...jobs.keys()])) {
        this.#judged(one, jobs.get(one.job)!, signal).then(
          (evaluation) => came.push(evaluation),
          (error) => failures.push(error),
        ).finally(() => {
          open.delete(one.job.id);
          wake.resolve();
        });
      }
      while (came.length > 0 || open.size > 0) {
        signal?.throwIfAborted();
        if (failures.length > 0) throw failures[0];
        if (came.length > 0) yield came.shift()!;
        else {
          await wake.promise;
          wake = Promise.withResolvers();
        }
      }
      if (failures.length > 0) throw failures[0];
    } finally {
      signal?.removeEventListener("abort", stop);
      await this.#backend.cancel([...open]);
    }
  }

  #request({ id, folder }: Job, cell: Cell): Promise<void> {
    return writeRequest(folder, {
      protocol: PROTOCOL,
      id,
      space: this.#space.name,
      cell: requestCell(this.#space, cell.graph),
      recipe: this.#options.recipe,
    });
  }

  /** Waits for a job, and tries it again as long as that makes sense. */
  async #judged(
    first: SubmittedJob,
    cell: Cell,
    signal: AbortSignal | undefined,
  ): Promise<Evaluation> {
    const { onEvent = () => {}, retryAfterMs = RETRY_AFTER_MS } = this.#options;
    const attempts: Record<Trouble, number> = { crash: 0, stopped: 0, lost: 0 };
    for (let submitted = first;;) {
      const { job } = submitted;
      let end: JobEnd | null = null;
      for await (const happened of submitted.events) {
        if (happened.event === "ended") end = happened.end;
        else onEvent({ ...happened, cell });
      }
      const outcome = await this.#outcome(job, cell, end);
      if (!("trouble" in outcome)) {
        onEvent({ event: "ended", cell });
        return outcome;
      }
      const { trouble, why } = outcome;
      if (++attempts[trouble] >= ATTEMPTS[trouble]) {
        const error = `${why}, ${attempts[trouble]} times`;
        await this.#giveUp(job, error);
        onEvent({ event: "ended", cell });
        return { cell, error };
      }
      onEvent({ event: "retry", cell, why });
      if (trouble === "crash") {
        await delay(retryAfterMs * 2 ** (attempts.crash - 1), undefined, {
          signal,
        });
      }
      signal?.throwIfAborted();
      await this.#request(job, cell);
      [submitted] = await this.#backend.submit([job]);
    }
  }

  /** What an attempt has led to. */
  async #outcome(
    job: Job,
    cell: Cell,
    end: JobEnd | null,
  ): Promise<Evaluation | Setback> {
    if (end?.kind === "exited" && end.code === 0) {
      await takeResultOfOutput(job.folder);
    }
    const settled = await this.#settled(job, cell);
    if (settled !== null) return settled;
    if (end === null) return { cell, error: "it was cancelled" };
    if (end.kind === "timeout") {
      const error = `timeout: it took more than ${job.limitSeconds} s`;
      await this.#giveUp(job, error);
      return { cell, error };
    }
    if (end.kind === "lost") return { trouble: "lost", why: end.why };
    if (end.code === TRY_AGAIN) {
      return { trouble: "stopped", why: "it stopped on the way" };
    }
    const errors = await lastErrors(job.folder);
    return {
      trouble: "crash",
      why: `it ended with exit code ${end.code} and no result${
        errors === "" ? "" : `: ${reasonOf(errors)}`
      }`,
    };
  }

  /** Makes a failure final, for every search that asks for the cell. */
  #giveUp({ id, folder }: Job, message: string): Promise<void> {
    return writeResult(
      folder,
      JSON.stringify({
        ...{ protocol: PROTOCOL, id, status: "failed" },
        ...{ reason: "error", message, retryable: false },
      }),
    );
  }

  /**
   * What the result in the folder of a job says; null where there is none. One that is of no
   * use is moved out of the way.
   */
  async #settled(job: Job, cell: Cell): Promise<Evaluation | Setback | null> {
    let result: EvaluationResult | null;
    try {
      result = await readResult(job.folder, job.id);
    } catch (error) {
      await rejectResult(job.folder);
      return { trouble: "crash", why: reasonOf(error) };
    }
    if (result === null) return null;
    if (result.status === "ok") return { cell, validation: result.validation };
    const why = result.message === ""
      ? result.reason
      : result.reason === "error"
      ? reasonOf(result.message)
      : `${result.reason}: ${reasonOf(result.message)}`;
    if (!result.retryable) return { cell, error: why };
    await rejectResult(job.folder);
    return { trouble: "crash", why };
  }
}
