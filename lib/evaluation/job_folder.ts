/**
 * The folder of a job: what is asked, what the program leaves, and where it is.
 *
 *     request.json   written before the job is submitted
 *     result.json    renamed into place by the program; it is the truth, however it came there
 *     output errors  what the program prints, of all attempts
 *     exit           exit code of the last attempt, once it is over
 *     pid            process of the last attempt
 *     work/          the program's own files: checkpoints
 *
 * @module
 */

import { join } from "node:path";
import { exists, writeFileAtomic, writeJson } from "../core/files.ts";
import {
  type EvaluationRequest,
  type EvaluationResult,
  isResultLine,
  parseProgress,
  parseResult,
  type TrainingProgress,
} from "./protocol.ts";

const RESULT = "result.json";

/** Bytes of a result that are read; a file of more is none. */
const MOST_RESULT_BYTES = 2 ** 24;

/** The script that runs a job wherever it runs. */
export const RUN_JOB: string = new URL("run_job.sh", import.meta.url).pathname;

/** Writes what a job is asked, for a first attempt or another one. */
export async function writeRequest(
  folder: string,
  request: Omit<EvaluationRequest, "work_dir" | "checkpoint">,
): Promise<void> {
  const work = join(folder, "work");
  await Deno.mkdir(work, { recursive: true });
  const checkpoint = join(work, "checkpoint");
  await writeJson(join(folder, "request.json"), {
    ...request,
    work_dir: work,
    checkpoint: await exists(checkpoint) ? checkpoint : null,
  });
  await Deno.remove(join(folder, "exit")).catch(() => {});
}

/**
 * The result of a job; null where there is none yet.
 *
 * @throws {SyntaxError} If there is one that is none, or is of another request.
 */
export async function readResult(
  folder: string,
  id: string,
): Promise<EvaluationResult | null> {
  const path = join(folder, RESULT);
  const size = await Deno.stat(path).then(({ size }) => size, () => null);
  if (size === null) return null;
  if (size > MOST_RESULT_BYTES) {
    throw new SyntaxError(
      `Cannot read the result: ${path} must have at most ${MOST_RESULT_BYTES} bytes, got ${size}`,
    );
  }
  return parseResult(await Deno.readTextFile(path), id, path);
}

/** Whether a job has a result, of whatever kind. */
export function hasResult(folder: string): Promise<boolean> {
  return exists(join(folder, RESULT));
}

/** Puts a result that came another way in its place. */
export function writeResult(folder: string, text: string): Promise<void> {
  return writeFileAtomic(join(folder, RESULT), text);
}

/**
 * Makes the result of the program's output, where it writes none to a file: its last line
 * that is a result.
 */
export async function takeResultOfOutput(folder: string): Promise<void> {
  if (await hasResult(folder)) return;
  const text = await Deno.readTextFile(join(folder, "output")).catch(() => "");
  const line = text.split("\n").findLast(isResultLine);
  if (line !== undefined) await writeResult(folder, line);
}

/** Moves a result that is none out of the way, so that the job can be tried again. */
export async function rejectResult(folder: string): Promise<void> {
  const path = join(folder, RESULT);
  for (let n = 1;; n++) {
    const rejected = join(folder, `result.rejected-${n}.json`);
    if (await exists(rejected)) continue;
    return await Deno.rename(path, rejected);
  }
}

/** The exit code of the last attempt; null while it is not over. */
export async function exitCode(folder: string): Promise<number | null> {
  const text = await Deno.readTextFile(join(folder, "exit")).catch(() => "");
  return /^\d+\n$/.test(text) ? Number(text) : null;
}

/** The process of the last attempt; null where there was none. */
export async function processOf(folder: string): Promise<number | null> {
  const text = await Deno.readTextFile(join(folder, "pid")).catch(() => "");
  return /^\d+\n$/.test(text) ? Number(text) : null;
}

/** The end of what the program wrote to standard error, on one line. */
export async function lastErrors(folder: string): Promise<string> {
  const text = await Deno.readTextFile(join(folder, "errors")).catch(() => "");
  return text.trim().split("\n").at(-1)!.trim();
}

/** Reads what a program prints, as it prints it: for progress, and as a sign of life. */
export class Output {
  readonly #path: string;
  #at: number;
  #rest = "";

  private constructor(path: string, at: number) {
    this.#path = path;
    this.#at = at;
  }

  /** Begins after what was printed before. */
  static async after(folder: string): Promise<Output> {
    const path = join(folder, "output");
    return new Output(path, await _size(path));
  }

  /** What came since the last look: whether anything, and the last progress of it. */
  async look(): Promise<
    { readonly alive: boolean; readonly progress: TrainingProgress | null }
  > {
    const size = await _size(this.#path);
    if (size <= this.#at) return { alive: false, progress: null };
    using file = await Deno.open(this.#path);
    // Of a flood of lines only the last ones matter.
    const start = Math.max(this.#at, size - 2 ** 16);
    await file.seek(start, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size - start);
    const read = await file.read(bytes) ?? 0;
    this.#at = start + read;
    const lines = (this.#rest +
      new TextDecoder().decode(bytes.subarray(0, read))).split("\n");
    this.#rest = lines.pop()!.slice(-(2 ** 16));
    const progress = lines.map(parseProgress)
      .findLast((progress) => progress !== null) ?? null;
    return { alive: true, progress };
  }
}

async function _size(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => 0);
}
