/**
 * The sides that run in PyTorch, in a process of their own that waits while others are
 * measured.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Contender } from "./contender.ts";
import { SideProcess } from "./side_process.ts";

const MODELS = fileURLToPath(new URL("./pytorch_models.py", import.meta.url));

/** The process that runs PyTorch; see `pytorch_models.py` for what is asked and answered. */
export class PyTorch {
  /** By name; Python's is among them. */
  readonly versions: Readonly<Record<string, string | null>>;
  readonly description: string;
  /** Whether `torch.compile` has a compiler to work with. */
  readonly compiles: boolean;
  readonly #python: string;
  readonly #process: SideProcess;

  private constructor(python: string, process: SideProcess) {
    const { versions, threads, capability, compiles } = process.hello;
    this.#python = python;
    this.#process = process;
    this.versions = versions as Record<string, string | null>;
    this.compiles = compiles === true;
    this.description = `${threads} threads, ${capability}`;
  }

  /** Starts it; null where that Python is not there or has no PyTorch. */
  static async start(python: string): Promise<PyTorch | null> {
    const process = await SideProcess.start("PyTorch", python, [MODELS]);
    return process?.hello.versions === undefined
      ? null
      : new PyTorch(python, process);
  }

  /** Starts a further process like it, for one side alone. */
  another(): Promise<SideProcess | null> {
    return SideProcess.start("PyTorch", this.#python, [MODELS]);
  }

  ask(request: object): Promise<Record<string, number>> {
    return this.#process.ask(request);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

const INSTALL = "deno task setup --dev installs it";

/** Why a model cannot be measured in PyTorch, if it cannot. */
export function missingForPyTorch(
  pytorch: PyTorch | null,
  model: string,
): string | undefined {
  const needed = model.includes("hugging-face") ? "transformers" : "torch";
  if (pytorch === null) return `needs PyTorch; ${INSTALL}`;
  if (pytorch.versions[needed] === null) return `needs ${needed}; ${INSTALL}`;
  return model.endsWith("compiled") && !pytorch.compiles
    ? "needs a C++ compiler, g++ or clang++"
    : undefined;
}

/** A side that runs in the process of PyTorch. */
export function pytorchContender(
  pytorch: PyTorch | null,
  name: string,
  perStep: number,
  model: string,
  settings: object,
): Contender {
  return {
    name,
    perStep,
    missing: missingForPyTorch(pytorch, model),
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
