/**
 * From the name of a backend to where trainings run.
 *
 * @module
 */

import type { Backend } from "./backend.ts";
import { LocalBackend } from "./local.ts";
import { SlurmBackend } from "./slurm.ts";

/** The backends there are. */
export const BACKENDS = ["local", "slurm", "bullmq"] as const;

/** Where a Redis is where none is named. */
export const DEFAULT_QUEUE = "redis://127.0.0.1:6379";

/** One of {@link BACKENDS}. */
export type BackendName = typeof BACKENDS[number];

/** What backends are opened with. */
export interface BackendSettings {
  readonly name: BackendName;
  /** Program and arguments, with `{request}` and `{result}` where files belong. */
  readonly command: readonly string[];
  /** Trainings at a time. */
  readonly parallel: number;
  /** Seconds within which a program prints something; null: however long it takes. */
  readonly heartbeatSeconds: number | null;
  /** Absolute folder that programs run in. */
  readonly cwd: string;
  /** Options of `sbatch`, for `slurm`. */
  readonly sbatch?: readonly string[];
  /** Milliseconds between two looks at the queue of `slurm`. */
  readonly lookEveryMs?: number;
  /** Address of a Redis, for `bullmq`. */
  readonly queue?: string;
}

/**
 * Opens a backend.
 *
 * @throws {Error} If the system behind it cannot be reached.
 */
export async function openBackend(
  { name, command, queue = DEFAULT_QUEUE, ...options }: BackendSettings,
): Promise<Backend> {
  switch (name) {
    case "local":
      return new LocalBackend(command, options);
    case "bullmq": {
      // What a queue needs is loaded where there is one.
      const { BullmqBackend } = await import("./bullmq.ts");
      return await BullmqBackend.open(queue, options);
    }
    case "slurm":
      return await SlurmBackend.open(command, options);
  }
}
