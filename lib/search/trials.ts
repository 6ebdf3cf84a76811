/**
 * Trials: each method with each seed on each table of accuracies, under one protocol.
 *
 * Seeds are paired: a seed gives every method the same start of its random numbers. Each
 * trial is saved as soon as it ends, and a run that was killed goes on with the next one.
 *
 * Source: the paper's §4.5; AG-Net (arXiv:2203.08734), §4, for means over 10 trials.
 *
 * @module
 */

import { join } from "node:path";
import type { AccuracyTable } from "../accuracies/accuracies.ts";
import { writeJson } from "../core/files.ts";
import { loadResult } from "../core/checkpoints.ts";
import { digest, runKey } from "../core/keys.ts";
import { type OnProgress } from "../core/progress.ts";
import { Random } from "../core/random.ts";
import type { EnumeratedSpace } from "../spaces/space.ts";
import type { SearchMethod } from "./methods.ts";
import { Oracle, type Query } from "./oracle.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** A method under a name. */
export interface NamedMethod {
  readonly name: string;
  readonly search: SearchMethod;
  /** Queries. */
  readonly budget: number;
  /** Identity of all that the method depends on: its code, a model's weights. */
  readonly key: string;
}

/** One search, from its first query to its last. */
export interface Trial {
  readonly method: string;
  readonly dataset: string;
  readonly seed: number;
  readonly queries: readonly Query[];
  readonly seconds: number;
}

/** What is saved of a trial. */
interface SavedTrial {
  readonly key: string;
  readonly trial: Trial;
}

/**
 * Runs what was not run yet.
 *
 * @param options `folder`: where trials are saved, one file each.
 */
export async function runTrials(
  space: EnumeratedSpace,
  tables: readonly AccuracyTable[],
  methods: readonly NamedMethod[],
  { seeds, folder, onProgress = () => {} }: {
    seeds: readonly number[];
    folder?: string;
    onProgress?: OnProgress;
  },
): Promise<Trial[]> {
  const source = `version ${VERSION}`;
  const trials: Trial[] = [];
  const total = tables.length * methods.length * seeds.length;
  for (const table of tables) {
    const accuracies = [
      space.name,
      digest(Float32Array.from(table.validation)),
      table.weights && digest(Float32Array.from(table.weights)),
    ];
    for (const { name, search, budget, key: method } of methods) {
      for (const seed of seeds) {
        const key = runKey({ accuracies, name, budget, method, seed, source });
        const path = folder === undefined
          ? null
          : join(folder, table.dataset, `${_slug(name)}_${seed}.json`);
        const saved = await loadResult<SavedTrial>(path, key, "trial");
        let trial = saved?.trial;
        if (trial === undefined) {
          const oracle = new Oracle(space, table, budget);
          const started = performance.now();
          await search(oracle, Random.fromSeed(seed).split("search"));
          trial = {
            method: name,
            dataset: table.dataset,
            seed,
            queries: oracle.history,
            seconds: (performance.now() - started) / 1000,
          };
          if (path !== null) {
            const file: SavedTrial = { key, trial };
            await writeJson(path, file);
          }
        }
        trials.push(trial);
        onProgress({
          done: trials.length,
          total,
          message: `${name}, ${table.dataset}, seed ${seed}`,
        });
      }
    }
  }
  return trials;
}

function _slug(name: string): string {
  return name.toLowerCase().replaceAll("+", " plus").replaceAll(/\W+/g, "_");
}
