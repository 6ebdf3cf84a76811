/**
 * The sides that run in PyTorch, in a process of their own that waits while others are
 * measured.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Contender } from "./contender.ts";

/** The process that runs PyTorch; see `pytorch_models.py` for what is asked and answered. */
export class PyTorch {
  /** By name; Python's is among them. */
  readonly versions: Readonly<Record<string, string | null>>;
  readonly description: string;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncGenerator<string>;

  private constructor(
    child: Deno.ChildProcess,
    lines: AsyncGenerator<string>,
    { versions, threads, capability }: Record<string, never>,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.#writer = child.stdin.getWriter();
    this.versions = versions;
    this.description = `${threads} threads, ${capability}`;
  }

  /** Starts it; null where that Python is not there or has no PyTorch. */
  static async start(python: string): Promise<PyTorch | null> {
    let child;
    try {
      child = new Deno.Command(python, {
        args: [fileURLToPath(new URL("./pytorch_models.py", import.meta.url))],
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
    if (hello.versions === undefined) return null;
    return new PyTorch(child, lines, hello);
  }

  async ask(request: object): Promise<Record<string, number>> {
    const line = new TextEncoder().encode(JSON.stringify(request) + "\n");
    await this.#writer.write(line);
    const { value, done } = await this.#lines.next();
    const answer = done ? { error: "its process ended" } : JSON.parse(value);
    if (answer.error !== undefined) {
      throw new Error(`Cannot measure PyTorch: ${answer.error}`);
    }
    return answer;
  }

  async stop(): Promise<void> {
    await this.#writer.close();
    await this.#child.status;
  }
}

async function* readLines(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

const INSTALL = "deno task setup --dev installs it";

/** A side that runs in the process of PyTorch. */
export function pytorchContender(
  pytorch: PyTorch | null,
  name: string,
  perStep: number,
  model: string,
  settings: object,
): Contender {
  const needed = model.includes("hugging-face") ? "transformers" : "torch";
  return {
    name,
    perStep,
    missing: pytorch === null
      ? `needs PyTorch; ${INSTALL}`
      : pytorch.versions[needed] === null
      ? `needs ${needed}; ${INSTALL}`
      : undefined,
    async prepare() {
      await pytorch!.ask({ prepare: name, model, settings });
      return null;
    },
    async measure({ seconds, leastSteps }) {
      const answer = await pytorch!.ask({
        measure: name,
        seconds,
        least_steps: leastSteps,
      });
      return { steps: answer.steps, seconds: answer.seconds };
    },
  };
}
