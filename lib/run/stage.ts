/**
 * What a stage of a run is, and what is kept of one that has ended.
 *
 * @module
 */

import type { GitState } from "./git.ts";
import type { RunSettings } from "./settings.ts";
import type { LeftFile } from "./stage_files.ts";

/** One stage: a notebook of `notebooks/`. */
export interface Stage {
  /** File name of the notebook without `.ipynb`. */
  readonly name: string;
  /**
   * Versions by part: the stage's own, raised with every change of what it shows that no
   * other version tells, and those of the parts that it runs.
   */
  readonly versions: Readonly<Record<string, number>>;
  /** Settings that the notebook does not look at: a change of them leaves its result as it is. */
  readonly ignores: readonly (keyof RunSettings)[];
  /** Kinds of models that stages before it left and it reads. */
  readonly reads: readonly ("vqvae" | "t5")[];
  /** Whether a run of a further training seed has it: tables over seeds are made of such. */
  readonly everySeed?: true;
  /** Whether only runs on spaces have it whose cells are known to have been trained. */
  readonly needsAccuracies?: true;
  /** Tells apart what it reads beside results of the stages before, such as real accuracies. */
  readonly inputs?: (settings: RunSettings) => Promise<unknown>;
}

/** What is known of a stage that has ended well. */
export interface StageRecord {
  readonly name: string;
  readonly key: string;
  /** The checkout that it was run from, as it was at the start; null where git does not say. */
  readonly git: GitState | null;
  /** End, ISO 8601. */
  readonly finished: string;
  /** Wall clock from the kernel's start to its end. */
  readonly seconds: number;
  /** Peak resident memory of the kernel in bytes; null where the system does not tell. */
  readonly peakMemoryBytes: number | null;
  /** Each file the stage left, by path relative to the folder of its run. */
  readonly files: Readonly<Record<string, LeftFile>>;
}
