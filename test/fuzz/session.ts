/**
 * Tries inputs in a process of its own: one that ends, hangs or takes too much is replaced, and
 * the input that it was at is at fault.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { readLines, within } from "../../lib/core/processes.ts";
import type { Job, Line, Result } from "./child.ts";

/** A process that says nothing for so long hangs; on a busy machine a second can take many. */
const SILENCE_MS = 20_000;
/** Opening a format may enumerate cells. */
const OPENING_MS = 300_000;
/** Above what it had when it opened its format, a process is ended at once. */
const RUNAWAY_BYTES = 1.5e9;
const WATCH_MS = 50;

interface Child {
  readonly process: Deno.ChildProcess;
  readonly lines: AsyncGenerator<string>;
  readonly input: WritableStreamDefaultWriter<Uint8Array>;
  /** The last of what it wrote to standard error. */
  readonly errors: { text: string };
  /** Memory at its last opening. */
  base: number;
  ranAway: boolean;
}

/** Processes one after the other, each until it is at fault. */
export class Session {
  readonly #folder: string;
  readonly #module: string;
  #child: Child | null = null;

  /**
   * @param folder Where children have their files.
   * @param module The module that lists the targets, as a URL.
   */
  constructor(folder: string, module: string) {
    this.#folder = folder;
    this.#module = module;
  }

  /** Opens a target; returns how many cases it has. */
  async open(target: string): Promise<number> {
    let cases = NaN;
    for await (
      const line of this.#answers({ target, open: true }, OPENING_MS)
    ) {
      if (typeof line === "string") {
        throw new Error(`Cannot fuzz ${target}: it must open, got: ${line}`);
      }
      if ("cases" in line) cases = line.cases;
    }
    const child = this.#child!;
    child.base = _resident(child.process.pid) ?? 0;
    return cases;
  }

  /** Tries the inputs from one number on up to another. */
  async *range(
    target: string,
    seed: number,
    from: number,
    to: number,
  ): AsyncGenerator<Result> {
    for (let index = from; index < to;) {
      if (this.#child === null) await this.open(target);
      for await (
        const line of this.#answers({ target, seed, from: index, to })
      ) {
        const result = typeof line === "string" ? _ended(index, line) : line;
        if (!("outcome" in result)) continue;
        yield result;
        index = result.index + 1;
      }
    }
  }

  /** Tries one input. */
  async one(
    target: string,
    input: Uint8Array,
    must?: "accept" | "refuse",
  ): Promise<Result> {
    if (this.#child === null) await this.open(target);
    const job = { target, input: input.toBase64(), must };
    let result: Result | null = null;
    for await (const line of this.#answers(job)) {
      if (typeof line === "string") result = _ended(0, line);
      else if ("outcome" in line) result = line;
    }
    return result!;
  }

  async close(): Promise<void> {
    await this.#end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What the child answers; a string is how it ended before it was done. */
  async *#answers(
    job: Job,
    patience: number = SILENCE_MS,
  ): AsyncGenerator<Line | string> {
    const child = this.#child ??= this.#start();
    const watch = setInterval(() => {
      const bytes = _resident(child.process.pid);
      if (
        child.base > 0 && bytes !== null && bytes > child.base + RUNAWAY_BYTES
      ) {
        child.ranAway = true;
        child.process.kill("SIGKILL");
      }
    }, WATCH_MS);
    try {
      await child.input.write(
        new TextEncoder().encode(`${JSON.stringify(job)}\n`),
      ).catch(() => {}); // it has ended: the next line says so
      while (true) {
        const next = await within(child.lines.next(), patience);
        if (next === null || next.done) {
          const how = next === null
            ? "a hang"
            : child.ranAway
            ? "memory without bounds"
            : "a crash";
          await this.#end();
          const last = child.errors.text.trim().split("\n").slice(-8).join(
            "\n",
          );
          yield next === null || child.ranAway ? how : `${how}: ${last}`;
          return;
        }
        const line: Line = JSON.parse(next.value);
        if ("done" in line) return;
        yield line;
      }
    } finally {
      clearInterval(watch);
    }
  }

  #start(): Child {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...[
          "run",
          "-A",
          "--no-check",
          "--quiet",
          "--v8-flags=--max-old-space-size=1500",
        ],
        fileURLToPath(new URL("./child.ts", import.meta.url)),
        this.#folder,
        this.#module,
      ],
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const errors = { text: "" };
    (async () => {
      for await (
        const text of process.stderr.pipeThrough(new TextDecoderStream())
      ) {
        errors.text = (errors.text + text).slice(-4_000);
      }
    })();
    return {
      process,
      lines: readLines(process.stdout),
      input: process.stdin.getWriter(),
      errors,
      base: 0,
      ranAway: false,
    };
  }

  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    await child.input.close().catch(() => {});
    if (await within(child.process.status, 1_000) === null) {
      child.process.kill("SIGKILL");
      await child.process.status;
    }
    await child.lines.return(undefined).catch(() => {});
  }
}

/** The result of an input that ended its process. */
function _ended(index: number, text: string): Result {
  return {
    index,
    outcome: { kind: "fault", text },
    milliseconds: NaN,
    bytes: NaN,
  };
}

/** Resident memory of a process in bytes; null where the system does not tell. */
function _resident(pid: number): number | null {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/status`);
    const kilobytes = text.match(/^VmRSS:\s*(\d+)/m)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
