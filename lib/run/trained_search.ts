/**
 * Searches whose cells are trained: by a program of the user's, with the methods of notebook 7 and
 * those of other papers.
 *
 *     outputs/searches/<name>/
 *       trials/trained/      what was asked and answered, a journal of each search that runs
 *       evaluations/<id>/    a folder for each training: request, result, its own files
 *       tables/ figures/ best_cells.svg report.html manifest.json
 *
 * Trainings are known by cell, recipe and seed, so searches that ask for the same cell share it,
 * and a search that is started anew or with a larger budget trains only what it has not.
 *
 * @module
 */

import { cpus, release } from "node:os";
import { join } from "node:path";
import { exists, readJson, writeFileAtomic, writeJson } from "../core/files.ts";
import type { OnProgress } from "../core/progress.ts";
import { splitWords } from "../core/words.ts";
import type { Executor } from "../engine/executor.ts";
import type { Backend } from "../evaluation/backends/backend.ts";
import {
  type BackendName,
  openBackend,
} from "../evaluation/backends/open_backend.ts";
import { readResult } from "../evaluation/job_folder.ts";
import { type Recipe, requestId } from "../evaluation/protocol.ts";
import {
  TrainingEvaluator,
  type TrainingEvent,
} from "../evaluation/training_evaluator.ts";
import type { Figure, Svg } from "../report/figure.ts";
import { writeReport } from "../report/html_report.ts";
import { saveFigure, saveTable } from "../report/save.ts";
import type { ReportTable } from "../report/tables.ts";
import {
  trainedCellsDrawing,
  trainedCurvesFigure,
  trainedMethodTable,
  trainedQueryTable,
  type TrainedSearchText,
} from "../report/trained_search_report.ts";
import { METHOD_MODELS } from "../search/compared.ts";
import { openMethod } from "../search/opened_methods.ts";
import {
  bestTrainedCells,
  trainedCurves,
  type TrainedDetails,
  type TrainedMethodRow,
  trainedMethodRows,
  trainedQueryRows,
} from "../search/trained_rows.ts";
import { runTrials, type Trial } from "../search/trials.ts";
import type { Cell } from "../spaces/cell.ts";
import { getSpace } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { OUTPUTS, shownPath, trialsFolder } from "./folders.ts";
import { denoVersions } from "./manifest.ts";
import type { Run } from "./run.ts";

/** What is searched, and how cells are trained. */
export interface TrainedSearch {
  readonly space: SearchSpace;
  /** Names of methods, as tables have them. */
  readonly methods: readonly string[];
  /** Queries of each trial. */
  readonly budget: number;
  /** One a trial of each method. */
  readonly seeds: readonly number[];
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly recipe: Recipe;
  /** Whether searches by rounds wait for the answers of a round. */
  readonly rounds?: boolean;
  /** Where a trained model is, by its name, such as `arch-llm/t5`. */
  readonly model: (name: string) => string;
  /** Absolute folder of the search. */
  readonly folder: string;
  /** Absolute folder of the trainings; by default `evaluations` of the search. */
  readonly results?: string;
}

/** What searches found, as readers see it. */
export interface TrainedSearchReport {
  readonly trials: readonly Trial[];
  readonly methods: ReportTable;
  readonly queries: ReportTable;
  readonly curves: Figure;
  readonly best: Svg;
}

/** Cells that are drawn. */
const DRAWN_CELLS = 6;

/** The absolute folder of a search. */
export function searchFolder(name: string): string {
  return join(OUTPUTS, "searches", name);
}

/**
 * Runs searches, or goes on with them, until each trial has its queries.
 *
 * @param options `backend`: where trainings run; its `parallel` is how many queries a search has
 *   going on; `signal`: when it aborts, what runs is told to save itself and to end, and the
 *   same searches can be gone on with.
 * @throws {RangeError} If a method is unknown, or the folder of trainings is of another program.
 * @throws {Error} If a model is missing, or the backend gives up.
 */
