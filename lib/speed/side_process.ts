/**
 * A process that runs sides of a benchmark on request: a JSON object a line in, one out.
 *
 * What is asked and answered stands in `pytorch_models.py`; `own_process.ts` keeps to it too.
 *
 * @module
 */

import { outputOf, readLines } from "../core/processes.ts";

/** A running process. */
export class SideProcess {
  /** The object it told unasked, at its start. */
  readonly hello: Readonly<Record<string, unknown>>;
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncGenerator<string>;

  private constructor(
    name: string,
    child: Deno.ChildProcess,
    lines: AsyncGenerator<string>,
    hello: Record<string, unknown>,
  ) {
    this.#name = name;
    this.#child = child;
    this.#lines = lines;
    this.#writer = child.stdin.getWriter();
    this.hello = hello;
  }

  /**
   * Starts a process.
   *
   * @param name What is measured in it, for errors.
   * @returns Null where there is no such command.
   */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
  ): Promise<SideProcess | null> {
    let child;
    try {
      child = new Deno.Command(command, {
        args: [...args],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
    const lines = readLines(child.stdout);
    const hello = JSON.parse((await lines.next()).value ?? "{}");
    return new SideProcess(name, child, lines, hello);
  }

  /** @throws {Error} If the process ended or could not do it. */
  async ask(request: object): Promise<Record<string, number>> {
    const line = new TextEncoder().encode(JSON.stringify(request) + "\n");
    await this.#writer.write(line);
    const { value, done } = await this.#lines.next();
    const answer = done ? { error: "its process ended" } : JSON.parse(value);
    if (answer.error !== undefined) {
      throw new Error(`Cannot measure ${this.#name}: ${answer.error}`);
    }
    return answer;
  }

  /** The largest resident set so far, everything in it; null where the system does not tell. */
  async peakMemoryBytes(): Promise<number | null> {
    // By a program: Deno opens nothing of /proc for a process that lacks any permission.
    const status = await outputOf(["cat", `/proc/${this.#child.pid}/status`]);
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status ?? "")?.[1];
    return kilobytes === undefined ? null : 1024 * Number(kilobytes);
  }

  async stop(): Promise<void> {
    await this.#writer.close();
    await this.#child.status;
  }
}
