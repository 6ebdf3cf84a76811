/**
 * `deno task reproduce`: the notebooks from first to last, without a browser, into `outputs/runs/<name>/`.
 *
 * A stage whose inputs are unchanged is skipped. What a notebook prints and its
 * progress bars go to the terminal; its executed file, the tables, figures,
 * models and samples, one report and a manifest are left behind.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fetchAccuracies } from "../accuracies/fetch.ts";
import { exists, systemReason, writeFileAtomic } from "../core/files.ts";
import { PROJECT_ROOT } from "../core/project.ts";
import { DEVICES } from "../engine/devices.ts";
import { OPTIMIZERS } from "../models/t5/config.ts";
import {
  executedNotebook,
  isHandRun,
  logPath,
  manifestPath,
  reportPath,
  shownPath,
} from "../run/folders.ts";
import { gitState } from "../run/git.ts";
import { lockRun } from "../run/lock.ts";
import { type ProgressBar, progressBar } from "../report/progress.ts";
import { rivalGenerators } from "../generation/rival_generators.ts";
import { runRivalGenerators } from "../run/rival_generators.ts";
import type { RivalOptions } from "../run/rival_place.ts";
import { runRivals } from "../run/rivals.ts";
import { writeManifest } from "../run/manifest.ts";
import { notebookTitle, readNotebook } from "../run/notebook.ts";
import { withSeed } from "../run/seeds.ts";
import {
  checkRunSettings,
  resultsFolder,
  RUN_VARIABLE,
  type RunSettings,
} from "../run/settings.ts";
import type { Stage, StageRecord } from "../run/stage.ts";
import { removeResults, removeTemporaries } from "../run/stage_files.ts";
import {
  beginStage,
  endStage,
  isStageDone,
  readStageRecord,
  SEED_STAGES,
  stageKey,
  stagesOn,
} from "../run/stages.ts";
import { methodSlug } from "../search/opened_methods.ts";
import { rivalSearches } from "../search/rivals/rivals.ts";
import { DEFAULT_SPACE, getSpace } from "../spaces/registry.ts";
import { earlierSeconds, secondsLeft } from "../run/time_left.ts";
import { provideChromium } from "./chromium.ts";
import {
  formatSeconds,
  outputsRoot,
  parseOptions,
  runCommand,
  userFolder,
  wholeNumber,
} from "./command.ts";
import { jupyterVersions } from "./environment.ts";
import {
  executeNotebook,
  NotebookError,
  type NotebookEvent,
} from "./execute_notebook.ts";
import { checkRun } from "./preflight.ts";
import { writeRunReport } from "./run_report.ts";
import { setup } from "./setup.ts";
import { Terminal } from "./terminal.ts";

/** The most lines of one displayed object that are shown. */
const DISPLAY_LINES = 40;

const ACTION = "reproduce";

const HELP = `deno task reproduce [options]

  --space NAME     search space (${DEFAULT_SPACE.name})
  --cells N        how many cells to learn from, where the cells of the space are a sample
  --seed N         where all randomness comes from (0)
  --seeds N        train and sample with so many seeds, from --seed on, each in a run of its
                   own; the first has all notebooks and the means over seeds (1)
  --samples N      sentences per decoding setting (10000; 500 with --quick)
  --trials N       of each search (10; 2 with --quick)
  --device NAME    ${DEVICES.join(", ")} (auto)
  --t5 SOURCE      fine-tune this pretrained T5: a folder in Hugging Face's layout, or
                   a name on its hub, google-t5/t5-small (trained from scratch)
  --dataset NAME   of one's own, imported with task data: searched beside the others
  --optimizer NAME what the T5 is trained with: ${OPTIMIZERS.join(", ")} (adamw)
  --name NAME      of the run: of its folder in outputs/runs (SPACE-seedN, with --quick
                   SPACE-seedN-quick)
  --outputs DIR    folder of all runs and records (outputs)
  --rivals         searches and generators of other papers in the place of the notebooks:
                   their rows, which notebooks 7 and 5 show, go to DIR/rivals/SPACE
  --only NAMES     some of them, with commas between (all)
  --quick          every stage on a slice, in a few minutes: not for results
  --fresh          remove what earlier runs left and do all of it again
`;