export async function runTrainedSearch(
  search: TrainedSearch,
  { backend, executor, signal, onProgress = () => {} }: {
    readonly backend: Backend;
    readonly executor: Executor;
    readonly signal?: AbortSignal;
    readonly onProgress?: OnProgress;
  },
): Promise<TrainedSearchReport> {
  const { space, folder, command, recipe, budget, seeds } = search;
  const started = performance.now();
  const results = search.results ?? join(folder, "evaluations");
  await space.prepare();
  await _claim(results, command);
  const going = new Going(search.methods.length * seeds.length * budget);
  const evaluator = new TrainingEvaluator(space, backend, {
    folder: results,
    recipe,
    program: JSON.stringify(command),
    onEvent: (event) => onProgress(going.happened(event)),
  });
  const trials: Trial[] = [];
  for (const name of search.methods) {
    await using method = await openMethod(space, name, {
      folder: search.model,
      training: {
        ...{ executor, seed: 0, quick: false },
        newModel: (model) => join(folder, "models", model),
      },
    });
    for (const seed of seeds) {
      going.begin(name, seed, trials.length * budget);
      trials.push(
        ...await runTrials(space, [evaluator], [{ ...method, budget }], {
          seeds: [seed],
          folder: trialsFolder(folder),
          signal,
          slots: search.rounds ? undefined : backend.parallel,
          onQuery: ({ validation }) => onProgress(going.answered(validation)),
        }),
      );
    }
  }
  const report = await _report(search, trials, results);
  await _save(search, report, (performance.now() - started) / 1000, backend);
  return report;
}

/** What a notebook's searches by training are told; the rest is its run's. */
export interface NotebookTraining
  extends Pick<TrainedSearch, "methods" | "budget" | "recipe" | "rounds"> {
  /** The command of the program, as one text. */
  readonly evaluator: string;
  /** Of each method, with seeds from 0 on. */
  readonly trials: number;
  /** Trainings at a time. */
  readonly parallel: number;
  /** Where they run; by default on this machine. */
  readonly backend?: BackendName;
}

/**
 * Runs searches of a notebook, whose cells a program of the user's trains; they go on where
 * they were when the cell is run again.
 *
 * @throws {Error} As {@link runTrainedSearch}.
 */
export async function searchByTraining(
  run: Run,
  { evaluator, trials, parallel, backend: name = "local", ...rest }:
    NotebookTraining,
  onProgress: OnProgress,
): Promise<TrainedSearchReport> {
  const command = splitWords(evaluator);
  await using backend = await openBackend({
    ...{ name, command, parallel, heartbeatSeconds: null, cwd: Deno.cwd() },
  });
  return await runTrainedSearch({
    ...rest,
    space: run.cells,
    command,
    seeds: Array.from({ length: trials }, (_, seed) => seed),
    model: run.model,
    folder: join(run.outputs, "trained"),
  }, { backend, executor: run.executor, onProgress });
}

/** Folder of the example of record: a search on the digits of scikit-learn. */
const EXAMPLE = join(OUTPUTS, "digits");

/**
 * The search that comes with the repository, whose cells were trained on handwritten digits:
 * what `task search` left of it, with the command in README.md.
 *
 * @throws {Error} If its files are not there, or not as they must be.
 */
export async function exampleSearch(): Promise<
  Pick<TrainedSearchReport, "methods" | "curves">
> {
  const manifest = join(EXAMPLE, "manifest.json");
  const { space } = await readJson<{ space: string }>(manifest, "manifest");
  const rows = await readJson<TrainedMethodRow[]>(
    join(EXAMPLE, "tables", "methods.json"),
    "table of the example",
  );
  return {
    methods: trainedMethodTable(rows, {
      ...{ space: getSpace(space), dataset: "digits" },
    }),
    curves: await readJson<Figure>(
      join(EXAMPLE, "figures", "curves.json"),
      "figure of the example",
    ),
  };
}

/** How far searches are, as a bar tells it. */
class Going {
  readonly #total: number;
  readonly #running = new Map<string, string>();
  #search = "";
  #done = 0;
  #best = 0;

  constructor(total: number) {
    this.#total = total;
  }

  begin(method: string, seed: number, done: number): void {
    this.#search = `${method}, seed ${seed}`;
    this.#done = done;
    this.#best = 0;
  }

  answered(validation: number) {
    this.#done++;
    this.#best = Math.max(this.#best, validation);
    return this.#told();
  }

  happened(happened: TrainingEvent) {
    const { event, cell: { key } } = happened;
    if (event === "ended") this.#running.delete(key);
    else {
      this.#running.set(
        key,
        event === "progress"
          ? `${happened.progress.epoch}/${happened.progress.epochs}`
          : event === "retry"
          ? "again"
          : "…",
      );
    }
    return this.#told(event === "retry" ? happened.why : undefined);
  }

  #told(why?: string) {
    const epochs = [...this.#running.values()];
    const running = epochs.length > 8
      ? `${epochs.length} running`
      : `running: ${epochs.join(", ") || "none"}`;
    return {
      done: Math.min(this.#done, this.#total),
      total: this.#total,
      message: [
        this.#search,
        `best ${(100 * this.#best).toFixed(2)} %`,
        running,
        ...why === undefined ? [] : [`tried again: ${why}`],
      ].join("; "),
    };
  }
}

