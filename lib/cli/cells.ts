/**
 * `deno task cells`: cells for other programs: of a whole space, of a model, of searches, or of
 * a file in another notation.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { loadKnownAccuracies } from "../accuracies/own_tables.ts";
import { exists, writeFileAtomic } from "../core/files.ts";
import { Random } from "../core/random.ts";
import { CELL_FORMATS, type CellFormat } from "../exchange/cell_values.ts";
import { readCells, STANDARD_INPUT } from "../exchange/read_cells.ts";
import {
  type KnownOfCell,
  knownOfCells,
  WRITTEN_FORMATS,
  type WrittenCell,
  writtenCells,
  type WrittenFormat,
} from "../exchange/write_cells.ts";
import { type Aim, AIMS } from "../generation/aimed_sampling.ts";
import { archLlmGenerator } from "../generation/arch_llm.ts";
import { type CodeKind, CODES } from "../models/vqvae/config.ts";
import { OUTPUTS, runFolder, shownPath, trialsFolder } from "../run/folders.ts";
import { openModel } from "../run/open_model.ts";
import { readTrials } from "../search/trials.ts";
import type { Graph } from "../spaces/graph.ts";
import { getNotation, notationsOf } from "../spaces/notations.ts";
import { DEFAULT_SPACE, getSpace } from "../spaces/registry.ts";
import { cellGraph, type SearchSpace } from "../spaces/space.ts";
import { NOTATION_HELP, oneOf, SPACE_NAMES } from "./cell_options.ts";
import {
  checkedRunName,
  existingFile,
  parseOptions,
  runCommand,
  userFolder,
  wholeNumber,
} from "./command.ts";

const ACTION = "write cells";

const HELP = `deno task cells SOURCE [options]

one source:
  --all            every cell of the space
  --model CODE     what a trained model writes: ${CODES.join(", ")}
  --search RUN     what the searches of a run queried, in their order: its folder, or its name
                   in outputs/runs
  --from FILE      the cells of a file, converted; - for the standard input

  --space NAME     ${SPACE_NAMES} (${DEFAULT_SPACE.name})
  --format NAME    ${WRITTEN_FORMATS.join(", ")} (lines)
  --notation NAME  that cells are written in; the first of the space by default
${NOTATION_HELP}
  --to FILE        where to write, by default to the standard output

of --model:
  --run NAME       models of this run of outputs/runs (the run of record)
  --count N        cells (100); independent: sentences, of which cells are written
  --temperature X  (1)
  --aim NAME       independent, ${AIMS.join(", ")} (independent)
  --seed N         where all randomness comes from (0)

of --search:
  --method NAME    of this method alone, as tables name it
  --dataset NAME   on this data set alone

of --from:
  --as NAME        notation of the file's cells, where their form shows none
  --read NAME      form of the file: ${
  CELL_FORMATS.join(", ")
} (by its name, else lines)
  --column NAME    of a CSV table that has the cells

A CSV table has what is known of each cell beside it: index, parameters and multiply-adds
of its network, and mean accuracies, fractions, where they are there (deno task data):
of the published data sets and of your own. Of a search: method, data set, seed, number of
the query and the validation accuracy that it was answered with.
`;

/** What `cells` is asked for. */
export interface CellsRequest {
  readonly space: SearchSpace;
  readonly source:
    | { readonly kind: "all" }
    | {
      readonly kind: "model";
      readonly code: CodeKind;
      readonly run?: string;
      readonly count: number;
      readonly temperature: number;
      readonly aim?: Aim;
      readonly seed: number;
    }
    | {
      readonly kind: "search";
      /** Absolute folder of the run. */
      readonly run: string;
      readonly method?: string;
      readonly dataset?: string;
    }
    | {
      readonly kind: "file";
      /** Absolute, or `-`. */
      readonly path: string;
      readonly notation?: string;
      readonly format?: CellFormat;
      readonly column?: string;
    };
  readonly format: WrittenFormat;
  readonly notation: string;
  /** Absolute; null for the standard output. */
  readonly to: string | null;
}

