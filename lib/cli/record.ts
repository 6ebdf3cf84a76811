/**
 * `deno task record RUN`: makes a finished run the run of record of its space.
 *
 * @module
 */

import { shownPath } from "../run/folders.ts";
import { recordRun } from "../run/record.ts";
import {
  checkedRunName,
  existingOutputs,
  parseWords,
  runCommand,
  userFolder,
} from "./command.ts";
import { writeResults } from "./results.ts";

const ACTION = "record a run";

const HELP = `deno task record RUN [options]

  RUN              name of the run: of its folder in outputs/runs
  --further        keep it beside the record, as that of a further training seed: tables, and
                   the samples that they are counted from
  --no-models      leave its trained models where they are, so that the record stays small
  --outputs DIR    folder of all runs and records (outputs)

Writes outputs/SPACE/, and for the default space the outputs of notebooks/, from a
full run that has finished and was run from a commit with the code of this checkout,
and RESULTS.md from the tables of all records.
Commit what it writes: nothing else writes there.
`;

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { values, words } = parseWords(args, {
    outputs: { type: "string" },
    further: { type: "boolean" },
    "no-models": { type: "boolean" },
  }, ACTION);
  if (words.length !== 1) {
    throw new RangeError(
      `Cannot ${ACTION}: there must be one name of a run, got ${
        words.length === 0 ? "none" : words.join(" ")
      }`,
    );
  }
  const name = checkedRunName(words[0], ACTION);
  const root = existingOutputs(values.outputs, userFolder(), ACTION);
  const record = await recordRun(name, {
    root,
    further: values.further,
    models: !values["no-models"],
  });
  console.log(`${name} is recorded in ${shownPath(record)}`);
  console.log(`Written: ${shownPath(await writeResults(root))}`);
  return 0;
}

if (import.meta.main) await runCommand(HELP, main);
