/**
 * From the name of a backend to where trainings run.
 *
 * @module
 */

import type { Backend } from "./backend.ts";
import { LocalBackend } from "./local.ts";

/** The backends there are. */
export const BACKENDS = ["local"] as const;

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
}

/**
 * Opens a backend.
 *
 * @throws {Error} If the system behind it cannot be reached.
 */
export function openBackend(
  { name, command, ...options }: BackendSettings,
): Promise<Backend> {
  switch (name) {
    case "local":
      return Promise.resolve(new LocalBackend(command, options));
  }
}
