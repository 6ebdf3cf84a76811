/**
 * Trials: each method with each seed by each evaluator, under one protocol.
 *
 * Seeds are paired: a seed gives every method the same start of its random numbers. Each
 * trial is saved when it ends. While it runs, a journal beside its file takes down each
 * answer, so a run that was killed asks for no cell twice: the same search goes through
 * what the journal knows, and on from there.
 *
 * Source: the paper's §4.5; AG-Net (arXiv:2203.08734), §4, for means over trials.
 *
 * @module
 */

import { join } from "node:path";
import { loadResult } from "../core/checkpoints.ts";
import { readJson, writeFileAtomic } from "../core/files.ts";
import { runKey } from "../core/keys.ts";
import type { OnProgress } from "../core/progress.ts";
import { Random } from "../core/random.ts";
import { shown } from "../core/shown.ts";
import type { Evaluator } from "../evaluation/evaluator.ts";
import { Journal, journalled } from "../evaluation/journal.ts";
import { cellOf } from "../spaces/cell.ts";
import { parseGraphText } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { NamedMethod } from "./method.ts";
import { Oracle, type Proposals, type Query } from "./oracle.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 2;

/** One search, from its first query to its last. */
export interface Trial {
  readonly method: string;
  /** Name of the evaluator: of a table its data set. */
  readonly dataset: string;
  readonly seed: number;
  readonly queries: readonly Query[];
  /** Cells that it came upon, within and beside those that can be asked for. */
  readonly proposals: Proposals;
  /** That it took, of a resumed one its last part. */
  readonly seconds: number;
}

/** A cell as it is saved: plain numbers, so that a space need not list it to have it back. */
interface SavedCell {
  readonly key: string;
  readonly ops: readonly number[];
  readonly incoming: readonly number[];
  readonly index: number | null;
}

/** What is saved of a trial. */
interface SavedTrial {
  readonly key: string;
  readonly trial: Omit<Trial, "queries"> & {
    readonly queries: readonly (Omit<Query, "cell"> & { cell: SavedCell })[];
  };
}

/**
 * Runs what was not run yet.
 *
 * @param options `folder`: where trials are saved, one file each; `signal`: when it aborts,
 *   the trial that is running ends with its reason as an error, and can be resumed; `slots`:
 *   queries that a search has going on at a time, where answers are not there at once;
 *   `onQuery` is told each answer that a search takes; `onWarning` what a killed run left
 *   behind broken.
 * @throws {SyntaxError} If what was saved of a trial is not as it was saved.
 */
export async function runTrials(
  space: SearchSpace,
  evaluators: readonly Evaluator[],
  methods: readonly NamedMethod[],
  {
    seeds,
    folder,
    signal,
    slots,
    onProgress = () => {},
    onQuery,
    onWarning = console.warn,
  }: {
    readonly seeds: readonly number[];
    readonly folder?: string;
    readonly signal?: AbortSignal;
    readonly slots?: number;
    readonly onProgress?: OnProgress;
    readonly onQuery?: (query: Query) => void;
    readonly onWarning?: (text: string) => void;
  },
): Promise<Trial[]> {
  const trials: Trial[] = [];
  const total = evaluators.length * methods.length * seeds.length;
  for (const evaluator of evaluators) {
    for (const method of methods) {
      for (const seed of seeds) {
        const place = folder === undefined ? null : {
          folder: join(folder, evaluator.name),
          name: `${_slug(method.name)}_${seed}`,
        };
        const key = runKey({
          version: VERSION,
          space: [space.name, space.version],
          evaluator: evaluator.key,
          method: method.key,
          budget: method.budget,
          seed,
        });
        const path = place && join(place.folder, `${place.name}.json`);
        const saved = await loadResult<SavedTrial>(path, key, "trial");
        let trial = saved === null ? null : _restored(saved, path!, {
          ...{ space, method, seed, dataset: evaluator.name },
        });
        if (trial === null) {
          const journal = place && join(
            place.folder,
            `${place.name}.${evaluator.key.slice(0, 8)}.journal`,
          );
          trial = await _run(space, evaluator, method, seed, {
            journal,
            signal,
            slots,
            onQuery,
            onWarning,
          });
          if (path !== null && journal !== null) {
            await writeFileAtomic(path, _saved(key, trial));
            await Deno.remove(journal);
          }
        }
        trials.push(trial);
        onProgress({
          done: trials.length,
          total,
          message: `${method.name}, ${evaluator.name}, seed ${seed}`,
        });
      }
    }
  }
  return trials;
}

/**
 * Reads all trials that were saved, those of a folder for each data set.
 *
 * @param folder As in {@link runTrials}.
 * @returns Data sets and methods by their names, seeds ascending.
 * @throws {Error} If there is no such folder, or a file cannot be read.
 * @throws {SyntaxError} If what was saved of a trial is not as it was saved.
 */
