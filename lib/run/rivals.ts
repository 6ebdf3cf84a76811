/**
 * Searches of other papers, run beside those of notebook 7 where that is asked for.
 *
 * Their trials lie with those of the run, so what was run is not run again; their tables, which
 * notebook 7 shows, are recorded:
 *
 *     outputs/rivals/<space>/tables/     rows and check; of a quick run in its own folder
 *     outputs/runs/<name>/trials/        each trial
 *     outputs/runs/<name>/rivals/        what each trial cost
 *
 * @module
 */

import process from "node:process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { readJson, writeJson } from "../core/files.ts";
import { TableEvaluator } from "../evaluation/table_evaluator.ts";
import { loadOrPredictAccuracies } from "../evaluation/tables.ts";
import { saveTable } from "../report/save.ts";
import { searchStudy } from "../search/compared.ts";
import { limitBudgets, type NamedMethod } from "../search/method.ts";
import { methodSlug } from "../search/opened_methods.ts";
import { checkRows } from "../search/rivals/check_curves.ts";
import { rivalSearches } from "../search/rivals/rivals.ts";
import { searchRows } from "../search/rows.ts";
import { runTrials, type Trial } from "../search/trials.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import { getSpace } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { trialsFolder } from "./folders.ts";
import {
  type RecordedRivals,
  RIVAL_RECORD,
  rivalFolder,
  rivalTables,
} from "./recorded_rivals.ts";
import { openRivalPlace, type RivalOptions } from "./rival_place.ts";
import type { RunSettings } from "./settings.ts";

/** What a trial cost, of the method under a key. */
interface Cost {
  readonly key: string;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** Costs by data set, method and seed. */
type Costs = Record<string, Cost>;

/** Milliseconds between two looks at the memory. */
const LOOK = 100;

/**
 * Runs the searches that were not run yet, and writes their tables.
 *
 * A model is trained when the first search that needs it is opened.
 *
 * @param options `only`: slugs of names, as `methodSlug` gives them; the tables have those and
 *   what was recorded before of others under the same seeds. `onLine` is told what happens.
 * @returns The folder of the tables.
 * @throws {RangeError} If there is no such search.
 */
export async function runRivals(
  settings: RunSettings,
  { only, onLine = () => {}, onProgress, signal }: RivalOptions = {},
): Promise<string> {
  const study = searchStudy(settings);
  const searches = limitBudgets(
    rivalSearches(getSpace(settings.space)),
    study.mostQueries,
  );
  const slugs = searches.map(({ name }) => methodSlug(name));
  for (const name of only ?? []) {
    if (!slugs.includes(name)) {
      throw new RangeError(
        `Cannot reproduce: --only must name some of ${
          slugs.join(", ")
        }, got ${name}`,
      );
    }
  }
  using place = await openRivalPlace(settings, {
    onProgress,
    // The steps of searches are small; a thread that waits for work would count as cost.
    threads: 1,
  });
  const { space, outputs, training } = place;
  const { executor } = training;
  const tables = await loadOrPredictAccuracies(space, executor, settings);
  const trials = new Trials(space, outputs, tables, study.seeds);
  const folder = rivalFolder(settings);
  const published: RecordedRivals = {
    seeds: study.seeds,
    surrogate: tables.some((table) => table.surrogate),
    datasets: tables.map(({ dataset, title, source }) => ({
      dataset,
      title,
      source,
    })),
    rows: searchRows(space, tables, []),
    checks: [],
  };
  const path = join(folder, RIVAL_RECORD);
  const before = existsSync(path)
    ? await readJson<RecordedRivals>(path, "searches")
    : published;
  let found: Found = isDeepStrictEqual(before.seeds, study.seeds)
    ? _measured(before)
    : { rows: [], checks: [] };
  const names = searches.map(({ name }) => name);
  const record = () => ({
    ...published,
    rows: [...published.rows, ...found.rows],
    checks: found.checks,
  });
  for (const search of searches) {
    const { name, budget } = search;
    if (only && !only.includes(methodSlug(name))) continue;
    await onLine(`${name}, ${budget} queries`);
    await using owner = new AsyncDisposableStack();
    const method = { ...await search.open(training, owner), name, budget };
    const { all, cost } = await trials.run(method, { signal, onLine });
    const { rows, checks } = _measured({
      rows: searchRows(space, tables, all),
      checks: checkRows(space, tables, all),
    });
    found = _joined(found, {
      rows: rows.map((row) =>
        row.queries === budget ? { ...row, ...cost } : row
      ),
      checks,
    }, names);
    await writeJson(path, record());
  }
  for (const [name, table] of rivalTables(record(), space)) {
    await saveTable(folder, name, table);
  }
  return folder;
}

/** What was found by searches. */
type Found = Pick<RecordedRivals, "rows" | "checks">;

/** Without published rows. */
function _measured({ rows, checks }: Found): Found {
  return { rows: rows.filter(({ source }) => source !== "paper"), checks };
}

/** What was found, and what was found of further searches or anew of the same. */
function _joined(
  before: Found,
  after: Found,
  names: readonly string[],
): Found {
  const joined = <Row extends { readonly method: string }>(
    before: readonly Row[],
    after: readonly Row[],
  ) => {
    const anew = new Set(after.map(({ method }) => method));
    return [...before.filter(({ method }) => !anew.has(method)), ...after]
      .sort((a, b) => names.indexOf(a.method) - names.indexOf(b.method));
  };
  return {
    rows: joined(before.rows, after.rows)
      .sort((a, b) => a.queries! - b.queries!),
    checks: joined(before.checks, after.checks),
  };
}

/** The trials of a run, with what each cost. */
class Trials {
  readonly #space: SearchSpace;
  readonly #folder: string;
  readonly #costs: string;
  readonly #tables: readonly AccuracyTable[];
  readonly #seeds: readonly number[];

