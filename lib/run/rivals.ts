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
import { readJson, writeJson } from "../core/files.ts";
import type { OnProgress } from "../core/progress.ts";
import { openDevice } from "../engine/device.ts";
import { TableEvaluator } from "../evaluation/table_evaluator.ts";
import { loadOrPredictAccuracies } from "../evaluation/tables.ts";
import { trainedArch2vec } from "../generation/arch2vec.ts";
import { saveTable } from "../report/save.ts";
import { type ComparedMethod, searchStudy } from "../search/compared.ts";
import { limitBudgets } from "../search/method.ts";
import { methodSlug } from "../search/opened_methods.ts";
import { trainedGenerator } from "../search/rivals/ag_net.ts";
import { checkRows } from "../search/rivals/check_curves.ts";
import { openRivals } from "../search/rivals/rivals.ts";
import { type SearchRow, searchRows } from "../search/rows.ts";
import { runTrials, type Trial } from "../search/trials.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import { getSpace } from "../spaces/registry.ts";
import { modelFolder, trialsFolder } from "./folders.ts";
import { lockRun } from "./lock.ts";
import {
  type RecordedRivals,
  RIVAL_RECORD,
  rivalFolder,
  rivalTables,
} from "./recorded_rivals.ts";
import { resultsFolder, type RunSettings } from "./settings.ts";

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
 * @param options `only`: slugs of names, as `methodSlug` gives them; the tables have all
 *   searches that the run has trials of. `onLine` is told what happens.
 * @returns The folder of the tables.
 * @throws {RangeError} If there is no such search.
 */
export async function runRivals(
  settings: RunSettings,
  { only, onLine = () => {}, onProgress = () => {}, signal }: {
    readonly only?: readonly string[];
    readonly onLine?: (line: string) => void;
    readonly onProgress?: OnProgress;
    readonly signal?: AbortSignal;
  } = {},
): Promise<string> {
  const space = getSpace(settings.space);
  const outputs = resultsFolder(settings);
  await Deno.mkdir(outputs, { recursive: true });
  using _lock = await lockRun(outputs);
  await space.prepare(onProgress);
  // The steps of searches are small; a thread that waits for work would count as cost.
  const executor = await openDevice(settings.device, { threads: 1 });
  const tables = await loadOrPredictAccuracies(space, executor, settings);
  const study = searchStudy(settings);
  const training = {
    ...settings,
    executor,
    newModel: (name: string) => modelFolder(outputs, name),
    onProgress,
  };
  await using opened = openRivals(space, {
    arch2vec: await trainedArch2vec(space, training),
    // AG-Net's cells have one input.
    generator: space.inputs === 1
      ? await trainedGenerator(space, training)
      : null,
  }, executor);
  const methods = limitBudgets(opened.methods, study.mostQueries);
  const names = methods.map(({ name }) => methodSlug(name));
  for (const name of only ?? []) {
    if (!names.includes(name)) {
      throw new RangeError(
        `Cannot reproduce: --only must name some of ${
          names.join(", ")
        }, got ${name}`,
      );
    }
  }
  const trials = new Trials(outputs, tables, study.seeds);
  await trials.open(methods);
  for (const method of methods) {
    if (only && !only.includes(methodSlug(method.name))) continue;
    onLine(`${method.name}, ${method.budget} queries`);
    await trials.run(settings.space, method, { signal, onLine });
  }
  const done = methods.filter((method) => trials.has(method));
  const found: Trial[] = [];
  for (const method of done) {
    found.push(...await trials.run(settings.space, method, { signal }));
  }
  const rows = searchRows(space, tables, found).map((row): SearchRow => {
    const method = row.source === "paper"
      ? undefined
      : done.find(({ name, budget }) =>
        name === row.method && budget === row.queries
      );
    return method === undefined ? row : { ...row, ...trials.cost(method) };
  });
  const recorded: RecordedRivals = {
    seeds: study.seeds,
    surrogate: tables.some((table) => table.surrogate),
    datasets: tables.map(({ dataset, title, source }) => ({
      dataset,
      title,
      source,
    })),
    rows,
    checks: checkRows(space, tables, found),
  };
  const folder = rivalFolder(settings);
  await writeJson(join(folder, RIVAL_RECORD), recorded);
  for (const [name, table] of rivalTables(recorded, space)) {
    await saveTable(folder, name, table);
  }
  return folder;
}

/** The trials of a run, with what each cost. */
class Trials {
  readonly #folder: string;
  readonly #costs: string;
  readonly #tables: readonly AccuracyTable[];
  readonly #seeds: readonly number[];
  /** By the key of a method. */
  readonly #known = new Map<string, Costs>();

  constructor(
    outputs: string,
    tables: readonly AccuracyTable[],
    seeds: readonly number[],
  ) {
    this.#folder = trialsFolder(outputs);
    this.#costs = join(outputs, "rivals");
    this.#tables = tables;
    this.#seeds = seeds;
  }

  /** Whether a method has all its trials. */
  has(method: ComparedMethod): boolean {
    const costs = this.#known.get(method.key);
    return costs !== undefined &&
      Object.keys(costs).length === this.#tables.length * this.#seeds.length;
  }

  /** Runs the trials of a method that were not run yet; gives all. */
  async run(
    space: string,
    method: ComparedMethod,
    { signal, onLine }: {
      readonly signal?: AbortSignal;
      readonly onLine?: (line: string) => void;
    },
  ): Promise<Trial[]> {
    const path = this.#path(method);
    const costs = await this.#read(method);
    const trials: Trial[] = [];
    for (const table of this.#tables) {
      for (const seed of this.#seeds) {
        signal?.throwIfAborted();
        const name = `${table.dataset}, seed ${seed}`;
        const watch = new Watch();
        const [trial] = await runTrials(
          getSpace(space),
          [new TableEvaluator(table)],
          [method],
          { seeds: [seed], folder: this.#folder, signal },
        ).finally(() => watch.stop());
        trials.push(trial);
        if (costs[name]?.key === method.key) continue;
        costs[name] = { key: method.key, ...watch.seen };
        await writeJson(path, costs);
        onLine?.(`  ${name}: ${watch.seen.cpuSeconds.toFixed(1)} CPU seconds`);
      }
    }
    return trials;
  }

  /** Means over the trials of a method. */
  cost(method: ComparedMethod): Record<"CPU seconds" | "peak MiB", number> {
    const costs = Object.values(this.#known.get(method.key)!);
    return {
      "CPU seconds":
        costs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) /
        costs.length,
      "peak MiB": Math.max(...costs.map(({ peakBytes }) => peakBytes)) /
        2 ** 20,
    };
  }

  /** Takes the costs of trials that were run before. */
  async open(methods: readonly ComparedMethod[]): Promise<void> {
    for (const method of methods) await this.#read(method);
  }

  async #read(method: ComparedMethod): Promise<Costs> {
    let costs = this.#known.get(method.key);
    if (costs === undefined) {
      const path = this.#path(method);
      const saved = existsSync(path)
        ? await readJson<Costs>(path, "costs")
        : {};
      costs = Object.fromEntries(
        Object.entries(saved).filter(([, { key }]) => key === method.key),
      );
      this.#known.set(method.key, costs);
    }
    return costs;
  }

  #path({ name }: ComparedMethod): string {
    return join(this.#costs, `${methodSlug(name)}.json`);
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