/** The most training seeds that can be asked for. */
const MOST_SEEDS = 100;

/** A run as asked for on the command line. */
export interface ReproduceRequest {
  readonly settings: RunSettings;
  /** The runs of further training seeds, in the order in which they are to come before it. */
  readonly further: readonly RunSettings[];
  readonly fresh: boolean;
  /** Searches of other papers, all or those named, in the place of the notebooks. */
  readonly rivals: { readonly only?: readonly string[] } | null;
}

/**
 * Reads the command line of `reproduce`.
 *
 * @param args As in `Deno.args`.
 * @param folder What a relative `--outputs` is relative to.
 * @throws {RangeError} If an option is unknown or its value is wrong.
 */
export function parseReproduceArguments(
  args: readonly string[],
  folder: string = Deno.cwd(),
): ReproduceRequest {
  const options = parseOptions(args, {
    space: { type: "string" },
    cells: { type: "string" },
    seed: { type: "string" },
    seeds: { type: "string" },
    samples: { type: "string" },
    trials: { type: "string" },
    device: { type: "string" },
    t5: { type: "string" },
    dataset: { type: "string" },
    optimizer: { type: "string" },
    name: { type: "string" },
    outputs: { type: "string" },
    quick: { type: "boolean" },
    fresh: { type: "boolean" },
    rivals: { type: "boolean" },
    only: { type: "string" },
  }, ACTION);
  if (options.only !== undefined && !options.rivals) {
    throw new RangeError(
      `Cannot ${ACTION}: --only must stand with --rivals, got --only ${options.only}`,
    );
  }
  const cells = wholeNumber(options.cells, "--cells", ACTION, [1, 1e8]);
  const { space = DEFAULT_SPACE.name } = options;
  const settings = checkRunSettings({
    space: cells === undefined ? space : `${space}-${cells}`,
    seed: wholeNumber(options.seed, "--seed", ACTION),
    samples: wholeNumber(options.samples, "--samples", ACTION),
    trials: wholeNumber(options.trials, "--trials", ACTION),
    device: options.device,
    t5: options.t5 === undefined ? null : _t5Source(options.t5, folder),
    dataset: options.dataset,
    optimizer: options.optimizer,
    quick: options.quick,
    name: options.name,
    root: outputsRoot(options.outputs, folder),
  }, ACTION);
  if (isHandRun(settings.name)) {
    throw new RangeError(
      `Cannot ${ACTION}: --name must not be one of notebooks opened by hand, got ${settings.name}`,
    );
  }
  const seeds = wholeNumber(options.seeds, "--seeds", ACTION, [1, MOST_SEEDS]);
  if (seeds !== undefined && options.name !== undefined) {
    throw new RangeError(
      `Cannot ${ACTION}: --seeds must stand without --name, as each seed has a run of its own name, got --name ${options.name}`,
    );
  }
  return {
    settings,
    // The last seed first: each run looks at those after its own seed.
    further: Array.from(
      { length: (seeds ?? 1) - 1 },
      (_, i) => withSeed(settings, settings.seed + i + 1),
    ).reverse(),
    fresh: options.fresh ?? false,
    rivals: options.rivals ? { only: options.only?.split(",") } : null,
  };
}

/** A folder as an absolute path; anything else as it is. */
function _t5Source(source: string, folder: string): string {
  const path = resolve(folder, source);
  return existsSync(path) ? path : source;
}

/** Bytes that there must be room for when a run starts. */
const PROBE_BYTES = 2 ** 20;

/** Makes the outputs folder and makes sure that files can be written there. */
async function checkWritable(outputs: string): Promise<void> {
  const probe = join(outputs, `.write_${Deno.pid}`);
  try {
    await Deno.mkdir(outputs, { recursive: true });
    await Deno.writeFile(probe, new Uint8Array(PROBE_BYTES));
    await Deno.remove(probe);
  } catch (error) {
    await Deno.remove(probe).catch(() => {});
    throw new Error(
      `Cannot ${ACTION}: the outputs folder ${outputs} must be writable: ${
        systemReason(error)
      }`,
      { cause: error },
    );
  }
}

