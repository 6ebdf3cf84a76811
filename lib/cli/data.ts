/**
 * `deno task data`: gets the accuracies of the cells, or takes them from a file.
 *
 * @module
 */

import { basename, join, resolve } from "node:path";
import { accuracyFolders, type AccuracyTable, DATASETS, findFile, loadAccuraciesFrom, loadNasbench201 } from "../accuracies/accuracies.ts";
import { DATA_FOLDER } from "../core/project.ts";
import { download } from "../accuracies/download.ts";
import {
  CACHE_NAME,
  CELLS_MESSAGE,
  findRepeats,
  importRepeats,
  NASBENCH101_ENDINGS,
} from "../spaces/nasbench101/accuracies/sources.ts";
import { readNasbench201Json } from "../spaces/nasbench201/accuracies/json.ts";
import {
  NASBENCH101_FILE,
  NASBENCH201_FILES,
  type PublishedFile,
} from "../accuracies/published.ts";
import { exists, writeFileAtomic } from "../core/files.ts";
import {
  type ProgressBar,
  progressBar,
  type ProgressOutput,
} from "../report/progress.ts";
import type { OnProgress } from "../core/progress.ts";
import { getSpace } from "../spaces/registry.ts";
import { parseOptions, runCommand, userFolder } from "./command.ts";

const ACTION = "get data";

const SPACES: readonly string[] = ["nasbench201", "nasbench101"];
const JSON_NAMES = Object.values(NASBENCH201_FILES).map(({ name }) => name);

const HELP = `deno task data [options]

  --space NAME     one of ${SPACES.join(", ")} (both)
  --from FILE      take the accuracies from this file, download nothing;
                   NAS-Bench-101: the official file or one of its format, *.tfrecord,
                   or a table, *.csv or *.csv.gz, see data/README.md;
                   NAS-Bench-201: ${JSON_NAMES.join(",\n                   ")}

Downloads to data/ what is neither there nor in the folder that the environment
variable ARCHLLM_DATA names: 8 MB for NAS-Bench-201, 523 MB for NAS-Bench-101.
A download that was cut goes on. What is there stays as it is: delete a file to get
it anew; --from replaces it.
`;

/** What `data` is asked for. */
export interface DataRequest {
  readonly spaces: readonly string[];
  /** The file to take accuracies from; null to look for them and download. */
  readonly from: string | null;
  readonly help: boolean;
}

/**
 * Reads the command line of `data`.
 *
 * @param folder What a relative `--from` is relative to.
 * @throws {RangeError} If an option is unknown, its value is wrong, or the file of
 *   `--from` is none of the space.
 */
export function parseDataArguments(
  args: readonly string[],
  folder: string = Deno.cwd(),
): DataRequest {
  const { space, from = null, help = false } = parseOptions(args, {
    space: { type: "string" },
    from: { type: "string" },
    help: { type: "boolean" },
  }, ACTION);
  const spaces = SPACES.filter((name) => space === undefined || name === space);
  if (spaces.length === 0) {
    throw new RangeError(
      `Cannot ${ACTION}: --space must be one of ${
        SPACES.join(", ")
      }, got ${space}`,
    );
  }
  if (from === null) return { spaces, from, help };
  const of = spaceOfFile(from);
  if (!spaces.includes(of)) {
    throw new RangeError(
      `Cannot ${ACTION}: --from must be a file of ${
        getSpace(spaces[0]).title
      }, got ${from}, one of ${getSpace(of).title}`,
    );
  }
  return { spaces: [of], from: resolve(folder, from), help };
}

/**
 * The space whose accuracies a file holds, told by its name.
 *
 * @throws {RangeError} If the name is none that can be read.
 */
export function spaceOfFile(path: string): string {
  if (NASBENCH101_ENDINGS.some((ending) => path.endsWith(ending))) {
    return "nasbench101";
  }
  if (JSON_NAMES.includes(basename(path))) return "nasbench201";
  throw new RangeError(
    `Cannot ${ACTION}: the name of --from must end in ${
      NASBENCH101_ENDINGS.join(", ")
    } or be one of ${JSON_NAMES.join(", ")}, got ${path}`,
  );
}

/** Where `runData` looks, and what tests replace. */
export interface DataOptions {
  /** The project's own folder, which is written to. */
  readonly folder?: string;
  readonly print?: (line: string) => void;
  /** Where progress bars are shown. */
  readonly bars?: ProgressOutput;
  readonly fetchFile?: typeof download;
}