export async function readTrials(
  space: SearchSpace,
  folder: string,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  for await (const { name: dataset, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) continue;
    for await (const { name } of Deno.readDir(join(folder, dataset))) {
      if (!name.endsWith(".json")) continue;
      const path = join(folder, dataset, name);
      const saved = await readJson<SavedTrial>(path, "trial");
      const { method, seed } = saved?.trial ?? {};
      if (typeof method !== "string" || !Number.isSafeInteger(seed)) {
        throw new SyntaxError(
          `Cannot read the trial: ${path} must be one that a search saved, got ${
            shown(saved)
          }`,
        );
      }
      trials.push(_restored(saved, path, {
        ...{ space, dataset, seed: seed! },
        method: { name: method, budget: Infinity },
      }));
    }
  }
  const order = ({ dataset, method }: Trial) => `${dataset}/${method}`;
  return trials.sort((a, b) =>
    order(a) === order(b) ? a.seed - b.seed : order(a) < order(b) ? -1 : 1
  );
}

/** Runs one trial, with what its journal knows. */
async function _run(
  space: SearchSpace,
  evaluator: Evaluator,
  { name, search, budget }: NamedMethod,
  seed: number,
  { journal: path, onWarning, ...options }: {
    readonly journal: string | null;
    readonly signal: AbortSignal | undefined;
    readonly slots: number | undefined;
    readonly onQuery: ((query: Query) => void) | undefined;
    readonly onWarning: (text: string) => void;
  },
): Promise<Trial> {
  const journal = path === null
    ? null
    : await Journal.open(path, evaluator.key);
  try {
    if (journal?.torn) {
      onWarning(`A torn last line of ${path} was dropped`);
    }
    const oracle = new Oracle(
      space,
      journal === null ? evaluator : journalled(evaluator, journal),
      budget,
      { ...options, order: journal?.order },
    );
    const started = performance.now();
    await search(oracle, Random.fromSeed(seed).split("search"));
    await oracle.settle();
    return {
      method: name,
      dataset: evaluator.name,
      seed,
      queries: oracle.history,
      proposals: oracle.proposals,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    journal?.close();
  }
}

function _saved(key: string, trial: Trial): string {
  const file: SavedTrial = {
    key,
    trial: {
      ...trial,
      queries: trial.queries.map(({ cell, ...query }) => ({
        cell: {
          key: cell.key,
          ops: [...cell.graph.ops],
          incoming: [...cell.graph.incoming],
          index: cell.index,
        },
        ...query,
      })),
    },
  };
  return JSON.stringify(file) + "\n";
}

/**
 * The trial that a file holds, checked: its cells are cells of the space under their own keys.
 *
 * @param asked What it must be a trial of; the method's name is the one it has today.
 */
function _restored(
  { trial }: SavedTrial,
  path: string,
  { space, method, seed, dataset }: {
    readonly space: SearchSpace;
    readonly method: Pick<NamedMethod, "name" | "budget">;
    readonly seed: number;
    readonly dataset: string;
  },
): Trial {
  const fail = (what: string, got: unknown): never => {
    throw new SyntaxError(
      `Cannot read the trial: ${what} in ${path} must be as they were saved, got ${
        shown(got)
      }; delete the file to run it again`,
    );
  };
  if (trial?.seed !== seed || trial.dataset !== dataset) {
    fail("seed and data set", trial?.seed);
  }
  const { seconds, queries, proposals } = trial;
  const { covered, outside } = proposals ?? {};
  if (![covered, outside].every((n) => Number.isInteger(n) && n! >= 0)) {
    fail("proposals", proposals);
  }
  if (!(Number.isFinite(seconds) && seconds >= 0)) fail("seconds", seconds);
  if (
    !Array.isArray(queries) || queries.length < 1 ||
    queries.length > method.budget
  ) fail("queries", queries);
  const met = new Set<string>();
  return {
    method: method.name,
    dataset,
    seed,
    seconds,
    proposals: { covered, outside },
    queries: queries.map((query): Query => {
      const { cell: saved, validation, error } = query ?? {};
      const isGraph = [saved?.ops, saved?.incoming].every((numbers) =>
        Array.isArray(numbers) &&
        numbers.every((number) => typeof number === "number")
      );
      const graph = isGraph
        ? parseGraphText(`${saved.ops};${saved.incoming}`)
        : null;
      const cell = graph && cellOf(space, graph);
      if (
        cell === null || cell.key !== saved.key || cell.index !== saved.index ||
        met.has(cell.key)
      ) return fail("cells", saved);
      met.add(cell.key);
      const isRight = error === undefined
        ? validation >= 0 && validation <= 1 && typeof validation === "number"
        : validation === 0 && typeof error === "string";
      if (!isRight) fail("accuracies", query);
      return {
        cell: { ...cell, graph: graph! },
        validation,
        ...error === undefined ? {} : { error },
      };
    }),
  };
}

function _slug(name: string): string {
  return name.toLowerCase().replaceAll("+", " plus").replaceAll(/\W+/g, "_");
}
