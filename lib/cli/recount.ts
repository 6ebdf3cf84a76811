/**
 * `deno task recount`: counts the samples of Tables 1 and 2 again, by other code, and compares.
 *
 * @module
 */

import { join } from "node:path";
import { exists } from "../core/files.ts";
import { measuredOf, recountRows } from "../recount/compare.ts";
import { plainSpace } from "../recount/plain_spaces.ts";
import { sampleFiles } from "../recount/samples.ts";
import { countedTables } from "../run/counted_tables.ts";
import { recordFolder, runFolder, shownPath } from "../run/folders.ts";
import { readManifest } from "../run/manifest.ts";
import { getSpace, SPACES } from "../spaces/registry.ts";
import {
  checkedRunName,
  existingFolder,
  existingOutputs,
  parseWords,
  runCommand,
  userFolder,
} from "./command.ts";

const ACTION = "recount";

const HELP = `deno task recount [SPACE...] [options]

  SPACE            a run of record: ${
  SPACES.map(({ name }) => name).join(", ")
} (all)
  --run NAME       a finished run in outputs/runs instead
  --outputs DIR    folder of all runs and records (outputs)

Counts validity, uniqueness and novelty of the tables of generations again, from the
samples that came with them, in both readings. The code that counts shares nothing with
the code that measured; reconstruction takes the models and is not counted.
Prints a line a row. The exit code is 1 where a figure is not as counted, or where
there are no samples to count.
`;

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { values, words } = parseWords(args, {
    run: { type: "string" },
    outputs: { type: "string" },
  }, ACTION);
  const root = existingOutputs(values.outputs, userFolder(), ACTION);
  const folders: [folder: string, space: string][] = [];
  if (values.run !== undefined) {
    if (words.length > 0) {
      throw new RangeError(
        `Cannot ${ACTION}: with --run there must be no space, got ${
          words.join(" ")
        }`,
      );
    }
    const run = runFolder(root, checkedRunName(values.run, ACTION));
    existingFolder(run, "--run", ACTION, { files: ["manifest.json"] });
    folders.push([run, (await readManifest(run)).settings.space]);
  } else {
    for (const { name } of words.length === 0 ? SPACES : words.map(getSpace)) {
      const record = recordFolder(root, name);
      // Of the records that were not asked for by name, those that are there.
      if (words.length > 0 || await exists(record)) {
        folders.push([record, name]);
      }
    }
  }
  if (folders.length === 0) {
    throw new RangeError(
      `Cannot ${ACTION}: there must be a run of record in ${
        shownPath(root)
      }, got none`,
    );
  }
  let agrees = true;
  for (const [folder, space] of folders) {
    agrees = await _recount(folder, space) && agrees;
  }
  return agrees ? 0 : 1;
}

/** Counts the tables of a folder again and prints what came of it; whether all agrees. */
async function _recount(folder: string, name: string): Promise<boolean> {
  const space = getSpace(name);
  const plain = plainSpace(name);
  if (plain === undefined) {
    console.error(
      `Cannot ${ACTION} ${space.title}: its cells must be told a second time, got no code for it in lib/recount`,
    );
    return false;
  }
  const tables = await countedTables(folder, space);
  const named = tables.flatMap(({ rows }) => measuredOf(rows))
    .some(({ samplesKey }) => samplesKey !== undefined);
  if (!named) {
    console.error(
      `Cannot ${ACTION} ${
        shownPath(folder)
      }: its tables must name their samples, got none that do; deno task reproduce --space ${name} makes a run with samples, to be recounted with --run NAME and recorded`,
    );
    return false;
  }
  await space.prepare();
  const known = plain.known({
    table: space.cells(),
    train: space.split().train,
  });
  const files = await sampleFiles(join(folder, "samples"));
  let figures = 0, all = 0, differing = 0;
  for (const { name, rows } of tables) {
    const options = { space: plain, known, files };
    for (const row of await recountRows(rows, options)) {
      const agrees = row.differences.length === 0;
      figures += row.figures;
      all++;
      if (!agrees) differing++;
      const outcome = agrees
        ? `agrees, ${row.figures} figures`
        : `differs: ${row.differences.join("; ")}`;
      console.log(`${space.title}, ${name}: ${row.row}: ${outcome}`);
    }
  }
  console.log(
    differing === 0
      ? `${shownPath(folder)}: all ${figures} figures agree with their samples`
      : `${shownPath(folder)}: ${differing} of ${all} rows differ`,
  );
  return differing === 0;
}

if (import.meta.main) await runCommand(HELP, main);
