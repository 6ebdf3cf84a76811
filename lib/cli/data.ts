/**
 * `deno task data`: gets the accuracies of the cells, or takes them from a file.
 *
 * @module
 */

import { basename, join, resolve } from "node:path";
import {
  accuraciesOf,
  accuracyFolders,
  findSource,
  loadAccuraciesFrom,
} from "../accuracies/accuracies.ts";
import {
  checkDatasetName,
  keepOwnTable,
  loadOwnTable,
  type OwnTableReading,
  readOwnTable,
  UNITS,
} from "../accuracies/own_tables.ts";
import { download } from "../accuracies/download.ts";
import { exists } from "../core/files.ts";
import {
  CIFAR10,
  cifar10Folders,
  hasCifar10,
  unpackCifar10,
} from "../evaluation/image_sets.ts";
import { DATA_FOLDER } from "../core/project.ts";
import type { ProgressOutput } from "../report/progress.ts";
import type {
  AccuracySource,
  AccuracyTable,
  PublishedFile,
  SpaceAccuracies,
} from "../spaces/accuracies.ts";
import { notationsOf } from "../spaces/notations.ts";
import { DEFAULT_SPACE, getSpace, SPACES } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { withBars } from "./bars.ts";
import { NOTATION_HELP, oneOf, SPACE_NAMES } from "./cell_options.ts";
import {
  existingFile,
  parseOptions,
  runCommand,
  userFolder,
} from "./command.ts";

const ACTION = "get data";

/** The images that can be downloaded. */
const IMAGES = "cifar10";

/** A space with where its accuracies come from. */
interface Trained {
  readonly space: SearchSpace;
  readonly accuracies: SpaceAccuracies;
}

/** The spaces that have accuracies. */
const TRAINED: readonly Trained[] = SPACES.flatMap((space) => {
  const accuracies = accuraciesOf(space);
  return accuracies === null ? [] : [{ space, accuracies }];
});
const NAMES: readonly string[] = TRAINED.map(({ space }) => space.name);
const INDENT = " ".repeat(19);

const HELP = `deno task data [options]

  --space NAME     one of ${NAMES.join(", ")} (all)
  --from FILE      take the accuracies from this file, download nothing;
${TRAINED.map(_takenFiles).join(";\n")};
${INDENT}see data/README.md

Downloads to data/ what is neither there nor in the folder that the environment
variable ARCHLLM_DATA names: ${TRAINED.map(_downloadSize).join(", ")}.
A download that was cut goes on. What is there stays as it is: delete a file to get
it anew; --from replaces it.

deno task data --from TABLE --dataset NAME [options]

adds a data set of your own, of all cells of a space or some: a CSV table with a line a
cell, in any notation. A data set of that name is replaced. Notebooks 6 and 7 take its
name as dataset; cells and score have it as columns.

  --space NAME         ${SPACE_NAMES} (${DEFAULT_SPACE.name})
  --notation NAME      where the form of a cell shows none
${NOTATION_HELP}
  --column NAME        of the cells
  --validation COLUMN  of the accuracies that a search sees (validation)
  --test COLUMN        of those that it does not (test)
  --unit UNIT          ${UNITS.join(" or ")}, where the numbers do not show it

deno task data --images ${IMAGES}

downloads images that cells are trained on (deno task train-cell), ${
  Math.round(CIFAR10.bytes / 1e6)
} MB.
`;

/** Such as `Space: a.json, b.json`, a line for each source. */
function _takenFiles({ space, accuracies }: Trained): string {
  const names = accuracies.sources.map(({ names, endings }) =>
    (endings?.map((ending) => `*${ending}`) ?? names).join(", ")
  );
  return `${INDENT}${space.title}: ${names.join(`,\n${INDENT}`)}`;
}

/** Such as `8 MB for Space`. */
function _downloadSize({ space, accuracies }: Trained): string {
  const bytes = accuracies.sources.reduce(
    (sum, { published }) => sum + published.bytes,
    0,
  );
  return `${Math.round(bytes / 1e6)} MB for ${space.title}`;
}

/** What `data` is asked for. */
export interface DataRequest {
  readonly spaces: readonly string[];
  /** The file to take accuracies from; null to look for them and download. */
  readonly from: string | null;
  /** Whether images are asked for, and no accuracies. */
  readonly images?: boolean;
  /** Where the file is a table of one's own: of which data set, and how it is read. */
  readonly own?: { readonly dataset: string } & OwnTableReading;
}

