/**
 * `deno task page`: a local web page where the exported models write cells.
 *
 * @module
 */

import { join } from "node:path";
import {
  findModels,
  modelsFolder,
  type PageOptions,
  servePage,
} from "../page/server.ts";

import { CODE_METHODS } from "../models/vqvae/config.ts";
import { getSpace } from "../spaces/registry.ts";
import {
  outputsRoot,
  parseOptions,
  runCommand,
  userFolder,
  wholeNumber,
} from "./command.ts";
import { runExport } from "./export.ts";

const ACTION = "open the page";

const SPACES: readonly string[] = ["nasbench201", "nasbench101"];
const PORT = 8201;

const HELP = `deno task page [options]

  --space NAME     one of ${SPACES.join(", ")} (all that have models)
  --outputs DIR    folder of the results (outputs)
  --port N         where the page is served, 0 for any free port (${PORT})

Serves a page to this machine alone: trained models write cells in the browser.
Models that are not exported yet are exported first (deno task export).
`;

/** What `page` is asked for. */
export interface PageRequest extends PageOptions {
  readonly help: boolean;
}

/**
 * Reads the command line of `page`.
 *
 * @param folder What a relative `--outputs` is relative to.
 * @throws {RangeError} If an option is unknown or its value is wrong.
 */
export function parsePageArguments(
  args: readonly string[],
  folder: string = Deno.cwd(),
): PageRequest {
  const options = parseOptions(args, {
    space: { type: "string" },
    outputs: { type: "string" },
    port: { type: "string" },
    help: { type: "boolean" },
  }, ACTION);
  const port = wholeNumber(options.port, "--port", ACTION) ?? PORT;
  if (port < 0 || port > 65_535) {
    throw new RangeError(
      `Cannot ${ACTION}: --port must be from 0 to 65535, got ${port}`,
    );
  }
  return {
    spaces: options.space === undefined
      ? SPACES
      : [getSpace(options.space).name],
    outputs: outputsRoot(options.outputs, folder),
    port,
    help: options.help ?? false,
  };
}

/** Exports the trained models that the page cannot open yet, and says so. */
export async function exportMissing(
  request: Pick<PageOptions, "outputs" | "spaces">,
  print: (line: string) => void = console.log,
): Promise<void> {
  for (const { space, code, missing } of await findModels(request)) {
    if (missing.length === 0) continue;
    print(
      `Exporting the models of ${getSpace(space).title}, ${CODE_METHODS[code]}:`,
    );
    const folder = modelsFolder(request.outputs, space, code);
    await runExport({
      t5: [join(folder, "t5")],
      vqvae: [join(folder, "vqvae")],
      help: false,
    }, (line) => print(`  ${line}`));
  }
}

async function main(args: readonly string[]): Promise<number> {
  const request = parsePageArguments(args, userFolder());
  if (request.help) {
    console.log(HELP.trimEnd());
    return 0;
  }
  await exportMissing(request);
  const page = await servePage(request);
  console.log(`The page is at ${page.url} (Ctrl-C ends it)`);
  await page.finished;
  return 0;
}

if (import.meta.main) await runCommand(() => main(Deno.args));
