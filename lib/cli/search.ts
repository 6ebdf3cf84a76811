/**
 * `deno task search`: a search that has its cells trained by a program of the user's.
 *
 * @module
 */

import { resolve } from "node:path";
import { splitWords } from "../core/words.ts";
import { openDevice } from "../engine/device.ts";
import { DEVICES } from "../engine/devices.ts";
import { eagerExecutor } from "../engine/eager_executor.ts";
import {
  type BackendName,
  BACKENDS,
  DEFAULT_QUEUE,
  openBackend,
} from "../evaluation/backends/open_backend.ts";
import { readRecipe } from "../evaluation/recipe_file.ts";
import { type ProgressBar, progressBar } from "../report/progress.ts";
import { tableText } from "../report/table_text.ts";
import { isRunName, RUN_NAME_RULE, shownPath } from "../run/folders.ts";
import { lockRun } from "../run/lock.ts";
import { trainedModelFolder } from "../run/open_model.ts";
import {
  runTrainedSearch,
  searchFolder,
  type TrainedSearch,
} from "../run/trained_search.ts";
import { ARCH_LLM_SEARCH } from "../search/compared.ts";
import { methodNames, methodSlug } from "../search/opened_methods.ts";
import { DEFAULT_SPACE, getSpace } from "../spaces/registry.ts";
import { oneOf, SPACE_NAMES } from "./cell_options.ts";
import { queueAddress } from "./queue_address.ts";
import {
  checkedRunName,
  existingFile,
  formatSeconds,
  parseOptions,
  runCommand,
  userFolder,
  wholeNumber,
} from "./command.ts";

const ACTION = "search";

const HELP = `deno task search --evaluator COMMAND [options]

  --evaluator COMMAND  a program that trains one cell, such as
                       'python train.py --request {request} --result {result}';
                       lib/evaluation/PROTOCOL.md has what it gets and gives, and
                       deno task evaluator check -- COMMAND tries it
  --recipe FILE        JSON that each request has as its recipe: {"seed": 0, …}
  --space NAME         ${SPACE_NAMES} (${DEFAULT_SPACE.name})
  --method NAMES       with commas between (${methodSlug(ARCH_LLM_SEARCH)});
                       deno task search --methods lists them, those of other papers last,
                       whose models are trained here before the search begins
  --budget N           cells that a search may ask for (64)
  --trials N           searches of each method, with seeds from --seed on (1)
  --seed N             (0)
  --run NAME           models of this run of outputs/runs (the run of record)
  --name NAME          results go to outputs/searches/<name>; the same name goes on with a
                       search that was stopped (the name of the space)
  --results FOLDER     of the trainings, to share them between searches
  --device NAME        of the search's own models: ${DEVICES.join(", ")} (auto)

where trainings run:
  --backend NAME       ${BACKENDS.join(", ")} (local, or by the options below)
  --parallel K         trainings at a time (1)
  --queue URL          of bullmq: the Redis that workers take from (deno task worker),
                       redis://[:password@]host:port (${DEFAULT_QUEUE}); where
                       no password stands, that of the environment variable REDIS_PASSWORD
  --sbatch='OPTIONS'   of slurm, as sbatch takes them: '--partition=gpu --gres=gpu:1'; the
                       folder of results must be on a file system that all machines share
  --rounds             wait for all answers of a round; by default each is taken as it comes
                       and the free place is filled at once
  --heartbeat S        a program that prints nothing for three times so many seconds is
                       started again (never)

Ctrl+C ends the trainings after they have saved themselves. Every answer is on disk before
the search sees it: the same command goes on, whatever ended it, and trains nothing twice.
`;

/** What `search` is asked for. */
export interface SearchRequest extends TrainedSearch {
  readonly backend: BackendName;
  readonly parallel: number;
  readonly heartbeatSeconds: number | null;
  /** Address of a Redis. */
  readonly queue: string;
  /** Options of `sbatch`. */
  readonly sbatch: readonly string[];
  /** Absolute folder that programs run in. */
  readonly cwd: string;
  readonly device: typeof DEVICES[number];
}

/**
 * Reads the command line of `search`.
 *
 * @param folder What relative paths are relative to.
 * @throws {RangeError} If an option is unknown or its value is wrong.
 * @throws {SyntaxError} If the command or the recipe cannot be read.
 */
