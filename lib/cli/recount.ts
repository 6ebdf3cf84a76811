/**
 * `deno task recount`: counts Tables 1 and 2 again from their samples and reconstructed cells,
 * by other code, and compares.
 *
 * @module
 */

import { join } from "node:path";
import { exists } from "../core/files.ts";
import {
  compareRow,
  type CountedRow,
  type CountingAgain,
  countRows,
  measuredOf,
  type RecountedRow,
} from "../recount/compare.ts";
import { plainSpace } from "../recount/plain_spaces.ts";
import { sampleFiles } from "../recount/samples.ts";
import { recountSeeds } from "../recount/seeds.ts";
import { generationTableName } from "../report/generation_report.ts";
import { countedTables, savedRows } from "../run/counted_tables.ts";
import {
  recordedSeeds,
  recordFolder,
  runFolder,
  seedFolder,
  shownPath,
} from "../run/folders.ts";
import { type Manifest, readManifest } from "../run/manifest.ts";
import { furtherRuns } from "../run/seeds.ts";
import { checkRunSettings } from "../run/settings.ts";
import { SEED_STAGES } from "../run/stages.ts";
import { getSpace, SPACES } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import {
  checkedRunName,
  existingFolder,
  existingOutputs,
  parseWords,
  runCommand,
  userFolder,
} from "./command.ts";

const ACTION = "recount";

/** The table over training seeds. */
const SEEDS_TABLE = "training_seeds";

const HELP = `deno task recount [SPACE...] [options]

  SPACE            a run of record: ${
  SPACES.map(({ name }) => name).join(", ")
} (all)
  --run NAME       a finished run in outputs/runs instead
  --outputs DIR    folder of all runs and records (outputs)

Counts every figure of the tables of generations again, in both readings, from the samples
and the reconstructed cells that came with them, and the table over training seeds, from
what the runs of these seeds hold. The code that counts shares nothing with the
code that measured. Prints a line a row. The exit code is 1 where a figure is not as counted, or where
there are no samples to count.
`;

/** A run or a record whose tables are counted again. */
interface Recounted {
  readonly folder: string;
  readonly space: SearchSpace;
  /** Of further training seeds: runs, or what a record keeps of them. */
  readonly further: readonly {
    readonly seed: number;
    readonly folder: string;
  }[];
}

/** The runs of further seeds of a run. */
async function _furtherFolders(
  settings: Manifest["settings"],
  root: string,
): Promise<Recounted["further"]> {
  const runs = await furtherRuns(
    checkRunSettings({ ...settings, root }, ACTION),
    SEED_STAGES,
  );
  return runs.map(({ seed, outputs }) => ({ seed, folder: outputs }));
}

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { values, words } = parseWords(args, {
    run: { type: "string" },
    outputs: { type: "string" },
  }, ACTION);
  const root = existingOutputs(values.outputs, userFolder(), ACTION);
  const folders: Recounted[] = [];
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
    const { settings } = await readManifest(run);
    folders.push({
      folder: run,
      space: getSpace(settings.space),
      further: await _furtherFolders(settings, root),
    });
  } else {
    for (const { name } of words.length === 0 ? SPACES : words.map(getSpace)) {
      const record = recordFolder(root, name);
      // Of the records that were not asked for by name, those that are there.
      if (words.length > 0 || await exists(record)) {
        folders.push({
          folder: record,
          space: getSpace(name),
          further: recordedSeeds(record)
            .map((seed) => ({ seed, folder: seedFolder(record, seed) })),
        });
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
  for (const folder of folders) agrees = await _recount(folder) && agrees;
  return agrees ? 0 : 1;
}

/** Counts the tables of a folder again and prints what came of it; whether all agrees. */
async function _recount(
  { folder, space, further }: Recounted,
): Promise<boolean> {
  const plain = plainSpace(space.name);
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
      }: its tables must name their samples, got none that do; deno task reproduce --space ${space.name} makes a run with samples, to be recounted with --run NAME and recorded`,
    );
    return false;
  }
  await space.prepare();
  const { train, validation } = space.split();
  const cells = { table: space.cells(), train, validation };
  const known = plain.known(cells);
  const countingIn = async (folder: string): Promise<CountingAgain> => ({
    ...{ space: plain, cells, known },
    files: await sampleFiles(join(folder, "samples")),
  });
  const rows: RecountedRow[] = [];
  const show = (table: string, recounted: readonly RecountedRow[]) => {
    for (const row of recounted) {
      const outcome = row.differences.length === 0
        ? `agrees, ${row.figures} figures`
        : `differs: ${row.differences.join("; ")}`;
      console.log(`${space.title}, ${table}: ${row.row}: ${outcome}`);
    }
    rows.push(...recounted);
  };
  const own = await countingIn(folder);
  const single: CountedRow[] = [];
  for (const table of tables) {
    const counted = await countRows(table.rows, own);
    show(table.name, counted.map(compareRow));
    if (table.name === generationTableName(space)) single.push(...counted);
  }
  const overSeeds = await savedRows(folder, SEEDS_TABLE);
  if (overSeeds !== null) {
    for (const { seed, folder } of further) {
      const table = await savedRows(folder, generationTableName(space)) ?? [];
      const ofSeed = measuredOf(table).filter((row) => row.seed === seed);
      single.push(...await countRows(ofSeed, await countingIn(folder)));
    }
    const { rows, left, missing } = recountSeeds(overSeeds, single);
    show(SEEDS_TABLE, rows);
    if (left > 0) {
      console.log(
        `${space.title}, ${SEEDS_TABLE}: ${left} rows not counted again, as samples of training ${
          missing.length === 1 ? "seed" : "seeds"
        } ${missing.join(", ")} are not here`,
      );
    }
  }
  const differing = rows.filter(({ differences }) => differences.length > 0);
  const figures = rows.reduce((sum, row) => sum + row.figures, 0);
  console.log(
    differing.length === 0
      ? `${
        shownPath(folder)
      }: all ${figures} figures agree with what they are counted from`
      : `${
        shownPath(folder)
      }: ${differing.length} of ${rows.length} rows differ`,
  );
  return differing.length === 0;
}

if (import.meta.main) await runCommand(HELP, main);
