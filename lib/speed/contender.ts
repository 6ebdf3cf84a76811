/**
 * One side of a benchmark, and the sides that run in this process.
 *
 * @module
 */

/** One side of a comparison. */
export interface Contender {
  readonly name: string;
  /** Examples, cells or sequences of one step. */
  readonly perStep: number;
  /** Why it cannot be measured here, if it cannot. */
  readonly missing?: string;
  /**
   * Makes it ready and runs its first steps.
   *
   * @returns Seconds that tracing and the session took; null where nothing is compiled.
   */
  prepare(): Promise<number | null>;
  /** Runs steps for at least so many seconds; the first is not counted. */
  measure(burst: Burst): Promise<{ steps: number; seconds: number }>;
  /** The most memory it took, where that is measured; null where the system does not tell. */
  peakMemoryBytes?(): number | null;
  dispose?(): Promise<void>;
}

/** How long a side is measured in one round. */
export interface Burst {
  readonly seconds: number;
  readonly leastSteps: number;
}

/** A step of ours, and how to free it. */
export interface OwnStep {
  run(): Promise<unknown>;
  dispose(): Promise<void>;
}

async function secondsOf(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await action();
  return (performance.now() - started) / 1000;
}

/** A side that runs in this process. */
export function ownContender(
  name: string,
  perStep: number,
  start: () => Promise<OwnStep> | OwnStep,
): Contender {
  let step: OwnStep;
  return {
    name,
    perStep,
    async prepare() {
      step = await start();
      const first = await secondsOf(step.run);
      return Math.max(0, first - await secondsOf(step.run));
    },
    async measure({ seconds, leastSteps }) {
      await step.run();
      let steps = 0, elapsed = 0;
      const started = performance.now();
      do {
        await step.run();
        steps++;
        elapsed = (performance.now() - started) / 1000;
      } while (steps < leastSteps || elapsed < seconds);
      return { steps, seconds: elapsed };
    },
    dispose: () => step.dispose(),
  };
}