export async function parseSearchArguments(
  args: readonly string[],
  folder: string = Deno.cwd(),
): Promise<SearchRequest> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = parseOptions(args, {
    ...{ evaluator: text, recipe: text, space: text, method: text },
    ...{ budget: text, trials: text, seed: text, run: text, name: text },
    ...{ results: text, device: text, backend: text, parallel: text },
    ...{ heartbeat: text, sbatch: text, queue: text, rounds: flag },
  }, ACTION);
  const number = (
    name: "budget" | "trials" | "seed" | "parallel" | "heartbeat",
    [low, high]: readonly [number, number],
  ) => wholeNumber(options[name], `--${name}`, ACTION, [low, high]);
  const space = getSpace(options.space ?? DEFAULT_SPACE.name);
  if (options.evaluator === undefined) {
    throw new RangeError(
      `Cannot ${ACTION}: --evaluator must be the command of a program that trains a cell, got none; deno task search --help tells more`,
    );
  }
  const name = options.name ?? space.name;
  if (!isRunName(name)) {
    throw new RangeError(
      `Cannot ${ACTION}: --name must be ${RUN_NAME_RULE}, got ${name}`,
    );
  }
  const owners = [["sbatch", "slurm"], ["queue", "bullmq"]] as const;
  const backend = oneOf(options.backend, "--backend", BACKENDS, ACTION) ??
    owners.find(([name]) => options[name] !== undefined)?.[1] ?? "local";
  for (const [name, owner] of owners) {
    if (options[name] === undefined || backend === owner) continue;
    throw new RangeError(
      `Cannot ${ACTION}: --${name} must stand with --backend ${owner}, got ${backend}`,
    );
  }
  const run = options.run === undefined
    ? undefined
    : checkedRunName(options.run, ACTION);
  const seed = number("seed", [0, 2 ** 31]) ?? 0;
  const trials = number("trials", [1, 1000]) ?? 1;
  return {
    space,
    methods: await _methods(space, options.method),
    budget: number("budget", [1, 1e6]) ?? 64,
    seeds: Array.from({ length: trials }, (_, i) => seed + i),
    command: splitWords(options.evaluator),
    recipe: options.recipe === undefined ? { seed: 0 } : await readRecipe(
      existingFile(resolve(folder, options.recipe), "--recipe", ACTION),
    ),
    rounds: options.rounds ?? false,
    model: (name) => trainedModelFolder(space.name, name, run),
    folder: searchFolder(name),
    results: options.results === undefined
      ? undefined
      : resolve(folder, options.results),
    backend,
    queue: queueAddress(options.queue),
    sbatch: options.sbatch === undefined ? [] : splitWords(options.sbatch),
    parallel: number("parallel", [1, 10_000]) ?? 1,
    heartbeatSeconds: number("heartbeat", [1, 1e6]) ?? null,
    cwd: folder,
    device: oneOf(options.device, "--device", DEVICES, ACTION) ?? "auto",
  };
}

/** Names of methods, from those that were typed. */
async function _methods(
  space: SearchRequest["space"],
  typed: string = methodSlug(ARCH_LLM_SEARCH),
): Promise<string[]> {
  const names = await _methodNames(space);
  return typed.split(",").map((slug) => {
    const name = names.find((name) => methodSlug(name) === slug.trim());
    if (name !== undefined) return name;
    throw new RangeError(
      `Cannot ${ACTION}: --method must be one of ${
        names.map(methodSlug).join(", ")
      }, got ${slug}`,
    );
  });
}

async function _methodNames(
  space: SearchRequest["space"],
): Promise<string[]> {
  return methodNames(space, await eagerExecutor("cpu"));
}

/**
 * Searches, and prints what was found.
 *
 * @throws {Error} If the search cannot go on.
 */
export async function runSearch(
  request: SearchRequest,
  { signal, print = console.log }: {
    readonly signal?: AbortSignal;
    readonly print?: (text: string) => void;
  } = {},
): Promise<void> {
  const { folder, parallel, heartbeatSeconds, command, cwd } = request;
  const { queue, sbatch } = request;
  await Deno.mkdir(folder, { recursive: true });
  using _lock = await lockRun(folder);
  const started = performance.now();
  let bar: ProgressBar | undefined;
  try {
    await using backend = await openBackend({
      ...{ name: request.backend, command, parallel, heartbeatSeconds, cwd },
      ...{ queue, sbatch },
    });
    const { methods } = await runTrainedSearch(request, {
      backend,
      executor: await openDevice(request.device),
      signal,
      onProgress: ({ done, total, message }) => {
        bar ??= progressBar({ label: "Queries", total, start: done });
        bar.update(done, message);
      },
    });
    await bar?.finish("");
    bar = undefined;
    print(tableText(methods));
    print(
      `${shownPath(folder)}/report.html has the rest; ${
        formatSeconds((performance.now() - started) / 1000)
      }.`,
    );
  } finally {
    await bar?.finish();
  }
}

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--methods")) {
    const space = getSpace(DEFAULT_SPACE.name);
    for (const name of await _methodNames(space)) {
      console.log(`${methodSlug(name).padEnd(40)} ${name}`);
    }
    return 0;
  }
  const request = await parseSearchArguments(args, userFolder());
  const stop = new AbortController();
  const onSignal = () => stop.abort(new Stopped());
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, onSignal);
  }
  try {
    await runSearch(request, { signal: stop.signal });
    return 0;
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    console.error("Stopped; the same command goes on from here.");
    return 130;
  }
}

class Stopped extends Error {}

if (import.meta.main) await runCommand(HELP, main);