/** Shows what a notebook tells. */
function showEvent(terminal: Terminal, cells: number, event: NotebookEvent) {
  if (event.event === "cell") {
    terminal.settle();
    terminal.line(`  cell ${event.number} of ${cells}`);
  } else if (event.event === "stream") terminal.text(event.text);
  else if (event.event === "update") terminal.live(event.id, event.text);
  else if (event.event === "display" && event.id !== null) {
    terminal.live(event.id, event.text);
  } else if (event.event === "display") {
    const lines = event.text.trimEnd().split("\n");
    const more = lines.length - DISPLAY_LINES;
    terminal.line(lines.slice(0, DISPLAY_LINES).join("\n"));
    if (more > 0) terminal.line(`… ${more} more lines`);
  }
}

/** Executes one stage and returns its record, which is written by then. */
async function runStage(
  stage: Stage,
  { settings, notebooks, key, terminal, signal }: {
    settings: RunSettings;
    notebooks: string;
    key: string;
    terminal: Terminal;
    signal?: AbortSignal;
  },
): Promise<StageRecord> {
  const outputs = resultsFolder(settings);
  const begun = await beginStage(outputs, stage.name);
  const executed = executedNotebook(stage.name);
  const git = await gitState();
  const started = performance.now();
  let cells = 0;
  let peakMemoryBytes: number | null;
  try {
    peakMemoryBytes = await executeNotebook(
      join(notebooks, `${stage.name}.ipynb`),
      join(outputs, executed),
      {
        variables: { [RUN_VARIABLE]: JSON.stringify(settings) },
        signal,
        onEvent: (event) => {
          if (event.event === "start") cells = event.cells;
          showEvent(terminal, cells, event);
        },
      },
    );
  } catch (error) {
    if (!(error instanceof NotebookError) || signal?.aborted) throw error;
    const log = logPath(outputs, stage.name);
    const where = await writeFileAtomic(log, error.details).then(
      () => ` (traceback in ${shownPath(log)})`,
      () => "", // what failed the stage, such as a full disk, can fail its log too
    );
    throw new Error(error.message + where, { cause: error });
  } finally {
    terminal.settle();
  }
  return await endStage(outputs, begun, {
    key,
    git,
    finished: new Date().toISOString(),
    seconds: Math.round(performance.now() - started) / 1000,
    peakMemoryBytes,
  }, executed);
}

/**
 * Runs the stages that are not done, then writes the report and the manifest.
 *
 * Jupyter must be set up.
 *
 * @param options `notebooks` is the absolute folder of the notebooks; `command`
 *   is what the manifest tells of.
 * @throws {Error} If a notebook fails, the outputs folder cannot be written, or another process
 *   runs in it.
 */
export async function reproduce(
  settings: RunSettings,
  {
    fresh = false,
    stages = stagesOn(getSpace(settings.space)),
    notebooks = join(PROJECT_ROOT, "notebooks"),
    command = "deno task reproduce",
    terminal = Terminal.standardOutput(),
    signal,
  }: {
    fresh?: boolean;
    stages?: readonly Stage[];
    notebooks?: string;
    command?: string;
    terminal?: Terminal;
    signal?: AbortSignal;
  } = {},
): Promise<void> {
  const outputs = resultsFolder(settings);
  await checkWritable(outputs);
  using _lock = await lockRun(outputs);
  if (fresh) await removeResults(outputs);
  await removeTemporaries(outputs);
  terminal.line(
    `${getSpace(settings.space).title}, seed ${settings.seed}, ${
      settings.samples.toLocaleString("en-US")
    } samples, device ${settings.device}${settings.quick ? ", quick" : ""} → ${
      shownPath(outputs)
    }`,
  );

  const started = performance.now();
  const earlier = await earlierSeconds(settings);
  const records: StageRecord[] = [];
  const executed = new Map<string, number>();
  for (const [index, stage] of stages.entries()) {
    const key = await stageKey(stage, records, notebooks, settings);
    const heading = `[${index + 1}/${stages.length}] ${
      notebookTitle(
        await readNotebook(join(notebooks, `${stage.name}.ipynb`)),
        stage.name,
      )
    }`;
    let record = await readStageRecord(outputs, stage.name);
    if (
      record !== null && await isStageDone(outputs, record, key)
    ) {
      terminal.line(`${heading}: unchanged, skipped`);
    } else {
      const open = stages.slice(index).map(({ name }) => name);
      const left = secondsLeft(earlier, executed, open);
      terminal.line(
        heading +
          (left === null
            ? ""
            : `: about ${formatSeconds(left)} of the run left`),
      );
      record = await runStage(stage, {
        ...{ settings, notebooks, key, terminal, signal },
      });
      terminal.line(`  done in ${formatSeconds(record.seconds)}`);
      executed.set(stage.name, record.seconds);
    }
    records.push(record);
  }

  const left = [manifestPath(outputs), reportPath(outputs)].map(exists);
  if (executed.size === 0 && (await Promise.all(left)).every(Boolean)) {
    terminal.line(
      "Nothing to do: every stage is done (--fresh runs them anew)",
    );
    return;
  }
  signal?.throwIfAborted();
  const manifest = await writeManifest(settings, records, {
    command,
    stages,
    jupyterVersions: await jupyterVersions(),
  });
  const report = await writeRunReport(settings, records, manifest);
  const time = formatSeconds((performance.now() - started) / 1000);
  terminal.line(
    `Done in ${time}. All tables and figures, to look at first: ${
      shownPath(report)
    }`,
  );
}