/** Options that belong to one source. */
const OF_SOURCE = {
  model: ["run", "count", "temperature", "aim", "seed"],
  search: ["method", "dataset"],
  from: ["as", "read", "column"],
} as const;

/**
 * Reads the command line of `cells`.
 *
 * @param folder What relative paths are relative to.
 * @throws {RangeError} If an option is unknown, its value is wrong, or there is not one source.
 */
export function parseCellsArguments(
  args: readonly string[],
  folder: string = Deno.cwd(),
): CellsRequest {
  const text = { type: "string" } as const;
  const options = parseOptions(args, {
    ...{ all: { type: "boolean" }, model: text, search: text, from: text },
    ...{ space: text, method: text, dataset: text },
    ...{ format: text, notation: text, to: text, run: text, count: text },
    ...{ temperature: text, aim: text, seed: text, as: text, read: text },
    ...{ column: text },
  }, ACTION);
  const fail = (what: string): never => {
    throw new RangeError(`Cannot ${ACTION}: ${what}`);
  };
  const sources = (["all", "model", "search", "from"] as const)
    .filter((name) => options[name] !== undefined);
  if (sources.length !== 1) {
    fail(
      `there must be one of --all, --model, --search and --from, got ${
        sources.length === 0 ? "none" : sources.map((s) => `--${s}`).join(", ")
      }`,
    );
  }
  for (const [source, names] of Object.entries(OF_SOURCE)) {
    const stray = names.find((name) => options[name] !== undefined);
    if (stray !== undefined && sources[0] !== source) {
      fail(`--${stray} must stand with --${source}, got --${sources[0]}`);
    }
  }
  const chosen = <Name extends string>(
    option: keyof typeof options,
    names: readonly Name[],
  ) => oneOf(options[option], `--${option}`, names, ACTION);
  const space = getSpace(options.space ?? DEFAULT_SPACE.name);
  const names = notationsOf(space).map(({ name }) => name);
  return {
    space,
    source: _source(),
    format: chosen("format", WRITTEN_FORMATS) ?? "lines",
    notation: chosen("notation", names) ?? names[0],
    to: options.to === undefined ? null : resolve(folder, options.to),
  };

  function _source(): CellsRequest["source"] {
    const { run, from, temperature: degrees = "1" } = options;
    if (options.all) return { kind: "all" };
    if (options.search !== undefined) {
      return {
        kind: "search",
        run: _runFolder(options.search, folder),
        method: options.method,
        dataset: options.dataset,
      };
    }
    if (from !== undefined) {
      return {
        kind: "file",
        path: from === STANDARD_INPUT
          ? from
          : existingFile(resolve(folder, from), "--from", ACTION),
        notation: chosen("as", names),
        format: chosen("read", CELL_FORMATS),
        column: options.column,
      };
    }
    const temperature = /^\d+(\.\d+)?$/.test(degrees) ? Number(degrees) : NaN;
    if (!(temperature >= 0 && temperature <= 100)) {
      fail(`--temperature must be a number from 0 to 100, got ${degrees}`);
    }
    const aim = chosen("aim", ["independent", ...AIMS]);
    return {
      kind: "model",
      code: chosen("model", CODES)!,
      run: run === undefined ? undefined : checkedRunName(run, ACTION),
      count: wholeNumber(options.count, "--count", ACTION, [1, 1e6]) ?? 100,
      temperature,
      aim: aim === "independent" ? undefined : aim,
      seed: wholeNumber(options.seed, "--seed", ACTION) ?? 0,
    };
  }
}

/**
 * Writes the cells, and tells on the console what was left out.
 *
 * @param write Gets the text, piece by piece.
 * @throws {Error} If a source cannot be read, or the file cannot be written.
 */