/** Options of a table of one's own alone. */
const OWN_OPTIONS = [
  "notation",
  "column",
  "validation",
  "test",
  "unit",
] as const;

/**
 * Reads the command line of `data`.
 *
 * @param folder What a relative `--from` is relative to.
 * @throws {RangeError} If an option is unknown, its value is wrong, or the file of
 *   `--from` is not there or none of the space.
 */
export function parseDataArguments(
  args: readonly string[],
  folder: string = Deno.cwd(),
): DataRequest {
  const text = { type: "string" } as const;
  const options = parseOptions(args, {
    ...{ space: text, from: text, dataset: text, notation: text },
    ...{ column: text, validation: text, test: text, unit: text },
    images: text,
  }, ACTION);
  const { space, from = null, dataset } = options;
  if (options.images !== undefined) {
    oneOf(options.images, "--images", [IMAGES], ACTION);
    if (args.length > 2) {
      throw new RangeError(
        `Cannot ${ACTION}: --images must stand alone, got ${args.join(" ")}`,
      );
    }
    return { spaces: [], from: null, images: true };
  }
  if (dataset !== undefined) {
    if (from === null) {
      throw new RangeError(
        `Cannot ${ACTION}: --dataset must stand with --from, got it alone`,
      );
    }
    const chosen = getSpace(space ?? DEFAULT_SPACE.name);
    checkDatasetName(chosen, dataset);
    const { column, validation, test, unit, notation } = options;
    const notations = notationsOf(chosen).map(({ name }) => name);
    return {
      spaces: [chosen.name],
      from: existingFile(resolve(folder, from), "--from", ACTION),
      own: {
        dataset,
        notation: oneOf(notation, "--notation", notations, ACTION),
        unit: oneOf(unit, "--unit", UNITS, ACTION),
        ...{ column, validation, test },
      },
    };
  }
  const stray = OWN_OPTIONS.find((name) => options[name] !== undefined);
  if (stray !== undefined) {
    throw new RangeError(
      `Cannot ${ACTION}: --${stray} must stand with --dataset, got it alone`,
    );
  }
  const spaces = NAMES.filter((name) => space === undefined || name === space);
  if (spaces.length === 0) {
    throw new RangeError(
      `Cannot ${ACTION}: --space must be one of ${
        NAMES.join(", ")
      }, got ${space}`,
    );
  }
  if (from === null) return { spaces, from };
  const of = spaceOfFile(from);
  if (!spaces.includes(of.name)) {
    const [asked] = TRAINED.filter(({ space }) => spaces.includes(space.name));
    throw new RangeError(
      `Cannot ${ACTION}: --from must be a file of ${asked.space.title}, got ${from}, one of ${of.title}`,
    );
  }
  return {
    spaces: [of.name],
    from: existingFile(resolve(folder, from), "--from", ACTION),
  };
}

/**
 * The space whose accuracies a file holds, told by its name.
 *
 * @throws {RangeError} If the name is none that can be read.
 */
export function spaceOfFile(path: string): SearchSpace {
  const found = TRAINED.find(({ accuracies }) =>
    accuracies.sources.some((source) => _takes(source, path))
  );
  if (found !== undefined) return found.space;
  const sources = TRAINED.flatMap(({ accuracies }) => accuracies.sources);
  const endings = sources.flatMap(({ endings }) => endings ?? []);
  const names = sources.flatMap(({ names, endings }) => endings ? [] : names);
  throw new RangeError(
    `Cannot ${ACTION}: the name of --from must end in ${
      endings.join(", ")
    } or be one of ${names.join(", ")}, got ${path}`,
  );
}

/** Whether a file can be one of a source, by its name. */
function _takes({ names, endings }: AccuracySource, path: string): boolean {
  return endings?.some((ending) => path.endsWith(ending)) ??
    names.includes(basename(path));
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
  if (request.images) {
    return await _getImages(cifar10Folders(folder), { fetchFile, bars, print });
  }
  if (request.own !== undefined) {
    const space = getSpace(request.spaces[0]);
    return await _addOwn(space, request.from!, request.own, options);
  }
  for (const { space, accuracies } of TRAINED) {
    if (!request.spaces.includes(space.name)) continue;
    const folders = accuracyFolders(space, folder);
    const job = { space, accuracies, folders, fetchFile, bars };
    const tables = request.from === null
      ? await _getAll(job)
      : await _takeIn(request.from, job);
    for (const { dataset, source } of tables) {
      print(`${space.title}, ${dataset}: ${source}`);
    }
    if (request.from === null) continue;
    const source = _sourceOf(request.from, accuracies);
    const hidden = await findSource(source, folders.slice(0, -1));
    if (hidden !== null) {
      print(`Imported, but ARCHLLM_DATA is looked at first and has ${hidden}`);
    }
  }
}

