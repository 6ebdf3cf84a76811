/**
 * `deno task results`: writes `outputs/RESULTS.md` from the tables of the runs of record.
 *
 * @module
 */

import { join } from "node:path";
import { exists, writeFileAtomic } from "../core/files.ts";
import { generationTableNumber } from "../paper/generation_tables.ts";
import { searchTableNumber } from "../paper/search_tables.ts";
import { OUTPUTS, shownPath } from "../run/folders.ts";
import { resultsPage, type RunOfRecord } from "../run/results_page.ts";
import { SPACES } from "../spaces/registry.ts";
import { parseOptions, runCommand } from "./command.ts";

/** What `deno task bench` printed for the README's machine. */
const SPEED = "speed.md";

/** A search whose cells were trained. */
const EXAMPLE = "digits";

/** The runs of record that are there, in the order of the registry. */
export async function runsOfRecord(outputs: string): Promise<RunOfRecord[]> {
  const records: RunOfRecord[] = [];
  for (const { name, title } of SPACES) {
    const folder = join(outputs, name);
    if (!await exists(join(folder, "manifest.json"))) continue;
    records.push({
      name,
      title,
      folder,
      rivals: join(outputs, "rivals", name, "tables"),
      tables: {
        generation: generationTableNumber(name),
        search: searchTableNumber(name),
      },
    });
  }
  return records;
}

/** The text of the page for the runs of record of a folder. */
export async function resultsText(outputs: string): Promise<string> {
  const speed = join(outputs, SPEED);
  const example = join(outputs, EXAMPLE);
  return await resultsPage(
    await runsOfRecord(outputs),
    await exists(speed) ? await Deno.readTextFile(speed) : null,
    await exists(example) ? example : null,
  );
}

/** Writes the page into the folder of the runs of record; returns its path. */
export async function writeResults(outputs: string): Promise<string> {
  const path = join(outputs, "RESULTS.md");
  await writeFileAtomic(path, await resultsText(outputs));
  return path;
}

const HELP = `deno task results

Writes outputs/RESULTS.md from the tables of the runs of record and outputs/${SPEED}.
`;

async function main(args: readonly string[]): Promise<number> {
  parseOptions(args, {}, "write the results");
  console.log(`Written: ${shownPath(await writeResults(OUTPUTS))}`);
  return 0;
}

if (import.meta.main) await runCommand(HELP, main);