  constructor(
    space: SearchSpace,
    outputs: string,
    tables: readonly AccuracyTable[],
    seeds: readonly number[],
  ) {
    this.#space = space;
    this.#folder = trialsFolder(outputs);
    this.#costs = join(outputs, "rivals");
    this.#tables = tables;
    this.#seeds = seeds;
  }

  /** Runs the trials of a method that were not run yet; gives all, and what one costs. */
  async run(
    method: NamedMethod,
    { signal, onLine }: {
      readonly signal?: AbortSignal;
      readonly onLine: (line: string) => void | Promise<void>;
    },
  ): Promise<{
    all: Trial[];
    cost: Record<"CPU seconds" | "peak MiB", number>;
  }> {
    const path = join(this.#costs, `${methodSlug(method.name)}.json`);
    const saved = existsSync(path) ? await readJson<Costs>(path, "costs") : {};
    const costs = Object.fromEntries(
      Object.entries(saved).filter(([, { key }]) => key === method.key),
    );
    const all: Trial[] = [];
    for (const table of this.#tables) {
      for (const seed of this.#seeds) {
        signal?.throwIfAborted();
        const name = `${table.dataset}, seed ${seed}`;
        const watch = new Watch();
        const [trial] = await runTrials(
          this.#space,
          [new TableEvaluator(table)],
          [method],
          { seeds: [seed], folder: this.#folder, signal },
        ).finally(() => watch.stop());
        all.push(trial);
        if (name in costs) continue;
        costs[name] = { key: method.key, ...watch.seen };
        await writeJson(path, costs);
        await onLine(
          `  ${name}: ${watch.seen.cpuSeconds.toFixed(1)} CPU seconds`,
        );
      }
    }
    const each = Object.values(costs);
    return {
      all,
      cost: {
        "CPU seconds":
          each.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) /
          each.length,
        "peak MiB": Math.max(...each.map(({ peakBytes }) => peakBytes)) /
          2 ** 20,
      },
    };
  }
}

/** Looks at what the process takes. */
class Watch {
  readonly #start = process.cpuUsage();
  #peak = Deno.memoryUsage().rss;
  readonly #timer = setInterval(() => this.#look(), LOOK);
  #seen: Omit<Cost, "key"> | null = null;

  /** Until it was stopped. */
  get seen(): Omit<Cost, "key"> {
    return this.#seen!;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#look();
    const { user, system } = process.cpuUsage(this.#start);
    this.#seen = { cpuSeconds: (user + system) / 1e6, peakBytes: this.#peak };
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, Deno.memoryUsage().rss);
  }
}