/**
 * Gets what is asked for and reports what is there.
 *
 * @throws {Error} If a file cannot be got or is not as it must be; then nothing that
 *   was there has changed.
 */
export async function runData(
  request: DataRequest,
  options: DataOptions = {},
): Promise<void> {
  const {
    folder = DATA_FOLDER,
    print = console.log,
    bars,
    fetchFile = download,
  } = options;
  const { from } = request;
  for (const space of request.spaces) {
    const folders = accuracyFolders(space, folder);
    const job = { folders, from, fetchFile, bars };
    const tables = space === "nasbench101"
      ? await getNasbench101(job)
      : await getNasbench201(job);
    for (const { dataset, source } of tables) {
      print(`${getSpace(space).title}, ${dataset}: ${source}`);
    }
    if (from === null) continue;
    const before = folders.slice(0, -1);
    const hidden = space === "nasbench101"
      ? await findRepeats(before)
      : await findFile(basename(from), before);
    if (hidden !== null) {
      print(`Imported, but ARCHLLM_DATA is looked at first and has ${hidden}`);
    }
  }
}

/** What is to be done for one space. */
interface Job {
  /** As in `accuracyFolders`: the last one is the project's own. */
  readonly folders: readonly string[];
  readonly from: string | null;
  readonly fetchFile: typeof download;
  readonly bars: ProgressOutput | undefined;
}

/** Makes the compact cache of a file given, found or downloaded. */
async function getNasbench101(job: Job): Promise<readonly AccuracyTable[]> {
  const { folders, from } = job;
  const own = folders.at(-1)!;
  const cache = join(own, CACHE_NAME);
  const path = from ?? await findRepeats(folders) ??
    await fetchTo(own, NASBENCH101_FILE, job);
  // A cache that is there may hold more than what was found.
  if (from !== null || !await exists(cache) && basename(path) !== CACHE_NAME) {
    await withBars(
      job,
      (onProgress) => importRepeats(path, cache, { onProgress }),
    );
  }
  return await withBars(
    job,
    (onProgress) => loadAccuraciesFrom(folders, "nasbench101", { onProgress }),
  );
}

/** Takes in one JSON file, or downloads those of the three that are nowhere. */
async function getNasbench201(job: Job): Promise<readonly AccuracyTable[]> {
  const { folders, from } = job;
  const own = folders.at(-1)!;
  if (from !== null) {
    await readNasbench201Json(from);
    const name = basename(from);
    await writeFileAtomic(join(own, name), await Deno.readFile(from));
    const dataset = DATASETS.nasbench201.find((dataset) =>
      NASBENCH201_FILES[dataset].name === name
    )!;
    return [await loadNasbench201(folders, dataset)];
  }
  for (const dataset of DATASETS.nasbench201) {
    const file = NASBENCH201_FILES[dataset];
    if (await findFile(file.name, folders) === null) {
      await fetchTo(own, file, job);
    }
  }
  return await loadAccuraciesFrom(folders, "nasbench201");
}

/** Downloads a file to a folder; returns its path. */
async function fetchTo(
  folder: string,
  file: PublishedFile,
  job: Job,
): Promise<string> {
  const path = join(folder, file.name);
  await withBars(job, (onProgress) =>
    job.fetchFile(file, path, {
      onProgress: (done, total) =>
        onProgress({ done, total, message: file.name }),
    }));
  return path;
}

/** Shows a bar for each count that an action reports; bytes in megabytes. */
async function withBars<T>(
  { bars: output }: Job,
  action: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  let bar: ProgressBar | undefined, shown: string | undefined;
  try {
    return await action(({ done, total, message }) => {
      const unit = message === CELLS_MESSAGE ? 1 : 1e6;
      if (message !== shown) {
        bar?.finish();
        bar = progressBar({
          label: unit === 1 ? message : `${message}, MB`,
          total: total / unit,
          start: done / unit,
          output,
        });
        shown = message;
      }
      bar!.update(done / unit);
    });
  } finally {
    await bar?.finish();
  }
}

async function main(args: readonly string[]): Promise<number> {
  const request = parseDataArguments(args, userFolder());
  if (request.help) console.log(HELP.trimEnd());
  else await runData(request);
  return 0;
}

if (import.meta.main) await runCommand(() => main(Deno.args));