const STOPPED =
  "Stopped; the same command goes on with the stage that was cut short";

/** Exit code of a command that Ctrl-C ended, as shells have it: 128 and the signal's number. */
const INTERRUPTED = 130;

/**
 * One Ctrl-C can arrive twice within so many milliseconds: from the terminal, which tells every
 * process, and from `deno task`, which passes it on.
 */
const ONE_INTERRUPT_MS = 500;

/** An abort signal for Ctrl-C; a second Ctrl-C ends the process at once. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  Deno.addSignalListener("SIGINT", () => {
    if (!controller.signal.aborted) {
      first = performance.now();
      controller.abort();
    } else if (performance.now() - first > ONE_INTERRUPT_MS) {
      console.error(STOPPED);
      Deno.exit(INTERRUPTED);
    }
  });
  return controller.signal;
}

/** Parses, sets up, runs; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { settings, further, fresh, rivals } = parseReproduceArguments(
    args,
    userFolder(),
  );
  await checkRun(settings, ACTION);
  await checkWritable(resultsFolder(settings));
  // A quick run is for trying out, also without a network.
  if (!settings.quick) await fetchAccuracies(getSpace(settings.space));
  if (rivals !== null) {
    const terminal = Terminal.standardOutput();
    const { only } = rivals;
    const space = getSpace(settings.space);
    const generators = rivalGenerators(space).map(({ slug }) => slug);
    const isGenerator = (name: string) => generators.includes(name);
    const isSearch = (name: string) =>
      rivalSearches(space).some((search) => methodSlug(search.name) === name);
    // A name can be of both; one of neither is refused with the searches' names.
    const searches = only?.filter((name) =>
      isSearch(name) || !isGenerator(name)
    );
    let bar: ProgressBar | undefined;
    const options: RivalOptions = {
      only,
      onLine: async (line) => {
        await bar?.finish();
        bar = undefined;
        terminal.line(line);
      },
      onProgress: ({ done, total, message }) => {
        bar ??= progressBar({ label: "Training", total, start: done });
        bar.update(done, message);
      },
    };
    let folder = "";
    if (searches === undefined || searches.length > 0) {
      folder = await runRivals(settings, { ...options, only: searches });
    }
    if (only === undefined || only.some(isGenerator)) {
      folder = await runRivalGenerators(settings, options);
    }
    await bar?.finish();
    terminal.line(`Written: tables of ${shownPath(folder)}`);
    return 0;
  }
  await setup();
  await provideChromium(console.error);
  const signal = interruptSignal();
  const command = ["deno", "task", "reproduce", ...args].join(" ");
  try {
    const options = { fresh, command, signal };
    for (const other of further) {
      await reproduce(other, { ...options, stages: SEED_STAGES });
    }
    await reproduce(settings, options);
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error(STOPPED);
    return INTERRUPTED;
  }
}

if (import.meta.main) await runCommand(HELP, main);