export async function runCells(
  { space, source, format, notation, to }: CellsRequest,
  write: (piece: string) => void = _toStandardOutput,
): Promise<void> {
  await space.prepare();
  const known = format === "lines" || format === "json"
    ? () => ({})
    : knownOfCells(space, await loadKnownAccuracies(space, console.error));
  const cells = source.kind === "search"
    ? await _queried(space, source, known)
    : _withKnown(await _graphs(space, source), known);
  const pieces = writtenCells(
    cells,
    space,
    format,
    getNotation(space, notation),
  );
  if (to === null) { for (const piece of pieces) write(piece); }
  else await writeFileAtomic(to, pieces);
}

function* _withKnown(
  graphs: Iterable<Graph>,
  known: KnownOfCell,
): Generator<WrittenCell, void, void> {
  for (const graph of graphs) yield { graph, known: known(graph) };
}

/** The absolute folder of a run, by itself or by its name. */
function _runFolder(run: string, folder: string): string {
  const path = resolve(folder, run);
  return existsSync(path)
    ? path
    : runFolder(OUTPUTS, checkedRunName(run, ACTION));
}

/** What searches queried, with what is known of it beside. */
async function _queried(
  space: SearchSpace,
  { run, method, dataset }: CellsRequest["source"] & { kind: "search" },
  known: KnownOfCell,
): Promise<WrittenCell[]> {
  const folder = trialsFolder(run);
  if (!await exists(folder)) {
    throw new RangeError(
      `Cannot ${ACTION}: --search must name a run that has searched, got one without ${
        shownPath(folder)
      }`,
    );
  }
  const trials = await readTrials(space, folder);
  const asked = trials.filter((trial) =>
    (method ?? trial.method) === trial.method &&
    (dataset ?? trial.dataset) === trial.dataset
  );
  if (asked.length === 0) {
    const has = (of: "method" | "dataset") =>
      [...new Set(trials.map((trial) => trial[of]))].join(", ") || "none";
    throw new RangeError(
      `Cannot ${ACTION}: --method must be one of ${
        has("method")
      }, and --dataset one of ${has("dataset")}, got ${method ?? "any"} and ${
        dataset ?? "any"
      }`,
    );
  }
  return asked.flatMap(({ method, dataset, seed, queries }) =>
    queries.map(({ cell: { graph }, validation, error }, i) => ({
      graph,
      known: {
        ...{ method, dataset, seed, query: i + 1 },
        "validation answered": error === undefined ? validation : null,
        ...known(graph),
      },
    }))
  );
}

async function _graphs(
  space: SearchSpace,
  source: Exclude<CellsRequest["source"], { kind: "search" }>,
): Promise<Iterable<Graph>> {
  if (source.kind === "all") {
    const table = space.cells();
    return (function* () {
      for (let i = 0; i < table.count; i++) yield cellGraph(table, i);
    })();
  }
  const read: (Graph | null)[] = [];
  if (source.kind === "file") {
    for await (const graph of readCells(source.path, space, source)) {
      read.push(graph);
    }
  } else {
    const { code, run, count, temperature, aim, seed } = source;
    await using model = await openModel(space.name, code, { run });
    const { samples, draws } = await archLlmGenerator(model, {
      temperature,
      ...aim && { aim },
    }).sample(count, { random: Random.fromSeed(seed).split("cells") });
    read.push(
      ...samples.map((sample) => typeof sample === "string" ? null : sample),
    );
    console.error(`${draws.toLocaleString("en-US")} sentences were drawn.`);
  }
  const cells = read.filter((graph) =>
    graph !== null && space.invalidReason(graph, "strict") === null
  ) as Graph[];
  if (cells.length < read.length) {
    const left = read.length - cells.length;
    console.error(
      `${left.toLocaleString("en-US")} of ${
        read.length.toLocaleString("en-US")
      } are no cells of ${space.title} and left out.`,
    );
  }
  return cells;
}

function _toStandardOutput(piece: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(piece));
}

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  await runCells(parseCellsArguments(args, userFolder()));
  return 0;
}

if (import.meta.main) await runCommand(HELP, main);