/** Downloads CIFAR-10 and unpacks it, where it is not there. */
async function _getImages(
  folders: readonly string[],
  { print, ...how }: Pick<Job, "fetchFile" | "bars"> & {
    readonly print: (line: string) => void;
  },
): Promise<void> {
  const found = await hasCifar10(folders);
  const own = folders.at(-1)!;
  if (found === null) {
    const archive = await _fetchTo(own, CIFAR10, how);
    await unpackCifar10(await Deno.readFile(archive), own);
    await Deno.remove(archive);
  }
  print(`CIFAR-10: ${found ?? own}`);
}

/** Adds a data set of one's own, and says what there is of it. */
async function _addOwn(
  space: SearchSpace,
  from: string,
  { dataset, ...reading }: NonNullable<DataRequest["own"]>,
  { folder = DATA_FOLDER, print = console.log }: DataOptions,
): Promise<void> {
  const folders = accuracyFolders(space, folder);
  const table = await readOwnTable(from, space, dataset, reading);
  await keepOwnTable(table, space, folders.at(-1)!);
  const { source, validation, covered } = await loadOwnTable(
    space,
    dataset,
    folders,
  );
  const best = covered.reduce((a, b) => validation[b] > validation[a] ? b : a);
  print(
    `${space.title}, ${dataset}: ${source}, the best with a validation accuracy of ${
      (100 * validation[best]).toFixed(2)
    } %`,
  );
}

/** What is to be done for one space. */
interface Job extends Trained {
  /** As in `accuracyFolders`: the last one is the project's own. */
  readonly folders: readonly string[];
  readonly fetchFile: typeof download;
  readonly bars: ProgressOutput | undefined;
}

/** Finds or downloads every file; makes a cache of it where the space has one and there is none. */
async function _getAll(job: Job): Promise<readonly AccuracyTable[]> {
  const { space, accuracies, folders, bars } = job;
  const own = folders.at(-1)!;
  for (const source of accuracies.sources) {
    const path = await findSource(source, folders) ??
      await _fetchTo(own, source.published, job);
    const { cache } = source;
    // A cache that is there may hold more than what was found.
    if (
      cache !== undefined && basename(path) !== cache &&
      !await exists(join(own, cache))
    ) {
      await withBars(
        bars,
        (onProgress) => source.keep(path, { own, onProgress }),
      );
    }
  }
  return await withBars(
    bars,
    (onProgress) => loadAccuraciesFrom(folders, space, { onProgress }),
  );
}

/** Takes in one file, and loads what is now read in its place. */
async function _takeIn(
  from: string,
  job: Job,
): Promise<readonly AccuracyTable[]> {
  const { accuracies, folders, bars } = job;
  const own = folders.at(-1)!;
  const source = _sourceOf(from, accuracies);
  await withBars(
    bars,
    (onProgress) => source.keep(from, { own, onProgress }),
  );
  const path = (await findSource(source, folders))!; // what was kept, if nothing else
  return await withBars(
    bars,
    (onProgress) => source.load(path, { own, onProgress }),
  );
}

/** The source that a file is one of. */
function _sourceOf(
  path: string,
  { sources }: SpaceAccuracies,
): AccuracySource {
  return sources.find((source) => _takes(source, path))!;
}

/** Downloads a file to a folder; returns its path. */
async function _fetchTo(
  folder: string,
  file: PublishedFile,
  { fetchFile, bars }: Pick<Job, "fetchFile" | "bars">,
): Promise<string> {
  const path = join(folder, file.name);
  await withBars(bars, (onProgress) =>
    fetchFile(file, path, {
      onProgress: (done, total) =>
        onProgress({ done, total, message: file.name }),
    }));
  return path;
}

async function main(args: readonly string[]): Promise<number> {
  const request = parseDataArguments(args, userFolder());
  await runData(request);
  return 0;
}

if (import.meta.main) await runCommand(HELP, main);
