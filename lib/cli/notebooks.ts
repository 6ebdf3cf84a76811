/**
 * `deno task notebooks`: runs `reproduce`, then puts the executed notebooks, outputs included, into `notebooks/`.
 *
 * Takes the options of `reproduce`.
 *
 * @module
 */

import { join } from "node:path";
import { exists, writeFileAtomic } from "../core/files.ts";
import {
  notebookText,
  readNotebook,
  stableNotebook,
  withOutputs,
} from "../run/notebook.ts";

import { PROJECT_ROOT } from "../core/project.ts";
import { STAGES } from "../run/stages.ts";
import { runCommand } from "./command.ts";
import { reproduceCommand } from "./reproduce.ts";

/** A notebook of the repository stays below this many bytes, so that GitHub shows it. */
export const MAX_NOTEBOOK_BYTES = 1_000_000;

/**
 * Copies executed notebooks, without what changes from run to run. Of one that is there
 * already only the outputs change: its prose may have been edited since the run.
 *
 * @param names File names without `.ipynb`.
 * @param from Absolute folder of the executed notebooks.
 * @param to Absolute folder they are written to; nothing is written if one is refused.
 * @throws {RangeError} If a notebook has {@link MAX_NOTEBOOK_BYTES} or more, or one that is
 *   there holds other code than was executed.
 */
export async function copyNotebooks(
  names: readonly string[],
  from: string,
  to: string,
): Promise<void> {
  const texts = new Map<string, string>();
  for (const name of names) {
    const executed = await readNotebook(join(from, `${name}.ipynb`));
    const target = join(to, `${name}.ipynb`);
    const notebook = await exists(target)
      ? withOutputs(
        await readNotebook(target),
        executed,
        `store ${name}.ipynb`,
      )
      : executed;
    const text = notebookText(stableNotebook(notebook));
    const bytes = new TextEncoder().encode(text).length;
    if (bytes >= MAX_NOTEBOOK_BYTES) {
      throw new RangeError(
        `Cannot store ${name}.ipynb: its size with outputs must be below ${MAX_NOTEBOOK_BYTES} bytes, got ${bytes}`,
      );
    }
    texts.set(name, text);
  }
  for (const [name, text] of texts) {
    await writeFileAtomic(join(to, `${name}.ipynb`), text);
  }
}

if (import.meta.main) {
  await runCommand(async () => {
    const { code, settings, done } = await reproduceCommand(
      Deno.args,
      "notebooks",
    );
    if (!done) return code;
    const target = join(PROJECT_ROOT, "notebooks");
    await copyNotebooks(
      STAGES.map((stage) => stage.name),
      join(settings.outputs, "notebooks"),
      target,
    );
    console.log("The executed notebooks are in notebooks/");
    return code;
  });
}
