/**
 * `deno task page`: a local web page where the exported models write cells.
 *
 * @module
 */

import { CODE_METHODS } from "../models/vqvae/config.ts";
import {
  findModels,
  type ModelSource,
  type PageOptions,
  servePage,
} from "../page/server.ts";
import { modelFolder, recordFolder, runFolder } from "../run/folders.ts";
import { readManifest } from "../run/manifest.ts";
import { getSpace, SPACES } from "../spaces/registry.ts";
import {
  checkedRunName,
  existingOutputs,
  parseOptions,
  runCommand,
  userFolder,
  wholeNumber,
} from "./command.ts";
import { runExport } from "./export.ts";

const ACTION = "open the page";

const PORT = 8201;

const HELP = `deno task page [options]

  --space NAME     models of the run of record of this search space (of all)
  --run NAME       models of this finished run of outputs/runs instead
  --outputs DIR    folder of all runs and records (outputs)
  --port N         where the page is served, 0 for any free port (${PORT})

Serves a page to this machine alone: trained models write cells in the browser.
Models that are not exported yet are exported first (deno task export).
`;

/** What `page` is asked for. */
export interface PageRequest {
  /** Name of the one space to offer; null for all. */
  readonly space: string | null;
  /** Name of the run whose models are offered; null for those of record. */
  readonly run: string | null;
  /** Absolute folder of all runs and records. */
  readonly root: string;
  readonly port: number;
}

/**
 * Reads the command line of `page`.
 *
 * @param folder What a relative `--outputs` is relative to.
 * @throws {RangeError} If an option is unknown, its value is wrong, two exclude each other, or
 *   there are no outputs.
 */
export function parsePageArguments(
  args: readonly string[],
  folder: string = Deno.cwd(),
): PageRequest {
  const options = parseOptions(args, {
    space: { type: "string" },
    run: { type: "string" },
    outputs: { type: "string" },
    port: { type: "string" },
  }, ACTION);
  const port = wholeNumber(options.port, "--port", ACTION, [0, 65_535]);
  const { space, run = null } = options;
  if (space !== undefined && run !== null) {
    throw new RangeError(
      `Cannot ${ACTION}: --run must stand without --space, got both`,
    );
  }
  return {
    space: space === undefined ? null : getSpace(space).name,
    run: run === null ? null : checkedRunName(run, ACTION),
    root: existingOutputs(options.outputs, folder, ACTION),
    port: port ?? PORT,
  };
}

/**
 * Where the models that are asked for come from.
 *
 * @throws {Error} If the run is not there or not finished.
 */
export async function pageSources(
  { space, run, root }: PageRequest,
): Promise<ModelSource[]> {
  if (run !== null) {
    const outputs = runFolder(root, run);
    const { settings } = await readManifest(
      outputs,
      `manifest of the run ${run}`,
    );
    return [{ space: settings.space, outputs }];
  }
  return SPACES.filter(({ name }) => space === null || name === space)
    .map(({ name }) => ({ space: name, outputs: recordFolder(root, name) }));
}

/** Exports the trained models that the page cannot open yet, and says so. */
export async function exportMissing(
  options: Pick<PageOptions, "sources">,
  print: (line: string) => void = console.log,
): Promise<void> {
  for (const { space, code, missing } of await findModels(options)) {
    if (missing.length === 0) continue;
    print(
      `Exporting the models of ${getSpace(space).title}, ${
        CODE_METHODS[code]
      }:`,
    );
    const { outputs } = options.sources.find((source) =>
      source.space === space
    )!;
    await runExport({
      t5: [modelFolder(outputs, `${code}/t5`)],
      vqvae: [modelFolder(outputs, `${code}/vqvae`)],
    }, (line) => print(`  ${line}`));
  }
}

async function main(args: readonly string[]): Promise<number> {
  const request = parsePageArguments(args, userFolder());
  const options = { sources: await pageSources(request), port: request.port };
  await exportMissing(options);
  const page = await servePage(options);
  console.log(`The page is at ${page.url} (Ctrl-C ends it)`);
  await page.finished;
  return 0;
}

if (import.meta.main) await runCommand(HELP, main);
