/**
 * A page opened by a Chromium without a window, which then ends.
 *
 * Nothing is downloaded and no port opened; the page and the browser's profile lie in a
 * temporary folder that goes with it.
 *
 * @module
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { within } from "../core/processes.ts";

/** How long the page may take by its own clock, which runs while it is idle. */
const VIRTUAL_TIME_MS = 20_000;

/** What a browser left. */
export interface Browsed {
  /** What it printed. */
  readonly printed: string;
  /** Its path. */
  readonly chromium: string;
  /** How it ended, for an error. */
  readonly ended: string;
}

/**
 * Opens a page and reads what comes of it.
 *
 * @param page HTML.
 * @param asked `arguments`: what the browser is to do; `read`: makes something of what it
 *   left, in the folder that was given to both.
 * @throws {Error} If the browser does not start or does not end in time.
 */
export async function withPage<T>(
  page: string,
  { chromium, timeoutMs }: {
    readonly chromium: string;
    readonly timeoutMs: number;
  },
  asked: {
    readonly arguments: (folder: string) => readonly string[];
    readonly read: (browsed: Browsed, folder: string) => T | Promise<T>;
  },
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "figures-" });
  try {
    const path = join(folder, "page.html");
    await Deno.writeTextFile(path, page);
    const { code, stdout, stderr } = await _run(chromium, [
      "--headless",
      "--no-sandbox", // it refuses to start as root otherwise; the page is ours
      "--disable-gpu",
      "--disable-dev-shm-usage", // /dev/shm is small in containers
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--user-data-dir=${join(folder, "profile")}`,
      `--virtual-time-budget=${VIRTUAL_TIME_MS}`,
      ...asked.arguments(folder),
      pathToFileURL(path).href,
    ], timeoutMs);
    const decoder = new TextDecoder();
    const reason = decoder.decode(stderr).trim().split("\n").at(-1);
    return await asked.read({
      printed: decoder.decode(stdout),
      chromium,
      ended: `exit code ${code}${reason ? ` and: ${reason}` : ""}`,
    }, folder);
  } finally {
    // On Windows a browser on its way out can hold its profile a little longer.
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

async function _run(
  chromium: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<Deno.CommandOutput> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(chromium, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    throw new Error(
      `Cannot draw images: ${chromium} does not start: ${
        (error as Error).message
      }`,
      { cause: error },
    );
  }
  // Its own promise: a helper process of a killed browser can hold the pipe open.
  const ended = child.output();
  const output = await within(ended, timeoutMs);
  if (output !== null) return output;
  try {
    child.kill("SIGKILL");
  } catch {
    // The browser itself had ended.
  }
  ended.catch(() => {});
  throw new Error(
    `Cannot draw images: ${chromium} must end within ` +
      `${timeoutMs / 1000} s, got no answer`,
  );
}
