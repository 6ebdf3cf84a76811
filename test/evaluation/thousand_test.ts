/** A thousand trainings at a time, on a cluster whose clock is put forward. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../lib/core/files.ts";
import { Random } from "../../lib/core/random.ts";
import type {
  Backend,
  Job,
  JobEnd,
  JobEvent,
  SubmittedJob,
} from "../../lib/evaluation/backends/backend.ts";
import { TrainingEvaluator } from "../../lib/evaluation/training_evaluator.ts";
import { regularisedEvolution } from "../../lib/search/regularised_evolution.ts";
import { runTrials } from "../../lib/search/trials.ts";
import { SPACE } from "../search/_tables.ts";

const PLACES = 1000;
const BUDGET = 2500;

/** Of attempts: those whose machine is lost, and those whose training diverges. */
const LOST = 0.02, DIVERGED = 0.05;

interface Training {
  readonly job: Job;
  readonly controller: ReadableStreamDefaultController<JobEvent>;
  /** Simulated time of its end, in hours. */
  readonly ready: number;
}

/**
 * Trains in simulated time: an attempt takes 1 to 10 hours, as random numbers say. Once all
 * places are taken, or nothing new can come, the clock is put forward to the first that is ready.
 */
class SimulatedCluster implements Backend {
  readonly name = "simulated";
  readonly parallel = PLACES;
  readonly #random = Random.fromSeed(0);
  readonly #running: Training[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Hours. */
  now = 0;
  /** Hours that places were taken. */
  worked = 0;
  attempts = 0;
  lost = 0;
  /** The most that ran at a time. */
  most = 0;
  /** Results that were found, by the job. */
  readonly found = new Map<string, number>();
  readonly begun = new Set<string>();

  submit(jobs: readonly Job[]): Promise<SubmittedJob[]> {
    const submitted = jobs.map((job) => {
      let controller: ReadableStreamDefaultController<JobEvent>;
      const events = new ReadableStream<JobEvent>({
        start: (started) => {
          controller = started;
        },
      });
      controller!.enqueue({ event: "started" });
      const hours = 1 + 9 * this.#random.uniform();
      this.worked += hours;
      this.attempts++;
      this.begun.add(job.id);
      this.#running.push({
        ...{ job, controller: controller!, ready: this.now + hours },
      });
      return { job, events };
    });
    this.most = Math.max(this.most, this.#running.length);
    assert.ok(this.most <= PLACES, "more are asked for than there are places");
    this.#forward();
    return Promise.resolve(submitted);
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    return Promise.resolve();
  }

  #forward(): void {
    clearTimeout(this.#timer);
    const isFull = this.#running.length === PLACES ||
      this.begun.size === BUDGET;
    if (isFull && this.#running.length > 0) {
      this.#timer = setTimeout(() => this.#end());
    }
  }

  async #end(): Promise<void> {
    const next = this.#running.reduce((a, b) => a.ready <= b.ready ? a : b);
    this.#running.splice(this.#running.indexOf(next), 1);
    this.now = next.ready;
    const { job, controller } = next;
    const luck = this.#random.uniform();
    let end: JobEnd = { kind: "exited", code: 0 };
    if (luck < LOST) {
      this.lost++;
      end = { kind: "lost", why: "its machine is gone" };
    } else {
      this.found.set(job.id, (this.found.get(job.id) ?? 0) + 1);
      await Deno.writeTextFile(
        join(job.folder, "result.json"),
        JSON.stringify({
          ...{ protocol: 1, id: job.id },
          ...luck < LOST + DIVERGED
            ? { status: "failed", reason: "diverged" }
            : { status: "ok", validation_accuracy: luck },
        }),
      );
    }
    controller.enqueue({ event: "ended", end });
    controller.close();
    this.#forward();
  }
}

/** In memory where that is at hand: what is to be seen is the search's own time. */
const MEMORY = "/dev/shm";

Deno.test("a search has a thousand trainings going on, none lost, none twice", async () => {
  const dir = await exists(MEMORY) ? MEMORY : undefined;
  const folder = await Deno.makeTempDir({ dir });
  try {
    await using cluster = new SimulatedCluster();
    const evaluator = new TrainingEvaluator(SPACE, cluster, {
      folder: join(folder, "evaluations"),
      recipe: { seed: 0 },
      program: "test",
    });
    const started = performance.now();
    const [{ queries }] = await runTrials(SPACE, [evaluator], [{
      ...regularisedEvolution({ population: PLACES, sample: 10 }),
      ...{ name: "evolution", budget: BUDGET },
    }], { seeds: [0], folder: join(folder, "trials"), slots: PLACES });
    const milliseconds = (performance.now() - started) / cluster.attempts;
    console.log(
      `${BUDGET} cells, ${PLACES} at a time, in ${
        cluster.now.toFixed(1)
      } simulated hours: ${cluster.lost} lost on the way, ${
        queries.filter(({ error }) => error !== undefined).length
      } diverged; the search takes ${milliseconds.toFixed(1)} ms an attempt`,
    );
    assert.equal(queries.length, BUDGET);
    assert.equal(cluster.most, PLACES);
    assert.ok(cluster.lost > 20);
    assert.equal(cluster.attempts, BUDGET + cluster.lost);
    assert.equal(cluster.found.size, BUDGET);
    assert.ok([...cluster.found.values()].every((times) => times === 1));
    const failed = queries.filter(({ error }) => error === "diverged").length;
    assert.ok(failed > 80 && failed < 170, `${failed}`);
    // No place stands empty but at the end, for as long as one training takes, tried again.
    assert.ok(cluster.now < cluster.worked / PLACES + 2 * 10);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
