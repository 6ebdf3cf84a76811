/**
 * Small tables of accuracies, fetched by a run that lacks them.
 *
 * What is large stays with `deno task data`, which is asked for it. Where there is no network
 * a run goes on with predicted accuracies.
 *
 * @module
 */

import { join } from "node:path";
import { DATA_FOLDER } from "../core/project.ts";
import { reasonOf } from "../core/shown.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { accuraciesOf, accuracyFolders, findSource } from "./accuracies.ts";
import { download, type DownloadOptions } from "./download.ts";

/** Bytes of all tables of a space up to which they are fetched unasked. */
const MOST_BYTES = 20e6;
/** A run does not wait long for a server that does not answer. */
const STALL_MS = 10_000;

/**
 * Fetches the published accuracies of a space where they are small and not there, and says in
 * one line what came of it; says nothing where there is nothing to be done.
 *
 * @param options `folder`: the project's own folder of data; `say`: gets the line; the others
 *   as in `DownloadOptions`.
 */
export async function fetchAccuracies(
  space: SearchSpace,
  options: DownloadOptions & {
    readonly folder?: string;
    readonly say?: (line: string) => void;
  } = {},
): Promise<void> {
  const { folder = DATA_FOLDER, say = console.log, ...watched } = options;
  const sources = accuraciesOf(space)?.sources ?? [];
  const bytes = sources.reduce(
    (sum, { published }) => sum + published.bytes,
    0,
  );
  if (bytes > MOST_BYTES) return;
  const folders = accuracyFolders(space, folder);
  const fetched: string[] = [];
  try {
    for (const { published, ...source } of sources) {
      if (await findSource({ published, ...source }, folders) !== null) {
        continue;
      }
      await download(published, join(folders.at(-1)!, published.name), {
        stallMs: STALL_MS,
        ...watched,
      });
      fetched.push(published.name);
    }
  } catch (error) {
    // What to do about it is told by the command that is for downloads.
    const [reason] = reasonOf(error).split("; ");
    say(
      `Without the accuracies of ${space.title} the surrogate stands in (deno task data): ${reason}`,
    );
    return;
  }
  if (fetched.length > 0) {
    say(`Fetched the accuracies of ${space.title}: ${fetched.join(", ")}`);
  }
}
