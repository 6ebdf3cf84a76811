/**
 * Executes a notebook without a browser, by `execute_notebook.py` and the Deno kernel.
 *
 * @module
 */

import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { readLines, within } from "../core/processes.ts";
import { environmentPython, jupyterVariables } from "./environment.ts";

/** What the executor tells while a notebook runs; see `execute_notebook.py`. */
export type NotebookEvent =
  | { readonly event: "start"; readonly cells: number }
  | { readonly event: "cell"; readonly number: number }
  | {
    readonly event: "stream";
    readonly name: "stdout" | "stderr";
    readonly text: string;
  }
  | {
    readonly event: "display";
    readonly id: string | null;
    readonly text: string;
  }
  | { readonly event: "update"; readonly id: string; readonly text: string }
  | {
    readonly event: "error";
    readonly cell: number;
    readonly name: string;
    readonly message: string;
    readonly traceback: string;
  }
  | { readonly event: "end"; readonly peak_memory_bytes: number | null };

/** Why a notebook did not run to its end. */
export class NotebookError extends Error {
  override name = "NotebookError";

  /** @param details For the log: the traceback and what the kernel wrote. */
  constructor(message: string, readonly details: string) {
    super(message);
  }
}

/**
 * Executes a notebook in its own folder and writes the executed one, whole or not at all.
 *
 * A notebook that fails is written too, as far as it came. When the signal
 * aborts, or this process ends in whatever way, the kernel is ended.
 *
 * @param source Absolute path of the notebook; its file stays as it is.
 * @param result Absolute path of the executed notebook.
 * @param options `variables` are added to the environment; `onEvent` is told
 *   each event as it comes.
 * @returns Peak resident memory of the kernel in bytes; null where the system does not tell.
 * @throws {NotebookError} If a cell fails, the kernel ends, or the signal aborts.
 */
export async function executeNotebook(
  source: string,
  result: string,
  { variables = {}, onEvent = () => {}, signal }: {
    variables?: Record<string, string>;
    onEvent?: (event: NotebookEvent) => void;
    signal?: AbortSignal;
  } = {},
): Promise<number | null> {
  const name = basename(source);
  const program = fileURLToPath(
    new URL("./execute_notebook.py", import.meta.url),
  );
  // A kernel is ended without a word, and what it has for a while goes with this folder.
  const temporary = await Deno.makeTempDir({ prefix: "notebook-" });
  const child = new Deno.Command(environmentPython(), {
    args: [program, source, result],
    env: {
      ...jupyterVariables(),
      ...{ TMPDIR: temporary, TEMP: temporary, TMP: temporary },
      ...variables,
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // The executor ends when its standard input does.
  const stop = () => void child.stdin.close().catch(() => {});
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  const errorOutput = new Response(child.stderr).text();

  let cells = 0;
  let failure: (NotebookEvent & { event: "error" }) | null = null;
  let ended: (NotebookEvent & { event: "end" }) | null = null;
  let status: Deno.CommandStatus;
  try {
    for await (const line of readLines(child.stdout)) {
      const event = JSON.parse(line) as NotebookEvent;
      if (event.event === "start") cells = event.cells;
      else if (event.event === "error") failure = event;
      else if (event.event === "end") ended = event;
      onEvent(event);
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
    status = await child.status;
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
  }
  // A kernel that outlives a killed executor keeps the pipe open.
  const written = await within(errorOutput, 5000) ?? "";
  if (signal?.aborted) {
    throw new NotebookError(`Cannot go on with ${name}: stopped`, written);
  }
  if (failure !== null) {
    const message = _short(failure.message.trim().replaceAll(/\s+/g, " "));
    throw new NotebookError(
      `Cannot run ${name}: code cell ${failure.cell} of ${cells}: ${message}`,
      `${failure.name}: ${failure.message}\n${failure.traceback}\n\n${written}`,
    );
  }
  if (ended === null) {
    const last = written.trim().split("\n").at(-1)!;
    const reason = status.signal !== null || last === ""
      ? `the executor must end by itself, got ${
        status.signal ?? `exit code ${status.code}`
      }`
      : last;
    throw new NotebookError(`Cannot run ${name}: ${_short(reason)}`, written);
  }
  return ended.peak_memory_bytes;
}

/** The most characters of what a cell says that a message repeats; the log has all. */
const MAX_MESSAGE = 1000;

function _short(text: string): string {
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)} …` : text;
}
