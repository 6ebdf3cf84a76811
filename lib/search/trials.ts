/**
 * Trials: each method with each seed on each table of accuracies, under one protocol.
 *
 * The cell that a search would return is the one with the best validation accuracy among its
 * queries; its test accuracy is looked up here, after the search. Seeds are paired: a seed
 * gives every method the same start of its random numbers. Each trial is saved as soon as it
 * ends, and a run that was killed goes on with the next one.
 *
 * Source: the paper's §4.5; AG-Net (arXiv:2203.08734), §4, for means over 10 trials.
 *
 * @module
 */

import { join } from "node:path";
import type { AccuracyTable } from "../benchmarks/accuracies.ts";
import { writeJson } from "../files.ts";
import {
  digest,
  loadResult,
  type OnProgress,
  runKey,
} from "../models/training_run.ts";
import { Random } from "../random.ts";
import { sourceHash } from "../run/sources.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { SearchMethod } from "./methods.ts";
import { Oracle, type Query } from "./oracle.ts";

/** A method under a name. */
export interface NamedMethod {
  readonly name: string;
  readonly search: SearchMethod;
  /** Queries. */
  readonly budget: number;
  /** Identity of what the method depends on beside its code, such as a model's weights. */
  readonly key?: string;
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
  space: SearchSpace,
  tables: readonly AccuracyTable[],
  methods: readonly NamedMethod[],
  { seeds, folder, onProgress = () => {} }: {
    seeds: readonly number[];
    folder?: string;
    onProgress?: OnProgress;
  },
): Promise<Trial[]> {
  const source = await sourceHash(new URL(import.meta.url));
  const trials: Trial[] = [];
  const total = tables.length * methods.length * seeds.length;
  for (const table of tables) {
    const accuracies = digest(Float32Array.from(table.validation));
    for (const { name, search, budget, key: model } of methods) {
      for (const seed of seeds) {
        const key = runKey({ accuracies, name, budget, model, seed, source });
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

/** Accuracies of the cell that a search would return after so many queries, fractions. */
export interface Returned {
  readonly cell: number;
  readonly validation: number;
  readonly test: number;
}

/**
 * What a trial would return after each of its queries.
 *
 * @returns One entry a query; of equal validation accuracies the first counts.
 */
export function returnedCells(
  { queries }: Trial,
  { test }: Pick<AccuracyTable, "test">,
): Returned[] {
  let best: Query | null = null;
  return queries.map((query) => {
    if (best === null || query.validation > best.validation) best = query;
    return { ...best, test: test[best.cell] };
  });
}

/** A mean and what it may be off by. */
export interface Estimate {
  readonly mean: number;
  /** Standard error of the mean; 0 for one value. */
  readonly error: number;
}

/** Mean and standard error of independent values, at least one. */
export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: n < 2 ? 0 : Math.sqrt(squares / (n - 1) / n) };
}

/** What a method reached on a data set. */
export interface MethodSummary {
  readonly method: string;
  readonly dataset: string;
  readonly trials: number;
  readonly queries: number;
  /** Of the returned cells, percent. */
  readonly validation: Estimate;
  readonly test: Estimate;
  /** Trials that found the covered cell with the best validation accuracy. */
  readonly optima: number;
}

/** Summarises the trials of each method on one table, in the order they come. */
export function summarise(
  trials: readonly Trial[],
  table: AccuracyTable,
): MethodSummary[] {
  const optimum = table.covered.reduce(
    (best, cell) => Math.max(best, table.validation[cell]),
    0,
  );
  const own = trials.filter(({ dataset }) => dataset === table.dataset);
  return [...new Set(own.map(({ method }) => method))].map((method) => {
    const ends = own.filter((trial) => trial.method === method)
      .map((trial) => ({
        queries: trial.queries.length,
        ...returnedCells(trial, table).at(-1)!,
      }));
    const percent = (key: "validation" | "test") =>
      estimate(ends.map((end) => 100 * end[key]));
    return {
      method,
      dataset: table.dataset,
      trials: ends.length,
      queries: Math.max(...ends.map(({ queries }) => queries)),
      validation: percent("validation"),
      test: percent("test"),
      optima: ends.filter(({ validation }) => validation === optimum).length,
    };
  });
}