/** Takes a folder of trainings for a program: those of another one are not to be mixed in. */
async function _claim(
  folder: string,
  command: readonly string[],
): Promise<void> {
  const path = join(folder, "program.json");
  if (!await exists(path)) {
    await Deno.mkdir(folder, { recursive: true });
    return await writeJson(path, { command });
  }
  const { command: known } = await readJson<{ command?: unknown }>(
    path,
    "program of the trainings",
  );
  if (JSON.stringify(known) === JSON.stringify(command)) return;
  throw new RangeError(
    `Cannot search: the trainings in ${
      shownPath(folder)
    } must be of one program, got ${JSON.stringify(known)} before and ${
      JSON.stringify(command)
    } now; name another search with --name, or another folder with --results`,
  );
}

async function _report(
  { space, recipe, seeds }: TrainedSearch,
  trials: readonly Trial[],
  results: string,
): Promise<TrainedSearchReport> {
  const known = new Map<string, TrainedDetails>();
  for (const { cell } of trials.flatMap(({ queries }) => queries)) {
    if (known.has(cell.key)) continue;
    const id = requestId(space, cell, recipe);
    const result = await readResult(join(results, id), id).catch(() => null);
    known.set(
      cell.key,
      result?.status === "ok"
        ? result
        : { test: null, seconds: null, parameters: null },
    );
  }
  const detailsOf = ({ key }: Cell) => known.get(key)!;
  const text: TrainedSearchText = {
    space,
    dataset: typeof recipe.dataset === "string" ? recipe.dataset : "own data",
  };
  return {
    trials,
    methods: trainedMethodTable(trainedMethodRows(trials, detailsOf), text),
    queries: trainedQueryTable(
      trainedQueryRows(space, trials, detailsOf),
      text,
    ),
    curves: trainedCurvesFigure(trainedCurves(trials), seeds.length, text),
    best: await trainedCellsDrawing(
      bestTrainedCells(trials, detailsOf, DRAWN_CELLS),
      text,
    ),
  };
}

/** Writes tables, figure, drawing, manifest and the report of them all. */
async function _save(
  search: TrainedSearch,
  { trials, methods, queries, curves, best }: TrainedSearchReport,
  seconds: number,
  backend: Backend,
): Promise<void> {
  const { space, folder, recipe, command, budget, seeds } = search;
  await saveTable(folder, "methods", methods);
  await saveTable(folder, "queries", queries);
  await saveFigure(folder, "curves", curves);
  await writeFileAtomic(join(folder, "best_cells.svg"), best.svg);
  const failed = trials.flatMap(({ queries }) => queries)
    .filter(({ error }) => error !== undefined).length;
  const manifest = {
    space: space.name,
    methods: search.methods,
    ...{ budget, seeds, command, recipe },
    rounds: search.rounds ?? false,
    models: Object.fromEntries(
      [...new Set(search.methods.map((name) => METHOD_MODELS.get(name)))]
        .filter((code) => code !== undefined && code !== "arch2vec")
        .map((code) => [code, shownPath(search.model(`${code}/t5`))]),
    ),
    backend: backend.name,
    parallel: backend.parallel,
    failed,
    seconds,
    finished: new Date().toISOString(),
    machine: {
      system: `${Deno.build.os} ${release()} ${Deno.build.arch}`,
      processor: cpus()[0]?.model.trim() ?? "unknown",
      cores: cpus().length,
    },
    versions: await denoVersions(),
  };
  await writeJson(join(folder, "manifest.json"), manifest);
  await writeReport({
    title: `Search on ${space.title} by training`,
    intro: `${budget} queries a trial, ${seeds.length} ${
      seeds.length === 1 ? "trial" : "trials"
    } of each method.`,
    sections: [
      { title: "What was found", tables: [methods], figures: [curves] },
      {
        title: "The best cells",
        html: best.svg,
        markdown: best.caption,
      },
      { title: "Queries", tables: [queries] },
    ],
    manifest,
  }, join(folder, "report.html"));
}
